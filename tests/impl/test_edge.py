# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.edge.kv import KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.edge.reader import ConfigUnavailable, EdgeReader
from edgeproof.impl.runtime import NetworkError, SimulatedRuntime
from edgeproof.impl.snapshot import EMPTY, Snapshot, to_kv

POLICIES = ["plain", "guarded", "memo"]


class Isolate:
    """An isolate that reads through a cache of 60 s, with a memo of 300 s."""

    def __init__(self, policy: str) -> None:
        self.world = SimulatedRuntime()
        self.kv = KVNamespace(self.world, limits=Limits(write_spacing=0))
        self.cache, self.reachable = LocationCache(), True
        location = KVLocation(self.kv, self.world, lambda: self.cache, lambda: self.reachable)
        self.instance = self.world.instance()
        self.reader = EdgeReader(location, self.instance, "config", policy=policy, memo_ttl=300)

    def publish(self, version: int, era: int = 0) -> None:
        value, metadata = to_kv(Snapshot(version, era))
        self.kv.put("config", value, metadata=metadata)
        self.cache.copies.clear()

    def read(self) -> int:
        task = self.instance.spawn(self.reader.read())
        if not task.done:
            self.world.resolve(self.world.pending[0])
        found = task.outcome()
        assert isinstance(found, Snapshot)
        return found.version


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_published_is_the_empty_config(policy: str) -> None:
    isolate = Isolate(policy)
    assert isolate.read() == EMPTY.version == 0
    assert isolate.reader.kept is None


@given(st.sampled_from(["plain", "guarded"]), st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=8))
def test_plain_takes_every_copy_and_guarded_takes_none_that_is_older(
    policy: str, copies: list[tuple[int, int]]
) -> None:
    isolate = Isolate(policy)
    newest = (0, 0)
    for era, version in copies:
        isolate.publish(version, era)
        newest = max(newest, (era, version)) if policy == "guarded" else (era, version)
        assert isolate.read() == newest[1]


@pytest.mark.parametrize(("policy", "told"), [("plain", 0), ("guarded", 1)])
def test_a_key_that_is_gone_is_older_than_any_config(policy: str, told: int) -> None:
    isolate = Isolate(policy)
    isolate.publish(1)
    isolate.read()
    isolate.kv.delete("config")
    isolate.cache.copies.clear()
    assert isolate.read() == told


def test_a_memo_is_served_until_it_is_too_old_and_then_takes_what_kv_has() -> None:
    isolate = Isolate("memo")
    isolate.publish(2)
    assert isolate.read() == 2
    isolate.publish(1)
    isolate.world.advance(300)
    assert isolate.read() == 2
    isolate.world.advance(1)
    assert isolate.read() == 1


def test_serving_a_memo_does_not_make_it_younger() -> None:
    isolate = Isolate("memo")
    isolate.publish(1)
    isolate.read()
    isolate.world.advance(200)
    isolate.read()
    isolate.publish(2)
    isolate.world.advance(101)
    assert isolate.read() == 2


@pytest.mark.parametrize("policy", ["guarded", "memo"])
def test_without_kv_the_last_known_config_is_served(policy: str) -> None:
    isolate = Isolate(policy)
    isolate.publish(1)
    isolate.read()
    isolate.reachable = False
    isolate.world.advance(10_000)
    assert isolate.read() == 1


@pytest.mark.parametrize("policy", POLICIES)
def test_without_kv_an_isolate_that_has_nothing_says_so(policy: str) -> None:
    isolate = Isolate(policy)
    isolate.publish(1)
    isolate.reachable = False
    with pytest.raises(ConfigUnavailable):
        isolate.read()


def test_without_kv_a_plain_reader_says_so_once_the_cached_copy_is_too_old() -> None:
    isolate = Isolate("plain")
    isolate.publish(1)
    isolate.read()
    isolate.reachable = False
    isolate.world.advance(60)
    assert isolate.read() == 1
    isolate.world.advance(1)
    with pytest.raises(ConfigUnavailable):
        isolate.read()


def test_a_read_that_breaks_on_the_way_falls_back_too() -> None:
    isolate = Isolate("guarded")
    isolate.publish(1)
    isolate.read()
    task = isolate.instance.spawn(isolate.reader.read())
    isolate.world.fail(isolate.world.pending[0], NetworkError())
    assert task.outcome() == Snapshot(1)


def test_reads_that_overtake_each_other_do_not_take_a_guarded_reader_back() -> None:
    isolate = Isolate("guarded")
    isolate.publish(1)
    slow = isolate.instance.spawn(isolate.reader.read())
    (op,) = isolate.world.pending
    op.apply()
    isolate.publish(2)
    quick = isolate.instance.spawn(isolate.reader.read())
    isolate.world.resolve(isolate.world.pending[1])
    isolate.world.resolve(op)
    assert quick.outcome() == slow.outcome() == Snapshot(2)


def test_only_the_three_policies_are_accepted() -> None:
    with pytest.raises(ValueError, match="plain, guarded or memo"):
        Isolate("clever")
