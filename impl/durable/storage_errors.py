# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with the files of a store: one kind of error, a class for each cause, one line of words.

SQLite's own codes become these where a file is opened and wherever a statement runs, so that nobody else needs to know
them. A mistake in a statement stays what SQLite calls it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

__all__ = [
    "OutOfMemory",
    "StorageBusy",
    "StorageConnection",
    "StorageDamaged",
    "StorageError",
    "StorageFailed",
    "StorageFull",
    "StorageNewer",
    "StorageReadOnly",
    "StorageUnopened",
    "typed",
]

P = ParamSpec("P")
T = TypeVar("T")


class StorageError(Exception):
    """The files of a store cannot be used. What was acknowledged is as safe as it was; a transaction is undone."""

    says = "the files cannot be used"
    passing = True
    """Whether the same will do once its cause has gone; else the file is of no use as it is."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.says} ({detail})" if detail else self.says)


class StorageFull(StorageError):
    """No room for what is to be written; nothing has changed."""

    says = "the disk is full: nothing has changed"


class StorageReadOnly(StorageError):
    """The file, its folder or its file system may not be written; nothing has changed."""

    says = "the files may only be read: nothing has changed"


class StorageBusy(StorageError):
    """Another process holds the lock, and has held it for as long as was waited; nothing has changed."""

    says = "another process holds the lock of the file: nothing has changed"


class StorageUnopened(StorageError):
    """A file cannot be opened: too many are open, or it may not be, or it is not there."""

    says = "a file cannot be opened: it is not there, or too many are open"


class OutOfMemory(StorageError):
    """There is no memory for it. Of a write that was to be made nobody knows; its idempotency key tells."""

    says = "out of memory: a write may have been made; ask, or repeat it with its key"


class StorageFailed(StorageError):
    """The machine could not read or write. Of a write that was to be made nobody knows; its idempotency key tells."""

    says = "reading or writing failed: a write may have been made; ask, or repeat it with its key"


class StorageDamaged(StorageError):
    """What the file holds is not what was written there."""

    says = "the file is damaged: put a copy in its place"
    passing = False


class StorageNewer(StorageError):
    """The file is of a version that is not known here; it is left as it is."""

    says = "the file was kept by a newer version, and is left as it is"
    passing = False


_KINDS: Final[dict[int, type[StorageError]]] = {
    sqlite3.SQLITE_FULL: StorageFull,
    sqlite3.SQLITE_READONLY: StorageReadOnly,
    sqlite3.SQLITE_PERM: StorageReadOnly,
    sqlite3.SQLITE_BUSY: StorageBusy,
    sqlite3.SQLITE_LOCKED: StorageBusy,
    sqlite3.SQLITE_PROTOCOL: StorageBusy,
    sqlite3.SQLITE_CANTOPEN: StorageUnopened,
    sqlite3.SQLITE_NOMEM: OutOfMemory,
    sqlite3.SQLITE_IOERR: StorageFailed,
    sqlite3.SQLITE_CORRUPT: StorageDamaged,
    sqlite3.SQLITE_NOTADB: StorageDamaged,
}
"""By SQLite's primary codes, which are the last eight bits of a code."""


def typed(act: Callable[P, T]) -> Callable[P, T]:
    """The same, but for what it raises where SQLite finds something wrong with its files: StorageError."""

    def run(*given: P.args, **named: P.kwargs) -> T:
        try:
            return act(*given, **named)
        except MemoryError as error:
            raise OutOfMemory from error
        except sqlite3.Error as error:
            kind = _KINDS.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
            if kind is None:
                raise
            raise kind(getattr(error, "sqlite_errorname", str(error))) from error

    return run


class _Cursor(sqlite3.Cursor):
    execute = typed(sqlite3.Cursor.execute)
    executescript = typed(sqlite3.Cursor.executescript)
    fetchone = typed(sqlite3.Cursor.fetchone)
    fetchall = typed(sqlite3.Cursor.fetchall)

    def __next__(self) -> Any:
        return typed(super().__next__)()


class StorageConnection(sqlite3.Connection):
    """A connection whose statements raise StorageError for what is wrong with the files."""

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        """As any connection does."""
        return self.cursor(_Cursor).execute(*statement)

    def executescript(self, script: str) -> sqlite3.Cursor:
        """As any connection does."""
        return self.cursor(_Cursor).executescript(script)
