# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_in_flight: reads that overtake each other, and what makes that harmless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgeproof.impl.edge.reader import EdgeReader
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.pattern.in_flight import InFlightSystem
from edgeproof.model.designs.do_kv_in_flight import DoKvInFlight
from edgeproof.model.machine import Design, action
from edgeproof.properties.cases import instance_of, scoreboard
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("do_kv_in_flight")}

ANOMALY = {"read-your-writes": 3}

DEPTHS = {
    "in-flight": ANOMALY,
    "in-flight-guarded": {**ANOMALY, "cross-pop-monotonic": 11},
    "in-flight-memo": ANOMALY,
    # A read is asked; the next write is published and told; the read is answered, and installed; the next one goes
    # back.
    "in-flight-memo-latest": {**ANOMALY, "monotonic-reads": 13, "bounded-staleness": 21},
    "in-flight-evicted": ANOMALY,
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("do_kv_in_flight")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("do_kv_in_flight"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("do_kv_in_flight", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


@pytest.mark.parametrize("case", ["in-flight", "in-flight-guarded", "in-flight-memo", "in-flight-evicted"])
def test_all_but_the_anomalies_is_proved_for_any_number_of_reads_under_way(case: str) -> None:
    assert set(CASES[case].properties) - boards.proved(CASES[case]) <= {
        "answered-write",
        "read-your-writes",
        "cross-pop-monotonic",
    }


REACHED = [
    ("in-flight", {"L": 2}, "D + S + D + T + L", 6),
    ("in-flight-memo", {"L": 1, "M": 2, "F": 0}, "D + S + F*(D + R) + D + T + max(L, M)", 6),
    ("in-flight-memo", {"L": 2, "M": 1, "F": 0}, "D + S + F*(D + R) + D + T + max(L, M)", 6),
]


@pytest.mark.parametrize(("case", "numbers", "text", "bound"), REACHED)
def test_the_bound_is_reached_in_the_model_and_on_code(
    case: str, numbers: dict[str, int], text: str, bound: int
) -> None:
    at = instance_of(CASES[case]).with_(Pop=1, evict=case == "in-flight-memo", **numbers)
    boards.bound_is_reached_on_code(at, text, bound)


# --- teeth


class InstallsWhatWasOvertaken(DoKvInFlight):
    @action(read=DoKvInFlight.Read)
    def answer(s: Any, read: Any) -> None:
        """Nobody notices that an answer was overtaken."""
        s.overtaken[read] = False
        DoKvInFlight.answer(s, read)


class CountsFromTheAnswer(DoKvInFlight):
    @action(read=DoKvInFlight.Read)
    def answer(s: Any, read: Any) -> None:
        """A copy counts as new from when it came."""
        DoKvInFlight.answer(s, read)
        s.memo_age[s.home(read)] = 0


class BringsOldNews(DoKvInFlight):
    @action(read=DoKvInFlight.Read)
    def ask(s: Any, read: Any) -> None:
        """A read brings what was told there last, however long ago that was."""
        DoKvInFlight.ask(s, read)
        s.brought[read] = s.served[s.home(read)]


@pytest.mark.parametrize(
    ("design", "name"),
    [
        (InstallsWhatWasOvertaken, "monotonic-reads"),
        (CountsFromTheAnswer, "bounded-staleness"),
        (BringsOldNews, "bounded-staleness"),
    ],
)
def test_a_broken_design_is_caught(design: type[Design], name: str) -> None:
    assert boards.violated_by(design, name, "do_kv_in_flight", Pop=1, Put=1, reader="memo", L=2)


class Latest(EdgeReader):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "install": "latest"})


class DatesByTheAnswer(EdgeReader):
    def _keep(self, found: Any, asked_at: float) -> None:
        super()._keep(found, self._runtime.now())


class NeverNoticesOvertaking(EdgeReader):
    def _refuses(self, found: Any, kept: Any, *, overtaken: bool) -> bool:
        return super()._refuses(found, kept, overtaken=False)


@pytest.mark.parametrize("reader", [Latest, DatesByTheAnswer, NeverNoticesOvertaking])
def test_a_broken_reader_is_caught_in_lockstep(reader: Callable[..., EdgeReader]) -> None:
    assert boards.caught_in_lockstep(
        CASES["in-flight-memo"], lambda: InFlightSystem(Parts(reader=reader)), InFlightSystem
    )
