# SPDX-License-Identifier: Apache-2.0
"""One repository: what its Durable Object keeps, and the two ways to it, a view to read and a push to write.

A push brings its objects into quarantine first: a pack in memory or among what is coming in at the blob store, checked
there, and part of nothing. Then one transaction takes the objects into the tables, and sets the refs, each compared
with what the client took it to be, and logs what was done. A pack that is too large for rows has its place in the blob
store before that transaction begins. Until it is committed no reader sees any of it; where it is not, nothing is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from edgeproof.impl.durable.database import Transaction, check_pages
from edgeproof.impl.git.blobs import BlobStore, Spool
from edgeproof.impl.git.collecting import collect
from edgeproof.impl.git.database import connect
from edgeproof.impl.git.incoming import Checked, check_pack
from edgeproof.impl.git.limits import DEFAULT, Limits, Refused
from edgeproof.impl.git.taking import settle, take
from edgeproof.impl.git.updates import NONE, Change, Update, apply, record
from edgeproof.impl.git.view import View
from edgeproof.impl.git.walk import closure
from edgeproof.impl.runtime import Clock

__all__ = ["GRACE", "Repository"]

GRACE: Final = 3_600.0
"""Seconds that what no ref needs any longer can still be fetched by whoever has read the refs before."""

_USUAL: Final = (b"refs/heads/main", b"refs/heads/master")


class _Undone(Exception):
    """The transaction is to be rolled back."""


class Repository:
    """The objects, refs and changelog in one folder. Any thread may use it: pushes wait for each other, readers do not.

    `atomic` says whether a push is all or nothing also where the client has not asked for that. `grace` is in seconds.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        limits: Limits = DEFAULT,
        atomic: bool = True,
        grace: float = GRACE,
    ) -> None:
        """Opens what is there, or makes it. Raises StorageError and OSError."""
        self.limits, self._clock, self._atomic, self._grace = limits, clock, atomic, grace
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "git.sqlite"
        self._writer = connect(self._path)
        check_pages(self._writer)
        self._lock, self._pool_lock = Lock(), Lock()
        self._pool: list[sqlite3.Connection] = []
        self.blobs = BlobStore(folder / "blobs")
        self.blobs.sweep({row[0] for row in self._writer.execute("SELECT blob FROM pack WHERE blob IS NOT NULL")})

    def close(self) -> None:
        """Close the files. Nobody may be using it."""
        for connection in (self._writer, *self._pool):
            connection.close()

    # --- reading

    @contextmanager
    def view(self) -> Iterator[View]:
        """The repository as it is now, for as long as that is looked at."""
        connection = self._borrow()
        try:
            connection.execute("BEGIN")
            try:
                yield View(connection, self.blobs)
            finally:
                connection.execute("ROLLBACK")
        finally:
            with self._pool_lock:
                self._pool.append(connection)

    def may_fetch(self, view: View, id: bytes) -> bool:
        """Whether an object may be asked for: a ref has it, or had it not long ago, or can be followed to it.

        Clients read the refs in one request and fetch in another: a ref that has moved in between must not fail them.
        """
        key = view.key(id)
        if key is None:
            return False
        if view.connection.execute("SELECT 1 FROM ref WHERE object = ?", (key,)).fetchone():
            return True
        since = self._clock.now() - self._grace
        recent = "SELECT 1 FROM change JOIN push USING (seq) WHERE old = ? AND at >= ?"
        if view.connection.execute(recent, (id, since)).fetchone():
            return True
        reachable: set[int] = set()
        closure(view, [row[0] for row in view.connection.execute("SELECT object FROM ref")], reachable)
        return key in reachable

    def changelog(self, since: int = 0) -> list[Change]:
        """What was done to the refs by pushes after number `since`, oldest first."""
        with self.view() as view:
            rows = view.connection.execute(
                "SELECT seq, at, actor, ref, old, new, kind FROM change JOIN push USING (seq)"
                " WHERE seq > ? ORDER BY seq, ref",
                (since,),
            ).fetchall()
        return [Change(seq, at, who, ref, old or NONE, new or NONE, kind) for seq, at, who, ref, old, new, kind in rows]

    # --- writing

    def spool(self) -> Spool:
        """Where the pack of a push is put as it comes in."""
        return Spool(self.blobs, self.limits.held)

    def push(
        self,
        updates: Sequence[Update],
        pack: Spool | None = None,
        *,
        atomic: bool = False,
        actor: str = "",
        allow: Callable[[], bool] = lambda: True,
    ) -> dict[bytes, str]:
        """Make the updates; why those were not made that were not, by ref: of an atomic push either none or all.

        `allow` is asked once more when everything is ready. Raises Refused for what the pack holds, and StorageError
        and OSError; nothing has changed then. The pack is done with.
        """
        needed = True
        try:
            checked = None if pack is None else self._check(pack)
            with self._lock:
                problems, needed = self._commit(updates, checked, pack, atomic or self._atomic, actor, allow)
        except Refused:
            needed = False
            raise
        finally:
            # Where nobody knows whether a transaction was committed, its pack is left to the next sweep.
            if pack is not None:
                pack.close(needed=needed)
        return problems

    def collect(self) -> int:
        """Forget what no ref needs, nor has needed within the grace; how many objects that were."""
        with self._lock:
            with Transaction(self._writer):
                found = collect(View(self._writer, self.blobs), self._clock.now() - self._grace)
            for blob in found.blobs:
                self.blobs.delete(blob)
        return found.objects

    def copy_to(self, folder: Path) -> None:
        """Make a repository in a folder that is not there yet, with what this one has now, and no changelog.

        Raises StorageError and OSError.
        """
        with self._lock:
            blobs = BlobStore(folder / "blobs")
            for (name,) in self._writer.execute("SELECT blob FROM pack WHERE blob IS NOT NULL").fetchall():
                self.blobs.link(name, blobs)
            copy = connect(folder / "git.sqlite")
            self._writer.backup(copy)
            copy.executescript("BEGIN; DELETE FROM change; DELETE FROM push; COMMIT;")
            copy.close()

    def _borrow(self) -> sqlite3.Connection:
        with self._pool_lock:
            if self._pool:
                return self._pool.pop()
        return connect(self._path)

    def _check(self, pack: Spool) -> Checked:
        with self.view() as view, pack.view() as data:
            checked = check_pack(data, self.limits, view)
        settle(checked, pack)
        return checked

    def _commit(
        self,
        updates: Sequence[Update],
        checked: Checked | None,
        pack: Spool | None,
        atomic: bool,
        actor: str,
        allow: Callable[[], bool],
    ) -> tuple[dict[bytes, str], bool]:
        view, taken = View(self._writer, self.blobs), False
        problems: dict[bytes, str] = {}
        if pack is not None:
            pack.keep()
        try:
            with Transaction(self._writer):
                if not allow():
                    problems = {update.ref: "the token does not allow it" for update in updates}
                    raise _Undone
                if checked is not None and pack is not None:
                    taken = take(self._writer, checked, pack)
                kinds, problems = apply(view, updates)
                if not kinds or (atomic and problems):
                    raise _Undone
                record(self._writer, self._clock.now(), actor, updates, kinds)
                self._choose_head(view)
        except _Undone:
            others = {update.ref: "atomic push failure" for update in updates}
            return {**others, **problems}, False
        return problems, taken

    def _choose_head(self, view: View) -> None:
        """The first branch to come is what HEAD stands for, where that which it stood for is not there."""
        if self._writer.execute("SELECT 1 FROM ref WHERE name = ?", (view.head(),)).fetchone():
            return
        between = (b"refs/heads/", b"refs/heads0")
        branches = [row[0] for row in self._writer.execute("SELECT name FROM ref WHERE name > ? AND name < ?", between)]
        if branches:
            first = next((one for one in _USUAL if one in branches), branches[0])
            self._writer.execute("UPDATE meta SET head = ?", (first,))
