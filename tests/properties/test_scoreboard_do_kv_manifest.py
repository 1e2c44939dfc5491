# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_manifest: every verdict as expected, every violation shown on the real parts."""

from __future__ import annotations

from typing import Any

import pytest

from impl.manifest_system import ManifestSystem
from model.designs.do_kv_manifest import DoKvManifest
from model.machine import Instance, action, hazard, read_design
from model.trace import dump_trace, load_trace
from properties.cases import for_runs, instance_of, scoreboard
from properties.catalogue import CATALOGUE
from properties.engines.explore import explore, kernel_source
from properties.engines.fuzz import Budget, fuzz
from properties.engines.prove import Effort, prove
from properties.evidence import Evidence, Status, Verdict, conclude
from properties.lemmas import LEMMAS
from properties.replay import replay_on, replay_on_model

DESIGN = "do_kv_manifest"
CASES = {case.name: case for case in scoreboard(DESIGN)}
VIOLATIONS = [(case.name, one) for case in CASES.values() for one in case.expected]
ASKED = [p for p in CATALOGUE.values() if any(p.id in case.properties for case in CASES.values())]

DEPTHS = {
    "manifest": {"read-your-writes": 3, "cross-pop-monotonic": 8},
    # Two rounds of publishing (6 and 5 steps), a reader's copy in between, a delete, and the reader again.
    "manifest-no-grace": {"spill-integrity": 15},
    # The same, and nine ticks: one for the second commit to be late, the others until the grace is over.
    "manifest-short-grace": {"spill-integrity": 24},
    # A third round, whose part lands before the delete does; nobody has to be early.
    "manifest-collected-beside": {"spill-integrity": 28, "convergence": 35},
    "manifest-late-delete": {"spill-integrity": 29, "convergence": 31},
    # The publisher asks, and the first reader is told what it was told. No collector is needed.
    "manifest-probe-kv": {"spill-integrity": 7},
    "manifest-places": {"no-partial-read": 11},
    "manifest-partition": {"local-reads": 10},
}
"""How many steps the shortest run takes that shows an anomaly. A change here is a change of the model: explain it."""

Found = dict[tuple[str, str], Evidence]


@pytest.fixture(scope="module")
def found() -> Found:
    """What the exhaustive search says of every property of every case, with one kernel for all."""
    source = kernel_source([instance_of(case) for case in CASES.values()], ASKED)
    return {
        (case.name, one.property): one
        for case in CASES.values()
        for one in explore(instance_of(case), [CATALOGUE[name] for name in case.properties], source)
    }


@pytest.mark.parametrize("name", CASES)
def test_every_verdict_is_the_expected_one(name: str, found: Found) -> None:
    case = CASES[name]
    for one in case.properties:
        conclusion = conclude(case, one, (found[name, one],))
        assert conclusion.status is Status.AS_EXPECTED, f"{one}: {conclusion.verdict} {conclusion.reason}"


@pytest.mark.parametrize(("case", "name"), VIOLATIONS)
def test_every_violation_replays_in_the_model_and_shows_the_same_on_the_real_parts(
    case: str, name: str, found: Found
) -> None:
    trace = found[case, name].witness
    assert trace is not None
    assert trace == load_trace(dump_trace(trace))
    assert replay_on_model(trace).confirmed is True
    told = replay_on(trace, ManifestSystem())
    assert (told.mismatch, told.completed, told.confirmed) == ("", True, True)


def test_the_shortest_runs_of_the_anomalies_are_this_long(found: Found) -> None:
    lengths = {
        case: {name: len(found[case, name].witness.events) for name in depths}  # type: ignore[union-attr]
        for case, depths in DEPTHS.items()
    }
    assert lengths == DEPTHS


def test_without_a_grace_the_part_goes_between_a_readers_manifest_and_its_parts(found: Found) -> None:
    trace = found["manifest-no-grace", "spill-integrity"].witness
    assert trace is not None
    order = [event.action for event in trace.events]
    looked_up = [number for number, name in enumerate(order) if name == "lookup"]
    assert looked_up[0] < order.index("collect") < order.index("delete_lands") < order.index("read") == len(order) - 1
    last: Any = trace.states[-1]
    assert (last["present"], last["kv"], last["kv_needs"], last["gone"]) == (False, 2, False, (True,))


def test_a_part_that_comes_back_while_its_delete_is_under_way_is_lost_for_good(found: Found) -> None:
    trace = found["manifest-collected-beside", "convergence"].witness
    assert trace is not None
    assert trace.loop is not None
    for state in trace.states[trace.loop :]:
        assert (state["kv"], state["kv_needs"], state["present"]) == (3, True, False)


@pytest.mark.parametrize("name", ["manifest", "manifest-faults", "manifest-confirmed"])
def test_whatever_is_promised_is_proved_for_any_number_of_locations_versions_and_any_durations(name: str) -> None:
    case = CASES[name]
    promised = [CATALOGUE[one] for one in case.properties if one not in case.expected]
    evidence = prove(instance_of(case), promised, LEMMAS[DESIGN], Effort(depth=1, k=1))
    assert {one.property: one.verdict for one in evidence} == {p.id: Verdict.PROVED for p in promised}


@pytest.mark.parametrize("name", CASES)
def test_the_real_parts_do_in_lockstep_what_the_model_does(name: str) -> None:
    instance = for_runs(CASES[name])
    properties = [CATALOGUE[one] for one in CASES[name].properties]
    lockstep, *_ = fuzz(instance, properties, kernel_source([instance], properties), ManifestSystem, Budget(12, 60))
    assert lockstep.verdict is Verdict.HOLDS_TO_BOUND, lockstep.reason


# --- teeth: the properties that no case violates are violated by a design broken on purpose


class ManifestFirst(DoKvManifest):
    @action()
    def manifest_put(s: Any) -> None:
        """The put of the manifest starts, whatever has become of the parts."""
        s.require(s.sending == "parts")
        s.sending = "flying"
        s.sending_for = 0


class BelievesUnsureRows(DoKvManifest):
    @action()
    def manifest_put(s: Any) -> None:
        """The put of the manifest starts although the last delete of the part may have been applied."""
        s.require((s.sending == "parts") & (s.ledger != "none"))
        s.sending = "flying"
        s.sending_for = 0


class ForgetsTheWatch(DoKvManifest):
    @hazard()
    def delete_ambiguous(s: Any) -> None:
        """A delete is applied, and the object still believes that the part is there."""
        s.require(s.deleting)
        s.present = False
        s.ledger = "stored"
        s.deleting = False


BROKEN: dict[type[DoKvManifest], dict[str, Any]] = {
    ManifestFirst: {"collector": "none"},
    BelievesUnsureRows: {"collector": "none"},
    ForgetsTheWatch: {"collector": "checked", "K": 7, "writes": 3, "delete_ambiguous": True},
}


@pytest.mark.parametrize("design", BROKEN, ids=lambda design: design.__name__)
def test_a_broken_design_loses_a_part_that_a_manifest_names(design: type[DoKvManifest]) -> None:
    at = Instance.of(read_design(design), **{"Pop": 1, **BROKEN[design]})
    one = [CATALOGUE["spill-integrity"]]
    assert explore(at, one, kernel_source([at], one))[0].verdict is Verdict.VIOLATED


def test_every_case_has_a_reason_and_expects_only_what_it_asks() -> None:
    for case in CASES.values():
        assert case.because
        assert set(case.expected) <= set(case.properties)
