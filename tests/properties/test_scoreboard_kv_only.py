# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of kv_only: as fresh as a cache allows, and it forgets what it has acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgeproof.impl.alternatives.kv_only import KvOnlySystem
from edgeproof.impl.alternatives.kv_writer import KvWriter, Write, changelog_in
from edgeproof.impl.driven.setup import UNIT_KEY
from edgeproof.model.designs.kv_only import KvOnly
from edgeproof.model.machine import Design, action
from edgeproof.properties.bounds import formula
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.replay import replay_on
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("kv_only")}

RACE = {"single-writer-order": 4, "durable-ack": 4, "read-your-writes": 4}
"""Two writes with one base, both landed; a cached absence after an acknowledged write."""

DEPTHS = {
    # The value has landed, its entry under another key has not. To go back, a writer has to be overtaken by two writes,
    # of which the first one must have put its entry before it writes again: one step more than with the log inside.
    "kv-only": {
        "atomic-write": 2,
        "changelog-complete": 2,
        **RACE,
        "cross-pop-monotonic": 5,
        "monotonic-kv": 7,
        "never-ahead": 8,
        "monotonic-reads": 10,
    },
    "kv-only-log-inside": {**RACE, "monotonic-kv": 6, "never-ahead": 7, "monotonic-reads": 9},
    "kv-only-one-stream": {"read-your-writes": 4, "cross-pop-monotonic": 5},
    "kv-only-one-stream-stale": {
        **RACE,
        "read-your-writes": 3,
        "cross-pop-monotonic": 4,
        "monotonic-kv": 6,
        "never-ahead": 7,
        "monotonic-reads": 10,
    },
    "kv-only-partition": {"read-your-writes": 4, "local-reads": 7},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("kv_only")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("kv_only"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("kv_only", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


def test_two_writes_with_the_same_base_leave_one_of_them(found: boards.Found) -> None:
    trace = found["kv-only-log-inside", "durable-ack"].witness
    assert trace is not None
    assert [event.action for event in trace.events] == ["begin", "begin", "put_lands", "put_lands"]
    assert (trace.states[-1]["kv"], trace.states[-1]["acked"]) == (1, 2)
    system = KvOnlySystem()
    assert replay_on(trace, system).completed
    assert [write["actor"] for write in changelog(system)] != ["writer 0", "writer 1"], "one of them is in no changelog"


def changelog(system: KvOnlySystem) -> list[dict[str, Any]]:
    return changelog_in(system.kv.read_centre(UNIT_KEY))


def test_the_bound_and_what_does_not_depend_on_the_writers_are_proved() -> None:
    for case in CASES.values():
        assert {"bounded-staleness", "no-partial-read"} <= boards.proved(case)
    assert set(CASES["kv-only-one-stream"].properties) - boards.proved(CASES["kv-only-one-stream"]) == {
        "answered-write",
        "read-your-writes",
        "cross-pop-monotonic",
    }


def test_the_bound_is_reached() -> None:
    at = instance_of(CASES["kv-only-one-stream"]).with_(T=2, Pop=1)
    assert formula(at) == "T"
    last = boards.reaches_the_bound(at).states[-1]
    assert (last["since"], last["served"], last["kv"]) == (2, (0,), 1)


# --- teeth


class NeverRefreshes(KvOnly):
    @action(pop=KvOnly.Pop)
    def read(s: Any, pop: Any) -> None:
        """A location fetches once and serves that copy for ever."""
        with s.when(~s.cached[pop]):
            s.cached[pop] = True
            s.cache[pop] = s.kv
        s.served[pop] = s.cache[pop]


class ServesWhatIsOnItsWay(KvOnly):
    @action(pop=KvOnly.Pop, writer=KvOnly.Writer)
    def read(s: Any, pop: Any, writer: Any) -> None:
        """A location serves what a put carries that has not landed."""
        s.served[pop] = s.proposed[writer]


@pytest.mark.parametrize(
    ("design", "name"),
    [
        (NeverRefreshes, "bounded-staleness"),
        (NeverRefreshes, "convergence"),
        (ServesWhatIsOnItsWay, "no-partial-read"),
    ],
)
def test_a_broken_design_is_caught(design: type[Design], name: str) -> None:
    assert boards.violated_by(design, name, "kv_only", writing="in_turn", Pop=1, Writer=1, writes=2)


class ChangesHalf(KvWriter):
    async def write(self, write: Write, reply: Callable[[int], None]) -> None:
        name, value = next(iter(write.changes.items()))
        await super().write(Write(write.id, {name: value}, write.actor), reply)


class AnswersFirst(KvWriter):
    async def write(self, write: Write, reply: Callable[[int], None]) -> None:
        reply(0)
        await super().write(write, _nobody_hears)


class LogsUnderOneKey(KvWriter):
    async def write(self, write: Write, reply: Callable[[int], None]) -> None:
        await super().write(Write("latest", write.changes, write.actor), reply)


def _nobody_hears(version: int) -> None: ...


@pytest.mark.parametrize("writer", [ChangesHalf, AnswersFirst, LogsUnderOneKey])
def test_a_broken_writer_is_caught_in_lockstep(writer: Callable[..., KvWriter]) -> None:
    assert boards.caught_in_lockstep(CASES["kv-only"], lambda: KvOnlySystem(writer), KvOnlySystem)


def test_a_changelog_inside_that_forgets_is_caught_in_lockstep() -> None:
    class Forgets(KvWriter):
        def _changed(self, found: Any, write: Write) -> Any:
            snapshot, value, label = super()._changed(found, write)
            return snapshot, value.replace(b'"version":1}]', b'"version":0}]'), label

    case = CASES["kv-only-log-inside"]
    assert boards.caught_in_lockstep(case, lambda: KvOnlySystem(Forgets), KvOnlySystem)
