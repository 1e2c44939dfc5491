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
    if (reader === "memo" && mine && this.now() - mine.at <= memoTtl) return mine;
    let found;
    try {
      found = await this.fetch(unit, mine?.snapshot);
    } catch (error) {
      if (reader === "plain" || !mine) throw new Unavailable(String(error));
      return mine;
    }
    if (!this.refuses(found ?? EMPTY, unit)) {
      if (found) this.kept.set(unit, { snapshot: found, at: this.now() });
      else this.kept.delete(unit);
    }
    return this.kept.get(unit) ?? { snapshot: EMPTY, at: this.now() };
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

  // What is kept by now, not what was kept when this read began: reads may overtake each other.
  refuses(found, unit) {
    const kept = this.kept.get(unit)?.snapshot;
    if (this.options.reader !== "guarded" || !kept) return false;
    return found.era < kept.era || (found.era === kept.era && found.version < kept.version);
  }
}
