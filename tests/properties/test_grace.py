# SPDX-License-Identifier: Apache-2.0
"""How long a collector has to wait: exactly the bound, whichever durations there are, and not a tick less.

The proof says that the bound is enough for all durations. The search says, for durations of its own, that one tick less
is not: so the bound cannot be improved. Where the publisher asks KV what is there, it grows by another cacheTtl.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeproof.model.designs.do_kv_manifest as design
from edgeproof.impl.driven.setup import TICK
from edgeproof.impl.manifest.setup import manifest_choices
from edgeproof.impl.system import Setup
from edgeproof.model.designs import load
from edgeproof.model.designs.do_kv_manifest import DoKvManifest, grace_needed
from edgeproof.model.interpret import evaluate
from edgeproof.model.kernel import KernelSource
from edgeproof.model.machine import Instance, read_design
from edgeproof.properties.bounds import present_terms
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.evidence import Verdict

MACHINE = load("do_kv_manifest")
SPILL = CATALOGUE["spill-integrity"]
FAULTS = {"put_fails": True, "put_ambiguous": True, "crash": True}

DURATIONS: tuple[dict[str, int], ...] = (
    {"S": 1, "U": 1, "D": 1, "R": 1, "T": 1, "L": 1},
    {"S": 0, "U": 0, "D": 1, "R": 1, "T": 1, "L": 0},
    {"S": 1, "U": 1, "D": 2, "R": 1, "T": 1, "L": 2},
    {"S": 3, "U": 2, "D": 1, "R": 2, "T": 2, "L": 1},
    {"S": 2, "U": 0, "D": 2, "R": 1, "T": 3, "L": 1},
)


def needed(at: Instance) -> int:
    """The grace that the instance needs, in ticks."""
    return int(evaluate(at, grace_needed(at.machine.state()), {}))


def graceful(durations: dict[str, int], **chosen: Any) -> Instance:
    """An instance whose collector waits exactly as long as it has to."""
    at = Instance.of(MACHINE, **{"Pop": 1, "collector": "graceful", **durations, **chosen})
    return at.with_(K=needed(at))


CASES = [
    graceful(durations, counted=counted, **faults)
    for durations in DURATIONS
    for counted in ("committed", "confirmed")
    for faults in ({}, FAULTS)
]
ASKING = [
    graceful(durations, counted=counted, missing="probe", writes=3)
    for durations in DURATIONS[:1] + DURATIONS[-1:]
    for counted in ("committed", "confirmed")
]


@pytest.fixture(scope="module")
def source() -> KernelSource:
    return kernel_source(CASES + ASKING, [SPILL])


def verdict(at: Instance, source: KernelSource) -> Verdict:
    return explore(at, [SPILL], source)[0].verdict


@pytest.mark.parametrize("at", CASES + ASKING, ids=lambda at: f"K={at.values['K']}")
def test_the_bound_is_enough_and_one_tick_less_is_not(at: Instance, source: KernelSource) -> None:
    assert verdict(at, source) is Verdict.HOLDS_TO_BOUND
    assert verdict(at.with_(K=at.number("K") - 1), source) is Verdict.VIOLATED


@pytest.mark.parametrize("counted", ["committed", "confirmed"])
@pytest.mark.parametrize(
    "more", [{}, FAULTS, {"missing": "probe", "parts": "r2", "negative_cache": True}, {"missing": "probe"}]
)
def test_that_the_bound_is_enough_is_proved_for_all_durations(counted: str, more: dict[str, Any]) -> None:
    at = Instance.of(MACHINE, collector="checked", counted=counted, **more)
    (found,) = prove(at, [SPILL], dossier_of("do_kv_manifest").lemmas, Effort(depth=1, k=1))
    assert found.verdict is Verdict.PROVED, found.reason


@pytest.mark.parametrize("forgotten", ["T", "L", "S"])
def test_a_bound_that_forgets_a_term_is_not_proved(forgotten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = design.grace_needed
    monkeypatch.setattr(design, "grace_needed", lambda s: whole(s) - getattr(s, forgotten))

    class Hasty(DoKvManifest):
        """Checks its grace against too short a bound."""

    at = Instance.of(read_design(Hasty, "do_kv_manifest"), collector="checked")
    (found,) = prove(at, [SPILL], dossier_of("do_kv_manifest").lemmas, Effort(depth=1, k=1))
    assert found.verdict is not Verdict.PROVED


numbers = st.fixed_dictionaries({name: st.integers(0, 50) for name in "SUDRLF"} | {"T": st.integers(1, 50)})
options = st.fixed_dictionaries(
    {
        "counted": st.sampled_from(["committed", "confirmed"]),
        "missing": st.sampled_from(["ledger", "probe"]),
        "parts": st.sampled_from(["kv", "r2"]),
    }
)
hazards = st.sets(st.sampled_from(sorted(FAULTS)))


@settings(max_examples=50)
@given(numbers, options, hazards)
def test_the_implementation_asks_for_the_same_grace_as_the_design(
    numbers: dict[str, int], options: dict[str, str], hazards: set[str]
) -> None:
    at = Instance.of(MACHINE, **numbers, **options, **dict.fromkeys(hazards, True))
    choices = manifest_choices(Setup("do_kv_manifest", options, tuple(hazards), numbers))
    assert choices.least_grace == TICK * needed(at)


@settings(max_examples=50)
@given(numbers, hazards)
def test_counted_from_the_write_the_grace_is_the_staleness_bound(numbers: dict[str, int], hazards: set[str]) -> None:
    at = Instance.of(MACHINE, **numbers, **dict.fromkeys(hazards, True))
    assert needed(at) == sum(value for _, value in present_terms(at))
