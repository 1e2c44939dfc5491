# SPDX-License-Identifier: Apache-2.0
"""The bytes of the packs that a repository keeps: in rows, or in the blob store where they are many."""

from __future__ import annotations

import sqlite3
from typing import Final

from edgeproof.impl.git.blobs import BlobStore, Spool
from edgeproof.impl.git.database import PART

__all__ = ["PackReader", "add_pack", "drop_pack"]

_PARTS_HELD: Final = 8


def add_pack(connection: sqlite3.Connection, spool: Spool) -> int:
    """Keep a pack, in rows unless it is in the blob store; the id of it. Within a transaction."""
    blob = spool.keep()
    pack = connection.execute("INSERT INTO pack (size, blob) VALUES (?, ?)", (spool.size, blob)).lastrowid
    assert pack is not None
    if blob is None:
        with spool.view() as view:
            for part in range(-(-spool.size // PART)):
                data = view[part * PART : (part + 1) * PART]
                connection.execute("INSERT INTO pack_part VALUES (?, ?, ?)", (pack, part, data))
    return pack


def drop_pack(connection: sqlite3.Connection, pack: int) -> str | None:
    """Forget a pack; the name of its blob, which is to be deleted once the transaction is committed."""
    (blob,) = connection.execute("SELECT blob FROM pack WHERE id = ?", (pack,)).fetchone()
    connection.execute("DELETE FROM pack_part WHERE pack = ?", (pack,))
    connection.execute("DELETE FROM pack WHERE id = ?", (pack,))
    name: str | None = blob
    return name


class PackReader:
    """Reads pieces of packs. It is for one connection, and holds a few rows in memory."""

    def __init__(self, connection: sqlite3.Connection, blobs: BlobStore) -> None:
        self._connection, self._blobs = connection, blobs
        self._open: dict[int, memoryview | None] = {}
        """Packs that were read of: those in the blob store, and None for those in rows."""
        self._parts: dict[tuple[int, int], memoryview] = {}

    def read(self, pack: int, at: int, length: int) -> memoryview:
        """A piece of a pack. Raises StorageError, and OSError for a blob that cannot be read."""
        if pack not in self._open:
            (blob,) = self._connection.execute("SELECT blob FROM pack WHERE id = ?", (pack,)).fetchone()
            self._open[pack] = None if blob is None else self._blobs.open(blob)
        whole = self._open[pack]
        if whole is not None:
            return whole[at : at + length]
        first, last = at // PART, (at + length - 1) // PART
        if first == last:
            return self._part(pack, first)[at - first * PART : at - first * PART + length]
        joined = b"".join(self._part(pack, part) for part in range(first, last + 1))
        return memoryview(joined)[at - first * PART : at - first * PART + length]

    def _part(self, pack: int, part: int) -> memoryview:
        found = self._parts.get((pack, part))
        if found is None:
            (data,) = self._connection.execute(
                "SELECT data FROM pack_part WHERE pack = ? AND part = ?", (pack, part)
            ).fetchone()
            if len(self._parts) == _PARTS_HELD:
                del self._parts[next(iter(self._parts))]
            found = self._parts[pack, part] = memoryview(data)
        return found
