# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_lost_alarms: what a lost alarm keeps back, and what a watchdog makes good, and how soon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.durable.replicator import Replicator
from edgeproof.impl.durable.store import Alarm
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.pattern.lost_alarms import LostAlarmsSystem
from edgeproof.model.designs import load
from edgeproof.model.designs.do_kv_lost_alarms import DoKvLostAlarms
from edgeproof.model.designs.parts.lost_alarms import LostAlarms
from edgeproof.model.machine import Design, Instance, action, definition
from edgeproof.model.trace import Trace
from edgeproof.properties.bounds import formula, present_terms
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.replay import replay_on
from edgeproof.properties.staleness import tight_trace
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("do_kv_lost_alarms")}

ANOMALY = {"read-your-writes": 3}

DEPTHS = {
    # A write is acknowledged, its alarm is lost, and that was it.
    "lost-alarm": {**ANOMALY, "bounded-staleness": 8, "convergence": 9},
    "lost-heartbeat": {**ANOMALY, "bounded-staleness": 13, "convergence": 12},
    "lost-alarm-watchdog": ANOMALY,
    "lost-alarm-faults": ANOMALY,
    # As of do_kv's late put, which is over before a poke is due.
    "lost-alarm-recommended": {**ANOMALY, "monotonic-kv": 9},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("do_kv_lost_alarms")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("do_kv_lost_alarms"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("do_kv_lost_alarms", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


@pytest.mark.parametrize("case", ["lost-alarm-watchdog", "lost-alarm-recommended"])
def test_with_a_watchdog_all_but_the_anomalies_is_proved_however_many_alarms_are_lost(case: str) -> None:
    assert set(CASES[case].properties) - boards.proved(CASES[case]) <= {
        "answered-write",
        "read-your-writes",
        "monotonic-kv",
    }


# --- the bound


def lost_kinds(trace: Trace) -> set[Any]:
    """What the alarms were armed for that are lost in a run."""
    return {
        before["alarm"]
        for before, event in zip(trace.states, trace.events, strict=False)
        if event.action == "alarm_stuck"
    }


REACHED = [
    ("lost-alarm-watchdog", {"S": 2, "W": 3}, "D + 2*(S + W) + D + T", 13, {"sync", "again"}),
    (
        "lost-alarm-faults",
        {"W": 2, "put_fails": False},
        "D + 2*(S + W) + 2*F*(S + W) + F*(D + R) + D + T",
        17,
        {"sync", "again", "lease"},
    ),
    (
        "lost-alarm-recommended",
        {"put_fails": False, "put_ambiguous": False, "crash": False},
        "D + Z + D + H + 2*(S + W) + 2*F*(S + W) + F*(D + R) + D + T",
        16,
        {"beat", "again", "lease"},
    ),
]


@pytest.mark.parametrize(("case", "numbers", "text", "bound", "lost"), REACHED)
def test_the_bound_is_reached_in_the_model_and_on_code(
    case: str, numbers: dict[str, int], text: str, bound: int, lost: set[str]
) -> None:
    at = instance_of(CASES[case]).with_(**numbers)
    assert (formula(at), sum(value for _, value in present_terms(at))) == (text, bound)
    trace = boards.reaches_the_bound(at)
    assert (trace.states[-1]["since"], lost_kinds(trace)) == (bound, lost)
    assert on_code(trace) == (True, "")


def test_the_worst_schedule_loses_alarms_of_retries_as_well_and_happens_on_code() -> None:
    trace = tight_trace(instance_of(CASES["lost-alarm-faults"]).with_(S=1, D=2, R=3, T=1, W=2, F=2))
    assert trace is not None
    assert lost_kinds(trace) == {"sync", "again", "retry"}
    assert on_code(trace) == (True, "")


@settings(max_examples=15)
@given(
    st.fixed_dictionaries({name: st.integers(0, 9) for name in "SDRT"}),
    st.integers(1, 9),
    st.integers(0, 2),
    st.sampled_from([{}, {"reader": "memo", "evict": True, "M": 3}, {"alarm_stuck": False}]),
    st.booleans(),
)
def test_the_worst_schedule_reaches_the_bound_for_any_values(
    durations: dict[str, int], period: int, failed: int, chosen: dict[str, Any], late: bool
) -> None:
    # A put that is late has failed, as far as its object knows.
    numbers = {**durations, "W": period, "F": max(failed, int(late)), "put_fails": failed > 0 or late}
    undone = {"put_late": True, "repair": "heartbeat", "H": 5, "Z": durations["R"]} if late else {}
    constants = {"Pop": 1, "Put": 1, "watchdog": "on", "alarm_stuck": True, **numbers, **undone, **chosen}
    at = Instance.of(load("do_kv_lost_alarms"), **constants)
    trace = tight_trace(at)
    assert trace is not None
    assert trace.states[-1]["since"] == sum(value for _, value in present_terms(at))


def on_code(trace: Trace) -> tuple[bool, str]:
    told = replay_on(trace, LostAlarmsSystem())
    return told.completed, told.mismatch


# --- teeth


class NobodyArmsItAgain(DoKvLostAlarms):
    @action()
    def poke(s: Any) -> None:
        """The watchdog asks, and nothing comes of it."""
        LostAlarms.poke(s)


class NoRequestPublishes(DoKvLostAlarms):
    @definition()
    def overdue(s: Any) -> Any:
        """An alarm that was armed again is never overdue."""
        return DoKvLostAlarms.overdue(s) & (s.alarm != "again")


@pytest.mark.parametrize("design", [NobodyArmsItAgain, NoRequestPublishes])
@pytest.mark.parametrize("name", ["bounded-staleness", "convergence"])
def test_a_broken_design_is_caught(design: type[Design], name: str) -> None:
    assert boards.violated_by(design, name, "do_kv_lost_alarms", Pop=1, Put=1, watchdog="on", alarm_stuck=True)


class NeverArmsAgain(Replicator):
    def _arm_again(self, overdue: Alarm | None) -> None:
        pass


class TakesTheLatestForLost(Replicator):
    def _overdue(self) -> Alarm | None:
        alarm = self._store.alarm()
        on_the_dot = alarm is not None and self._runtime.now() == alarm.due + self._timing.sync_delay
        return alarm if on_the_dot and not self._publishing else super()._overdue()


class NeverPublishes(Replicator):
    def tend(self) -> None:
        self.rearm()


@pytest.mark.parametrize("replicator", [NeverArmsAgain, TakesTheLatestForLost, NeverPublishes])
def test_a_broken_replicator_is_caught_in_lockstep(replicator: Callable[..., Replicator]) -> None:
    assert boards.caught_in_lockstep(
        CASES["lost-alarm-faults"], lambda: LostAlarmsSystem(Parts(replicator=replicator)), LostAlarmsSystem
    )
