# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.durable.database import CHUNK, connect, wipe
from edgeproof.impl.durable.store import Alarm, ConfigStore, StoreError, VersionConflict, WriteResult
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import REMOVED, Snapshot, apply_changes, replay, to_json
from tests.impl.strategies import changes


class Strike(Exception):
    """An exception in the middle of a write."""


@pytest.fixture
def clock() -> SimulatedRuntime:
    return SimulatedRuntime()


@pytest.fixture
def store(clock: SimulatedRuntime) -> Iterator[ConfigStore]:
    connection = connect()
    yield ConfigStore(connection, clock)
    connection.close()


def everything(connection: sqlite3.Connection) -> list[str]:
    return list(connection.iterdump())


def fresh(**options: Any) -> ConfigStore:
    return ConfigStore(connect(), SimulatedRuntime(), **options)


# --- writing


@given(st.lists(changes, max_size=6))
def test_the_config_is_what_the_writes_make_and_what_the_changelog_replays_to(steps: list[dict[str, Any]]) -> None:
    store, config = fresh(), dict[str, Any]()
    for version, step in enumerate(steps, 1):
        assert store.write(step, actor="ann") == WriteResult(version)
        config = apply_changes(config, step)
        found = store.snapshot()
        assert found.version == version
        assert to_json(found.config) == to_json(config) == to_json(replay(store.changelog()))
    assert store.unlogged() == []


def test_the_changelog_says_who_changed_what_when(store: ConfigStore, clock: SimulatedRuntime) -> None:
    store.write({"a": 1}, actor="ann")
    clock.advance(5)
    store.write({"a": REMOVED, "b": [2]}, actor="bob", idempotency_key="k")
    first, *second = store.changelog()
    assert (first.version, first.field, first.old, first.new, first.actor, first.at) == (1, "a", REMOVED, 1, "ann", 0)
    assert [(e.version, e.field, e.old, e.new) for e in second] == [(2, "a", 1, REMOVED), (2, "b", REMOVED, [2])]
    assert {(e.actor, e.at, e.idempotency_key) for e in second} == {("bob", 5.0, "k")}
    assert store.changelog(since=1) == second


@given(st.lists(changes, min_size=1, max_size=4), changes, st.data())
def test_a_repeated_key_gives_the_first_result_and_changes_nothing(
    steps: list[dict[str, Any]], other: dict[str, Any], data: st.DataObject
) -> None:
    connection = connect()
    store = ConfigStore(connection, SimulatedRuntime())
    for number, step in enumerate(steps):
        store.write(step, actor="ann", idempotency_key=f"key {number}")
    before = everything(connection)
    again = data.draw(st.integers(0, len(steps) - 1))
    result = store.write(other, actor="bob", idempotency_key=f"key {again}", expected_version=99)
    assert result == WriteResult(again + 1, repeated=True)
    assert everything(connection) == before


@given(st.lists(changes, max_size=4), changes, st.integers(0, 9))
def test_a_conflict_changes_nothing_and_the_expected_version_writes(
    steps: list[dict[str, Any]], last: dict[str, Any], expected: int
) -> None:
    connection = connect()
    store = ConfigStore(connection, SimulatedRuntime())
    for step in steps:
        store.write(step, actor="ann")
    before = everything(connection)
    if expected == len(steps):
        assert store.write(last, actor="bob", expected_version=expected).version == expected + 1
    else:
        with pytest.raises(VersionConflict) as caught:
            store.write(last, actor="bob", expected_version=expected)
        assert (caught.value.expected, caught.value.current) == (expected, len(steps))
        assert everything(connection) == before


