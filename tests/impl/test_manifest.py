# SPDX-License-Identifier: Apache-2.0
"""Large configs from the store's rows to the edge: parts, ledger, publisher, reader and collector together."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.documents import MAX_BYTES, MAX_FLAGS, draw_change, flag_documents
from edgeproof.impl.durable.database import connect
from edgeproof.impl.edge.kv import KVLimitError, Limits
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.manifest.collector import Collector, GraceTooShort, Pace
from edgeproof.impl.manifest.ledger import LedgerRow, PartLedger
from edgeproof.impl.manifest.parts import Manifest, PartCorrupt, PartGone
from edgeproof.impl.runtime import NetworkError, SimulatedRuntime, Weather
from edgeproof.impl.snapshot import REMOVED, apply_changes, to_json
from tests.impl.large_unit import CACHE_TTL, LOAD, LargeUnit, large_unit
from tests.impl.strategies import changes

ROW = 2_000_000
"""Bytes that a row of a Durable Object may have (Durable Objects limits page)."""

TABLES = ("meta", "field", "entry", "change", "alarm", "part")


def largest_row(unit: Any) -> int:
    """Bytes of the largest row of any table."""
    largest = 0
    for table in TABLES:
        columns = [row[1] for row in unit.connection.execute(f"PRAGMA table_info({table})")]
        length = " + ".join(f"COALESCE(LENGTH(CAST({column} AS BLOB)), 0)" for column in columns)
        largest = max(largest, unit.connection.execute(f"SELECT MAX({length}) FROM {table}").fetchone()[0] or 0)
    return largest


def test_a_config_of_5000_flags_and_25_mb_comes_back_bit_for_bit_and_a_change_publishes_little_of_it() -> None:
    unit = large_unit()
    config = flag_documents(1, MAX_FLAGS, MAX_BYTES)
    text = to_json(config)
    unit.write(config)
    assert largest_row(unit) < ROW
    whole = sum(size for _, size in unit.parts.puts)
    assert whole == len(text)
    assert to_json(unit.read().config) == text

    unit.parts.puts.clear()
    change = draw_change(Random(2), config, actor="ann").changes
    unit.write(change)
    unit.run(CACHE_TTL)
    assert to_json(unit.read().config) == to_json(apply_changes(config, change))
    (changed,) = unit.parts.puts
    manifest = unit.kv.read_centre(unit.layout.key)
    assert manifest is not None
    assert changed[1] + len(manifest.value) < whole / 40


def test_a_flag_larger_than_a_row_and_than_a_part_goes_through_rows_and_parts_and_comes_back() -> None:
    unit = large_unit()
    config = {"small": 1, "large": "x" * 5_000_000, "larger": ["é" * 1_000_000]}
    unit.write(config)
    assert largest_row(unit) < ROW
    assert unit.store.snapshot().config == config == unit.read().config
    assert max(size for _, size in unit.parts.puts) <= 1_000_000 < Limits().value


@settings(max_examples=20)
@given(st.lists(changes, min_size=1, max_size=6), st.integers(0, 2**32))
def test_in_bad_weather_readers_are_told_committed_configs_and_in_the_end_the_last(
    writes: list[dict[str, Any]], seed: int
) -> None:
    weather = Weather(latency=(0, 5), refused=0.2, ambiguous=0.2)
    unit = large_unit(target=1, keeps=False, weather=weather, seed=seed, grace=600)
    committed, config = {to_json({})}, dict[str, Any]()
    for change in writes:
        config = apply_changes(config, change)
        committed.add(to_json(config))
        unit.write(change)
        with suppress(ConfigUnavailable):  # the weather
            assert to_json(unit.read().config) in committed
        unit.collect()
    unit.world.weather = Weather()
    unit.run(2_000)
    unit.collect()
    assert to_json(unit.read().config) == to_json(config)
    held = {row.name for row in unit.ledger.rows()}
    stored = {one.key.removeprefix(unit.layout.prefix) for one in unit.bucket.list()[0]}
    assert stored == held, "what nothing needs is gone, and nothing is forgotten"


# --- the ledger


def test_a_part_has_a_row_before_it_is_put_and_none_once_it_is_deleted() -> None:
    unit = large_unit(target=1)
    unit.store.write({"a": 1}, actor="ann")
    assert unit.ledger.rows() == []
    puts_at = unit.parts.put
    seen: list[list[LedgerRow]] = []

    def put(name: str, value: bytes) -> None:
        seen.append(unit.ledger.rows())
        puts_at(name, value)

    unit.parts.put = put  # type: ignore[method-assign]
    unit.run(5)
    ((before,),) = seen
    (after,) = unit.ledger.rows()
    assert (before.stored, after.stored, after.released_at) == (False, True, None)
    unit.write({"a": 2})
    assert {row.name for row in unit.ledger.rows() if row.released_at is not None} == {before.name}
    unit.run(CACHE_TTL + LOAD + 1)
    assert unit.collect() == 1
    assert before.name not in {row.name for row in unit.ledger.rows()}


def test_what_is_surely_stored_is_not_put_again() -> None:
    unit = large_unit(target=1)
    unit.write({"a": 1, "b": 1})
    unit.parts.puts.clear()
    unit.write({"b": 2})
    assert len(unit.parts.puts) == 1
    unit.write({"b": 1})
    assert len(unit.parts.puts) == 1, "the part of the first version is there still"


def test_the_parts_that_nothing_needs_are_told_in_the_order_in_which_that_began() -> None:
    world = SimulatedRuntime()
    ledger = PartLedger(connect(), world)
    ledger.begin(["z", "a"])
    for moment, needed in ((9, ["a"]), (10, [])):
        world.time = moment
        ledger.release_others(needed)
    world.advance(1)
    assert ledger.released_for(0) == ledger.released() == ["z", "a"]


def test_an_upload_that_is_not_answered_in_time_has_failed() -> None:
    unit = large_unit(weather=Weather(latency=(32, 32)))
    unit.store.write({"a": 1}, actor="ann")
    unit.run(31)
    alarm = unit.store.alarm()
    assert alarm is not None
    assert alarm.reason == "retry"


@pytest.mark.parametrize("error", [NetworkError("it broke"), KVLimitError(413, "it is too large")])
def test_an_attempt_whose_upload_fails_is_over_once_the_others_are(error: Exception) -> None:
    unit = large_unit(target=1, weather=Weather(latency=(20, 20)))
    unit.store.write({"a": 1, "b": 2, "c": 3}, actor="ann")
    unit.run(2)
    first, *others = [op for op in unit.world.pending if op.label == "part.put"]
    unit.world.fail(first, error)
    assert [len(others), alarm_of(unit)] == [2, "lease"], "none is to land when somebody else is at it"
    for one in others:
        unit.world.resolve(one)
    assert alarm_of(unit) == "retry"
    assert [row.stored for row in unit.ledger.rows()].count(True) == 2, "these are not put again"


def alarm_of(unit: LargeUnit) -> str | None:
    alarm = unit.store.alarm()
    return None if alarm is None else alarm.reason


# --- the collector


def test_a_part_is_collected_after_its_grace_and_not_before() -> None:
    unit = large_unit(target=1)
    unit.write({"a": 1})
    unit.write({"a": 2})
    unit.run(CACHE_TTL + LOAD - 10)
    assert unit.collect() == 0
    unit.run(10)
    assert unit.collect() == 1
    assert len(unit.bucket.list()[0]) == 1


def test_content_that_comes_back_in_time_is_kept() -> None:
    unit = large_unit(target=1)
    for value in (1, 2, 1):
        unit.write({"a": value})
    unit.run(CACHE_TTL + LOAD + 1)
    assert unit.collect() == 1, "that of the second version"
    assert unit.read().config == {"a": 1}


def test_a_collector_that_takes_turns_leaves_a_write_that_waits_alone() -> None:
    unit = large_unit(target=1)
    unit.write({"a": 1})
    unit.write({"a": 2})
    unit.run(CACHE_TTL + LOAD + 1)
    unit.store.write({"a": 1}, actor="ann")
    assert not unit.collector.may_begin()
    unit.run(5)
    assert unit.collect() == 0, "the part is needed again"
    assert unit.read().config == {"a": 1}


def test_a_write_waits_for_one_delete_and_not_for_all_that_are_due() -> None:
    unit = large_unit(target=1, weather=Weather(latency=(2, 2)))
    unit.write(dict.fromkeys("abcdef", 1))
    unit.run(60)
    unit.write(dict.fromkeys("abcde", REMOVED))
    unit.run(60 + CACHE_TTL + LOAD)
    task = unit.world.instance().spawn(unit.collector.collect())
    unit.run(1)
    unit.store.write({"f": 2}, actor="ann")
    unit.run(5)
    assert task.outcome() == 1
    unit.run(60)
    assert unit.read().version == 3


def test_a_delete_that_fails_is_made_again() -> None:
    unit = large_unit(target=1)
    unit.write({"a": 1})
    unit.write({"a": 2})
    unit.run(CACHE_TTL + LOAD + 1)
    unit.world.weather = Weather(refused=1)
    assert unit.collect() == 0
    unit.world.weather = Weather()
    assert unit.collect() == 1


PACE = Pace(sync_delay=2, upload=30, put=10, retry=5, failures=3, cache_ttl=60, load=10)


def test_the_grace_is_counted_from_the_write_or_from_the_confirmed_put() -> None:
    assert PACE.grace_from_confirmation() == 60 + 10
    assert PACE.grace_from_write() == 40 + 2 + 3 * (40 + 5) + 40 + 60 + 10


@pytest.mark.parametrize("grace", [None, 0, 69.9])
def test_a_collector_that_is_told_what_readers_need_refuses_a_shorter_grace(grace: float | None) -> None:
    unit = large_unit()
    with pytest.raises(GraceTooShort, match="shorter than the 70 s that readers may need"):
        Collector(
            unit.store,
            unit.ledger,
            unit.parts,
            unit.world.instance(),
            grace=grace,
            least=PACE.grace_from_confirmation(),
        )


# --- the reader


def test_a_reader_that_keeps_its_parts_reads_what_has_changed_only() -> None:
    unit = large_unit(target=1)
    unit.write({"a": 1, "b": 1})
    unit.read()
    asked: list[str] = []
    get = unit.parts.get

    def counted(name: str) -> bytes | None:
        asked.append(name)
        return get(name)

    unit.parts.get = counted  # type: ignore[method-assign]
    assert unit.read().config == {"a": 1, "b": 1}
    assert asked == []
    unit.write({"b": 2})
    unit.run(CACHE_TTL)
    assert unit.read().config == {"a": 1, "b": 2}
    assert len(asked) == 1


def test_a_manifest_whose_part_is_gone_or_spoiled_is_never_answered_with_less() -> None:
    unit = large_unit(target=1, keeps=False)
    unit.write({"a": 1, "b": 1})
    key = unit.parts.puts[0][0]
    unit.bucket.put(key, b'{"a":2')
    with pytest.raises(PartCorrupt, match="not what its name says"):
        unit.read()
    unit.bucket.delete(key)
    with pytest.raises(PartGone, match="version 1 names part"):
        unit.read()


def test_before_the_first_publication_there_is_nothing_to_be_told() -> None:
    unit = large_unit()
    assert unit.read().version == 0
    assert Manifest(0).parts == ()
