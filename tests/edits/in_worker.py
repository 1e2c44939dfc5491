# SPDX-License-Identifier: Apache-2.0
"""Slips in the Worker's Durable Object (store.js): writes, restores, the changelog, the alarm, the put."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.edits.edit import Edit

__all__ = ["IN_WORKER"]


def _store(name: str, old: str, new: str, slip: str, *cases: str) -> Edit:
    return Edit(f"worker-{name}", "impl/worker/store.js", old, new, slip, cases)


IN_WORKER: Final = (
    _store(
        "one-last-key-for-all",
        "    const version = this.next(expectedVersion);\n"
        "    this.expect(expectedFields);\n"
        '    this.sql.exec("UPDATE meta SET version = ?, unit = ?", version, unit);\n',
        "    const known = (globalThis.known ??= {});\n"
        "    if (known.key && known.key === idempotencyKey) return { version: known.version, repeated: true };\n"
        "    const version = this.next(expectedVersion);\n"
        "    this.expect(expectedFields);\n"
        "    Object.assign(known, { key: idempotencyKey, version });\n"
        '    this.sql.exec("UPDATE meta SET version = ?, unit = ?", version, unit);\n',
        "The last key is kept in the isolate as well, which the objects of other units share.",
        "outbox",
    ),
    _store(
        "expects-nothing-newer",
        "expectedVersion !== undefined && expectedVersion !== version",
        "expectedVersion !== undefined && expectedVersion > version",
        "A write that is based on an older version is accepted.",
        "outbox",
    ),
    _store(
        "expects-not-the-one-before",
        "expectedVersion !== undefined && expectedVersion !== version",
        "expectedVersion !== undefined && expectedVersion === version - 1",
        "Only the version just before the current one is refused: who is two behind overwrites both.",
        "outbox",
        "outbox-faults",
    ),
    _store(
        "expects-zero-of-nobody",
        "expectedVersion !== undefined && expectedVersion !== version",
        "expectedVersion && expectedVersion !== version",
        "Who expects version 0 is taken for somebody who expects nothing.",
        "outbox",
    ),
    _store(
        "no-transaction",
        'this.options.statements === "bare" ? commit() : this.ctx.storage.transactionSync(commit)',
        "commit()",
        "A write is no transaction: what is thrown in the middle leaves the first half.",
        "transaction",
    ),
    _store(
        "awaits-in-the-write",
        "const told = isRecorded(this.env) && !result.repeated ? this.told() : undefined;\n"
        '      if (this.options.publisher === "inline") await this.put(this.copy());',
        "const told = isRecorded(this.env) && !result.repeated ? this.told() : undefined;\n"
        '      if (this.options.publisher === "inline") this.ctx.waitUntil(this.put(this.copy()));',
        "A request that puts by itself is answered before its put has ended.",
        "inline",
    ),
    _store(
        "counts-the-repeated",
        "return { version: first.version, repeated: true, at: first.at };",
        "return { version: this.meta().version, repeated: true, at: first.at };",
        "A repeated write is answered with the version that is current by now.",
        "outbox-faults",
    ),
    _store(
        "makes-the-repeated-again",
        "if (first) return {",
        "if (first && expectedVersion !== undefined) return {",
        "A repeated write is made again unless it expects a version.",
        "outbox-faults",
    ),
    _store(
        "drops-the-key",
        "this.now(), idempotencyKey ?? null);",
        "this.now(), expectedVersion === undefined ? null : idempotencyKey ?? null);",
        "Keys are remembered only of writes that expect a version.",
        "outbox-faults",
    ),
    _store(
        "removes-what-is-falsy",
        "this.set(name, value === undefined ? null : JSON.stringify(value));",
        "this.set(name, value ? JSON.stringify(value) : null);",
        "A field that is set to false, zero, null or an empty text is removed.",
        "outbox",
    ),
    _store(
        "keeps-what-is-removed",
        'if (json === null) this.sql.exec("DELETE FROM field WHERE name = ?", name);\n    else this.sql',
        "if (json !== null) this.sql",
        "A field that a write removes stays in the config.",
        "outbox",
    ),
    _store(
        "logs-the-new-value-twice",
        "version, name, before.get(name), after);",
        "version, name, before.get(name) && after, after);",
        "The changelog has a field's new value on both sides.",
        "outbox",
    ),
    _store(
        "logs-a-removal-as-null",
        "const after = value === undefined ? null : JSON.stringify(value);",
        "const after = JSON.stringify(value ?? null);",
        "The changelog has a removal as a field that was set to null.",
        "outbox",
    ),
    _store(
        "logs-seconds",
        "version, actor, this.now(), idempotencyKey",
        "version, actor, Math.floor(this.now() / 1000), idempotencyKey",
        "The changelog has seconds where everybody counts in milliseconds.",
        "outbox",
    ),
    _store(
        "logs-the-unit-as-actor",
        "version, actor, this.now(), idempotencyKey",
        "version, unit, this.now(), idempotencyKey",
        "The changelog has the unit where the actor belongs.",
        "outbox",
    ),
    _store(
        "a-write-waits-for-the-beat",
        'if (alarm === null || (this.meta().reason === "beat" && alarm > this.now())) this.arm',
        "if (alarm === null) this.arm",
        "A write waits for the heartbeat instead of taking its place.",
        "late-put-heartbeat",
    ),
    _store(
        "a-write-puts-off-a-due-beat",
        'if (alarm === null || (this.meta().reason === "beat" && alarm > this.now())) this.arm',
        'if (alarm === null || this.meta().reason === "beat") this.arm',
        "A write takes the place of a heartbeat that is due already: a stream of writes puts it off for ever.",
        "late-put-heartbeat",
    ),
    _store(
        "a-write-breaks-the-lease",
        'if (alarm === null || (this.meta().reason === "beat" && alarm > this.now())) this.arm',
        "if (alarm === null || alarm > this.now()) this.arm",
        "A write takes the place of whatever is not due yet: of a lease, and of the wait after a failure.",
        "outbox-faults",
    ),
    _store(
        "arms-in-passing",
        '    if (this.options.publisher === "outbox") this.armForWrite(alarm);\n'
        "    return { version, repeated: false };",
        '    if (this.options.publisher === "outbox" && idempotencyKey !== undefined) this.armForWrite(alarm);\n'
        "    return { version, repeated: false };",
        "A write without an idempotency key arms no alarm.",
        "blind-retry",
    ),
    _store(
        "restore-keeps-the-keys",
        'this.sql.exec("DELETE FROM entry WHERE version > ?", version);',
        'this.sql.exec("UPDATE entry SET version = -version WHERE version > ?", version);',
        "A restore puts the entries aside instead of deleting them, and their keys go on answering.",
        "rollback",
    ),
    _store(
        "restore-keeps-the-era",
        "UPDATE meta SET version = ?, era = era + 1",
        "UPDATE meta SET version = ?",
        "A restore leaves the era as it was.",
        "rollback-epoch",
    ),
    _store(
        "restores-forwards",
        "WHERE version > ? ORDER BY version DESC",
        "WHERE version > ? ORDER BY version",
        "A restore undoes changes oldest first, and a field that changed twice ends with the value in between.",
        "restores-in-flight",
    ),
    _store(
        "restores-no-absence",
        "for (const { field, old } of undo.toArray()) this.set(field, old);",
        "for (const { field, old } of undo.toArray()) if (old) this.set(field, old);",
        "A restore leaves a field in place that was not there then.",
        "rollback",
    ),
    _store(
        "restore-waits-its-turn",
        'if (this.options.publisher === "outbox" && !this.isLeased()) this.arm(this.now(), "sync");\n'
        "      return true;",
        'if (this.options.publisher === "outbox" && this.meta().reason !== "retry") this.arm(this.now(), "sync");\n'
        "      return true;",
        "A restore does not hurry a retry that is waited for.",
        "restores-among-failures",
    ),
    _store(
        "retries-at-once",
        'this.arm(this.now() + this.backoff(this.meta().attempts), "retry")',
        'this.arm(this.now(), "retry")',
        "A put that failed is tried again at once.",
        "outbox-faults",
    ),
    _store(
        "retries-in-seconds",
        'this.arm(this.now() + this.backoff(this.meta().attempts), "retry")',
        'this.arm(this.now() + this.backoff(this.meta().attempts) * 1000, "retry")',
        "The wait after a failure is a thousand times as long: milliseconds are taken for seconds.",
        "outbox-faults",
    ),
    _store(
        "counts-no-attempt",
        "const attempts = this.meta().attempts + 1;\n      this.sql.exec",
        "const attempts = 1;\n      this.sql.exec",
        "Attempts are not counted: every wait after a failure is the first one.",
        "outbox-faults",
    ),
    _store(
        "takes-no-lease",
        'this.arm(this.now() + this.options.putTimeout + this.backoff(attempts), "lease");',
        "this.ctx.storage.deleteAlarm();",
        "An attempt holds no lease: a crash in the middle of it leaves nothing armed.",
        "outbox-faults",
    ),
    _store(
        "a-lease-as-long-as-the-put",
        'this.arm(this.now() + this.options.putTimeout + this.backoff(attempts), "lease");',
        'this.arm(this.now() + this.options.putTimeout, "lease");',
        "The lease ends when the put does.",
        "outbox-faults",
    ),
    _store(
        "moved-on-by-version-alone",
        "if (version !== published.version || era !== published.era) this.arm",
        "if (version !== published.version) this.arm",
        "A restore and a new write during a put bring the same number back, and are not published.",
        "restores-in-flight",
    ),
    _store(
        "moved-on-unnoticed",
        "const { version, era } = this.meta();\n      if (version",
        "const { version, era } = published;\n      if (version",
        "What was written during a put is not noticed.",
        "outbox",
    ),
    _store(
        "failures-for-ever",
        '      this.sql.exec("UPDATE meta SET attempts = 0");\n',
        "",
        "A success does not end the count of failures.",
        "outbox-faults",
    ),
    _store(
        "beats-first",
        'if (version !== published.version || era !== published.era) this.arm(this.now(), "sync");\n'
        '      else if (this.options.heartbeat) this.arm(this.now() + this.options.heartbeat, "beat");\n'
        "      else",
        'if (this.options.heartbeat) this.arm(this.now() + this.options.heartbeat, "beat");\n'
        '      else if (version !== published.version || era !== published.era) this.arm(this.now(), "sync");\n'
        "      else",
        "With a heartbeat, a write during a put waits for the next beat.",
        "late-put-heartbeat",
    ),
    _store(
        "beats-at-the-time-out",
        'this.arm(this.now() + this.options.heartbeat, "beat");',
        'this.arm(this.now() + this.options.putTimeout, "beat");',
        "The heart beats by the put's time-out.",
        "unlike-durations-heartbeat",
    ),
    _store(
        "never-disarms",
        "      else this.ctx.storage.deleteAlarm();\n",
        "",
        "The lease stays after a success: what is published already is put once more.",
        "outbox",
    ),
    _store(
        "throws-regardless",
        'if (handler === "throws") throw error;',
        "if (this.meta().attempts > 1) throw error;",
        "A second failure in a row is left to the platform.",
        "rearming-handler",
    ),
    _store(
        "no-time-out",
        "await Promise.race([put, late]);",
        "await put;",
        "A put has no time-out: one that hangs holds the handler for ever.",
        "outbox-faults",
    ),
    _store(
        "metadata-forgotten",
        "this.env.KV.put(key, value, { metadata: label })",
        "this.env.KV.put(key, value)",
        "Copies are published without the label that KV keeps beside the value.",
        "recommended",
    ),
    _store(
        "expires-in-a-minute",
        "this.env.KV.put(key, value, { metadata: label })",
        "this.env.KV.put(key, value, { metadata: label, expirationTtl: 60 })",
        "What is published expires a minute later.",
        "outbox",
    ),
    _store(
        "labels-without-the-era",
        '"era":${label.era},',
        '"era":0,',
        "The value never says the era; only what KV keeps beside it does.",
        "rollback-epoch",
    ),
    _store(
        "carries-every-era",
        'return { era: this.options.epoch === "on" ? era : 0, version };',
        "return { era, version };",
        "Copies carry the era although readers are not meant to look at it.",
        "rollback",
    ),
    _store(
        "publishes-sorted-out",
        '.map(({ name, json }) => `${JSON.stringify(name)}:${json}`).join(",")}}`',
        '.map(({ name, json }) => `"${name}":${json}`).join(",")}}`',
        "Names are published without being escaped.",
        "outbox",
    ),
    _store(
        "fires-beside",
        "if (this.attempt === null) await",
        "if (true) await",
        "An alarm that fires while a request publishes puts beside it.",
        "restores-among-lost-alarms",
        "late-commits-among-lost-alarms",
    ),
    _store(
        "changelog-with-the-version-asked-for",
        "WHERE version > ? AND version <= ? ORDER BY version, field",
        "WHERE version >= ? AND version <= ? ORDER BY version, field",
        "Who asks for what came after a version is told that version's changes as well.",
        "outbox",
    ),
    _store(
        "late-is-lost",
        "this.now() > alarm + this.options.syncDelay",
        "this.now() > alarm",
        "An alarm that is merely late is taken for lost.",
        "lost-alarm",
    ),
    _store(
        "lost-is-dead",
        'if (!this.isOverdue(alarm) || this.meta().reason !== "again") return',
        "if (!this.isOverdue(alarm)) return",
        "An alarm that is overdue for the first time is taken for dead.",
        "lost-alarm",
    ),
    _store(
        "minds-its-own-lease",
        "this.attempt === null && this.now()",
        "this.now()",
        "A request takes the lease of the attempt that is under way for an alarm that was lost.",
        "restores-in-flight",
    ),
    _store(
        "writes-without-a-look",
        "      this.tend(alarm);\n",
        "",
        "A write does not look after an alarm that was lost.",
        "lost-alarm",
    ),
    _store(
        "starts-without-a-look",
        "    ctx.blockConcurrencyWhile(async () => this.rearm(await ctx.storage.getAlarm()));\n",
        "",
        "An object that starts does not arm an alarm again that was lost.",
        "lost-alarm-faults",
        "lost-alarm-recommended",
    ),
)
"""The slips; names are unique among all."""
