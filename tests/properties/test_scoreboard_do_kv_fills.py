# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_fills: caches that are filled by slow answers, and what makes these harmless."""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from typing import Any

import pytest

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import Fetch, KVLocation, LocationCache
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.pattern.fills import FillsSystem
from edgeproof.model.designs.do_kv_fills import DoKvFills
from edgeproof.model.interpret import Event, apply, initial_states
from edgeproof.model.machine import Design, action
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.replay import replay_on
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("do_kv_fills")}

ANOMALY = {"read-your-writes": 3}

DEPTHS = {
    "fills": ANOMALY,
    "fills-neither": ANOMALY,
    # A location asks, and the centre answers; the next write is published, and told there through another question;
    # the first answer arrives, and is told.
    "fills-latest": {**ANOMALY, "monotonic-reads": 13},
    "fills-dated-by-the-answer": {**ANOMALY, "bounded-staleness": 22},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("do_kv_fills")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("do_kv_fills"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("do_kv_fills", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


@pytest.mark.parametrize("case", ["fills", "fills-neither"])
def test_all_but_the_anomaly_is_proved_for_any_number_of_fills_under_way(case: str) -> None:
    assert set(CASES[case].properties) - boards.proved(CASES[case]) == {"answered-write", "read-your-writes"}


REACHED = [
    ("fills", {"L": 2}, "D + S + D + T + L", 6),
    ("fills-neither", {"M": 2}, "D + S + D + T + max(L, M)", 6),
]


@pytest.mark.parametrize(("case", "numbers", "text", "bound"), REACHED)
def test_the_bound_is_reached_in_the_model_and_on_code(
    case: str, numbers: dict[str, int], text: str, bound: int
) -> None:
    at = instance_of(CASES[case]).with_(Read=1, S=1, D=1, **numbers)
    boards.bound_is_reached_on_code(at, text, bound)


# --- teeth


class TakesWhatCameLast(DoKvFills):
    @action(read=DoKvFills.Read)
    def arrive(s: Any, read: Any) -> None:
        """Nobody notices that an answer was overtaken."""
        s.overlapped[read] = False
        DoKvFills.arrive(s, read)


class CountsFromTheAnswer(DoKvFills):
    @action(read=DoKvFills.Read)
    def arrive(s: Any, read: Any) -> None:
        """A copy counts as new from when it came."""
        DoKvFills.arrive(s, read)
        s.age[s.home(read)] = 0


@pytest.mark.parametrize(
    ("design", "name"), [(TakesWhatCameLast, "monotonic-reads"), (CountsFromTheAnswer, "bounded-staleness")]
)
def test_a_broken_design_is_caught(design: type[Design], name: str) -> None:
    assert boards.violated_by(design, name, "do_kv_fills", Pop=1, Put=1, S=0, D=0)


class TakesWhateverCameLast(LocationCache):
    def __init__(self, overlap: str) -> None:
        super().__init__("latest")


class KeepsWhatWasAskedForLast(LocationCache):
    def end(self, fetch: Fetch, entry: KVEntry | None, *, negative_caching: bool) -> None:
        kept = self.copies.get(fetch.key)
        super().end(fetch, entry, negative_caching=negative_caching)
        if kept is not None and kept.fetched_at > fetch.asked_at:
            self.copies[fetch.key] = kept


class DatesByTheAnswer(KVLocation):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "dated": "answered"})


PUBLISHED = "write acknowledge fire put_lands put_confirmed"
AN_OLDER_ANSWER_COMES_LAST = f"{PUBLISHED} ask=0 look_up=0 {PUBLISHED} ask=1 look_up=1 arrive=1 arrive=0"
A_NEWER_ANSWER_COMES_LAST = f"{PUBLISHED} ask=0 tick ask=1 look_up=1 {PUBLISHED} look_up=0 arrive=1 arrive=0"
A_COPY_IS_LONG_ON_ITS_WAY = f"{PUBLISHED} ask=0 look_up=0 tick arrive=0 answer=0 tick ask=0"


@pytest.mark.parametrize(
    ("script", "broken"),
    [
        (AN_OLDER_ANSWER_COMES_LAST, Parts(cache=TakesWhateverCameLast)),
        (A_NEWER_ANSWER_COMES_LAST, Parts(cache=KeepsWhatWasAskedForLast)),
        (A_COPY_IS_LONG_ON_ITS_WAY, Parts(location=DatesByTheAnswer)),
    ],
    ids=["older-last", "newer-last", "long-on-its-way"],
)
def test_a_broken_cache_does_not_follow_a_run_that_the_sound_one_follows(script: str, broken: Parts) -> None:
    trace = run_of("fills", script)
    sound, wrong = replay_on(trace, FillsSystem()), replay_on(trace, FillsSystem(broken))
    assert (sound.completed, sound.mismatch) == (True, "")
    assert wrong.mismatch


def run_of(case: str, script: str) -> Trace:
    """The run of a case that is written as its actions, each with the read that it is about."""
    instance = instance_of(CASES[case])
    words = (word.partition("=") for word in script.split())
    events = [Event(name, (("read", int(read)),) if read else ()) for name, _, read in words]
    states = list(accumulate(events, partial(apply, instance), initial=next(initial_states(instance))))
    return Trace("do_kv_fills", instance.values, tuple(states), tuple(events))
