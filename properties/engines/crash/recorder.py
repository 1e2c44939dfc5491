# SPDX-License-Identifier: Apache-2.0
"""What SQLite asks of a disk, recorded: a VFS between the library and the files, and connections that go through it.

The VFS passes everything on to the system's own but syncs, which it only notes: nobody cuts the power here. It notes a
sync of the folder where SQLite's own VFS makes one: after the first sync of a journal that it has created, and after a
deletion that is to be sure.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final, cast

import apsw

from edgeproof.properties.engines.crash.disk import Create, Delete, Operation, Sync, SyncFolder, Truncate, Write

__all__ = ["Recorder", "library"]

_JOURNAL: Final = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_BUSY: Final = 5_000
"""Milliseconds that a connection waits for another, as Python's does for a store."""

_numbers: Final = count()


def library() -> str:
    """The SQLite that is recorded."""
    return f"SQLite {apsw.sqlite_lib_version()}"


class Recorder:
    """The operations on the files of one folder, by all connections that were opened through it."""

    def __init__(self, folder: Path) -> None:
        self.operations: list[Operation] = []
        self._folder = folder.resolve()
        self._vfs = _RecordingVFS(f"edgeproof-{os.getpid()}-{next(_numbers)}", self)

    def open(self, path: str) -> Connection:
        """A connection like one of Python's `sqlite3`, as far as a store goes; one of these for files elsewhere."""
        if Path(path).parent.resolve() != self._folder:
            return sqlite3.connect(path, isolation_level=None)
        connection = apsw.Connection(path, vfs=self._vfs.vfs_name)
        connection.set_busy_timeout(_BUSY)
        return cast(Connection, _Connection(connection))

    def close(self) -> None:
        """No connection is opened through it any more."""
        self._vfs.unregister()


class _RecordingVFS(apsw.VFS):
    """SQLite's own VFS, and what it is asked for."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        super().__init__(name, "")
        self.vfs_name, self._recorder = name, recorder

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _RecordingFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None:
            raise ValueError("a store that makes temporary files is not recorded")
        new = not os.path.exists(path)
        file = _RecordingFile(name, flags, os.path.basename(path), self._recorder.operations)
        if new:
            self._recorder.operations.append(Create(file.name))
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, False)
        self._recorder.operations.append(Delete(os.path.basename(filename)))
        if syncdir:
            self._recorder.operations.append(SyncFolder())


class _RecordingFile(apsw.VFSFile):
    """A file of that, and what is done to it."""

    def __init__(
        self, path: str | apsw.URIFilename | None, flags: list[int], name: str, operations: list[Operation]
    ) -> None:
        super().__init__("", path, flags)
        self.name, self._operations = name, operations
        self._names_itself = bool(flags[0] & _JOURNAL and flags[0] & apsw.SQLITE_OPEN_CREATE)

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        self._operations.append(Write(self.name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._operations.append(Truncate(self.name, newsize))

    def xSync(self, flags: int) -> None:
        self._operations.append(Sync(self.name))
        if self._names_itself:
            self._names_itself = False
            self._operations.append(SyncFolder())


class _Connection:
    """What a store asks of a connection, in the words of `sqlite3`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.execute = connection.execute
        self.close = connection.close

    def executescript(self, script: str) -> None:
        self._connection.execute(script)

    def executemany(self, statement: str, rows: Sequence[Any]) -> Any:
        return self._connection.executemany(statement, rows)

    def rollback(self) -> None:
        if self.in_transaction:
            self._connection.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    @property
    def total_changes(self) -> int:
        return self._connection.total_changes()
