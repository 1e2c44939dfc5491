# SPDX-License-Identifier: Apache-2.0
"""Collecting what no ref needs: objects, and the packs that hold nothing else."""

from __future__ import annotations

from attrs import frozen

from edgeproof.impl.git.database import marks
from edgeproof.impl.git.packs import drop_pack
from edgeproof.impl.git.view import View, batches
from edgeproof.impl.git.walk import closure

__all__ = ["Collected", "collect"]


@frozen
class Collected:
    """How many objects were forgotten, and the blobs that nothing needs once that is committed."""

    objects: int
    blobs: list[str]


def collect(view: View, since: float) -> Collected:
    """Forget, within a transaction, what can be reached neither from a ref nor from what one had after `since`.

    What is left in a pack beside objects that are needed stays there.
    """
    connection = view.connection
    needed: set[int] = set()
    closure(view, _roots(view, since), needed)
    _add_bases(view, needed)
    unneeded = [key for (key,) in connection.execute("SELECT id FROM object") if key not in needed]
    for batch in batches(unneeded):
        connection.execute(f"DELETE FROM object WHERE id IN ({marks(len(batch))})", batch)
    empty = connection.execute("SELECT id FROM pack WHERE id NOT IN (SELECT pack FROM object)").fetchall()
    blobs = [drop_pack(connection, pack) for (pack,) in empty]
    return Collected(len(unneeded), [blob for blob in blobs if blob is not None])


def _roots(view: View, since: float) -> list[int]:
    roots = [key for (key,) in view.connection.execute("SELECT object FROM ref")]
    recent = view.connection.execute(
        "SELECT DISTINCT object.id FROM change JOIN push USING (seq) JOIN object ON object.name = change.old"
        " WHERE push.at >= ?",
        (since,),
    )
    return roots + [key for (key,) in recent]


def _add_bases(view: View, needed: set[int]) -> None:
    """Objects that others are deltas upon have to be there as well, and so has what they link to."""
    fresh = set(needed)
    while fresh:
        bases = {base for (base,) in view.rows("base", fresh) if base is not None} - needed
        before = set(needed)
        closure(view, bases, needed)
        fresh = needed - before
