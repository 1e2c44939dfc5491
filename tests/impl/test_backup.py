# SPDX-License-Identifier: Apache-2.0
"""A store is restored from SQLite's online backup while others write to it, publish it, and read it at the edge."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from edgeproof.impl.durable.backup import put_back, take
from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.store import Alarm, ConfigStore, StoreError
from edgeproof.impl.runtime import Clock, RealRuntime, SimulatedRuntime
from edgeproof.impl.snapshot import Snapshot
from edgeproof.reports.cli import main
from tests.impl.busy_store import BusyStore

STRIDE: Final = 15
"""Writes from one thing that happens to a busy store to the next."""

Restore = Callable[[sqlite3.Connection, Path, Clock], Snapshot]


def in_the_old_era(connection: sqlite3.Connection, backup: Path, clock: Clock) -> Snapshot:
    """The mistake: all comes back as it was, the era as well."""
    with closing(sqlite3.connect(backup)) as source:
        source.backup(connection)
    with closing(connect(backup)) as source:
        ConfigStore(connection, clock).arm(clock.now(), "sync")
        return ConfigStore(source, clock).snapshot()


def restored_twice(folder: Path, restore: Restore, told: Callable[[Snapshot, Snapshot], bool]) -> BusyStore:
    """A store that is backed up under load, and restored twice from that; until what the reader was `told` last is as
    it has to be beside what was written last.
    """
    busy, backup = BusyStore(folder), folder / "backup"
    with busy.at_work():
        busy.go_on(STRIDE)
        take(busy.connection, backup)
        for _ in range(2):
            busy.go_on(4 * STRIDE)
            busy.restored(lambda: restore(busy.connection, backup, RealRuntime()))
            busy.go_on(STRIDE)
        last = busy.rest()
        busy.wait(lambda: told(busy.told, last))
    return busy


def verdicts(history: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    capsys.readouterr()
    main(["check", str(history), "--reader", "guarded", "--json"])
    (case,) = json.loads(capsys.readouterr().out)["report"]["cases"]
    return {one["id"]: one["verdict"] for one in case["properties"]}


PROMISED: Final = {
    "never-ahead", "no-partial-read", "monotonic-reads", "durable-ack", "single-writer-order", "label-is-content",
}  # fmt: skip


def test_a_store_that_is_restored_under_load_keeps_every_promise_in_a_new_era(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = restored_twice(tmp_path, put_back, lambda told, last: told == last)
    assert busy.told.era == 2, "the reader has come to it"
    kept = {entry.idempotency_key: entry.version for entry in busy.store.changelog()}
    last = {key: version for key, (era, version) in busy.acknowledged.items() if era == 2}
    assert last, "there was load after the restore"
    assert last.items() <= kept.items(), "of what was acknowledged after the restore nothing is lost"
    found = verdicts(busy.history(), capsys)
    assert {name: found[name] for name in PROMISED} == dict.fromkeys(PROMISED, "HOLDS_TO_BOUND")


def test_a_backup_that_comes_back_in_its_own_era_breaks_what_readers_were_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = restored_twice(tmp_path, in_the_old_era, lambda told, last: True)
    found = verdicts(busy.history(), capsys)
    assert (found["never-ahead"], found["label-is-content"]) == ("VIOLATED", "VIOLATED")


# --- at rest


def store_in(path: Path, *versions: Any) -> tuple[sqlite3.Connection, ConfigStore]:
    connection = connect(path)
    store = ConfigStore(connection, SimulatedRuntime())
    for value in versions:
        store.write({"a": value}, actor="ann")
    return connection, store


def test_what_comes_back_is_the_backup_in_a_new_era_with_the_alarm_armed(tmp_path: Path) -> None:
    connection, store = store_in(tmp_path / "store", 1, 2)
    store.restore(1)
    take(connection, tmp_path / "backup")
    store.write({"a": 3, "b": 3}, actor="ann")
    store.end_attempt(store.begin_attempt(9), None)
    assert store.alarm() is None
    assert put_back(connection, tmp_path / "backup", SimulatedRuntime()) == Snapshot(1, 2, {"a": 1})
    assert store.snapshot() == Snapshot(1, 2, {"a": 1})
    assert [entry.version for entry in store.changelog()] == [1]
    assert store.alarm() == Alarm(0, "sync")


@pytest.mark.parametrize(
    ("ended", "alarm"), [(True, Alarm(1, "sync")), (False, Alarm(9, "lease"))], ids=["confirmed", "under way"]
)
def test_what_is_restored_waits_for_the_put_after_the_backup(tmp_path: Path, ended: bool, alarm: Alarm) -> None:
    connection, store = store_in(tmp_path / "store", 1)
    take(connection, tmp_path / "backup")
    put = store.begin_attempt(9)
    if ended:
        store.end_attempt(put, None)
    put_back(connection, tmp_path / "backup", SimulatedRuntime(), spacing=1.0)
    assert store.alarm() == alarm, "KV takes another one a second later, and whoever follows the attempt makes it"


@pytest.mark.parametrize("content", [None, b"", b"nonsense"], ids=["missing", "empty", "no database"])
def test_what_is_no_backup_changes_nothing(tmp_path: Path, content: bytes | None) -> None:
    connection, store = store_in(tmp_path / "store", 1)
    wrong = tmp_path / "wrong"
    if content is not None:
        wrong.write_bytes(content)
    before = store.snapshot(), store.alarm()
    with pytest.raises(StoreError, match="is no backup of a store"):
        put_back(connection, wrong, SimulatedRuntime())
    assert (store.snapshot(), store.alarm()) == before
    assert wrong.exists() == (content is not None)


def test_a_backup_takes_the_place_of_no_other(tmp_path: Path) -> None:
    connection, _ = store_in(tmp_path / "store", 1)
    take(connection, tmp_path / "backup")
    with pytest.raises(FileExistsError):
        take(connection, tmp_path / "backup")
