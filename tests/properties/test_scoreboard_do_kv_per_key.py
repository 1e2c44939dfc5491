# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_per_key: as the pattern, but that a reader may be told what nobody ever wrote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from edgeproof.impl.alternatives.per_key import Part, PerKeyPublication, PerKeyReader
from edgeproof.impl.alternatives.per_key_system import DoKvPerKeySystem
from edgeproof.impl.snapshot import Snapshot
from edgeproof.model.designs.do_kv_per_key import DoKvPerKey
from edgeproof.model.machine import Design, action, deadline
from edgeproof.properties.bounds import formula, present_terms
from edgeproof.properties.cases import instance_of, scoreboard
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("do_kv_per_key")}

MIXTURE = {"no-partial-read": 4, "read-your-writes": 3}
"""A write, its alarm, the first key lands, a read; a read after the acknowledgement and before any put."""

DEPTHS = {
    "per-key": MIXTURE,
    "per-key-faults": MIXTURE,
    # To have had a config, a location needs no more than the first flag; cut off, it has no copy of the second one.
    "per-key-partition": {**MIXTURE, "local-reads": 6},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("do_kv_per_key")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("do_kv_per_key"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("do_kv_per_key", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


def test_all_but_the_anomalies_is_proved_where_nobody_is_cut_off() -> None:
    for case in ("per-key", "per-key-faults"):
        assert set(CASES[case].properties) - boards.proved(CASES[case]) == {*MIXTURE, "answered-write"}


@pytest.mark.parametrize(
    ("case", "text", "bound"),
    [("per-key", "2*D + S + 2*D + T", 14), ("per-key-faults", "2*D + S + F*(2*D + R) + 2*D + T", 19)],
)
def test_the_bound_is_reached(case: str, text: str, bound: int) -> None:
    at = instance_of(CASES[case]).with_(D=2, S=3, R=1, T=3)
    assert formula(at) == text
    assert sum(value for _, value in present_terms(at)) == bound
    assert boards.reaches_the_bound(at).states[-1]["since"] == bound


# --- teeth


class PutsOneKeyOnly(DoKvPerKey):
    @action()
    def put_lands(s: Any) -> None:
        """KV applies the put of the first flag, and that is taken for all."""
        s.require(s.sending == "first")
        s.kv_first = s.sent
        s.sending = "idle"
        s.sent = 0
        s.alarm = "off"


class PutsTheNextVersion(DoKvPerKey):
    @action()
    def put_lands(s: Any) -> None:
        """KV applies the put of the first flag, of a version that is not committed."""
        s.require((s.sending == "first") & (s.config < s.writes))
        s.kv_first = s.config + 1
        s.sending = "second"


class WaitsForEver(DoKvPerKey):
    @deadline
    def puts_end_in_time(s: Any) -> Any:
        """Nothing limits how long a put takes."""
        return s.sending_for == s.sending_for


@pytest.mark.parametrize(
    ("design", "name"),
    [
        (PutsOneKeyOnly, "convergence"),
        (PutsOneKeyOnly, "bounded-staleness"),
        (PutsTheNextVersion, "never-ahead"),
        (WaitsForEver, "bounded-staleness"),
    ],
)
def test_a_broken_design_is_caught(design: type[Design], name: str) -> None:
    assert boards.violated_by(design, name, "do_kv_per_key", Pop=1)


class PutsOtherValues(PerKeyPublication):
    def put(self, snapshot: Snapshot, kv: Any, runtime: Any, timeout: float) -> Awaitable[None]:
        first = min(snapshot.config)
        mixed = Snapshot(snapshot.version, 0, {**dict.fromkeys(snapshot.config, snapshot.config[first]), first: 0})
        return super().put(mixed, kv, runtime, timeout)


class PutsBackwards(PerKeyPublication):
    async def _put_each(self, snapshot: Snapshot, kv: Any, runtime: Any, timeout: float) -> None:
        for field in sorted(snapshot.config, reverse=True):
            await super()._put_each(
                Snapshot(snapshot.version, 0, {field: snapshot.config[field]}), kv, runtime, timeout
            )


class ReadsOneFieldOnly(PerKeyReader):
    async def read(self) -> Mapping[str, Part]:
        parts = dict(await super().read())
        return dict.fromkeys(parts, parts["first"])


@pytest.mark.parametrize("publication", [PutsOtherValues, PutsBackwards])
def test_a_broken_publication_is_caught_in_lockstep(publication: Callable[..., PerKeyPublication]) -> None:
    case = CASES["per-key-faults"]
    assert boards.caught_in_lockstep(case, lambda: DoKvPerKeySystem(publication), DoKvPerKeySystem)


def test_a_broken_reader_is_caught_in_lockstep() -> None:
    def broken() -> DoKvPerKeySystem:
        return DoKvPerKeySystem(reader=ReadsOneFieldOnly)

    assert boards.caught_in_lockstep(CASES["per-key"], broken, DoKvPerKeySystem)
