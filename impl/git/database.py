# SPDX-License-Identifier: Apache-2.0
"""The SQLite database of a repository: its tables, and how it is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from edgeproof.impl.durable.database import open_file
from edgeproof.impl.durable.storage_errors import StorageNewer

__all__ = ["PART", "connect", "marks"]

PART: Final = 512 * 1024
"""Bytes of a pack in one row. A row of a Durable Object holds 2 MB (Durable Objects limits page)."""

_KNOWN: Final = 1
"""SQLite's `user_version` of the tables below. Whoever changes them so that this code could not go on counts it up."""

# An object's data are in its pack: `declared` bytes once they are inflated, which are a delta where it has a base.
# `links` are the ids of the objects that it links to, four bytes each; a commit's begin with its tree.
# `generation` of a commit is above that of its parents, and 0 of anything else.
_SCHEMA: Final = f"""
CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), head BLOB NOT NULL, objects INTEGER NOT NULL);
CREATE TABLE pack (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, blob TEXT);
CREATE TABLE pack_part (pack INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (pack, part));
CREATE TABLE object (
    id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, type INTEGER NOT NULL, size INTEGER NOT NULL,
    pack INTEGER NOT NULL, at INTEGER NOT NULL, length INTEGER NOT NULL, declared INTEGER NOT NULL,
    base INTEGER, depth INTEGER NOT NULL, generation INTEGER NOT NULL, links BLOB NOT NULL);
CREATE INDEX object_in_pack ON object (pack, at);
CREATE TABLE ref (name BLOB PRIMARY KEY, object INTEGER NOT NULL);
CREATE TABLE push (seq INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL);
CREATE TABLE change (
    seq INTEGER NOT NULL, ref BLOB NOT NULL, old BLOB, new BLOB, kind TEXT NOT NULL, PRIMARY KEY (seq, ref));
CREATE INDEX change_from ON change (old);
INSERT INTO meta VALUES (1, CAST('refs/heads/main' AS BLOB), 0);
PRAGMA user_version = {_KNOWN};
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open a repository's database, and make its tables if there are none.

    A transaction that a crash cut off is undone. Raises StorageError; StorageNewer leaves the file as it is.
    """
    connection = open_file(str(path))
    connection.execute("PRAGMA journal_mode = WAL")
    # NORMAL would let a power cut take the last commits of the log, and with them acknowledged pushes.
    connection.execute("PRAGMA synchronous = FULL")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found == 0:
        connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
    elif found != _KNOWN:
        connection.close()
        raise StorageNewer(f"schema {found}, and {_KNOWN} is known here")
    return connection


def marks(count: int) -> str:
    """So many places for values in a statement."""
    return ",".join("?" * count)
