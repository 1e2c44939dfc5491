# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with a store's files is one kind of error, loses nothing, and is over when its cause is."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from edgeproof.impl.durable import replicator
from edgeproof.impl.durable.database import check_pages, connect
from edgeproof.impl.durable.replicator import Backoff, Timing
from edgeproof.impl.durable.storage_errors import (
    OutOfMemory,
    StorageBusy,
    StorageDamaged,
    StorageError,
    StorageFailed,
    StorageFull,
    StorageNewer,
    StorageReadOnly,
    StorageUnopened,
    typed,
)
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.centre import DictCentre, KVEntry, SqliteCentre
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.pattern.deployment import Choices, DurableObject, boot
from edgeproof.impl.runtime import NetworkError, RealRuntime, SimulatedRuntime
from edgeproof.impl.snapshot import from_kv, replay
from tests.impl.file_limits import files_end_at

HALF_A_PAGE = 2048
DAY = 86_400.0


def store_in(path: Path) -> ConfigStore:
    return ConfigStore(connect(path), SimulatedRuntime())


# --- one kind of error


def full(path: Path) -> None:
    connection = connect(path)
    connection.execute("PRAGMA max_page_count = 1")
    ConfigStore(connection, SimulatedRuntime()).write({"a": "x" * 100_000}, actor="me")


def only_to_be_read(path: Path) -> None:
    connection = connect(path)
    connection.execute("PRAGMA query_only = 1")
    ConfigStore(connection, SimulatedRuntime()).write({"a": 1}, actor="me")


def held_by_another(path: Path) -> None:
    other, connection = connect(path), connect(path)
    other.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA busy_timeout = 0")
    ConfigStore(connection, SimulatedRuntime()).write({"a": 1}, actor="me")


def damaged(path: Path) -> None:
    with closing(connect(path)) as connection:
        ConfigStore(connection, SimulatedRuntime()).write({"a": "x" * 100_000}, actor="me")
    with path.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"?" * 4096)
    check_pages(connect(path))


def cut_off(path: Path) -> None:
    with closing(connect(path)) as connection:
        ConfigStore(connection, SimulatedRuntime()).write({"a": "x" * 100_000}, actor="me")
    with path.open("r+b") as file:
        file.truncate(3 * 4096)
    store_in(path).snapshot()


