# SPDX-License-Identifier: Apache-2.0
"""Reads of one isolate that are under way at the same time: answered in any order, long after they were asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.edge.kv import KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.edge.reader import EdgeReader, Reading
from edgeproof.impl.runtime import NetworkError, Pending, SimulatedRuntime, Task
from edgeproof.impl.snapshot import Snapshot, to_kv

CACHE_TTL = 30.0
MEMO_TTL = 10.0


class Isolate:
    """An isolate with the location's cache and KV's centre behind it; nothing is answered before it is told to be."""

    def __init__(self, policy: str) -> None:
        self.world = SimulatedRuntime()
        self.kv = KVNamespace(self.world, limits=Limits(write_spacing=0))
        self.cache = LocationCache()
        self.instance = self.world.instance()
        self.location = KVLocation(self.kv, self.world, lambda: self.cache)
        self.reader = EdgeReader(
            self.location, self.instance, "config", policy=policy, cache_ttl=CACHE_TTL, memo_ttl=MEMO_TTL
        )
        self.published = [(0.0, Snapshot(0))]
        """What the centre has held, each since when."""

    def publish(self, version: int, era: int = 0) -> None:
        snapshot = Snapshot(version, era)
        value, metadata = to_kv(snapshot)
        self.kv.put("config", value, metadata=metadata)
        self.published.append((self.world.time, snapshot))

    def ask(self) -> Read:
        return Read(self)

    def read(self) -> int:
        """A request that is answered at once."""
        return self.ask().answer()

    def superseded_for(self, told: Snapshot) -> float:
        """For how many seconds the centre has held something newer."""
        newer = [since for since, snapshot in self.published if not told.at_least(snapshot)]
        return self.world.time - min(newer, default=self.world.time)


class Read:
    """One request: asked for now, looked up at some time, answered at some later time."""

    def __init__(self, isolate: Isolate) -> None:
        self._world = isolate.world
        self.asked_at = self._world.time
        self._task: Task = isolate.instance.spawn(isolate.reader.find())
        self._op: Pending[Any] | None = None if self._task.done else isolate.world.pending[-1]

    @property
    def under_way(self) -> bool:
        return not self._task.done

    def look_up(self) -> Read:
        """KV's answer leaves the location; it has not arrived."""
        if self._op is not None:
            self._op.apply()
        return self

    def answer(self) -> int:
        if self._op is not None:
            self._world.resolve(self._op)
        return self.told.version

    def break_off(self) -> int:
        assert self._op is not None
        self._world.fail(self._op, NetworkError("the connection broke"))
        return self.told.version

    @property
    def told(self) -> Snapshot:
        return self._reading.snapshot

    @property
    def age(self) -> float:
        return self._reading.age

    @property
    def _reading(self) -> Reading:
        reading: Reading = self._task.outcome()
        return reading


@pytest.mark.parametrize("policy", ["memo", "guarded"])
def test_a_slow_older_answer_that_comes_last_is_not_what_the_next_request_is_told(policy: str) -> None:
    isolate = Isolate(policy)
    isolate.publish(1)
    slow = isolate.ask().look_up()
    isolate.publish(2)
    isolate.cache.copies.clear()
    assert isolate.read() == 2
    assert slow.answer() == 2
    assert isolate.read() == 2


@pytest.mark.parametrize("policy", ["memo", "guarded"])
def test_nor_is_it_where_the_newer_answer_belongs_to_the_request_that_was_asked_first(policy: str) -> None:
    isolate = Isolate(policy)
    isolate.publish(1)
    first, second = isolate.ask(), isolate.ask().look_up()
    isolate.publish(2)
    isolate.cache.copies.clear()
    assert (first.answer(), second.answer(), isolate.read()) == (2, 2, 2)


@pytest.mark.parametrize("policy", ["memo", "guarded"])
def test_what_comes_last_is_taken_where_its_era_is_newer(policy: str) -> None:
    isolate = Isolate(policy)
    isolate.publish(7)
    slow = isolate.ask()
    assert isolate.read() == 7
    isolate.publish(2, era=1)
    isolate.cache.copies.clear()
    assert (slow.answer(), isolate.read()) == (2, 2)


def test_a_plain_reader_tells_every_request_what_kv_told_that_one() -> None:
    isolate = Isolate("plain")
    isolate.publish(1)
    slow = isolate.ask().look_up()
    isolate.publish(2)
    isolate.cache.copies.clear()
    isolate.world.advance(5)
    assert (isolate.read(), slow.answer(), isolate.read()) == (2, 1, 2)
    assert slow.age == 5


def test_the_absence_of_a_config_that_is_learnt_last_does_not_undo_a_memo() -> None:
    isolate = Isolate("memo")
    slow = isolate.ask().look_up()
    isolate.publish(1)
    isolate.cache.copies.clear()
    assert (isolate.read(), slow.answer(), isolate.read()) == (1, 1, 1)


