# SPDX-License-Identifier: Apache-2.0
"""The SQLite database of one unit: its tables, its transactions, and values that are larger than a row may be."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, TypeAlias

from edgeproof.impl.durable.storage_errors import StorageConnection, StorageDamaged, StorageNewer, typed

__all__ = [
    "CHUNK",
    "NoTransaction",
    "Opener",
    "Rows",
    "Transaction",
    "check_pages",
    "connect",
    "joined",
    "make_tables",
    "open_file",
    "part_of",
    "parts",
    "rows",
    "wipe",
]

CHUNK: Final = 900_000
"""Characters (ASCII, so bytes) of a value in one row. A row of a Durable Object holds 2 MB (Durable Objects limits
page; the local runtime does not enforce it), and a row of the changelog holds two values."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (
    id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, era INTEGER NOT NULL, attempts INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS field (
    name TEXT NOT NULL, part INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (name, part));
CREATE TABLE IF NOT EXISTS entry (
    version INTEGER PRIMARY KEY, actor TEXT NOT NULL, at REAL NOT NULL, idempotency_key TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS change (
    version INTEGER NOT NULL, field TEXT NOT NULL, part INTEGER NOT NULL, old TEXT, new TEXT,
    PRIMARY KEY (version, field, part));
CREATE INDEX IF NOT EXISTS change_of_field ON change (field, version);
CREATE TABLE IF NOT EXISTS alarm (
    id INTEGER PRIMARY KEY CHECK (id = 1), due REAL NOT NULL, reason TEXT NOT NULL, runs INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pace (id INTEGER PRIMARY KEY CHECK (id = 1), confirmed REAL NOT NULL);
INSERT OR IGNORE INTO meta VALUES (1, 0, 0, 0);
"""


_KNOWN: Final = 0
"""SQLite's `user_version` of the tables above. Whoever changes them so that this code could not go on counts it up."""

Opener: TypeAlias = Callable[[str], sqlite3.Connection]
"""What opens the file of a path, with every statement a transaction of its own unless one is begun."""


def open_file(path: str) -> sqlite3.Connection:
    """By Python's own SQLite. Raises StorageError, at any statement too, for what is wrong with a file."""
    factory = sqlite3.Connection if path == ":memory:" else StorageConnection
    return typed(sqlite3.connect)(path, isolation_level=None, check_same_thread=False, timeout=5, factory=factory)


def connect(path: str | Path = ":memory:", opener: Opener = open_file) -> sqlite3.Connection:
    """Open a unit's database, and make its tables if there are none. A transaction that a crash cut off is undone.

    Raises StorageError; StorageNewer leaves the file as it is.
    """
    connection = opener(str(path))
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found != _KNOWN:
        connection.close()
        raise StorageNewer(f"schema {found}, and {_KNOWN} is known here")
    if str(path) != ":memory:":
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL would let a power cut take the last commits of the log, and with them acknowledged writes.
        connection.execute("PRAGMA synchronous = FULL")
    make_tables(connection)
    return connection


def check_pages(connection: sqlite3.Connection) -> None:
    """Read every page of a database. Raises StorageDamaged, which says what SQLite found first, for one unsound."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StorageDamaged(found.splitlines()[-1])


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables that there are not."""
    connection.executescript(_SCHEMA)


def wipe(connection: sqlite3.Connection) -> None:
    """Take a database back to its beginning; quicker than opening a new one."""
    if connection.in_transaction:
        connection.rollback()
    connection.executescript(
        "BEGIN; DELETE FROM field; DELETE FROM entry; DELETE FROM change; DELETE FROM alarm;"
        "DELETE FROM pace; UPDATE meta SET version = 0, era = 0, attempts = 0; COMMIT;"
    )


class Rows(NamedTuple):
    """All rows that a config, its label and its changelog are made of, to tell which have changed."""

    meta: list[tuple[Any, ...]]
    field: list[tuple[Any, ...]]
    entry: list[tuple[Any, ...]]
    change: list[tuple[Any, ...]]


def rows(connection: sqlite3.Connection) -> Rows:
    """The rows as they are; those of a changelog begin with their version."""
    tables = ("version, era FROM meta", "* FROM field", "* FROM entry", "* FROM change")
    return Rows(*[connection.execute(f"SELECT {table}").fetchall() for table in tables])


class Transaction:
    """BEGIN, then COMMIT; ROLLBACK for what is raised, also by COMMIT."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            # SQLite has rolled back by itself after some errors, such as a full disk.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


class NoTransaction:
    """Every statement for itself."""

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


def parts(text: str | None) -> int:
    """How many rows a value takes; none if there is no value."""
    return 0 if text is None else -(-len(text) // CHUNK)


def part_of(text: str | None, part: int) -> str | None:
    """What row number `part` of a value holds; None beyond its end."""
    return None if text is None else text[part * CHUNK : (part + 1) * CHUNK] or None


def joined(head: str | None, tail: str | None) -> str | None:
    """A value read so far and its next row, put together again."""
    return head if tail is None else (head or "") + tail