@pytest.mark.parametrize("bad", [{}, {"": 1}, {"x" * 1025: 1}, {"a": float("nan")}, {"a": object()}, {"\ud800": 1}])
def test_what_cannot_be_kept_is_refused_before_anything_changes(store: ConfigStore, bad: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        store.write(bad, actor="ann")
    assert store.status().version == 0


def test_a_value_larger_than_a_row_is_spread_over_rows_and_comes_back_whole() -> None:
    connection = connect()
    store = ConfigStore(connection, SimulatedRuntime())
    large, larger = "x" * 2_500_000, "y" * (2 * CHUNK - 2)
    store.write({"a": large, "small": 1}, actor="ann")
    store.write({"a": larger}, actor="ann")
    assert store.snapshot().config == {"a": larger, "small": 1} == replay(store.changelog())
    sizes = (
        "SELECT MAX(LENGTH(json)) FROM field",
        "SELECT MAX(COALESCE(LENGTH(old), 0) + COALESCE(LENGTH(new), 0)) FROM change",
    )
    assert all(connection.execute(size).fetchone()[0] < 2_000_000 for size in sizes)
    store.restore(1)
    assert store.snapshot().config == {"a": large, "small": 1}
    store.write({"a": REMOVED}, actor="ann")
    assert store.snapshot().config == {"small": 1}


# --- all or nothing


STEPS = ["version", "field a", "field b", "changelog", "alarm"]


@pytest.mark.parametrize("step", STEPS)
def test_an_exception_after_any_step_of_a_transaction_leaves_nothing_behind(step: str) -> None:
    def fault(at: str) -> None:
        if at == step:
            raise Strike

    connection = connect()
    before = everything(connection)
    store = ConfigStore(connection, SimulatedRuntime(), fault=fault)
    with pytest.raises(Strike):
        store.write({"a": 1, "b": 1}, actor="ann", idempotency_key="k")
    assert everything(connection) == before


@pytest.mark.parametrize(
    ("step", "config", "logged", "alarm"),
    [
        ("version", {}, 0, None),
        ("field a", {"a": 1}, 0, None),
        ("field b", {"a": 1, "b": 1}, 0, None),
        ("changelog", {"a": 1, "b": 1}, 1, None),
        ("alarm", {"a": 1, "b": 1}, 1, Alarm(0, "sync")),
    ],
)
def test_an_exception_between_bare_statements_leaves_half_a_write(
    step: str, config: dict[str, int], logged: int, alarm: Alarm | None
) -> None:
    def fault(at: str) -> None:
        if at == step:
            raise Strike

    store = fresh(statements="bare", fault=fault)
    with pytest.raises(Strike):
        store.write({"a": 1, "b": 1}, actor="ann")
    status = store.status()
    assert (status.version, store.snapshot().config, status.logged, status.alarm) == (1, config, logged, alarm)
    assert store.unlogged() == ([] if logged else [1])


def test_what_was_not_committed_when_the_process_died_is_gone_from_the_file(tmp_path: Path) -> None:
    path, clock = tmp_path / "unit.sqlite", SimulatedRuntime()
    connection = connect(path)
    ConfigStore(connection, clock).write({"a": 1}, actor="ann")
    connection.execute("BEGIN")
    connection.execute("UPDATE meta SET version = 7")
    connection.close()
    survivor = ConfigStore(connect(path), clock)
    assert (survivor.status().version, survivor.snapshot().config) == (1, {"a": 1})
    assert survivor.alarm() == Alarm(0, "sync")
    assert survivor.version() == 1


def test_a_file_is_written_ahead_and_synced_at_every_commit(tmp_path: Path) -> None:
    connection = connect(tmp_path / "unit.sqlite")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_wiped_database_is_like_a_new_one() -> None:
    connection = connect()
    store = ConfigStore(connection, SimulatedRuntime())
    store.write({"a": 1}, actor="ann")
    store.begin_attempt(9)
    connection.execute("BEGIN")
    wipe(connection)
    assert everything(connection) == everything(connect())


# --- the alarm


def test_a_write_arms_the_alarm_at_once(store: ConfigStore, clock: SimulatedRuntime) -> None:
    clock.advance(3)
    store.write({"a": 1}, actor="ann")
    assert store.alarm() == Alarm(3, "sync")


def test_a_write_brings_a_heartbeat_forward(store: ConfigStore, clock: SimulatedRuntime) -> None:
    store.arm(100, "beat")
    clock.advance(3)
    store.write({"a": 1}, actor="ann")
    assert store.alarm() == Alarm(3, "sync")


@pytest.mark.parametrize("reason", ["lease", "retry"])
def test_a_write_does_not_bring_forward_an_attempt_that_waits(store: ConfigStore, reason: Any) -> None:
    store.arm(100, reason)
    store.write({"a": 1}, actor="ann")
    assert store.alarm() == Alarm(100, reason)


@pytest.mark.parametrize("reason", ["sync", "lease", "retry", "beat"])
def test_a_write_does_not_put_off_an_alarm_that_is_due_and_will_publish_it(
    store: ConfigStore, clock: SimulatedRuntime, reason: Any
) -> None:
    store.arm(2, reason)
    clock.advance(3)
    store.write({"a": 1}, actor="ann")
    assert store.alarm() == Alarm(2, reason)


def test_without_an_outbox_no_write_arms_the_alarm() -> None:
    store = fresh(outbox=False)
    store.write({"a": 1}, actor="ann")
    assert store.alarm() is None


def test_an_attempt_leases_the_alarm_and_its_end_takes_it_away(store: ConfigStore) -> None:
    store.write({"a": 1}, actor="ann")
    snapshot = store.begin_attempt(lease_until=20)
    assert (snapshot.version, snapshot.config) == (1, {"a": 1})
    assert (store.alarm(), store.status().attempts) == (Alarm(20, "lease"), 1)
    store.end_attempt(snapshot, beat_at=None)
    assert (store.alarm(), store.status().attempts) == (None, 0)


def test_what_cannot_be_noted_of_an_attempt_neither_begins_nor_ends_it(store: ConfigStore) -> None:
    def refuses(*about: Snapshot) -> None:
        raise ValueError("too many parts")

    store.write({"a": 1}, actor="ann")
    with pytest.raises(ValueError, match="too many parts"):
        store.begin_attempt(20, refuses)
    assert (store.alarm(), store.status().attempts) == (Alarm(0, "sync"), 0)
    snapshot = store.begin_attempt(20)
    with pytest.raises(ValueError, match="too many parts"):
        store.end_attempt(snapshot, None, note=refuses)
    assert (store.alarm(), store.status().attempts) == (Alarm(20, "lease"), 1)


def test_an_attempt_that_was_overtaken_by_a_write_or_a_restore_leads_to_another(
    store: ConfigStore, clock: SimulatedRuntime
) -> None:
    store.write({"a": 1}, actor="ann")
    store.write({"a": 2}, actor="ann")
    snapshot = store.begin_attempt(20)
    clock.advance(1)
    store.restore(1)
    store.write({"a": 3}, actor="ann")
    store.end_attempt(snapshot, beat_at=50)
    assert store.alarm() == Alarm(1, "sync"), "the version is the same; the era is not"
    store.end_attempt(store.begin_attempt(20), beat_at=50)
    assert store.alarm() == Alarm(50, "beat")


# --- restoring


@given(st.lists(changes, min_size=1, max_size=5), st.data())
def test_a_restore_takes_config_changelog_and_keys_back_and_the_era_up(
    steps: list[dict[str, Any]], data: st.DataObject
) -> None:
    store = fresh()
    snapshots, changelogs = [store.snapshot()], [store.changelog()]
    for number, step in enumerate(steps, 1):
        store.write(step, actor="ann", idempotency_key=f"key {number}")
        snapshots.append(store.snapshot())
        changelogs.append(store.changelog())
    for era in (1, 2):
        version = data.draw(st.integers(0, store.version()))
        status = store.restore(version)
        assert (status.version, status.era, status.alarm) == (version, era, Alarm(0, "sync"))
        assert to_json(store.snapshot().config) == to_json(snapshots[version].config)
        assert store.changelog() == changelogs[version]
        known = [number for number in range(1, len(steps) + 1) if store.version_of(f"key {number}")]
        assert known == list(range(1, version + 1))


@pytest.mark.parametrize("version", [-1, 2])
def test_there_is_no_restoring_to_what_never_was(store: ConfigStore, version: int) -> None:
    store.write({"a": 1}, actor="ann")
    with pytest.raises(StoreError, match="no version"):
        store.restore(version)
    assert store.status().era == 0


def test_a_torn_write_cannot_be_restored_by_a_changelog_that_does_not_know_it() -> None:
    struck: list[str] = []

    def fault(at: str) -> None:
        if at == "field a" and struck:
            raise Strike

    store = fresh(statements="bare", fault=fault)
    store.write({"a": 1}, actor="ann")
    struck.append("now")
    with pytest.raises(Strike):
        store.write({"a": 2, "b": 2}, actor="ann")
    with pytest.raises(StoreError, match="does not account"):
        store.restore(1)
    assert store.status().version == 2


def test_only_the_two_kinds_of_statements_are_accepted() -> None:
    with pytest.raises(ValueError, match="transaction or bare"):
        fresh(statements="both")
