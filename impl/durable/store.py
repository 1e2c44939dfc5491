# SPDX-License-Identifier: Apache-2.0
"""The truth about one unit: its config, its changelog and its alarm in one SQLite database with a single writer.

A store is what a Durable Object of the unit keeps. A write changes the config, logs the change and arms the alarm in
one transaction, so that a crash finds all of it or nothing (`transactionSync`; an alarm set inside it commits with it).

KV takes one write a second of a key (Workers KV, "Write key-value pairs"). When the last put was confirmed is kept with
the rest, also over a crash, and no alarm is set for sooner than a second after that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from attrs import frozen

from edgeproof.impl.durable.database import NoTransaction, Transaction, joined, part_of, parts
from edgeproof.impl.runtime import Clock
from edgeproof.impl.snapshot import REMOVED, ChangelogEntry, Changes, Snapshot, from_json, to_json

__all__ = [
    "Alarm",
    "AlarmReason",
    "ConfigStore",
    "Status",
    "StoreError",
    "VersionConflict",
    "WriteResult",
]

NAME_BYTES: Final = 1024
"""Longest field name; with it a row stays below the 2 MB."""

AlarmReason = Literal["sync", "lease", "retry", "beat", "again"]
"""Why the alarm is armed: something to publish, an attempt under way, one that failed, a heartbeat, an alarm that was
overdue."""

_STATUS: Final = """
SELECT meta.version, meta.era, meta.attempts, (SELECT COUNT(*) FROM entry), alarm.due, alarm.reason,
alarm.runs
FROM meta LEFT JOIN alarm ON alarm.id = 1
"""


class StoreError(Exception):
    """The store cannot do what was asked; nothing has changed."""


class VersionConflict(StoreError):
    """The writer expected another version than the current one; nothing has changed."""

    def __init__(self, expected: int, current: int) -> None:
        super().__init__(f"expected version {expected}, but the current one is {current}")
        self.expected, self.current = expected, current


@frozen(slots=True)
class WriteResult:
    """The version that a write made, and whether an earlier write with the same idempotency key had made it."""

    version: int
    repeated: bool = False


@frozen(slots=True)
class Alarm:
    """The one alarm of the unit: when it is due (seconds of the store's clock), and why."""

    due: float
    reason: AlarmReason
    runs: int = 0
    """How often the handler has been run for it without success."""


@frozen(slots=True)
class Status:
    """How the store stands."""

    version: int
    era: int
    """Restores so far."""
    attempts: int
    """Attempts to publish that were begun since the last success."""
    logged: int
    """Writes in the changelog."""
    alarm: Alarm | None


def _nothing(*about: Snapshot) -> None:
    """What most publications have to note of an attempt."""


class ConfigStore:
    """The config of one unit. It keeps nothing in memory: after a crash a new one over the same database goes on.

    `statements` says whether a write is one "transaction", or "bare": each statement commits by itself, as in a handler
    that neither wraps its statements nor catches what they raise. `outbox` says whether writes arm the alarm. `spacing`
    is how many seconds KV wants between two puts of the unit's key. `fault` is called after each step of a write with
    the step's name; what it raises strikes there.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Clock,
        *,
        statements: str = "transaction",
        outbox: bool = True,
        spacing: float = 0.0,
        fault: Callable[[str], None] | None = None,
    ) -> None:
        if statements not in ("transaction", "bare"):
            raise ValueError(f"statements are a transaction or bare, not {statements!r}")
        self._connection, self._clock = connection, clock
        self._execute = connection.execute
        self._transaction = Transaction(connection)
        self._around_a_write = self._transaction if statements == "transaction" else NoTransaction()
        self._outbox, self._spacing, self._fault = outbox, spacing, fault

    # --- reading

    def status(self) -> Status:
        """How the store stands."""
        version, era, attempts, logged, due, reason, runs = self._execute(_STATUS).fetchone()
        return Status(version, era, attempts, logged, None if reason is None else Alarm(due, reason, runs))

    def version(self) -> int:
        """The number of config states so far; 0 is the empty config."""
        found: int = self._execute("SELECT version FROM meta").fetchone()[0]
        return found

    def alarm(self) -> Alarm | None:
        """The alarm, if it is armed."""
        row = self._execute("SELECT due, reason, runs FROM alarm").fetchone()
        return None if row is None else Alarm(*row)

    def snapshot(self) -> Snapshot:
        """The whole config, with its version and era."""
        version, era = self._execute("SELECT version, era FROM meta").fetchone()
        texts: dict[str, str] = {}
        for name, text in self._execute("SELECT name, json FROM field ORDER BY name, part"):
            texts[name] = texts[name] + text if name in texts else text
        return Snapshot(version, era, {name: from_json(text) for name, text in texts.items()})

    def field(self, name: str) -> tuple[Any, int] | None:
        """A field's value and the version that changed it last; None if it is absent."""
        text = self._text(name)
        if text is None:
            return None
        version: int = self._execute("SELECT MAX(version) FROM change WHERE field = ?", (name,)).fetchone()[0]
        return from_json(text), version

    def names(self, after: str, limit: int) -> list[str]:
        """The names of fields that follow `after`, in the order of their UTF-8 bytes, at most `limit` of them."""
        rows = self._execute("SELECT name FROM field WHERE name > ? AND part = 0 ORDER BY name LIMIT ?", (after, limit))
        return [row[0] for row in rows]

    def size(self) -> tuple[int, int]:
        """How many fields there are, and about how many bytes of JSON text."""
        count, size = self._execute(
            "SELECT COUNT(*) FILTER (WHERE part = 0), COALESCE(SUM(LENGTH(json)"
            " + CASE part WHEN 0 THEN LENGTH(name) + 4 ELSE 0 END), 0) FROM field"
        ).fetchone()
        return count, size

    def changelog(self, since: int = 0, name: str | None = None) -> list[ChangelogEntry]:
        """What was changed after version `since`, oldest first and by field within a version; of one field alone, if
        it is named.
        """
        rows = self._execute(
            "SELECT version, field, old, new, actor, at, idempotency_key FROM change JOIN entry USING (version) "
            f"WHERE version > ? {'' if name is None else 'AND field = ?'} ORDER BY version, field, part",
            (since,) if name is None else (since, name),
        )
        whole: dict[tuple[int, str], tuple[str | None, str | None, tuple[Any, ...]]] = {}
        for version, field, old, new, *about in rows:
            before = whole.get((version, field))
            if before is not None:
                old, new = joined(before[0], old), joined(before[1], new)
            whole[version, field] = (old, new, tuple(about))
        return [ChangelogEntry(*where, _value(old), _value(new), *about) for where, (old, new, about) in whole.items()]

    def unlogged(self) -> list[int]:
        """The versions that no changelog entry accounts for; a write that was cut in half leaves one."""
        logged = {row[0] for row in self._execute("SELECT version FROM entry")}
        return [version for version in range(1, self.version() + 1) if version not in logged]

    def version_of(self, idempotency_key: str) -> int | None:
        """The version made by the write that carried this key, if there is one. A key lasts as long as its entry."""
        row = self._execute("SELECT version FROM entry WHERE idempotency_key = ?", (idempotency_key,)).fetchone()
        return None if row is None else row[0]

    # --- writing

    def write(
        self,
        changes: Changes,
        *,
        actor: str,
        expected_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> WriteResult:
        """Change the config, log every field that was named, and arm the alarm unless one is due sooner.

        A key that an earlier write carried gives that write's result, whatever `changes` and `expected_version` say.
        Raises VersionConflict, ValueError and TypeError (field names and values that cannot be kept) before anything
        has changed.
        """
        texts = _texts(changes)
        with self._around_a_write:
            if idempotency_key is not None:
                first = self.version_of(idempotency_key)
                if first is not None:
                    return WriteResult(first, repeated=True)
            current = self.version()
            self._check(expected_version, current)
            self._change(current + 1, texts, actor, idempotency_key)
            return WriteResult(current + 1)

    def restore(self, version: int) -> Status:
        """Point-in-time recovery: config, changelog and idempotency keys go back to how they stood at `version`.

        The era is what does not go back: it goes up, since versions from here on repeat numbers that copies may carry.
        (A platform that restores the whole database has to be told the era by whoever asks for the restore.) The alarm
        is armed to publish what was restored. Raises StoreError for a version that is not in the past, and
        where the changelog has gaps.
        """
        with self._transaction:
            status = self.status()
            if not 0 <= version <= status.version:
                raise StoreError(f"there is no version {version} to go back to; the current one is {status.version}")
            (newer,) = self._execute("SELECT COUNT(*) FROM entry WHERE version > ?", (version,)).fetchone()
            if newer != status.version - version:
                raise StoreError(f"the changelog does not account for every version after {version}")
            for name, text in self._texts_at(version).items():
                self._set(name, text)
            self._execute("DELETE FROM change WHERE version > ?", (version,))
            self._execute("DELETE FROM entry WHERE version > ?", (version,))
            self._execute("UPDATE meta SET version = ?, era = era + 1", (version,))
            if self._outbox:
                self.arm_for_restore(self.alarm())
        return self.status()

    # --- publishing

    def begin_attempt(self, lease_until: float, note: Callable[[Snapshot], None] = _nothing) -> Snapshot:
        """Lease the alarm and read the config, in one transaction, in which `note` may write down more about it.

        The alarm is due again at `lease_until`: whoever dies in the middle of the attempt is followed by another.
        Raises what `note` raises; nothing has changed then.
        """
        with self._transaction:
            self._execute("UPDATE meta SET attempts = attempts + 1")
            self._arm(lease_until, "lease")
            snapshot = self.snapshot()
            note(snapshot)
            return snapshot

    def end_attempt(
        self,
        published: Snapshot,
        beat_at: float | None,
        *,
        note: Callable[[], None] = _nothing,
        not_before: float = 0.0,
    ) -> None:
        """`published` is in KV. Publish again at once if the config has moved on, else at `beat_at`, if at all.

        At once is now, but not before `not_before`. `note` may write down more in the same transaction. Raises
        what it raises; nothing has changed then.
        """
        with self._transaction:
            self._execute("INSERT OR REPLACE INTO pace VALUES (1, ?)", (self._clock.now(),))
            note()
            self._execute("UPDATE meta SET attempts = 0")
            self.disarm()
            version, era = self._execute("SELECT version, era FROM meta").fetchone()
            if (version, era) != (published.version, published.era):
                self._arm(max(self._clock.now(), not_before), "sync")
            elif beat_at is not None:
                self._arm(beat_at, "beat")

    def count_run(self) -> None:
        """The platform is about to run the handler for the alarm."""
        self._execute("UPDATE alarm SET runs = runs + 1")

    def arm(self, due: float, reason: AlarmReason) -> None:
        """Set the alarm, or put off the one that is set; its runs so far still count. It is due once KV takes a put."""
        self._arm(due, reason)

    def arm_for_restore(self, found: Alarm | None) -> None:
        """Have what was restored published: at once, or by whoever follows an attempt that is `found` under way.

        The put of that may land until then, though a crash cuts it off, and KV would refuse another within a second.
        An attempt that ends finds that the config has moved on, and has it published at once.
        """
        if self._spacing and found is not None and found.reason == "lease":
            self._arm(found.due, "lease")
        else:
            self._arm(self._clock.now(), "sync")

    def disarm(self) -> None:
        """Take the alarm away."""
        self._execute("DELETE FROM alarm")

    # --- steps

    def _check(self, expected: int | None, current: int) -> None:
        if expected is not None and expected != current:
            raise VersionConflict(expected, current)

    def _change(self, version: int, texts: Mapping[str, str | None], actor: str, key: str | None) -> None:
        before = {name: self._text(name) for name in texts}
        self._execute("UPDATE meta SET version = ?", (version,))
        self._step("version")
        for name, text in texts.items():
            self._set(name, text)
            self._step(f"field {name}")
        self._log(version, before, texts, actor, key)
        self._step("changelog")
        if self._outbox:
            self._arm_for_write()
            self._step("alarm")

    def _log(
        self,
        version: int,
        before: Mapping[str, str | None],
        after: Mapping[str, str | None],
        actor: str,
        key: str | None,
    ) -> None:
        self._execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (version, actor, self._clock.now(), key))
        for name, new in after.items():
            old = before[name]
            # A field that was absent and still is has a row too: a version without one would be a gap.
            for part in range(max(parts(old), parts(new), 1)):
                row = (version, name, part, part_of(old, part), part_of(new, part))
                self._execute("INSERT INTO change VALUES (?, ?, ?, ?, ?)", row)

    def _arm_for_write(self) -> None:
        # Only a heartbeat that is yet to come is replaced. Any other alarm reads the config when it fires, this write
        # included, and arming it anew would let a stream of writes put off publishing for ever.
        self._execute(
            "INSERT INTO alarm VALUES (1, ?, 'sync', 0) ON CONFLICT DO UPDATE "
            "SET due = excluded.due, reason = excluded.reason WHERE reason = 'beat' AND due > excluded.due",
            (max(self._clock.now(), self._free()),),
        )

    def _arm(self, due: float, reason: AlarmReason) -> None:
        self._execute(
            "INSERT INTO alarm VALUES (1, ?, ?, 0) ON CONFLICT DO UPDATE "
            "SET due = excluded.due, reason = excluded.reason",
            (max(due, self._free()), reason),
        )

    def _free(self) -> float:
        """From when KV takes another put of the unit's key; since ever, where none is known that it took."""
        if not self._spacing:
            return float("-inf")
        attempts, confirmed = self._execute("SELECT attempts, (SELECT confirmed FROM pace) FROM meta").fetchone()
        now = self._clock.now()
        if attempts:
            # That of an attempt which failed, or is under way, it may have taken at any time until now.
            confirmed = now
        # By a clock that was put back a put is yet to come: better one refusal than to wait for that.
        return float("-inf") if confirmed is None or confirmed > now else confirmed + self._spacing

    def _text(self, name: str) -> str | None:
        rows = self._execute("SELECT json FROM field WHERE name = ? ORDER BY part", (name,)).fetchall()
        return "".join(row[0] for row in rows) if rows else None

    def _texts_at(self, version: int) -> dict[str, str | None]:
        """What the fields changed after `version` held then: the old value of each one's first change since."""
        first: dict[str, int] = {}
        texts: dict[str, str | None] = {}
        for when, name, old in self._execute(
            "SELECT version, field, old FROM change WHERE version > ? ORDER BY version, field, part", (version,)
        ):
            if first.setdefault(name, when) == when:
                texts[name] = joined(texts.get(name), old)
        return texts

    def _set(self, name: str, text: str | None) -> None:
        count = parts(text)
        self._execute("DELETE FROM field WHERE name = ? AND part >= ?", (name, count))
        for part in range(count):
            self._execute("INSERT OR REPLACE INTO field VALUES (?, ?, ?)", (name, part, part_of(text, part)))

    def _step(self, name: str) -> None:
        if self._fault is not None:
            self._fault(name)


def _texts(changes: Changes) -> dict[str, str | None]:
    if not changes:
        raise ValueError("a write changes at least one field")
    for name in changes:
        if not 1 <= len(name.encode()) <= NAME_BYTES:
            raise ValueError(f"a field name has 1 to {NAME_BYTES} bytes of UTF-8, not {len(name.encode())}")
    return {name: None if value is REMOVED else to_json(value) for name, value in changes.items()}


def _value(text: str | None) -> Any:
    return REMOVED if text is None else from_json(text)
