# SPDX-License-Identifier: Apache-2.0
"""A value in KV that is no config: whoever has a good copy serves it, and says so; nobody else tells anything."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.edge.centre import KVEntry, SqliteCentre
from edgeproof.impl.edge.kv import KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.edge.reader import NO_CONFIG, ConfigUnavailable, EdgeReader, Reading
from edgeproof.impl.live.options import LiveOptions, Paths
from edgeproof.impl.live.pop import LocationIsolate, Pop, PopAssignment
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import LARGEST, Snapshot, from_kv, to_kv
from tests.impl.invalid_values import GOOD, INVALID
from tests.impl.live_runs import events_of

MEMO_TTL = 10.0


class Isolate:
    """An isolate whose location keeps its copy for a minute, with a memo of ten seconds."""

    def __init__(self, policy: str) -> None:
        self.world = SimulatedRuntime()
        self.kv = KVNamespace(self.world, limits=Limits(write_spacing=0))
        self.cache, self.reachable = LocationCache(), True
        location = KVLocation(self.kv, self.world, lambda: self.cache, lambda: self.reachable)
        self.instance = self.world.instance()
        self.reader = EdgeReader(location, self.instance, "config", policy=policy, memo_ttl=MEMO_TTL)

    def holds(self, value: bytes) -> None:
        """Let KV have this value, whatever the location has cached."""
        self.kv.put("config", value)
        self.cache.copies.clear()

    def find(self) -> Reading:
        task = self.instance.spawn(self.reader.find())
        if not task.done:
            self.world.resolve(self.world.pending[-1])
        reading: Reading = task.outcome()
        return reading


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
@pytest.mark.parametrize("policy", ["guarded", "memo"])
def test_the_last_good_copy_is_served_and_said_to_be_one(policy: str, value: bytes) -> None:
    isolate = Isolate(policy)
    isolate.holds(GOOD)
    good = isolate.find()
    isolate.holds(value)
    isolate.world.advance(MEMO_TTL + 1)
    assert isolate.find() == Reading(good.snapshot, MEMO_TTL + 1, "last_good", NO_CONFIG)
    assert isolate.reader.kept == good.snapshot


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
@pytest.mark.parametrize("policy", ["plain", "guarded", "memo"])
def test_without_a_copy_nothing_is_told(policy: str, value: bytes) -> None:
    isolate = Isolate(policy)
    isolate.holds(value)
    with pytest.raises(ConfigUnavailable, match=NO_CONFIG):
        isolate.find()


def test_a_plain_reader_tells_nothing_though_it_has_read_a_good_copy() -> None:
    isolate = Isolate("plain")
    isolate.holds(GOOD)
    isolate.find()
    isolate.holds(b"{")
    with pytest.raises(ConfigUnavailable, match=NO_CONFIG):
        isolate.find()


@pytest.mark.parametrize("policy", ["plain", "guarded", "memo"])
def test_a_good_value_is_told_again_as_soon_as_kv_has_one(policy: str) -> None:
    isolate = Isolate(policy)
    isolate.holds(b"{")
    with pytest.raises(ConfigUnavailable):
        isolate.find()
    isolate.holds(GOOD)
    assert isolate.find() == Reading(from_kv(GOOD), 0.0, "kv")


@pytest.mark.parametrize("policy", ["guarded", "memo"])
def test_it_says_whether_kv_is_out_of_reach_or_has_no_config(policy: str) -> None:
    isolate = Isolate(policy)
    isolate.holds(GOOD)
    isolate.find()
    isolate.holds(b"{")
    isolate.world.advance(MEMO_TTL + 1)
    assert isolate.find().source == "last_good"
    isolate.cache.copies.clear()
    isolate.reachable = False
    told = isolate.find()
    assert (told.source, told.snapshot) == ("fallback", from_kv(GOOD))
    assert "cannot be reached" in told.note


def test_a_memo_and_what_is_older_in_kv_are_told_from_memory() -> None:
    memo, guarded = Isolate("memo"), Isolate("guarded")
    for isolate in (memo, guarded):
        isolate.holds(GOOD)
        assert isolate.find().source == "kv"
    assert memo.find().source == "memo"
    guarded.holds(to_kv(Snapshot(1))[0])
    told = guarded.find()
    assert (told.source, told.snapshot, told.note) == ("memo", from_kv(GOOD), "")


@given(st.binary() | st.integers(0, len(GOOD)).map(lambda end: GOOD[:end]))
def test_whatever_bytes_kv_has_a_guarded_reader_goes_on(value: bytes) -> None:
    isolate = Isolate("guarded")
    isolate.holds(GOOD)
    isolate.find()
    isolate.holds(value)
    assert isolate.find().snapshot == from_kv(GOOD)


numbers: Any = st.integers(-(2**60), 2**60) | st.floats() | st.booleans() | st.none() | st.text(max_size=2)


@given(
    numbers, numbers, st.none() | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2) | st.lists(numbers)
)
def test_a_config_has_two_whole_numbers_and_an_object_and_nothing_else_is_taken_for_one(
    version: Any, era: Any, config: Any
) -> None:
    def counts(said: Any) -> bool:
        return type(said) in (int, float) and said == said // 1 and 0 <= said <= LARGEST

    value = json.dumps({"version": version, "era": era, "config": config}).encode()
    if counts(version) and counts(era) and isinstance(config, dict):
        assert from_kv(value) == Snapshot(version, era, config)
    else:
        with pytest.raises(ValueError, match="not a published config"):
            from_kv(value)


def test_a_recorded_read_says_what_it_was_served_from_and_why(tmp_path: Path) -> None:
    options = LiveOptions(1.0, tmp_path / "history.jsonl")
    paths = Paths(tmp_path, tmp_path / "socket")
    centre = SqliteCentre(paths.kv)
    centre.write(options.choices().key, KVEntry(GOOD, None, 0.0), 0.0, 0.0)
    pop = Pop(PopAssignment(options, paths, "p", partial(LocationIsolate, options, paths)))
    isolate = pop._isolate
    assert isinstance(isolate, LocationIsolate)
    asyncio.run(pop._read())
    asyncio.run(pop._read())
    centre.write(options.choices().key, KVEntry(b"{", None, 0.0), 0.0, 0.0)
    isolate._location.cache.copies.clear()
    asyncio.run(pop._read())
    isolate.evict()
    asyncio.run(pop._read())
    events = events_of(tmp_path)
    assert [(one["outcome"], one["source"], one["version"], one["note"]) for one in events] == [
        ("ok", "kv", 7, None),
        ("ok", "cache", 7, None),
        ("ok", "last_good", 7, NO_CONFIG),
        ("fail", None, None, NO_CONFIG),
    ]
