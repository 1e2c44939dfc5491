# SPDX-License-Identifier: Apache-2.0
"""Taking checked objects into the tables, within the transaction of the push that brought them.

What the tables hold is closed: an object is there only with everything that it links to. So that a ref which has an
object has all of its history, and connectivity needs no walk.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Mapping

from edgeproof.impl.git.blobs import Spool
from edgeproof.impl.git.database import marks
from edgeproof.impl.git.entries import COMMIT, NAMES
from edgeproof.impl.git.incoming import Base, Checked, Entry
from edgeproof.impl.git.limits import Refused
from edgeproof.impl.git.packs import add_pack
from edgeproof.impl.git.view import batches

__all__ = ["settle", "take"]

_INSERT = f"INSERT INTO object VALUES ({marks(12)})"


def settle(checked: Checked, spool: Spool) -> None:
    """Put the objects that are kept whole, and not as the deltas that came, after the end of their pack."""
    for entry in checked.entries:
        if entry.whole is not None:
            entry.kind, entry.declared, entry.base = entry.type, entry.size, None
            entry.at, entry.length = spool.size, len(entry.whole)
            spool.write(entry.whole)
            entry.whole = None


def take(connection: sqlite3.Connection, checked: Checked, spool: Spool) -> bool:
    """Add the objects of a pack that are not there yet; whether there were any, and the pack is kept for them.

    Raises Refused where something that they link to is nowhere, or is of another type.
    """
    known = _known(connection, checked)
    fresh = [entry for entry in checked.entries if entry.id not in known]
    if not fresh:
        return False
    keys = _keys(connection, checked, known, fresh)
    generations = _generations(connection, checked, keys, fresh)
    pack = add_pack(connection, spool)
    rows = (_row(entry, pack, checked, keys, generations) for entry in fresh)
    connection.executemany(_INSERT, rows)
    return True


def _known(connection: sqlite3.Connection, checked: Checked) -> dict[bytes, tuple[int, int]]:
    """The number and the type of those that are there already, of all that the pack has or links to."""
    known: dict[bytes, tuple[int, int]] = {}
    for batch in batches(checked.numbers):
        statement = f"SELECT name, id, type FROM object WHERE name IN ({marks(len(batch))})"
        known.update((name, (id, kind)) for name, id, kind in connection.execute(statement, batch))
    bases = {entry.base.key for entry in checked.entries if isinstance(entry.base, Base)}
    for batch in batches(bases):
        (there,) = connection.execute(
            f"SELECT COUNT(*) FROM object WHERE id IN ({marks(len(batch))})", batch
        ).fetchone()
        if there != len(batch):
            raise Refused("the base of a delta has been collected meanwhile: fetch, and push again")
    return known


def _keys(
    connection: sqlite3.Connection,
    checked: Checked,
    known: Mapping[bytes, tuple[int, int]],
    fresh: list[Entry],
) -> list[int]:
    """By the numbers of `checked`, those of the tables. Raises Refused for links that lead nowhere."""
    (last,) = connection.execute("UPDATE meta SET objects = objects + ? RETURNING objects", (len(fresh),)).fetchone()
    found = {entry.id: (last - at, entry.type) for at, entry in enumerate(reversed(fresh))}
    found.update(known)
    keys = []
    for id, number in checked.numbers.items():
        key, kind = found.get(id, (0, 0))
        wanted = checked.expected[number]
        if key == 0:
            raise Refused(f"the push lacks the {NAMES[wanted].decode()} {id.hex()}, which something in it links to")
        if wanted not in (0, kind):
            raise Refused(f"object {id.hex()} is linked to as a {NAMES[wanted].decode()}, and is none")
        keys.append(key)
    return keys


def _generations(
    connection: sqlite3.Connection, checked: Checked, keys: list[int], fresh: Iterable[Entry]
) -> dict[int, int]:
    """The generations of the commits that come, and of their parents."""
    parents = {keys[checked.numbers[one.id]]: [keys[n] for n in one.links[1:]] for one in fresh if one.type == COMMIT}
    found: dict[int, int] = {}
    for batch in batches({key for some in parents.values() for key in some if key not in parents}):
        statement = f"SELECT id, generation FROM object WHERE id IN ({marks(len(batch))})"
        found.update(connection.execute(statement, batch).fetchall())
    for start in parents:
        stack = [start]
        while stack:
            key = stack[-1]
            missing = [] if key in found else [one for one in parents[key] if one not in found]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if key not in found:
                found[key] = 1 + max((found[one] for one in parents[key]), default=0)
    return found


def _row(
    entry: Entry, pack: int, checked: Checked, keys: list[int], generations: Mapping[int, int]
) -> tuple[object, ...]:
    key = keys[checked.numbers[entry.id]]
    base = None
    if isinstance(entry.base, Entry):
        base = keys[checked.numbers[entry.base.id]]
    elif entry.base is not None:
        base = entry.base.key
    links = array("I", [keys[number] for number in entry.links])
    return (
        *(key, entry.id, entry.type, entry.size, pack, entry.at, entry.length, entry.declared, base, entry.depth),
        *(generations.get(key, 0) if entry.type == COMMIT else 0, links.tobytes()),
    )
