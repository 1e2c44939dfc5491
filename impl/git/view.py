# SPDX-License-Identifier: Apache-2.0
"""What a repository is at one moment: whoever reads sees the refs and the objects of one transaction throughout."""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final

from attrs import frozen
from dulwich.pack import apply_delta

from edgeproof.impl.git.blobs import BlobStore
from edgeproof.impl.git.database import marks
from edgeproof.impl.git.entries import TAG
from edgeproof.impl.git.incoming import Base
from edgeproof.impl.git.packs import PackReader

__all__ = ["RefRow", "View", "batches"]

_BATCH: Final = 500


@frozen
class RefRow:
    """A ref, the id of its object, and the id of what a tag is of."""

    name: bytes
    id: bytes
    peeled: bytes | None = None


class View:
    """Reads from a connection on which a transaction has begun, and goes on."""

    def __init__(self, connection: sqlite3.Connection, blobs: BlobStore) -> None:
        self.connection = connection
        self.packs = PackReader(connection, blobs)

    # --- refs

    def head(self) -> bytes:
        """The ref that HEAD stands for; there need not be one of that name."""
        name: bytes = self.connection.execute("SELECT head FROM meta").fetchone()[0]
        return name

    def refs(self) -> list[RefRow]:
        """All refs, in the order of their names."""
        rows = self.connection.execute(
            "SELECT ref.name, object.name, object.id, object.type"
            " FROM ref JOIN object ON object.id = ref.object ORDER BY 1"
        )
        return [RefRow(name, id, self._peeled(key) if kind == TAG else None) for name, id, key, kind in rows.fetchall()]

    def _peeled(self, key: int) -> bytes:
        while True:
            name, kind, links = self.connection.execute(
                "SELECT name, type, links FROM object WHERE id = ?", (key,)
            ).fetchone()
            if kind != TAG:
                peeled: bytes = name
                return peeled
            key = array("I", links)[0]

    # --- objects

    def key(self, id: bytes) -> int | None:
        """The number by which the repository knows an object; None if it has none of this id."""
        row = self.connection.execute("SELECT id FROM object WHERE name = ?", (id,)).fetchone()
        return None if row is None else row[0]

    def keys(self, ids: Iterable[bytes]) -> list[int]:
        """The numbers of the objects that it has."""
        return [key for id in ids if (key := self.key(id)) is not None]

    def name(self, key: int) -> bytes:
        """The id of an object."""
        name: bytes = self.connection.execute("SELECT name FROM object WHERE id = ?", (key,)).fetchone()[0]
        return name

    def find(self, id: bytes) -> Base | None:
        """The object of an id, if there is one."""
        row = self.connection.execute("SELECT id, type, size, depth FROM object WHERE name = ?", (id,)).fetchone()
        return None if row is None else Base(*row)

    def content(self, key: int) -> bytes:
        """What is in an object."""
        deltas: list[bytes] = []
        base: int | None = key
        while base is not None:
            pack, at, length, base = self.connection.execute(
                "SELECT pack, at, length, base FROM object WHERE id = ?", (base,)
            ).fetchone()
            deltas.append(zlib.decompress(self.packs.read(pack, at, length)))
        content = deltas.pop()
        while deltas:
            content = b"".join(apply_delta(content, deltas.pop()))
        return content

    def rows(self, columns: str, keys: Iterable[int]) -> Iterator[tuple[Any, ...]]:
        """Columns of objects, in any order."""
        for batch in batches(keys):
            statement = f"SELECT {columns} FROM object WHERE id IN ({marks(len(batch))})"
            yield from self.connection.execute(statement, batch).fetchall()


def batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in lists that one statement can take."""
    whole = list(values)
    for at in range(0, len(whole), _BATCH):
        yield whole[at : at + _BATCH]