@pytest.mark.parametrize("policy", ["memo", "guarded"])
def test_a_read_that_breaks_tells_what_is_kept_by_then(policy: str) -> None:
    isolate = Isolate(policy)
    slow = isolate.ask()
    isolate.publish(1)
    assert isolate.read() == 1
    assert slow.break_off() == 1


@pytest.mark.parametrize("policy", ["plain", "guarded", "memo"])
def test_an_answer_is_as_old_as_its_question(policy: str) -> None:
    isolate = Isolate(policy)
    isolate.publish(1)
    slow = isolate.ask()
    isolate.world.advance(3)
    assert (slow.answer(), slow.age, isolate.reader.age()) == (1, 3, 3)


def test_a_memo_is_served_until_it_is_too_old_for_the_bound_however_long_its_answer_took() -> None:
    isolate = Isolate("memo")
    isolate.publish(1)
    isolate.location.get("config", cache_ttl=CACHE_TTL)
    isolate.publish(2)
    isolate.world.advance(CACHE_TTL)
    slow = isolate.ask().look_up()
    isolate.world.advance(3)
    assert slow.answer() == 1
    isolate.world.advance(MEMO_TTL)
    later = isolate.ask()
    assert later.answer() == 2, f"1 was superseded {CACHE_TTL + MEMO_TTL + 3:g} s ago"


def test_an_older_question_with_the_same_answer_makes_a_memo_no_older() -> None:
    isolate = Isolate("memo")
    isolate.publish(1)
    slow = isolate.ask().look_up()
    isolate.world.advance(4)
    isolate.read()
    slow.answer()
    assert isolate.reader.age() == 0


def test_a_memo_that_has_expired_takes_what_kv_has_though_it_is_older() -> None:
    isolate = Isolate("memo")
    isolate.publish(2)
    isolate.read()
    isolate.publish(1)
    isolate.cache.copies.clear()
    isolate.world.advance(MEMO_TTL + 1)
    assert isolate.read() == 1, "nobody was told anything meanwhile: KV itself has gone back"


class Run:
    """Requests at one isolate, and what every answer has to respect."""

    def __init__(self, policy: str) -> None:
        self.policy, self.isolate = policy, Isolate(policy)
        self.under_way: list[tuple[Read, int]] = []
        """Each with how many answers had been given when it was asked for."""
        self.answers: list[Snapshot] = []

    def ask(self) -> None:
        read, before = self.isolate.ask(), len(self.answers)
        if read.under_way:
            self.under_way.append((read, before))
        else:
            self.judge(read, before)

    def publish(self) -> None:
        self.isolate.publish(self.isolate.published[-1][1].version + 1)

    def publish_and_refresh(self) -> None:
        """The location fetches its copy anew, as it does with hot keys."""
        self.publish()
        if "config" in self.isolate.cache.copies:
            self.isolate.location.refresh("config", self.isolate.cache)

    def look_up(self, which: int) -> None:
        if self.under_way:
            self.under_way[which % len(self.under_way)][0].look_up()

    def answer(self, which: int) -> None:
        if self.under_way:
            read, before = self.under_way.pop(which % len(self.under_way))
            read.answer()
            self.judge(read, before)

    def wait(self, seconds: float) -> None:
        self.isolate.world.advance(seconds)

    def judge(self, read: Read, before: int) -> None:
        told, took = read.told, self.isolate.world.time - read.asked_at
        # What a plain reader tells requests that are under way together may come in any order.
        earlier = self.answers[:before] if self.policy == "plain" else self.answers
        assert all(told.at_least(one) for one in earlier)
        late = self.isolate.superseded_for(told)
        assert late <= CACHE_TTL + read.age
        memo = MEMO_TTL if self.policy == "memo" else 0.0
        assert late <= CACHE_TTL + max(memo, took)
        self.answers.append(told)


which = st.integers(0, 3)
steps = st.one_of(
    st.just((Run.ask,)),
    st.just((Run.publish,)),
    st.just((Run.publish_and_refresh,)),
    st.tuples(st.just(Run.look_up), which),
    st.tuples(st.just(Run.answer), which),
    st.tuples(st.just(Run.wait), st.sampled_from([1.0, MEMO_TTL / 2, MEMO_TTL + 1, CACHE_TTL])),
)


@pytest.mark.parametrize("policy", ["plain", "guarded", "memo"])
@given(script=st.lists(steps, min_size=15, max_size=40))
@settings(max_examples=300)
def test_however_reads_overtake_each_other_nobody_is_told_less_or_later_than_promised(
    policy: str, script: list[tuple[Any, ...]]
) -> None:
    run = Run(policy)
    for act, *arguments in script:
        act(run, *arguments)
