# SPDX-License-Identifier: Apache-2.0
"""The platform loses alarms: how requests find out, what they do, and how long it takes at most."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.replicator import AlarmPlatform, Backoff, Timing
from edgeproof.impl.durable.store import Alarm, VersionConflict
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.live.store import _answer as answer
from edgeproof.impl.pattern.deployment import Choices, DurableObject, boot
from edgeproof.impl.pattern.lost_alarms import LostAlarmsSystem
from edgeproof.impl.runtime import NetworkError, Pending, RealRuntime, SimulatedRuntime
from edgeproof.impl.system import ActionImpossible, Setup

S, D, R = 60.0, 10.0, 2.0
TIMING = Timing(D, Backoff(R, R), sync_delay=S)


class Unit:
    """A unit with one write, whose alarm the platform has lost."""

    def __init__(self, **choices: Any) -> None:
        self.world = SimulatedRuntime()
        self.choices = Choices(**{"timing": TIMING, "limits": Limits(write_spacing=0), **choices})
        self.connection = connect()
        self.kv = self.choices.namespace(self.world)
        self.start()
        self.write()
        self.object.alarms.lose()

    def start(self) -> None:
        self.instance = self.world.instance()
        self.object: DurableObject = boot(self.choices, self.instance, self.connection, self.kv)

    def crash(self) -> None:
        self.instance.kill()
        self.start()

    def write(self, **more: Any) -> None:
        request = WriteRequest({"n": self.world.now()}, "ann", **more)
        task = self.instance.spawn(self.object.front.write(request, lambda result: None))
        if task.error is not None:
            raise task.error
        self.world.resolve(next(op for op in self.instance.pending if op.label == "gate"))

    def look(self) -> None:
        self.object.front.look()

    def dies(self) -> None:
        """The alarm that is armed again is lost as well, and is overdue."""
        self.world.advance(S + 1)
        self.look()
        self.object.alarms.lose()
        self.world.advance(S + 1)

    @property
    def alarm(self) -> Alarm | None:
        return self.object.store.alarm()

    @property
    def puts(self) -> list[Pending[Any]]:
        return [op for op in self.world.pending if op.label == "kv.put"]

    def fire(self) -> bool:
        """Let the platform fire the alarm, if it would."""
        if not self.object.alarms.due():
            return False
        self.instance.spawn(self.object.alarms.fire())
        return True


@pytest.fixture
def unit() -> Unit:
    return Unit()


# --- what the platform does


def test_a_lost_alarm_stays_armed_and_never_fires(unit: Unit) -> None:
    unit.world.advance(1_000_000)
    assert unit.alarm == Alarm(0, "sync")
    assert not unit.fire()


def test_it_is_lost_over_a_crash_for_the_platform_has_lost_it() -> None:
    system = LostAlarmsSystem()
    system.start(Setup("do_kv_lost_alarms", numbers={"S": 5}))
    for step in ("write", "acknowledge", "alarm_stuck", "crash"):
        system.perform(step, {})
    assert system.observe()["stuck"]
    with pytest.raises(ActionImpossible):
        system.perform("fire", {})


def test_an_alarm_that_is_armed_anew_fires(unit: Unit) -> None:
    unit.object.store.arm(5, "sync")
    unit.world.advance(5)
    assert unit.fire()


PUBLISH = ("write", "acknowledge", "fire", "put_lands", "put_confirmed")


@pytest.mark.parametrize(
    "steps",
    [
        (*PUBLISH, "alarm_stuck", *PUBLISH),
        ("write", "acknowledge", "write", "acknowledge", "alarm_stuck", "rollback"),
    ],
)
def test_what_is_armed_in_its_place_is_another_also_where_it_is_due_when_the_lost_one_was(
    steps: tuple[str, ...],
) -> None:
    system = LostAlarmsSystem()
    system.start(Setup("do_kv_lost_alarms", {"repair": "heartbeat"}))
    for step in steps:
        system.perform(step, {})
    assert system.observe()["alarm"] != "off"
    assert not system.observe()["stuck"]


def test_only_an_alarm_that_is_armed_can_be_lost_and_only_once(unit: Unit) -> None:
    with pytest.raises(LookupError):
        unit.object.alarms.lose()
    unit.object.store.disarm()
    with pytest.raises(LookupError):
        unit.object.alarms.lose()


@pytest.mark.parametrize(("later", "stuck"), [(0.0, True), (0.001, False)])
def test_an_alarm_that_its_handler_sets_for_the_time_it_was_fired_for_is_lost(later: float, stuck: bool) -> None:
    unit = Unit()
    store = unit.object.store
    store.arm(7, "sync")

    async def handler() -> None:
        store.arm(7 + later, "sync")

    platform = AlarmPlatform(store, unit.instance, handler)
    unit.world.advance(7)
    unit.instance.spawn(platform.fire())
    unit.world.advance(1)
    assert (platform.stuck(), platform.due()) == (stuck, not stuck)


def test_however_often_the_config_moves_on_in_one_instant_no_alarm_is_lost(unit: Unit) -> None:
    unit.object.store.arm(0.001, "sync")
    unit.world.advance(1)
    for _ in range(5):
        unit.instance.spawn(unit.object.alarms.fire())
        unit.write()
        unit.world.resolve(unit.puts[0])
        assert not unit.object.alarms.stuck()
        assert unit.object.alarms.due(within=0.01)


# --- what requests do


@pytest.mark.parametrize("reason", ["sync", "lease", "retry", "beat"])
def test_an_alarm_that_may_only_be_late_is_left_alone(unit: Unit, reason: Any) -> None:
    unit.object.store.arm(5, reason)
    unit.world.advance(5 + S)
    unit.look()
    unit.write()
    unit.crash()
    assert unit.alarm == Alarm(5, reason)
    assert unit.puts == []


@pytest.mark.parametrize("reason", ["sync", "lease", "retry", "beat"])
@pytest.mark.parametrize("request_", ["look", "write", "crash"])
def test_what_is_overdue_by_more_is_armed_again_at_once(unit: Unit, reason: Any, request_: str) -> None:
    unit.object.store.arm(5, reason)
    unit.object.alarms.lose()
    unit.world.advance(5 + S + 1)
    getattr(unit, request_)()
    assert unit.alarm == Alarm(5 + S + 1, "again")
    assert unit.puts == []
    assert unit.fire()
    assert unit.puts[0].payload.version == unit.object.store.version()


def test_a_stream_of_requests_does_not_put_it_off(unit: Unit) -> None:
    unit.world.advance(S + 1)
    for _ in range(int(S)):
        unit.look()
        unit.world.advance(1)
    assert unit.alarm == Alarm(S + 1, "again")
    assert unit.puts == []


@pytest.mark.parametrize("request_", ["look", "write"])
def test_an_alarm_that_was_armed_again_and_is_overdue_once_more_is_dead_and_a_request_publishes(
    unit: Unit, request_: str
) -> None:
    unit.dies()
    getattr(unit, request_)()
    (put,) = unit.puts
    assert put.payload.version == unit.object.store.version(), "the write that finds it dead is in it"
    assert unit.alarm == Alarm(unit.world.now() + D + R, "lease")
    unit.world.resolve(put)
    assert unit.alarm is None


def test_an_object_that_starts_leaves_a_dead_alarm_to_the_next_request(unit: Unit) -> None:
    unit.dies()
    before = unit.alarm
    unit.crash()
    assert (unit.alarm, unit.puts) == (before, [])
    unit.look()
    assert len(unit.puts) == 1


def test_a_live_store_that_is_asked_for_its_changes_looks_after_its_alarm(unit: Unit) -> None:
    unit.world.advance(S + 1)
    asyncio.run(answer(unit.object, {"op": "since", "version": 0}))
    assert unit.alarm == Alarm(S + 1, "again")


def test_a_write_that_is_refused_changes_nothing(unit: Unit) -> None:
    unit.world.advance(S + 1)
    with pytest.raises(VersionConflict):
        unit.write(expected_version=0)
    assert unit.alarm == Alarm(0, "sync")


# --- one put is in flight, and KV never goes back


def test_of_the_requests_that_find_the_alarm_dead_one_publishes(unit: Unit) -> None:
    unit.dies()
    for _ in range(3):
        unit.write()
        unit.look()
    assert len(unit.puts) == 1
    unit.world.resolve(unit.puts[0])
    alarm = unit.alarm
    assert alarm is not None
    assert alarm.reason == "sync", "the other writes are published next"


def test_of_those_that_find_it_dead_before_the_first_has_begun_one_publishes_as_well() -> None:
    async def main() -> int:
        runtime = RealRuntime()
        choices = Choices(timing=evolve(TIMING, sync_delay=0.0))
        kv = choices.namespace(runtime)
        unit = boot(choices, runtime, connect(), kv)
        unit.store.write({"n": 1}, actor="ann")
        unit.store.arm(runtime.now() - 1, "again")
        unit.front.look()
        unit.front.look()
        await runtime.sleep(0)
        return unit.store.status().attempts

    assert asyncio.run(main()) == 1


def test_an_alarm_that_fires_while_a_request_publishes_puts_nothing(unit: Unit) -> None:
    unit.dies()
    unit.look()
    unit.object.store.restore(0)  # arms it at once, whoever is at work
    assert unit.fire()
    assert len(unit.puts) == 1
    assert unit.alarm == Alarm(unit.world.now() + D + R, "lease", 1), "who dies now leaves an alarm"
    unit.world.resolve(unit.puts[0])
    unit.world.advance(0.1)
    assert unit.fire()
    assert unit.puts[0].payload.version == 0


def test_nobody_looks_after_the_alarm_while_an_attempt_is_under_way(unit: Unit) -> None:
    unit.dies()
    unit.look()
    unit.world.advance(1_000)
    unit.look()
    assert len(unit.puts) == 1
    alarm = unit.alarm
    assert alarm is not None
    assert alarm.reason == "lease"


def test_who_dies_while_publishing_for_a_dead_alarm_leaves_its_lease(unit: Unit) -> None:
    unit.dies()
    unit.look()
    unit.crash()
    alarm = unit.alarm
    assert alarm is not None
    assert alarm.reason == "lease"
    unit.look()
    assert unit.puts == [], "the put of the one that died may still land: nobody puts beside it"
    unit.world.advance(D + R)
    assert unit.fire()


@pytest.mark.parametrize("handler", ["rearms", "throws"])
def test_what_a_request_could_not_publish_is_tried_again(handler: str) -> None:
    unit = Unit(handler=handler)
    unit.dies()
    unit.look()
    unit.world.fail(unit.puts[0], NetworkError())
    assert unit.alarm == Alarm(unit.world.now() + R, "retry")


# --- how long it takes


def pokes(period: float, first: float) -> Iterator[float]:
    while True:
        yield first
        first += period


def begins(unit: Unit, watchdog: float, first: float, losses: int) -> float:
    """When the put of the write at 0 begins: the watchdog pokes, and of the alarms to come so many are lost."""
    for at in pokes(watchdog, first):
        unit.world.time = at
        before = unit.alarm
        unit.look()
        if unit.puts:
            return at
        if unit.alarm != before:
            if not losses:
                return at + S  # as late as it may be
            unit.object.alarms.lose()
            losses -= 1
    raise AssertionError("unreachable")


@given(st.floats(1, 300), st.floats(0, 1), st.integers(0, 3))
def test_the_watchdog_bounds_how_long_a_loss_keeps_a_write_back(watchdog: float, phase: float, losses: int) -> None:
    started = begins(Unit(), watchdog, phase * watchdog, losses)
    bound = S + watchdog + S if losses == 0 else 2 * (S + watchdog)
    assert started <= bound + 1e-6


@pytest.mark.parametrize(("losses", "bound"), [(0, 2 * S + S), (1, 4 * S), (9, 4 * S)])
def test_the_bound_is_tight(losses: int, bound: float) -> None:
    # Of pokes that are S apart, one comes when the alarm may just still be late, and so does one for what it arms.
    assert begins(Unit(), S, S, losses) == bound


def test_without_a_watchdog_nobody_pokes() -> None:
    system = LostAlarmsSystem()
    system.start(Setup("do_kv_lost_alarms"))
    with pytest.raises(ActionImpossible, match="watchdog"):
        system.perform("poke", {})
