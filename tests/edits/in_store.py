# SPDX-License-Identifier: Apache-2.0
"""Slips in the reference's store: versions, keys, the changelog, restores, and which alarm a write replaces."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.edits.edit import Edit

__all__ = ["IN_STORE"]


def _store(name: str, old: str, new: str, slip: str, *cases: str) -> Edit:
    return Edit(name, "impl/durable/store.py", old, new, slip, cases)


IN_STORE: Final = (
    _store(
        "expects-nothing-newer",
        "if expected is not None and expected != current:",
        "if expected is not None and expected > current:",
        "A write that is based on an older version is accepted: only one from the future is refused.",
        "outbox",
    ),
    _store(
        "expects-not-the-one-before",
        "if expected is not None and expected != current:",
        "if expected is not None and expected == current - 1:",
        "Only the version just before the current one is refused: who is two behind overwrites both.",
        "outbox",
    ),
    _store(
        "expects-zero-of-nobody",
        "if expected is not None and expected != current:",
        "if expected and expected != current:",
        "Who expects version 0, as all who create a config do, is taken for somebody who expects nothing.",
        "outbox",
    ),
    _store(
        "counts-the-repeated",
        "return WriteResult(first, repeated=True)",
        "return WriteResult(self.version(), repeated=True)",
        "A repeated write is answered with the version that is current by now, not with its own.",
        "outbox-faults",
    ),
    _store(
        "says-new-of-the-repeated",
        "return WriteResult(first, repeated=True)",
        "return WriteResult(first)",
        "A repeated write is answered as if it had been made just now.",
        "outbox-faults",
    ),
    _store(
        "keys-until-the-next-write",
        '"SELECT version FROM entry WHERE idempotency_key = ?", (idempotency_key,)).fetchone()',
        '"SELECT version FROM entry WHERE idempotency_key = ? AND version = (SELECT version FROM meta)",\n'
        "            (idempotency_key,)).fetchone()",
        "A key is remembered until the next write only: who is slow to repeat has the write made twice.",
        "outbox-faults",
    ),
    _store(
        "keeps-the-keys",
        'self._execute("DELETE FROM entry WHERE version > ?", (version,))',
        'self._execute("UPDATE entry SET version = -version WHERE version > ?", (version,))',
        "A restore puts the entries aside instead of deleting them, and their keys go on answering.",
        "rollback",
    ),
    _store(
        "keeps-the-era",
        "SET version = ?, era = era + 1",
        "SET version = ?, era = era",
        "A restore leaves the era as it was, and restored versions look like those that they replace.",
        "rollback-epoch",
    ),
    _store(
        "restores-what-was-there-last",
        "if first.setdefault(name, when) == when:",
        "first[name] = when\n            if first[name] == when:",
        "A restore takes a field's value from before its last change, not from before its first one since.",
        "restores-in-flight",
    ),
    _store(
        "restores-no-absence",
        "for name, text in self._texts_at(version).items():\n                self._set(name, text)",
        "for name, text in self._texts_at(version).items():\n                self._set(name, text or self._text(name))",
        "A restore leaves a field in place that was not there then.",
        "rollback",
    ),
    _store(
        "restore-waits-its-turn",
        "if self._outbox:\n                self.arm_for_restore(self.alarm())",
        "if self._outbox:\n                self._arm_for_write()",
        "A restore arms the alarm as a write does: a retry that is waited for is not hurried.",
        "restores-among-failures",
    ),
    _store(
        "restores-unseen",
        "            if self._outbox:\n"
        "                self.arm_for_restore(self.alarm())\n        return self.status()",
        "        return self.status()",
        "A restore arms nothing: what was restored is published with the next write.",
        "rollback",
    ),
    _store(
        "restores-one-too-few",
        'self._execute("DELETE FROM change WHERE version > ?", (version,))',
        'self._execute("DELETE FROM change WHERE version > ? + 1", (version,))',
        "The changes of the first version that a restore takes back stay in the changelog.",
        "rollback",
    ),
    _store(
        "moved-on-by-version-alone",
        "if (version, era) != (published.version, published.era):",
        "if version != published.version:",
        "A restore and a new write during a put bring the same number back, and are not published.",
        "restores-in-flight",
    ),
    _store(
        "moved-on-if-newer",
        "if (version, era) != (published.version, published.era):",
        "if version > published.version:",
        "What has moved on during a put is published at once only where its version is the larger one.",
        "restores-in-flight",
    ),
    _store(
        "beats-before-it-looks",
        "            if (version, era) != (published.version, published.era):\n"
        '                self._arm(max(self._clock.now(), not_before), "sync")\n'
        "            elif beat_at is not None:\n"
        '                self._arm(beat_at, "beat")',
        "            if beat_at is not None:\n"
        '                self._arm(beat_at, "beat")\n'
        "            elif (version, era) != (published.version, published.era):\n"
        '                self._arm(max(self._clock.now(), not_before), "sync")',
        "With a heartbeat, a write during a put waits for the next beat.",
        "late-put-heartbeat",
    ),
    _store(
        "failures-for-ever",
        'self._execute("UPDATE meta SET attempts = 0")\n            self.disarm()',
        "self.disarm()",
        "A success does not end the count of failures: the waits grow and never shrink.",
        "outbox-faults",
    ),
    _store(
        "counts-no-attempt",
        'self._execute("UPDATE meta SET attempts = attempts + 1")\n            self._arm(lease_until',
        "self._arm(lease_until",
        "Attempts are not counted: every wait after a failure is the first one.",
        "outbox-faults",
    ),
    _store(
        "a-lease-that-spares",
        'self._arm(lease_until, "lease")',
        "self._execute(\"UPDATE alarm SET due = ? WHERE reason <> 'retry'\", (lease_until,))",
        "The lease moves the alarm but leaves its reason, and not that of a retry: it fires beside its own put.",
        "outbox-faults",
    ),
    _store(
        "a-write-puts-off-a-due-beat",
        "WHERE reason = 'beat' AND due > excluded.due",
        "WHERE reason = 'beat'",
        "A write takes the place of a heartbeat that is due already: a stream of writes puts it off for ever.",
        "late-put-heartbeat",
    ),
    _store(
        "a-write-hurries-a-retry",
        "WHERE reason = 'beat' AND due > excluded.due",
        "WHERE reason IN ('beat', 'retry') AND due > excluded.due",
        "A write has a failed put tried again at once.",
        "outbox-faults",
    ),
    _store(
        "a-write-breaks-the-lease",
        "WHERE reason = 'beat' AND due > excluded.due",
        "WHERE due > excluded.due",
        "A write during a put takes the lease's place, and a second put goes out beside the first.",
        "outbox-faults",
    ),
    _store(
        "a-write-waits-for-the-beat",
        'ON CONFLICT DO UPDATE "\n'
        "            \"SET due = excluded.due, reason = excluded.reason WHERE reason = 'beat' AND due > excluded.due\"",
        'ON CONFLICT DO NOTHING"',
        "A write waits for the heartbeat instead of taking its place.",
        "late-put-heartbeat",
    ),
    _store(
        "disarms-too-late",
        "            self.disarm()\n"
        '            version, era = self._execute("SELECT version, era FROM meta").fetchone()',
        '            version, era = self._execute("SELECT version, era FROM meta").fetchone()',
        "The lease stays after a success: what is published already is put once more.",
        "outbox",
    ),
    _store(
        "logs-the-new-value-twice",
        "row = (version, name, part, part_of(old, part), part_of(new, part))",
        "row = (version, name, part, part_of(new, part), part_of(new, part))",
        "The changelog has the new value on both sides.",
        "outbox",
    ),
    _store(
        "logs-what-is-different",
        "            old = before[name]\n",
        "            old = before[name]\n            if old == new and len(after) > 1:\n                continue\n",
        "A field that was set to what it was already is not in the changelog of its write.",
        "outbox",
    ),
    _store(
        "logs-the-store-as-actor",
        '"INSERT INTO entry VALUES (?, ?, ?, ?)", (version, actor, self._clock.now(), key)',
        '"INSERT INTO entry VALUES (?, ?, ?, ?)", (version, "store", self._clock.now(), key)',
        "The changelog says that the store did it, whoever it was.",
        "outbox",
    ),
    _store(
        "logs-milliseconds",
        '"INSERT INTO entry VALUES (?, ?, ?, ?)", (version, actor, self._clock.now(), key)',
        '"INSERT INTO entry VALUES (?, ?, ?, ?)", (version, actor, self._clock.now() * 1000, key)',
        "The changelog has its times in milliseconds where all others have seconds.",
        "outbox",
    ),
    _store(
        "keeps-what-is-removed",
        '        count = parts(text)\n        self._execute("DELETE FROM field',
        "        count = parts(text)\n        if count == 0:\n"
        '            return\n        self._execute("DELETE FROM field',
        "A field that a write removes stays in the config, although the changelog says that it has gone.",
        "outbox",
    ),
    _store(
        "null-is-removed",
        "name: None if value is REMOVED else to_json(value)",
        "name: None if value is REMOVED or value is None else to_json(value)",
        "A field that is set to null is removed.",
        "outbox",
    ),
    _store(
        "statements-the-other-way-round",
        'self._transaction if statements == "transaction" else NoTransaction()',
        'self._transaction if statements == "bare" else NoTransaction()',
        "Writes are in a transaction where that is to be avoided, and only there.",
        "transaction",
    ),
    _store(
        "arms-for-keys-only",
        "        self._log(version, before, texts, actor, key)\n"
        '        self._step("changelog")\n'
        "        if self._outbox:\n"
        "            self._arm_for_write()\n"
        '            self._step("alarm")',
        "        self._log(version, before, texts, actor, key)\n"
        '        self._step("changelog")\n'
        "        if self._outbox and key is not None:\n"
        "            self._arm_for_write()\n"
        '            self._step("alarm")',
        "A write without an idempotency key arms no alarm.",
        "blind-retry",
    ),
    _store(
        "conflicts-before-the-key",
        "            if idempotency_key is not None:\n"
        "                first = self.version_of(idempotency_key)\n"
        "                if first is not None:\n"
        "                    return WriteResult(first, repeated=True)\n"
        "            current = self.version()\n"
        "            self._check(expected_version, current)\n",
        "            current = self.version()\n"
        "            self._check(expected_version, current)\n"
        "            if idempotency_key is not None:\n"
        "                first = self.version_of(idempotency_key)\n"
        "                if first is not None:\n"
        "                    return WriteResult(first, repeated=True)\n",
        "A repeated write is refused, because its own first time has moved the version that it expects.",
        "outbox-faults",
    ),
    _store(
        "changelog-with-the-version-asked-for",
        'f"WHERE version > ? {',
        'f"WHERE version >= ? {',
        "Who asks for what came after a version is told that version's changes as well.",
        "outbox",
    ),
)
"""The slips; names are unique among all."""
