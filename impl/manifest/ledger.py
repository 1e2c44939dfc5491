# SPDX-License-Identifier: Apache-2.0
"""What a Durable Object remembers of its parts: which may be stored, which surely are, and since when none needs them.

A row is written before the part is put and goes once its delete is confirmed, so that whatever is in the part store has
a row, and `stored` only says what is certain. The rows are in the object's own database and change with its config.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.manifest.parts import Names, by_digest, split
from edgeproof.impl.runtime import Clock
from edgeproof.impl.snapshot import to_json

__all__ = ["CountingStore", "LedgerRow", "PartLedger"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, stored INTEGER NOT NULL, released_at REAL)
"""

_AMONG: Final = "(SELECT value FROM json_each(?))"
"""One parameter for any number of names: a statement of a Durable Object takes 100 (Durable Objects limits page)."""


@frozen(slots=True)
class LedgerRow:
    """One part: whether it surely is in the part store, and when its grace began, None while something needs it."""

    name: str
    stored: bool
    released_at: float | None


class PartLedger:
    """The rows of one unit's parts. It keeps nothing in memory."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        connection.execute(_SCHEMA)
        self._execute, self._clock = connection.execute, clock

    def wipe(self) -> None:
        """Forget everything."""
        self._execute("DELETE FROM part")

    def rows(self) -> list[LedgerRow]:
        """Every row, in the order of the names."""
        found = self._execute("SELECT name, stored, released_at FROM part ORDER BY name").fetchall()
        return [LedgerRow(name, bool(stored), released) for name, stored, released in found]

    def begin(self, names: Sequence[str]) -> None:
        """These are about to be published: each has a row, and no grace."""
        self._execute("INSERT OR IGNORE INTO part SELECT value, 0, NULL FROM json_each(?)", (_list(names),))
        self.need(names)

    def stored_among(self, names: Iterable[str]) -> set[str]:
        """Those of some parts that surely are stored."""
        found = self._execute(f"SELECT name FROM part WHERE stored AND name IN {_AMONG}", (_list(names),))
        return {row[0] for row in found}

    def need(self, names: Iterable[str]) -> None:
        """Something needs these, perhaps again: their grace is over."""
        self._execute(f"UPDATE part SET released_at = NULL WHERE name IN {_AMONG}", (_list(names),))

    def release_others(self, names: Iterable[str]) -> None:
        """Nothing needs the parts but these any more: the grace of those for which it does not run yet begins."""
        self._execute(
            f"UPDATE part SET released_at = ? WHERE released_at IS NULL AND name NOT IN {_AMONG}",
            (self._clock.now(), _list(names)),
        )

    def believe(self, names: Sequence[str], stored: Set[str]) -> None:
        """Of these parts, those in `stored` are there, and of the others nobody knows."""
        self._execute(
            f"UPDATE part SET stored = name IN {_AMONG} WHERE name IN {_AMONG}", (_list(stored), _list(names))
        )

    def stored(self, name: str) -> None:
        """The part surely is in the part store."""
        self._execute("UPDATE part SET stored = 1 WHERE name = ?", (name,))

    def doubt_all(self) -> None:
        """Any part may be in the part store or not."""
        self._execute("UPDATE part SET stored = 0 WHERE stored")

    def doubt(self, name: str) -> None:
        """The part may be in the part store or not."""
        self._execute("UPDATE part SET stored = 0 WHERE name = ?", (name,))

    def forget(self, name: str) -> None:
        """The part is gone."""
        self._execute("DELETE FROM part WHERE name = ?", (name,))

    def released_for(self, seconds: float) -> list[str]:
        """The parts whose grace began more than so many seconds ago, longest first."""
        # More than: at exactly that age a reader may still hold a manifest that names the part.
        before = self._clock.now() - seconds
        found = self._execute("SELECT name FROM part WHERE released_at < ? ORDER BY released_at, name", (before,))
        return [row[0] for row in found]

    def released(self) -> list[str]:
        """The parts that nothing needs any more."""
        found = self._execute("SELECT name FROM part WHERE released_at IS NOT NULL ORDER BY released_at, name")
        return [row[0] for row in found]


class CountingStore(ConfigStore):
    """A store that counts the grace of parts from the write that drops them, in that write's transaction.

    Every write makes parts of the whole config for it (0.5 s for 25 MB, measured). Whoever counts from the confirmed
    put instead needs no such store.
    """

    def __init__(
        self, connection: sqlite3.Connection, clock: Clock, *, names: Names = by_digest, target: int, **more: Any
    ) -> None:
        super().__init__(connection, clock, **more)
        self._ledger, self._names, self._target = PartLedger(connection, clock), names, target

    def _change(self, version: int, texts: Mapping[str, str | None], actor: str, key: str | None) -> None:
        super()._change(version, texts, actor, key)
        manifest, _ = split(self.snapshot(), names=self._names, target=self._target)
        self._ledger.need(manifest.parts)
        self._ledger.release_others(manifest.parts)


def _list(names: Iterable[str]) -> str:
    return to_json(sorted(names))
