// SPDX-License-Identifier: Apache-2.0
// For tests only, never deployed: the Worker as it is, with the suite's hands on its clock and its alarm.
//
// Every request says what time it is (`edgeproof-now`). The suite's time is far ahead of the real one, so that no alarm
// fires by itself: the real alarm waits in the real storage until the suite has it fire, which is to set it to the real
// now. Doors are below `/_/`. None of this changes what the code under test does between two steps.

import { readerOf } from "./edge.js";
import { held } from "./held.js";
import front, { ConfigStore as Real } from "./index.js";
import { registryOf } from "./watchdog.js";

export { UnitRegistry } from "./watchdog.js";

let clock = null;
const suiteTime = () => clock ?? Date.now();

// Time-outs strike in the suite's time, when it says so.
const realTimeout = globalThis.setTimeout;
const timeouts = new Map();
globalThis.setTimeout = (act, delay) => {
  const timeout = {};
  timeouts.set(timeout, { act, due: suiteTime() + delay });
  return timeout;
};
globalThis.clearTimeout = (timeout) => { timeouts.delete(timeout); };

export class ConfigStore extends Real {
  #settled = Promise.resolve();
  #written = Promise.resolve();
  #release = null;
  #strike = null;
  #begun = () => {};
  #atWork = false;
  #meant = null;
  #losing = "";
  #lost = null;

  constructor(ctx, env) {
    super(ctx, held(env));
    const real = this.sql;
    this.sql = { exec: (query, ...bindings) => {
      if (this.#strike !== null && query.includes(" INTO field ") && bindings[0] === this.#strike) {
        this.#strike = null;
        throw new Error("struck by the suite");
      }
      return real.exec(query, ...bindings);
    } };
  }

  now() {
    return suiteTime();
  }

  async alarm(info) {
    if (this.#losing) return this.#lose(info);
    const scheduledTime = this.#meant ?? info.scheduledTime;
    this.#settled = this.options.handler === "throws"
      ? this.#underThePlatform(info) : super.alarm({ ...info, scheduledTime });
    this.#atWork = true;
    this.#begun();
    await this.#settled.finally(() => { this.#atWork = false; });
  }

  // The platform's own retries wait for 2, 4, 8... real seconds. Here they wait in the suite's time: the same handler,
  // the same number of runs, and an alarm that stays armed until the handler has succeeded.
  async #underThePlatform(info) {
    const { attempts } = this.meta();
    this.ctx.storage.setAlarm(suiteTime() + this.options.putTimeout + this.backoff(1));
    try {
      await super.alarm(info);
    } catch {
      const most = this.env.ALARM_ATTEMPTS;
      if (most && attempts + 1 >= most) this.ctx.storage.deleteAlarm();
      else this.ctx.storage.transactionSync(() => this.arm(suiteTime() + this.backoff(1), "retry"));
    }
  }

  // What the runtime does by itself now and then: an alarm that is set for the very millisecond of the one at work stays
  // in the storage and never fires. It takes a handler that is not a millisecond late: what is past is set for now.
  async #lose({ scheduledTime }) {
    await this.ctx.storage.setAlarm(scheduledTime);
    if ((await this.ctx.storage.getAlarm()) !== scheduledTime) return this.ctx.storage.setAlarm(Date.now() + 10);
    if (this.#losing === "once") this.#losing = "";
    this.#lost();
  }

  // An early acknowledgement leaves; the write waits for the suite.
  async later(request) {
    await new Promise((resolve) => { this.#release = resolve; });
    this.#release = null;
    // Not #settled: the alarm's handler may be at work at the same time.
    this.#written = super.later(request);
  }

  // --- doors

  async status() {
    const logged = this.sql.exec("SELECT version FROM entry ORDER BY version").toArray().map((row) => row.version);
    const { attempts, reason } = this.meta();
    const alarm = await this.ctx.storage.getAlarm();
    const [publishing, taken] = [this.attempt !== null, this.#release !== null];
    const due = alarm !== null && alarm <= suiteTime();
    return { ...this.snapshot(), attempts, reason, alarm, due, fired: this.fired, logged, publishing, taken };
  }

  /** Let the alarm fire: false if none is due. */
  async fire() {
    const due = await this.ctx.storage.getAlarm();
    if (due === null || due > suiteTime()) return false;
    await this.ctx.storage.setAlarm(Date.now());
    return true;
  }

  /** Let the alarm fire, and wait until its handler has begun: false if none is due, or one is at work. */
  async rouse() {
    const begun = new Promise((resolve) => { this.#begun = resolve; });
    if (this.#atWork || !(await this.fire())) return false;
    await begun;
    return true;
  }

  /** Let the alarm fire, of which the handler hears when it was due, and wait until that is done: false if none is. */
  async run() {
    this.#meant = await this.ctx.storage.getAlarm();
    return (await this.rouse()) && this.settle();
  }

  /** Have the runtime lose the next alarm ("once"), or every one from now on ("always"): `alarm` stays in the past. */
  async lose(how) {
    this.#losing = how;
    const lost = new Promise((resolve) => { this.#lost = resolve; });
    await this.ctx.storage.setAlarm(Date.now() + 10);
    await lost;
    return true;
  }

  /** The alarm of the writes that were made before a run began is not of the run. */
  async disarm() {
    await this.ctx.storage.deleteAlarm();
    return true;
  }

  /** The changelog after a version, without having the alarm looked after. */
  entries(since) {
    return this.changelog(Number(since), Number.MAX_SAFE_INTEGER);
  }

  /** A write from before there was a watchdog, which nobody was told of. */
  early(unit) {
    const request = { unit, changes: [["n", 0]], actor: "somebody" };
    return this.ctx.storage.transactionSync(() => this.commit(request, null));
  }

  /** Let the time-outs strike whose time is up, or ("overdue") was up before now: how many. */
  expire(which) {
    const late = [...timeouts].filter(([, { due }]) => which === "overdue" ? due < suiteTime() : due <= suiteTime());
    for (const [timeout, { act }] of late) {
      timeouts.delete(timeout);
      act();
    }
    return late.length;
  }

  /** Only to be told the time. */
  tell() {
    return true;
  }

  /** Wait until the handler that is at work is done. */
  async settle() {
    await this.#settled.catch(() => {});
    await this.attempt?.catch(() => {});
    return true;
  }

  async release() {
    if (this.#release === null) return false;
    this.#release();
    // `later` goes on in its own turn.
    await new Promise((resolve) => realTimeout(resolve, 0));
    await this.#written.catch(() => {});
    return true;
  }

  strike(field) {
    this.#strike = field;
    return true;
  }

  abort() {
    this.ctx.abort("by the suite");
  }
}

export default {
  async fetch(request, env, ctx) {
    const now = request.headers.get("edgeproof-now");
    if (now !== null) clock = Number(now);
    const [, door, unit, argument] = /^\/_\/([a-z]+)\/([^/]+)(?:\/([^/]+))?$/.exec(new URL(request.url).pathname) ?? [];
    const around = held(env);
    const reader = readerOf(around, suiteTime);
    if (door === undefined) return front.fetch(request, around, ctx);
    if (door === "cron") return Response.json((await front.scheduled({}, around, ctx)) ?? null);
    if (door === "kept") return Response.json(reader.kept.get(unit) ?? null);
    if (door === "known") return Response.json((await registryOf(env).names()).includes(unit));
    const store = env.STORE.get(env.STORE.idFromName(unit));
    return Response.json((await store[door](argument)) ?? null);
  },
};
