// SPDX-License-Identifier: Apache-2.0
// An isolate at the edge, reading units' configs from KV and keeping what it read.

import { optionsOf } from "./options.js";
import { isObject } from "./validation.js";

/** No config can be told: KV cannot be reached or has none, and the isolate has none that it may use instead. */
export class Unavailable extends Error {}

/** What KV has is none. */
class NoConfig extends Error {
  constructor() {
    super("the value in KV is no config");
  }
}

let reader; // as long as the isolate lives

/** What reads KV in this isolate; `now` is for whoever owns the clock. */
export function readerOf(env, now) {
  reader ??= new EdgeReader(env.KV, optionsOf(env), now);
  return reader;
}

const EMPTY = { config: {}, era: 0, version: 0 };

/**
 * Its memory lasts as long as the isolate. Reader `plain`: KV as it comes. `guarded`: never older than last time.
 * `memo`: the isolate's own copy is served for a while. The last two fall back on that copy when KV cannot be reached,
 * and when what it has is no config; a plain reader, which vouches for nothing but KV, fails.
 */
export class EdgeReader {
  constructor(kv, options, now = Date.now) {
    Object.assign(this, { kv, options, now });
    this.kept = new Map();
  }

  /**
   * The config to evaluate a request against (`snapshot`; an empty one of version 0 where none is published), and since
   * when (`at`). What is not KV's answer but the isolate's memory has a `source` as histories have it, and what is there
   * for want of an answer a `note` that says why.
   */
  async find(unit) {
    const { reader, memoTtl } = this.options;
    const mine = this.kept.get(unit);
    const asked = this.now();
    if (reader === "memo" && mine && asked - mine.at <= memoTtl) return { ...mine, source: "memo" };
    let found;
    try {
      found = await this.fetch(unit, mine?.snapshot);
    } catch (error) {
      return this.instead(unit, error);
    }
    const kept = this.kept.get(unit);
    if (kept && this.refuses(found ?? EMPTY, kept.snapshot, kept !== mine)) return { ...kept, source: "memo" };
    return this.keep(unit, found, asked);
  }

  /** What is told without KV: what is kept by now, which another request may have brought while this one waited. */
  instead(unit, error) {
    const [source, note] = error instanceof NoConfig ? ["last_good", error.message] : ["fallback", String(error)];
    const kept = this.kept.get(unit);
    if (this.options.reader === "plain" || !kept) throw new Unavailable(note);
    return { ...kept, source, note };
  }

  // With epochs a label stands for one config, and KV tells it beside the value. To parse a large config takes longer
  // than all the rest: one that is kept already is not read again.
  async fetch(unit, mine) {
    const { epoch, cacheTtl, keyOf } = this.options;
    if (epoch === "off" || !mine) return snapshotIn(await this.kv.get(keyOf(unit), { type: "arrayBuffer", cacheTtl }));
    const { value, metadata } = await this.kv.getWithMetadata(keyOf(unit), { type: "stream", cacheTtl });
    const isMine = metadata?.era === mine.era && metadata.version === mine.version;
    if (!isMine) return snapshotIn(value && (await new Response(value).arrayBuffer()));
    await value.cancel();
    return mine;
  }

  // Requests may be under way together, and answers come in any order. A memo takes what KV has, be it older, but an
  // answer that another has overtaken does not say what KV has now, and must bring something newer.
  refuses(found, kept, overtaken) {
    const { install, reader } = this.options;
    if (install === "newer" && reader !== "plain" && overtaken) return !isOlder(kept, found);
    return reader === "guarded" && isOlder(found, kept);
  }

  // KV may have moved on while its answer was on the way: the answer is as old as the question.
  keep(unit, found, asked) {
    const entry = { snapshot: found ?? EMPTY, at: this.options.install === "newer" ? asked : this.now() };
    if (found) this.kept.set(unit, entry);
    else this.kept.delete(unit);
    return entry;
  }
}

/** By era first, since a restore takes versions back. */
const isOlder = (one, other) => one.era < other.era || (one.era === other.era && one.version < other.version);

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The snapshot in a value of KV, null for none. Throws NoConfig for anything else. */
function snapshotIn(value) {
  if (value === null) return null;
  let said;
  try {
    said = JSON.parse(utf8.decode(value));
  } catch {
    throw new NoConfig();
  }
  const { config, era, version } = said ?? {};
  if (!isObject(config) || !isCount(era) || !isCount(version)) throw new NoConfig();
  return { config, era, version };
}

const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

/** The header that says where an isolate's memory stood in for KV (RFC 9211). */
export const cacheStatusOf = ({ source }) => (source ? { "Cache-Status": `isolate; hit; detail=${source}` } : {});
