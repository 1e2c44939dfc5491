// SPDX-License-Identifier: Apache-2.0
// An isolate at the edge, reading units' configs from KV and keeping what it read.

import { optionsOf } from "./options.js";

/** No config can be told: KV cannot be reached, and the isolate has none that it may use instead. */
export class Unavailable extends Error {}

let reader; // as long as the isolate lives

/** What reads KV in this isolate; `now` is for whoever owns the clock. */
export function readerOf(env, now) {
  reader ??= new EdgeReader(env.KV, optionsOf(env), now);
  return reader;
}

const EMPTY = { config: {}, era: 0, version: 0 };

/**
 * Its memory lasts as long as the isolate. Reader `plain`: KV as it comes. `guarded`: never older than last time.
 * `memo`: the isolate's own copy is served for a while. The last two fall back on that copy when KV cannot be reached.
 */
export class EdgeReader {
  constructor(kv, options, now = Date.now) {
    Object.assign(this, { kv, options, now });
    this.kept = new Map();
  }

  /** The config to evaluate a request against; an empty one of version 0 where none is published. */
  async read(unit) {
    return (await this.find(unit)).snapshot;
  }

  /** The same, and since when (`at`): what the isolate kept while KV could not be reached may be old. */
  async find(unit) {
    const { reader, memoTtl } = this.options;
    const mine = this.kept.get(unit);
    const asked = this.now();
    if (reader === "memo" && mine && asked - mine.at <= memoTtl) return mine;
    let found;
    try {
      found = await this.fetch(unit, mine?.snapshot);
    } catch (error) {
      // What is kept by now: another request may have brought it while this one waited.
      const kept = this.kept.get(unit);
      if (reader === "plain" || !kept) throw new Unavailable(String(error));
      return kept;
    }
    const kept = this.kept.get(unit);
    if (kept && this.refuses(found ?? EMPTY, kept.snapshot, kept !== mine)) return kept;
    return this.keep(unit, found, asked);
  }

  // With epochs a label stands for one config, and KV tells it beside the value. To parse a large config takes longer
  // than all the rest: one that is kept already is not read again.
  async fetch(unit, mine) {
    const { epoch, cacheTtl, keyOf } = this.options;
    if (epoch === "off" || !mine) return this.kv.get(keyOf(unit), { type: "json", cacheTtl });
    const { value, metadata } = await this.kv.getWithMetadata(keyOf(unit), { type: "stream", cacheTtl });
    if (metadata?.era !== mine.era || metadata.version !== mine.version) return value && new Response(value).json();
    await value.cancel();
    return mine;
  }

  // Requests may be under way together, and answers come in any order. A memo takes what KV has, be it older, but an
  // answer that another has overtaken does not say what KV has now.
  refuses(found, kept, overtaken) {
    const { reader } = this.options;
    if (reader === "plain" || (reader === "memo" && !overtaken)) return false;
    return found.era < kept.era || (found.era === kept.era && found.version < kept.version);
  }

  // KV may have moved on while its answer was on the way: the answer is as old as the question. Whatever is as new as a
  // copy that was confirmed later is confirmed by that as well; a plain reader may go back.
  keep(unit, found, asked) {
    const kept = this.kept.get(unit);
    const at = kept && this.options.reader !== "plain" ? Math.max(asked, kept.at) : asked;
    const entry = { snapshot: found ?? EMPTY, at };
    if (found) this.kept.set(unit, entry);
    else this.kept.delete(unit);
    return entry;
  }
}
