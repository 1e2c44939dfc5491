# SPDX-License-Identifier: Apache-2.0
"""Writing a pack from what is kept: entries go out as they came in, and deltas again as deltas.

Only where neither the client nor the pack has the base of a delta is the object inflated, and compressed anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha1
from typing import Final

from attrs import frozen

from edgeproof.impl.git.entries import OFS_DELTA, REF_DELTA, header
from edgeproof.impl.git.view import View

__all__ = ["Format", "write_pack"]

_PIECE: Final = 65_000
_CHOSEN: Final = """
SELECT id, name, type, declared, size, pack, at, length, base FROM object
WHERE id IN (SELECT id FROM temp.chosen) ORDER BY pack, at
"""


@frozen
class Format:
    """What the client can read: bases by offset, and bases that are not in the pack."""

    offsets: bool = True
    thin: bool = False


def write_pack(view: View, objects: set[int], common: set[int], form: Format) -> Iterator[bytes]:
    """The pack of some objects, in pieces; `common` are those that the client has. One at a time for a view."""
    digest = sha1(b"")
    for piece in _pieces(_entries(view, objects, common, form)):
        digest.update(piece)
        yield piece
    yield digest.digest()


def _entries(view: View, objects: set[int], common: set[int], form: Format) -> Iterator[bytes | memoryview]:
    yield b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big")
    placed: dict[int, int] = {}
    place = 12
    _choose(view, objects)
    for key, _, kind, declared, size, pack, at, length, base in view.connection.execute(_CHOSEN):
        data: bytes | memoryview
        if base is None:
            head, data = header(kind, declared), view.packs.read(pack, at, length)
        elif form.offsets and base in placed:
            head, data = header(OFS_DELTA, declared, place - placed[base]), view.packs.read(pack, at, length)
        elif base in objects or (form.thin and base in common):
            head, data = header(REF_DELTA, declared, base=view.name(base)), view.packs.read(pack, at, length)
        else:
            head, data = header(kind, size), zlib.compress(view.content(key))
        placed[key] = place
        place += len(head) + len(data)
        yield head
        yield data


def _choose(view: View, objects: Iterable[int]) -> None:
    # In a table, so that SQLite can give them in the order in which they are in their packs.
    view.connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (id INTEGER PRIMARY KEY)")
    view.connection.execute("DELETE FROM temp.chosen")
    view.connection.executemany("INSERT INTO temp.chosen VALUES (?)", ((key,) for key in objects))


def _pieces(parts: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The same bytes in pieces of one size, but for the last."""
    held = bytearray()
    for part in parts:
        if len(part) < _PIECE:
            held += part
        else:
            for at in range(0, len(part), _PIECE):
                held += part[at : at + _PIECE]
                if len(held) >= _PIECE:
                    yield bytes(held[:_PIECE])
                    del held[:_PIECE]
        while len(held) >= _PIECE:
            yield bytes(held[:_PIECE])
            del held[:_PIECE]
    if held:
        yield bytes(held)
