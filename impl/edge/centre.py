# SPDX-License-Identifier: Apache-2.0
"""Where KV keeps its truth: in memory, or in an SQLite file that several processes share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

from attrs import frozen

from edgeproof.impl.runtime import NetworkError

__all__ = ["Centre", "DictCentre", "KVEntry", "SqliteCentre"]


@frozen(slots=True)
class KVEntry:
    """A key's value with what travels beside it: metadata as JSON text, and times in seconds of the clock."""

    value: bytes
    metadata: str | None
    written_at: float
    expires_at: float | None = None

    def expired(self, now: float) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


class Centre(Protocol):
    """The central store. Every operation is atomic; nothing is atomic across two of them."""

    def read(self, key: str) -> KVEntry | None:
        """The entry of a key, even if it has expired."""

    def write(self, key: str, entry: KVEntry | None, now: float, spacing: float) -> bool:
        """Set a key, or remove it with None.

        False, and nothing has changed, within `spacing` seconds of the key's last write; 0 lifts that. A last write
        that is further in the future was made by a clock that has gone back since.
        """

    def page(self, prefix: str, after: str, limit: int, now: float) -> Sequence[tuple[str, KVEntry]]:
        """Entries that have not expired, of keys that start with `prefix` and come after `after`, in their order."""


class DictCentre:
    """In memory."""

    def __init__(self) -> None:
        self._entries: dict[str, KVEntry] = {}
        self._written: dict[str, float] = {}

    def read(self, key: str) -> KVEntry | None:
        """The entry of a key, even if it has expired."""
        return self._entries.get(key)

    def write(self, key: str, entry: KVEntry | None, now: float, spacing: float) -> bool:
        """Set or remove a key; False within `spacing` seconds of its last write."""
        last = self._written.get(key)
        if last is not None and abs(now - last) < spacing:
            return False
        self._written[key] = now
        if entry is None:
            self._entries.pop(key, None)
        else:
            self._entries[key] = entry
        return True

    def page(self, prefix: str, after: str, limit: int, now: float) -> Sequence[tuple[str, KVEntry]]:
        """Entries in the order of their keys: of code points, which is that of UTF-8 bytes."""
        live = (k for k, e in self._entries.items() if k > after and k.startswith(prefix) and not e.expired(now))
        return [(key, self._entries[key]) for key in sorted(live)[:limit]]


_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS kv (
    key TEXT PRIMARY KEY, value BLOB, metadata TEXT, written_at REAL NOT NULL, expires_at REAL)
"""


class SqliteCentre:
    """In a file that several processes may have open. A key that was removed stays as a row without a value."""

    def __init__(self, path: str | Path) -> None:
        """Raises NetworkError, as every operation does, where the file cannot be used."""
        self._lock = Lock()
        with self._reached():
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            self._connection.execute("PRAGMA journal_mode = WAL")
            # What KV has accepted is the platform's to keep; a test bench need not survive a power cut.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(_SCHEMA)

    def read(self, key: str) -> KVEntry | None:
        """The entry of a key, even if it has expired."""
        with self._reached():
            row = self._connection.execute(
                "SELECT value, metadata, written_at, expires_at FROM kv WHERE key = ? AND value IS NOT NULL", (key,)
            ).fetchone()
        return None if row is None else KVEntry(*row)

    def write(self, key: str, entry: KVEntry | None, now: float, spacing: float) -> bool:
        """Set or remove a key in one statement; False within `spacing` seconds of its last write."""
        row = (None, None, None) if entry is None else (entry.value, entry.metadata, entry.expires_at)
        with self._reached():
            done = self._connection.execute(
                "INSERT INTO kv (key, value, metadata, expires_at, written_at) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value, metadata = excluded.metadata, "
                "expires_at = excluded.expires_at, written_at = excluded.written_at "
                "WHERE abs(excluded.written_at - kv.written_at) >= ?",
                (key, *row, now, spacing),
            )
            return done.rowcount > 0

    def page(self, prefix: str, after: str, limit: int, now: float) -> Sequence[tuple[str, KVEntry]]:
        """Entries in the order of their keys' UTF-8 bytes."""
        with self._reached():
            rows = self._connection.execute(
                "SELECT key, value, metadata, written_at, expires_at FROM kv WHERE key >= ? AND key > ? "
                "AND value IS NOT NULL AND (expires_at IS NULL OR expires_at > ?) ORDER BY key LIMIT ?",
                (prefix, after, now, limit),
            ).fetchall()
        # From the prefix on, the keys that have it come first.
        return [(key, KVEntry(*entry)) for key, *entry in rows if key.startswith(prefix)]

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """One at a time. Whatever is wrong with the file, whoever asks cannot reach the centre."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, MemoryError) as error:
                raise NetworkError(f"KV's centre cannot be reached: {str(error) or 'out of memory'}") from error

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        self._connection.close()
