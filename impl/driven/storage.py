# SPDX-License-Identifier: Apache-2.0
"""The storage of a Durable Object that is driven by hand: it outlives the object's instances."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from edgeproof.impl.durable.database import Opener, connect, open_file, wipe

__all__ = ["FILE", "Storage"]

FILE: Final = "unit.sqlite"
"""The database's name in its folder."""


class Storage:
    """A database in memory, or in a file of `directory`; it is opened when somebody asks for it, by `opener`.

    In memory, a crash keeps the connection: the next instance starts from the rows alone, as no part keeps anything
    else that it would need. What a crash does to a file is another matter, which the file shows.
    """

    def __init__(self, directory: Path | None = None, opener: Opener = open_file) -> None:
        self._directory, self._opener = directory, opener
        self._connection: Connection | None = None
        self._kept: dict[Hashable, Connection] = {}

    @property
    def connection(self) -> Connection:
        """The open database."""
        if self._connection is None:
            path = ":memory:" if self._directory is None else self._directory / FILE
            self._connection = connect(path, self._opener)
        return self._connection

    def wipe(self) -> None:
        """Take it back to its beginning."""
        wipe(self.connection)

    def fill(self, key: Hashable, fill: Callable[[], None]) -> None:
        """Have it filled from its beginning, or be as it was when it had been filled for this key, where a copy of that
        is kept. A file is filled every time.
        """
        if self._directory is not None:
            fill()
        elif key in self._kept:
            self._kept[key].backup(self.connection)
        else:
            fill()
            kept = self._kept[key] = connect()
            self.connection.backup(kept)

    def crash(self) -> None:
        """Whoever used it has died: a transaction that was open is undone."""
        if self._directory is not None:
            self.close()
        elif self.connection.in_transaction:
            self.connection.rollback()

    def move(self, directory: Path) -> None:
        """From now on it is what this folder holds; what it was is closed."""
        self.close()
        self._directory = directory

    def close(self) -> None:
        """Close the database. Closing twice is fine, and whoever asks for it opens it again."""
        for kept in self._kept.values():
            kept.close()
        self._kept.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
