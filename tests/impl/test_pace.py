# SPDX-License-Identifier: Apache-2.0
"""KV refuses a second put of a key within a second. A unit waits that out, whatever its writers, its puts and its
machine do; one that does not is refused.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from hypothesis import example, given
from hypothesis import strategies as st

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.replicator import Backoff, Timing
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.pattern.deployment import Choices, DurableObject, Parts, boot
from edgeproof.impl.runtime import Instance, NetworkError, Pending, SimulatedRuntime
from tests.impl.counting_kv import CountingKV

PUT_TIMEOUT: Final = 4.0
TIMING: Final = Timing(PUT_TIMEOUT, Backoff(0.25, 0.25))
"""Waits after failures that KV would not take either."""
STEP: Final = 1 / 64
"""Of a second: sums of it are exact."""

PACED: Final = Parts()
CARELESS: Final = Parts(store=lambda *of, **how: ConfigStore(*of, **{**how, "spacing": 0.0}))
"""A unit that puts as soon as there is something to put."""


class Unit:
    """A unit in simulated time, whose alarms fire when they are due."""

    def __init__(self, parts: Parts = PACED) -> None:
        self.world, self.connection, self.written = SimulatedRuntime(), connect(), 0
        self.choices = Choices(timing=TIMING)
        self.kv = CountingKV(self.world, limits=self.choices.limits)
        self._boot: Any = partial(boot, self.choices, connection=self.connection, kv=self.kv, parts=parts)
        self.start()

    def start(self) -> None:
        self.instance: Instance = self.world.instance()
        self.object: DurableObject = self._boot(runtime=self.instance)

    @property
    def put(self) -> Pending[Any] | None:
        return next(iter(self.instance.under_way("kv.put")), None)

    def write(self) -> None:
        self.written += 1
        self.object.store.write({"a": self.written}, actor="ann")

    def restore(self) -> None:
        self.object.store.restore(max(0, self.object.store.version() - 1))

    def lands(self) -> None:
        if self.put:
            self.world.resolve(self.put)

    def fails(self) -> None:
        if self.put:
            self.world.fail(self.put, NetworkError())

    def lands_unheard(self) -> None:
        if self.put:
            self.put.apply()
            self.fails()

    def crashes(self) -> None:
        self.instance.kill()
        self.start()

    def lands_and_crashes(self) -> None:
        if self.put:
            self.put.apply()
        self.crashes()

    def crashes_and_lands(self) -> None:
        """The put that was under way lands all the same, when its time is all but up."""
        put = self.put
        self.crashes()
        if put:
            until = put.expires - STEP
            self.wait(int((until - self.world.time) / STEP))
            self.world.time = max(self.world.time, until)
            put.apply()

    def wait(self, steps: int) -> None:
        until = self.world.time + steps * STEP
        while True:
            self.fire()
            alarm, put = self.object.store.alarm(), self.put
            due = until if alarm is None or put else max(alarm.due, self.world.time)
            self.world.time = min(until, due, put.expires if put else until)
            if put and put.expires <= self.world.time:
                self.fails()
            elif self.world.time == until:
                return self.fire()

    def fire(self) -> None:
        if self.object.alarms.due():
            self.instance.spawn(self.object.alarms.fire())


MOVES: Final = (
    "write",
    "restore",
    "lands",
    "lands",
    "lands",
    "fails",
    "lands_unheard",
    "crashes",
    "lands_and_crashes",
    "crashes_and_lands",
)

moves = st.lists(st.sampled_from(MOVES) | st.integers(0, 96), max_size=60)
"""What happens one after the other: moves of a unit, and waits by their steps."""


def after(unit: Unit, *happens: str | int) -> Unit:
    for one in happens:
        unit.wait(one) if isinstance(one, int) else getattr(unit, one)()
        unit.fire()
        alarm = unit.object.store.alarm()
        if alarm is not None and alarm.reason == "sync":
            assert alarm.due <= unit.world.now() + unit.choices.limits.write_spacing, "no write waits longer than that"
    return unit


@given(moves)
@example(["write", "lands", "crashes", "write", 1, "lands"])
@example(["write", "lands_unheard", "restore", "lands"])
@example(["write", 96, 96, 60, "lands_and_crashes", 24, "lands"])
@example(["write", 8, "restore", "crashes_and_lands", "lands"])
@example(["write", "restore", "restore", "crashes_and_lands", "lands"])
def test_no_put_of_a_unit_that_waits_the_second_out_is_refused(happens: list[str | int]) -> None:
    unit = after(Unit(), *happens)
    assert unit.kv.refused == 0
    # Whatever it went through, it comes to an end: what was written last is told.
    while unit.object.store.alarm() is not None:
        after(unit, 64, "lands")
    assert unit.kv.refused == 0
    gaps = [second - first for first, second in zip(unit.kv.took, unit.kv.took[1:], strict=False)]
    assert all(gap >= 1 for gap in gaps)


def test_a_unit_that_puts_as_soon_as_it_can_is_refused() -> None:
    burst = ("write", "lands", "write", "lands")
    careless, paced = after(Unit(CARELESS), *burst), after(Unit(), *burst)
    assert (careless.kv.refused, paced.kv.refused) == (1, 0)
    alarm = paced.object.store.alarm()
    assert alarm is not None
    assert (alarm.due, alarm.reason) == (1.0, "sync"), "the second is waited out"


def test_writes_that_come_seldom_are_not_kept_waiting() -> None:
    unit = after(Unit(), "write", "lands", 64, "write", "lands")
    assert unit.kv.took == [0, 1]


def test_a_unit_that_starts_anew_knows_when_its_last_put_was() -> None:
    unit = after(Unit(), "write", 32, "lands", "crashes", "write")
    alarm = unit.object.store.alarm()
    assert alarm is not None
    assert alarm.due == 1.5


def test_a_clock_that_was_put_back_keeps_no_write_waiting() -> None:
    unit = after(Unit(), 6400, "write", "lands")
    unit.world.time = 1.0
    unit.write()
    alarm = unit.object.store.alarm()
    assert alarm is not None
    assert alarm.due == 1.0


def test_of_two_hundred_writes_a_second_one_put_a_second_tells_the_newest() -> None:
    unit = after(Unit(), *(["write", "lands"] * 50 + [16]) * 16)
    after(unit, 64, "lands")
    assert unit.kv.refused == 0
    assert len(unit.kv.took) == 5
    entry = unit.kv.read_centre(unit.choices.key)
    assert entry is not None
    assert f'"a":{unit.written}'.encode() in entry.value