def newer(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    connect(path)


def nowhere(path: Path) -> None:
    connect(path / "no" / "folder")


def no_database(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    connect(path)


WRONG: dict[Callable[[Path], None], type[StorageError]] = {
    full: StorageFull,
    only_to_be_read: StorageReadOnly,
    held_by_another: StorageBusy,
    damaged: StorageDamaged,
    cut_off: StorageDamaged,
    no_database: StorageDamaged,
    newer: StorageNewer,
    nowhere: StorageUnopened,
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: one.__name__)
def test_whatever_is_wrong_with_a_file_has_its_kind_and_a_line_of_words(
    wrong: Callable[[Path], None], tmp_path: Path
) -> None:
    with pytest.raises(StorageError) as raised:
        wrong(tmp_path / "unit.sqlite")
    assert type(raised.value) is WRONG[wrong]
    assert str(raised.value).startswith(WRONG[wrong].says)
    assert "\n" not in str(raised.value)
    assert raised.value.passing == (WRONG[wrong] not in (StorageDamaged, StorageNewer))


def test_no_memory_is_one_of_them_and_a_mistake_in_a_statement_is_not(tmp_path: Path) -> None:
    def exhausted() -> None:
        raise MemoryError

    with pytest.raises(OutOfMemory):
        typed(exhausted)()
    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        connect(tmp_path / "unit.sqlite").execute("SELEC")


def test_a_file_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "unit.sqlite"
    with pytest.raises(StorageNewer, match=r"schema 7, and 0 is known here"):
        newer(path)
    before = path.read_bytes()
    with pytest.raises(StorageNewer):
        connect(path)
    assert path.read_bytes() == before


# --- no room, at any write of a commit


def test_a_commit_that_fails_at_any_of_its_writes_is_undone_and_the_next_one_is_made(tmp_path: Path) -> None:
    path, failed = tmp_path / "unit.sqlite", 0
    store = store_in(path)
    store.write({"a": 0}, actor="me", idempotency_key="first")
    for more in count(0, HALF_A_PAGE):
        known = store.status()
        with files_end_at(Path(f"{path}-wal").stat().st_size + more):
            try:
                store.write({"a": more + 1, "b": [more]}, actor="me", expected_version=known.version)
            except StorageFailed:
                failed += 1
            else:
                break
        assert store.status() == known
        with closing(connect(path)) as another:
            assert ConfigStore(another, SimulatedRuntime()).status() == known, "nor does anybody else see it"
        assert store.write({"a": more}, actor="me").version == known.version + 1, "there is room again"
    assert failed > 4, "there were several writes to fail at"
    with closing(connect(path)) as reopened:
        found = ConfigStore(reopened, SimulatedRuntime())
        assert found.version() == 2 + failed
        assert found.unlogged() == []
        assert replay(found.changelog()) == found.snapshot().config


# --- publishing goes on


def deployed(path: Path, centre: SqliteCentre | DictCentre, ahead: float = 0.0) -> DurableObject:
    """A unit whose clock is so many seconds ahead."""

    class Clock(RealRuntime):
        def now(self) -> float:
            return super().now() + ahead

    runtime = Clock()
    choices = Choices(timing=Timing(0.5, Backoff(0.01, 0.01)), limits=Limits(min_cache_ttl=0))
    return boot(choices, runtime, connect(path), choices.namespace(runtime, centre))


async def published(unit: DurableObject, centre: SqliteCentre | DictCentre, version: int) -> None:
    """Run the alarms until a version is in KV, ten seconds at most."""
    alarms = asyncio.ensure_future(unit.alarms.run(0.005))

    async def there() -> None:
        while (entry := centre.read("config")) is None or from_kv(entry.value).version != version:
            assert not alarms.done(), alarms.exception()
            await asyncio.sleep(0.005)

    try:
        await asyncio.wait_for(there(), 10)
    finally:
        alarms.cancel()


def test_an_alarm_waits_while_its_storage_cannot_be_used_says_so_once_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(replicator, "STORAGE_PAUSE", 0.01)
    centre = DictCentre()

    async def run() -> None:
        unit = deployed(tmp_path / "unit.sqlite", centre)
        unit.store.write({"a": 1}, actor="me")
        with files_end_at(0):
            waiting = asyncio.ensure_future(published(unit, centre, 1))
            await asyncio.sleep(0.2)
            assert centre.read("config") is None
        await waiting

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    (said,) = caplog.messages
    assert said.startswith("an alarm waits: reading or writing failed")


def test_an_alarm_of_a_clock_that_was_a_day_ahead_fires_and_kv_takes_what_it_puts(tmp_path: Path) -> None:
    centre = SqliteCentre(tmp_path / "kv.sqlite")

    async def before() -> None:
        unit = deployed(tmp_path / "unit.sqlite", centre, ahead=DAY)
        unit.store.write({"a": 1}, actor="me")
        await published(unit, centre, 1)
        unit.store.write({"a": 2}, actor="me")

    async def after() -> None:
        await published(deployed(tmp_path / "unit.sqlite", centre), centre, 2)

    asyncio.run(before())
    asyncio.run(after())


@pytest.mark.parametrize("make", [lambda path: DictCentre(), SqliteCentre], ids=["in memory", "in a file"])
def test_kv_takes_one_write_a_second_whichever_way_the_clock_goes(
    make: Callable[[Path], SqliteCentre | DictCentre], tmp_path: Path
) -> None:
    centre = make(tmp_path / "kv.sqlite")
    assert centre.write("k", KVEntry(b"1", None, 100.0), 100.0, 1.0)
    assert not centre.write("k", KVEntry(b"2", None, 100.9), 100.9, 1.0)
    assert not centre.write("k", KVEntry(b"2", None, 99.1), 99.1, 1.0), "two writers' clocks may differ a little"
    assert centre.write("k", KVEntry(b"3", None, 100.0 - DAY), 100.0 - DAY, 1.0)


def test_a_centre_whose_file_is_damaged_cannot_be_reached(tmp_path: Path) -> None:
    path = tmp_path / "kv.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(NetworkError, match="KV's centre cannot be reached: file is not a database"):
        SqliteCentre(path)
