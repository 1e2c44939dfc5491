// SPDX-License-Identifier: Apache-2.0
// The truth about one unit: its config, its changelog and its alarm in one Durable Object, and what copies it to KV.
//
// The alarm is the outbox. A write arms it in its own transaction, and it stays armed until a put of the current config
// is confirmed; one put is in flight at a time. KV puts are not fenced: a put of an instance that was superseded may
// still land, which no code here can prevent, and so may one that was given up because its time was up, over a later
// one of the same instance. The heartbeat repairs it, and copies carry what readers need to notice.
//
// The platform has been seen to lose an alarm: it stays set, in the past, and never fires. So every request looks after
// the alarm as well: one that is overdue by more than the platform may take (`sync_delay`) is armed again, and if that
// one is overdue by as much the alarm is dead, and the request publishes.
//
// KV takes one put of a key a second, and refuses what comes sooner. So the alarm is set for when that second is over,
// and no wait after a failure is shorter; writes that come faster share a put. When the last put was confirmed is kept
// in the storage: an object that starts anew does not wait for nothing.

import { DurableObject } from "cloudflare:workers";
import { contentOf, isRecorded, recorded } from "./history.js";
import { optionsOf } from "./options.js";
import { registryOf } from "./watchdog.js";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY CHECK (id = 1), unit TEXT, version INTEGER NOT NULL,
    era INTEGER NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS field (name TEXT PRIMARY KEY, json TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS entry (version INTEGER PRIMARY KEY, actor TEXT NOT NULL, at INTEGER NOT NULL,
    idempotency_key TEXT UNIQUE);
  CREATE TABLE IF NOT EXISTS change (version INTEGER NOT NULL, field TEXT NOT NULL, old TEXT, new TEXT,
    PRIMARY KEY (version, field));
  CREATE INDEX IF NOT EXISTS change_of_field ON change (field, version);
  CREATE TABLE IF NOT EXISTS watched (unit TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS pace (id INTEGER PRIMARY KEY CHECK (id = 1), confirmed INTEGER NOT NULL);
  INSERT OR IGNORE INTO meta VALUES (1, NULL, 0, 0, 0, 'sync');
`;

// Bytes of all names and values of a config; a KV value holds 25 MiB.
const MAX_CONFIG = 25_000_000;

// A field, and the entry of its last change.
const FIELD = `SELECT name, json, version, actor, at FROM field JOIN entry
  ON version = (SELECT MAX(version) FROM change WHERE change.field = field.name)`;

const fieldOf = ({ json, ...about }) => ({ ...about, value: JSON.parse(json) });

// A side without a value says that the field was absent; JSON's null is a value.
const sidesOf = (row) => ({
  ...(row.old === null ? {} : { old: JSON.parse(row.old) }),
  ...(row.new === null ? {} : { new: JSON.parse(row.new) }),
});

/** What a write is refused for; nothing has changed. Its transaction is rolled back by being thrown through. */
class Refused extends Error {
  constructor(refusal) {
    super(refusal.refused);
    this.refusal = refusal;
  }
}

export class ConfigStore extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.options = optionsOf(env);
    this.sql = ctx.storage.sql;
    this.sql.exec(SCHEMA);
    this.fired = 0; // when the alarm that fired last was set for; 0 if none has in this instance
    this.attempt = null; // what is under way of publishing
    ctx.blockConcurrencyWhile(async () => this.rearm(await ctx.storage.getAlarm()));
  }

  /** Milliseconds, as alarms count them. */
  now() {
    return Date.now();
  }

  // --- reading

  /** One of the questions below, by the name of its method. Whoever asks has the alarm looked after. */
  async ask(question, ...given) {
    await this.look();
    return this[question](...given);
  }

  /** The whole config with its version and era; straight from the store, never stale. */
  snapshot() {
    const { version, era } = this.meta();
    const rows = this.sql.exec("SELECT name, json FROM field ORDER BY name").toArray();
    // fromEntries defines properties where assignment would give `__proto__` its own meaning.
    return { config: Object.fromEntries(rows.map(({ name, json }) => [name, JSON.parse(json)])), era, version };
  }

  /** The same as it is put to KV, its config a JSON text: rows of large configs are not parsed to be written again. */
  copy() {
    const { version, era } = this.meta();
    const rows = this.sql.exec("SELECT name, json FROM field ORDER BY name").toArray();
    return { config: `{${rows.map(({ name, json }) => `${JSON.stringify(name)}:${json}`).join(",")}}`, era, version };
  }

  /** What was changed after version `since`, oldest first, by field within a version; at most `limit` versions. */
  changelog(since, limit) {
    const rows = this.sql.exec(
      `SELECT version, field, old, new, actor, at, idempotency_key FROM change JOIN entry USING (version)
       WHERE version > ? AND version <= ? ORDER BY version, field`, since, since + limit);
    return rows.toArray().map((row) => ({
      version: row.version, field: row.field, actor: row.actor, at: row.at,
      ...sidesOf(row),
      ...(row.idempotency_key === null ? {} : { idempotency_key: row.idempotency_key }),
    }));
  }

  /** What a history says of the config as it is now. */
  told() {
    const snapshot = this.snapshot();
    return contentOf({ ...snapshot, ...this.label(snapshot) });
  }

  /** What copies carry beside the config. */
  label({ era, version }) {
    return { era: this.options.epoch === "on" ? era : 0, version };
  }

  /** A field with who changed it last, when, and to which version; null if it is absent. */
  field(name) {
    const [row] = this.sql.exec(`${FIELD} WHERE name = ?`, name);
    return row ? fieldOf(row) : null;
  }

  /** So many fields in the order of their names, after `name`. */
  fields(name, limit) {
    return this.sql.exec(`${FIELD} WHERE name > ? ORDER BY name LIMIT ?`, name, limit).toArray().map(fieldOf);
  }

  /** What was done to one field by versions before `before`, newest first; `cap`: older ones are not told. */
  history(name, before, limit, cap = Infinity) {
    const rows = this.sql.exec(
      `SELECT * FROM (SELECT version, old, new, actor, at FROM change JOIN entry USING (version)
         WHERE field = ? ORDER BY version DESC LIMIT ?) WHERE version < ? LIMIT ?`,
      name, Number.isFinite(cap) ? cap : -1, before, limit);
    return rows.toArray().map((row) => ({ version: row.version, actor: row.actor, at: row.at, ...sidesOf(row) }));
  }

  meta() {
    return this.sql.exec("SELECT unit, version, era, attempts, reason FROM meta").one();
  }

  // --- writing

  /**
   * Change fields (`changes`: pairs of name and value, undefined for a field to remove), log them, arm the alarm.
   * Gives {version, repeated}, or {refused} with the current version; a refused write has changed nothing. A key that
   * an earlier write carried gives that write's version, whatever else is asked.
   */
  async write(request) {
    if (this.options.watchdog === "on") await this.introduce(request.unit);
    // No other event comes in while we wait for storage: the answer still holds in the transaction.
    const alarm = await this.ctx.storage.getAlarm();
    try {
      if (this.options.ack === "early") {
        const version = this.next(request.expectedVersion);
        this.ctx.waitUntil(this.later(request));
        return { version, repeated: false };
      }
      const commit = () => this.commit(request, alarm);
      const result = this.options.statements === "bare" ? commit() : this.ctx.storage.transactionSync(commit);
      this.tend(alarm);
      // Before anything is awaited: what is read now is what was written.
      const told = isRecorded(this.env) && !result.repeated ? this.told() : undefined;
      if (this.options.publisher === "inline") await this.put(this.copy());
      if (told) result.told = await told;
      return result;
    } catch (error) {
      if (error instanceof Refused) return error.refusal;
      throw error;
    }
  }

  /** The mistake `ack: early`: the write is made once the reply is gone. */
  async later(request) {
    // As in `write`. The commit looks once more at what is expected, but by now the client has been told.
    const alarm = await this.ctx.storage.getAlarm();
    this.ctx.storage.transactionSync(() => this.commit(request, alarm));
    this.tend(alarm);
  }

  /** Have the watchdog know of the unit before it has anything to lose. A write for which that fails is not made. */
  async introduce(unit) {
    if (this.sql.exec("SELECT unit FROM watched").toArray().length > 0) return;
    // Another write may do the same meanwhile, which does no harm. Whatever else a write goes by is read after this.
    await registryOf(this.env).add(unit);
    this.sql.exec("INSERT OR IGNORE INTO watched VALUES (?)", unit);
  }

  /**
   * Throws unless every field is at the version that is expected of it. 0 stands for one that is absent, "any" for any
   * that is not; "gone" is never right, whatever the field.
   */
  expect(expected) {
    for (const [name, version] of expected) {
      const found = this.field(name)?.version ?? 0;
      const good = version === "any" ? found > 0 : found === version;
      if (!good) throw new Refused({ refused: "field", field: name, version: found });
    }
  }

  next(expectedVersion) {
    const { version } = this.meta();
    if (expectedVersion !== undefined && expectedVersion !== version) throw new Refused({ refused: "version", version });
    return version + 1;
  }

  commit({ unit, changes, actor, expectedVersion, expectedFields = [], mostFields, idempotencyKey }, alarm) {
    if (idempotencyKey !== undefined) {
      const [first] = this.sql.exec("SELECT version, at FROM entry WHERE idempotency_key = ?", idempotencyKey);
      if (first) return { version: first.version, repeated: true, at: first.at };
    }
    const version = this.next(expectedVersion);
    this.expect(expectedFields);
    this.sql.exec("UPDATE meta SET version = ?, unit = ?", version, unit);
    const before = new Map();
    for (const [name, value] of changes) {
      const [row] = this.sql.exec("SELECT json FROM field WHERE name = ?", name);
      before.set(name, row?.json ?? null);
      this.set(name, value === undefined ? null : JSON.stringify(value));
    }
    this.fits(version - 1, mostFields);
    this.sql.exec("INSERT INTO entry VALUES (?, ?, ?, ?)", version, actor, this.now(), idempotencyKey ?? null);
    for (const [name, value] of changes) {
      const after = value === undefined ? null : JSON.stringify(value);
      this.sql.exec("INSERT INTO change VALUES (?, ?, ?, ?)", version, name, before.get(name), after);
    }
    if (this.options.publisher === "outbox") this.armForWrite(alarm);
    return { version, repeated: false };
  }

  set(name, json) {
    if (json === null) this.sql.exec("DELETE FROM field WHERE name = ?", name);
    else this.sql.exec("INSERT OR REPLACE INTO field VALUES (?, ?)", name, json);
  }

  fits(version, mostFields = Infinity) {
    const { bytes, fields } = this.sql.exec(
      `SELECT COALESCE(SUM(LENGTH(CAST(name AS BLOB)) + LENGTH(CAST(json AS BLOB)) + 4), 0) AS bytes,
         COUNT(*) AS fields FROM field`).one();
    if (fields > mostFields) throw new Refused({ refused: "fields", version });
    if (bytes > MAX_CONFIG) throw new Refused({ refused: "size", version });
  }

  /** Only a heartbeat that is yet to come is replaced: arming any other alarm anew would let writes put it off. */
  armForWrite(alarm) {
    if (alarm === null || (this.meta().reason === "beat" && alarm > this.now())) this.arm(this.now(), "sync");
  }

  /**
   * Go back to how the config, the changelog and the keys stood at `version`. The era is what does not go back: it
   * goes up, as versions from here on repeat numbers that copies may carry. False for a version that cannot be reached.
   */
  restore(version) {
    const done = this.undo(version);
    return done && isRecorded(this.env) ? this.told() : done;
  }

  undo(version) {
    return this.ctx.storage.transactionSync(() => {
      const current = this.meta().version;
      const { newer } = this.sql.exec("SELECT COUNT(*) AS newer FROM entry WHERE version > ?", version).one();
      if (version < 0 || version > current || newer !== current - version) return false;
      const undo = this.sql.exec("SELECT field, old FROM change WHERE version > ? ORDER BY version DESC", version);
      for (const { field, old } of undo.toArray()) this.set(field, old);
      this.sql.exec("DELETE FROM change WHERE version > ?", version);
      this.sql.exec("DELETE FROM entry WHERE version > ?", version);
      this.sql.exec("UPDATE meta SET version = ?, era = era + 1", version);
      if (this.options.publisher === "outbox" && !this.isLeased()) this.arm(this.now(), "sync");
      return true;
    });
  }

  /**
   * Whether an attempt is under way, or was when a crash cut it off. Its put may land until the lease ends, and KV would
   * refuse another within a second. An attempt that ends finds that the config has moved on.
   */
  isLeased() {
    const { attempts, reason } = this.meta();
    return this.options.writeSpacing > 0 && this.options.handler === "rearms" && attempts > 0 && reason === "lease";
  }

  // --- looking after the alarm

  /** What every request does, and the watchdog asks for: see to it that the alarm is alive, or do its work. */
  async look() {
    // No other event comes in while we wait for storage.
    this.tend(await this.ctx.storage.getAlarm());
  }

  /**
   * An alarm that was armed again and is overdue once more is dead: this request publishes, which its answer does not
   * wait for. Several requests may find it dead. The first takes the lease before anything is awaited; the others find
   * that, and a crash leaves it, as in the alarm's own attempts. It reads the config with the lease: what it puts is
   * what was committed last. The platform runs no request again, so what fails here is armed again, whatever the
   * alarm's handler does. If the lease is lost as well, whoever comes when it is overdue begins anew.
   */
  tend(alarm) {
    if (!this.isOverdue(alarm) || this.meta().reason !== "again") return this.rearm(alarm);
    this.ctx.waitUntil(this.publish());
  }

  /** Arm an overdue alarm again: once, as arming it every time would let a stream of requests put it off for ever. */
  rearm(alarm) {
    if (!this.isOverdue(alarm) || this.meta().reason === "again") return;
    console.warn(`the alarm is overdue by ${this.now() - alarm} ms: it is armed again`);
    this.ctx.storage.transactionSync(() => this.arm(this.now(), "again"));
  }

  // An attempt that is under way ends by arming the alarm, whatever has become of it meanwhile.
  isOverdue(alarm) {
    return alarm !== null && this.attempt === null && this.now() > alarm + this.options.syncDelay;
  }

  // --- publishing

  /**
   * The alarm fires: publish, unless a request is at it. One put is in flight at a time. The platform is done with an
   * alarm whose handler returns: a request that dies has to leave another one, and so the alarm is leased for it again.
   */
  async alarm(info) {
    this.fired = info?.scheduledTime ?? this.now(); // not in the platform's documentation, if in its types
    if (this.attempt === null) await this.publish(this.options.handler);
    else this.ctx.storage.transactionSync(() => this.lease(this.meta().attempts));
  }

  /** Begin an attempt. Until something is awaited no other event comes in: nobody begins one beside it. */
  publish(handler = "rearms") {
    this.attempt = this.attemptToPublish(handler).finally(() => { this.attempt = null; });
    return this.attempt;
  }

  /** One attempt to publish the config as it is now. */
  async attemptToPublish(handler) {
    // One attempt is under way at a time, so that nobody else counts attempts; `end` sees whether the config moves on.
    const snapshot = this.begin(handler);
    try {
      await this.put(snapshot);
    } catch (error) {
      // Left to the platform, which gives up after seven runs.
      if (handler === "throws") throw error;
      console.warn(`publishing version ${snapshot.version} failed: ${error}`);
      this.ctx.storage.transactionSync(() => this.arm(this.now() + this.backoff(this.meta().attempts), "retry"));
      return;
    }
    this.end(snapshot);
  }

  /** Lease the alarm: whoever dies in the middle of this attempt is followed by another one, but not beside it. */
  begin(handler) {
    return this.ctx.storage.transactionSync(() => {
      const attempts = this.meta().attempts + 1;
      this.sql.exec("UPDATE meta SET attempts = ?, reason = 'lease'", attempts);
      if (handler === "rearms") {
        this.lease(attempts);
      }
      return this.copy();
    });
  }

  /** Until the last of so many attempts can no longer be under way, and then as long as after a failure. */
  lease(attempts) {
    this.arm(this.now() + this.options.putTimeout + this.backoff(attempts), "lease");
  }

  /** The snapshot is in KV. Publish again at once if the config has moved on, else when the heart beats, if it does. */
  end(published) {
    this.ctx.storage.transactionSync(() => {
      this.sql.exec("INSERT OR REPLACE INTO pace VALUES (1, ?)", this.now());
      this.sql.exec("UPDATE meta SET attempts = 0");
      const { version, era } = this.meta();
      if (version !== published.version || era !== published.era) this.arm(this.now(), "sync");
      else if (this.options.heartbeat) this.arm(this.now() + this.options.heartbeat, "beat");
      else this.ctx.storage.deleteAlarm();
    });
  }

  /**
   * Inside a transaction, so that alarm and rows are committed together. An alarm that is set for the very millisecond
   * of the one that fired last never fires: the storage takes it for the one that the platform knows, which is done.
   * One that is set for sooner than KV takes a put would have that refused.
   */
  arm(due, reason) {
    this.sql.exec("UPDATE meta SET reason = ?", reason);
    this.ctx.storage.setAlarm(Math.max(due, this.fired + 1, this.free()));
  }

  /** From when KV takes another put of the unit's key; since ever, where none is known that it took. */
  free() {
    const { writeSpacing } = this.options;
    if (writeSpacing === 0) return -Infinity;
    const now = this.now();
    const [last] = this.sql.exec("SELECT confirmed FROM pace").toArray();
    // That of an attempt which failed, or is under way, it may have taken at any time until now.
    const confirmed = this.meta().attempts > 0 ? now : last?.confirmed;
    // By a clock that was put back a put is yet to come: better one refusal than to wait for that.
    if (confirmed === undefined || confirmed > now) return -Infinity;
    return confirmed + writeSpacing + 1; // whole milliseconds: it may have been almost one more
  }

  backoff(failures) {
    const { retryBase, retryCap, writeSpacing } = this.options;
    // A put that a crash cuts off may have been taken when its time was all but up.
    return Math.max(writeSpacing, Math.min(retryCap, retryBase * 2 ** Math.min(Math.max(failures - 1, 0), 60)));
  }

  async put(copy) {
    // A unit keeps its name, and the copy is what is put, and told of, whatever is committed meanwhile.
    const { unit } = this.meta();
    const label = this.label(copy);
    const content = isRecorded(this.env) ? await contentOf({ config: JSON.parse(copy.config), ...label }) : label;
    const event = { kind: "publish", unit, ...content };
    await recorded(this.env, event, () => this.inTime(this.options.keyOf(unit), copy.config, label), () => ({}));
  }

  /** One put. Throws when its time is up, but the put may land later. */
  async inTime(key, config, label) {
    const value = `{"config":${config},"era":${label.era},"version":${label.version}}`;
    const put = this.env.KV.put(key, value, { metadata: label });
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("the put timed out")), this.options.putTimeout);
    });
    try {
      await Promise.race([put, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
