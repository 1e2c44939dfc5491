# SPDX-License-Identifier: Apache-2.0
"""What a driven system shows of its contents: JSON texts, made anew only where something has changed."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from typing import Any, Final

from edgeproof.impl.driven.setup import TICK
from edgeproof.impl.durable.database import Rows, rows
from edgeproof.impl.durable.store import ConfigStore, Status
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.snapshot import REMOVED, ChangelogEntry, Snapshot, to_json, to_kv
from edgeproof.impl.system import Value

__all__ = ["LATELY", "Held", "Texts", "changelog_text", "copy_text", "counted_from", "entry_said", "ticks_of"]

LATELY: Final = 2
"""Who asks for a part of the changelog has all versions but so many."""

_LONG: Final = 20
"""Versions; the whole of a shorter changelog is read each time."""


class Held:
    """What a store holds. It is asked again only where a row has changed."""

    def __init__(self) -> None:
        self._as_of: tuple[Connection | None, int] = (None, 0)
        self._status: tuple[ConfigStore, int, Status] | None = None
        self._rows = Rows([], [], [], [])
        self._snapshot: Snapshot | None = None
        self._entries: list[ChangelogEntry] | None = None
        self._texts: tuple[str, str, str] | None = None
        self._logged = _Logged()

    def status(self, store: ConfigStore, connection: Connection) -> Status:
        """How the store stands; one that has taken its place is asked anew."""
        known, changes = self._status, connection.total_changes
        if known is None or known[0] is not store or known[1] != changes:
            known = self._status = (store, changes, store.status())
        return known[2]

    def snapshot(self, store: ConfigStore, connection: Connection) -> Snapshot:
        """The whole config."""
        self._look(connection)
        if self._snapshot is None:
            self._snapshot = store.snapshot()
        return self._snapshot

    def entries(self, store: ConfigStore, connection: Connection) -> list[ChangelogEntry]:
        """The whole changelog."""
        self._look(connection)
        if self._entries is None:
            self._entries = store.changelog()
        return self._entries

    def texts(self, store: ConfigStore, connection: Connection) -> tuple[str, str, str]:
        """The whole config, the whole changelog, and what somebody asks for who has all but the last versions."""
        snapshot = self.snapshot(store, connection)
        if self._texts is None:
            later = changelog_text(store.changelog(max(0, snapshot.version - LATELY)))
            logged = self._logged.text(store, self._rows, snapshot.version)
            self._texts = (to_kv(snapshot)[0].decode(), logged, later)
        return self._texts

    def shown(self, store: ConfigStore, connection: Connection) -> dict[str, str]:
        """The texts, under the names by which systems show them."""
        return dict(zip(("config", "logged", "later"), self.texts(store, connection), strict=True))

    def _look(self, connection: Connection) -> None:
        as_of = (connection, connection.total_changes)
        if as_of == self._as_of:
            return
        # Most statements change the alarm alone.
        self._as_of, before, self._rows = as_of, self._rows, rows(connection)
        if self._rows != before:
            self._snapshot = self._entries = self._texts = None


class _Logged:
    """The text of a changelog. Of a long one to which entries are added only those are read."""

    def __init__(self) -> None:
        self._rows, self._version, self._text = Rows([], [], [], []), 0, ""

    def text(self, store: ConfigStore, now: Rows, version: int) -> str:
        """The whole changelog of a store that is at a `version`, and has these rows."""
        known, since = self._rows, self._version
        self._rows, self._version = now, version
        added = [*now.entry[len(known.entry) :], *now.change[len(known.change) :]]
        as_before = now.entry[: len(known.entry)] == known.entry and now.change[: len(known.change)] == known.change
        if since < _LONG or not as_before or any(row[0] <= since for row in added):
            self._text = changelog_text(store.changelog())
        elif added:
            self._text = f"{self._text[:-1]},{changelog_text(store.changelog(since))[1:]}"
        return self._text


class Texts:
    """The texts of snapshots, each made once: a snapshot is never changed."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Snapshot, str]] = {}

    def of(self, snapshot: Snapshot | None) -> str | None:
        """The text of a copy; None for none."""
        if snapshot is None:
            return None
        known = self._known.get(id(snapshot))
        if known is None:
            # The snapshot is kept as well: what is gone may leave its id to another.
            known = self._known[id(snapshot)] = (snapshot, to_kv(snapshot)[0].decode())
        return known[1]


def copy_text(entry: KVEntry | None) -> str | None:
    """A copy in KV or in a cache, as it is."""
    return None if entry is None else entry.value.decode()


def changelog_text(entries: Iterable[ChangelogEntry]) -> str:
    """A changelog whose times are seconds since the run began."""
    return to_json([_entry(one) for one in entries])


def _entry(one: ChangelogEntry) -> dict[str, Any]:
    about = {"version": one.version, "field": one.field, "actor": one.actor, "at": ticks_of(one.at)}
    if one.old is not REMOVED:
        about["old"] = one.old
    if one.new is not REMOVED:
        about["new"] = one.new
    return entry_said(about, one.idempotency_key)


def entry_said(about: dict[str, Any], key: str | None) -> dict[str, Any]:
    """An entry of the changelog as contents have it."""
    return about if key is None else {**about, "key": key}


def ticks_of(seconds: float) -> float:
    """Ticks; a whole number of them as an integer."""
    ticks = round(seconds / TICK, 6)
    return int(ticks) if ticks.is_integer() else ticks


_COUNTED: Final = ("config", "logged", "torn", "acked", "sent", "carries", "kv", "cache", "kept", "served")


def counted_from(before: int, seen: dict[str, Value], names: Iterable[str] = _COUNTED) -> dict[str, Value]:
    """An observation in which versions are counted from the run's beginning, `before` which there were so many.

    0 stays 0, which says that there is none, and so does what says that a copy is not to be believed.
    """
    return seen if before == 0 else {**seen, **{name: _less(seen[name], before) for name in names if name in seen}}


def _less(value: Value, before: int) -> Value:
    if isinstance(value, tuple):
        return tuple(one - before if one > 0 else one for one in value if isinstance(one, int))
    assert isinstance(value, int)
    return value - before if value > 0 else value
