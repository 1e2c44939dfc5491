# SPDX-License-Identifier: Apache-2.0
"""Backups of a unit's database by SQLite's online backup, taken and put back while others write to it.

A backup brings back everything, the era as well, which is what must not come back: versions from here on repeat numbers
that copies and readers know already. So the era of the database that is replaced goes up by one, and is part of what
takes its place, in one transaction: nobody ever finds the old rows under the old era.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from edgeproof.impl.durable.database import make_tables
from edgeproof.impl.durable.store import ConfigStore, StoreError
from edgeproof.impl.runtime import Clock
from edgeproof.impl.snapshot import Snapshot

__all__ = ["put_back", "take"]

_PAUSE: Final = 0.001
"""Seconds until a database that others are writing to is asked again."""


def take(connection: sqlite3.Connection, into: Path) -> None:
    """Copy a unit's database into a file, as it is at one moment. Raises sqlite3.Error and FileExistsError."""
    if into.exists():
        raise FileExistsError(f"{into} is there already")
    with closing(sqlite3.connect(into)) as copy:
        connection.backup(copy)


def put_back(connection: sqlite3.Connection, backup: Path, clock: Clock, *, spacing: float = 0.0) -> Snapshot:
    """Replace a unit's database by a backup of it, in a new era, and have it published; gives what it holds then.

    What was committed after the backup is undone, and so is what is committed until this returns, unless it comes after
    the replacement. `spacing` is how many seconds KV wants between two puts. One restore at a time. Raises StoreError
    for a file that is no backup, and sqlite3.Error.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as restored:
        _open(backup, restored)
        # What is known of puts that were made, or are under way, is not the backup's to say.
        era, attempts = connection.execute("SELECT era, attempts FROM meta").fetchone()
        restored.execute("UPDATE meta SET era = ?, attempts = ?", (era + 1, attempts))
        restored.execute("DELETE FROM pace")
        confirmed = connection.execute("SELECT id, confirmed FROM pace").fetchall()
        restored.executemany("INSERT INTO pace VALUES (?, ?)", confirmed)
        store = ConfigStore(restored, clock, spacing=spacing)
        store.arm_for_restore(ConfigStore(connection, clock).alarm())
        # Others write all the time: whoever asks seldom seldom finds a gap.
        restored.backup(connection, sleep=_PAUSE)
        return store.snapshot()


def _open(backup: Path, into: sqlite3.Connection) -> None:
    try:
        # To be read only: a file that is not there is none to be made.
        with closing(sqlite3.connect(f"{backup.resolve().as_uri()}?mode=ro", uri=True)) as source:
            source.execute("SELECT version FROM meta").fetchone()
            source.backup(into)
    except sqlite3.Error as error:
        raise StoreError(f"{backup} is no backup of a store: {error}") from error
    make_tables(into)
