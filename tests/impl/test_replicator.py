# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.replicator import (
    ALARM_STEP,
    AlarmPlatform,
    Backoff,
    InlinePublisher,
    Publication,
    Replicator,
    Timing,
)
from edgeproof.impl.durable.store import Alarm, ConfigStore
from edgeproof.impl.edge.kv import KVNamespace, KVThrottled, Limits
from edgeproof.impl.runtime import NetworkError, Pending, SimulatedRuntime, Task
from edgeproof.impl.snapshot import Snapshot

TIMING = Timing(put_timeout=10, retry=Backoff(2, 16))


class Unit:
    """A store with one write, and what publishes it."""

    def __init__(
        self, handler: str = "rearms", attempts: int | None = 7, timing: Timing = TIMING, epoch: bool = False
    ) -> None:
        self.world = SimulatedRuntime()
        self.instance = self.world.instance()
        self.store = ConfigStore(connect(), self.world)
        self.kv = KVNamespace(self.world, limits=Limits(write_spacing=0))
        self.publication = Publication("config", epoch)
        self.replicator = Replicator(
            self.store, self.kv, self.instance, self.publication, timing=timing, handler=handler
        )
        self.platform = AlarmPlatform(
            self.store, self.instance, self.replicator.on_alarm, retry=Backoff(2, 1024), attempts=attempts
        )
        self.store.write({"a": 1}, actor="ann")

    def fire(self) -> Task:
        assert self.platform.due()
        return self.instance.spawn(self.platform.fire())

    @property
    def put(self) -> Pending[Any]:
        (op,) = self.world.pending
        return op

    def fail(self) -> float:
        """Wait for the alarm, let its put fail, and say how long the next one is away."""
        alarm = self.store.alarm()
        assert alarm is not None
        self.world.time = alarm.due
        self.fire()
        self.world.fail(self.put, NetworkError())
        again = self.store.alarm()
        return float("inf") if again is None else again.due - self.world.now()

    def published(self) -> Any:
        entry = self.kv.read_centre("config")
        return None if entry is None else json.loads(entry.value)


def test_the_alarm_publishes_the_config_with_its_version_and_is_off_afterwards() -> None:
    unit = Unit()
    task = unit.fire()
    unit.world.resolve(unit.put)
    task.outcome()
    entry = unit.kv.read_centre("config")
    assert entry is not None
    assert json.loads(entry.value) == {"version": 1, "era": 0, "config": {"a": 1}}
    assert json.loads(entry.metadata or "") == {"version": 1, "era": 0}
    assert unit.store.alarm() is None


def test_an_attempt_that_dies_finds_the_alarm_armed_until_the_put_must_be_over() -> None:
    unit = Unit()
    unit.fire()
    unit.instance.kill()
    assert unit.store.alarm() == Alarm(12, "lease", 1)
    assert (unit.store.status().attempts, unit.world.pending) == (1, [])


def test_only_one_put_is_in_flight() -> None:
    unit = Unit()
    unit.fire()
    unit.store.write({"a": 2}, actor="ann")
    unit.world.advance(100)
    assert not unit.platform.due()
    assert unit.put.payload == Snapshot(1, 0, {"a": 1})


def test_a_write_during_the_put_is_published_next() -> None:
    unit = Unit()
    unit.fire()
    unit.store.write({"a": 2}, actor="ann")
    unit.world.resolve(unit.put)
    assert unit.store.alarm() == Alarm(ALARM_STEP, "sync"), "later than the alarm that ran, which was due at 0"
    unit.world.advance(ALARM_STEP)
    unit.fire()
    unit.world.resolve(unit.put)
    assert unit.published()["version"] == 2
    assert unit.store.alarm() is None


def test_a_failed_put_is_retried_with_waits_that_double_up_to_a_cap() -> None:
    unit = Unit()
    assert [unit.fail() for _ in range(6)] == [2, 4, 8, 16, 16, 16]
    assert unit.store.status().attempts == 6
    unit.world.advance(16)
    unit.fire()
    unit.world.resolve(unit.put)
    assert unit.store.status().attempts == 0


def test_a_put_that_failed_for_the_replicator_may_have_been_applied() -> None:
    unit = Unit()
    unit.fire()
    unit.put.apply()
    unit.world.fail(unit.put, NetworkError())
    assert unit.published()["version"] == 1
    assert unit.store.alarm() == Alarm(2, "retry", 1)


def test_a_throttled_put_is_a_failed_one() -> None:
    unit = Unit()
    unit.fire()
    unit.world.fail(unit.put, KVThrottled())
    assert unit.store.alarm() == Alarm(2, "retry", 1)


def test_a_handler_that_throws_runs_seven_times_and_then_the_alarm_is_gone() -> None:
    unit = Unit(handler="throws")
    assert [unit.fail() for _ in range(7)] == [2, 4, 8, 16, 32, 64, float("inf")]
    assert unit.store.alarm() is None
    assert unit.published() is None


def test_after_an_alarm_was_dropped_a_write_arms_one_that_runs_seven_times_again() -> None:
    unit = Unit(handler="throws")
    for _ in range(7):
        unit.fail()
    unit.store.write({"a": 2}, actor="ann")
    assert [unit.fail() for _ in range(7)] == [2, 4, 8, 16, 32, 64, float("inf")]


@pytest.mark.parametrize(("handler", "attempts"), [("rearms", 7), ("throws", None)])
def test_a_handler_that_rearms_or_a_patient_platform_never_gives_up(handler: str, attempts: int | None) -> None:
    unit = Unit(handler, attempts)
    for _ in range(20):
        assert unit.fail() < float("inf")


def test_with_a_heartbeat_the_alarm_is_never_off() -> None:
    unit = Unit(timing=Timing(heartbeat=300))
    unit.fire()
    unit.world.advance(1)
    unit.world.resolve(unit.put)
    assert unit.store.alarm() == Alarm(301, "beat")
    unit.kv.put("config", "what a zombie left")
    unit.world.advance(300)
    unit.fire()
    unit.world.resolve(unit.put)
    assert unit.published()["version"] == 1


@pytest.mark.parametrize(("epoch", "era"), [(False, 0), (True, 1)])
def test_copies_carry_the_era_only_with_an_epoch(epoch: bool, era: int) -> None:
    unit = Unit(epoch=epoch)
    unit.store.write({"a": 2}, actor="ann")
    unit.store.restore(1)
    unit.fire()
    unit.world.resolve(unit.put)
    assert unit.published() == {"version": 1, "era": era, "config": {"a": 1}}
    assert unit.store.alarm() is None


def test_puts_of_two_requests_may_land_in_the_wrong_order() -> None:
    unit = Unit()
    inline = InlinePublisher(unit.store, unit.kv, unit.instance, unit.publication)
    unit.instance.spawn(inline.publish())
    unit.store.write({"a": 2}, actor="ann")
    unit.instance.spawn(inline.publish())
    first, second = unit.world.pending
    unit.world.resolve(second)
    unit.world.resolve(first)
    assert unit.published()["version"] == 1


@given(st.floats(0.1, 10), st.floats(0.1, 1000), st.integers(0, 10_000))
def test_waits_never_shrink_and_never_exceed_the_cap(base: float, cap: float, failures: int) -> None:
    backoff = Backoff(base, cap)
    assert backoff.after(failures) <= backoff.after(failures + 1) <= cap
    assert backoff.after(1) == min(base, cap)


def test_only_the_two_handlers_are_accepted() -> None:
    with pytest.raises(ValueError, match="rearms or throws"):
        Unit(handler="prays")
