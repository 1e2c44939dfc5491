// SPDX-License-Identifier: Apache-2.0
// What the designer decides, as variables of the Worker: the words of the model's options, and durations in seconds.

const WORDS = {
  publisher: ["outbox", "inline"], // who puts to KV: the alarm, or (the mistake) the request that writes
  statements: ["transaction", "bare"], // a write: one transaction, or (the mistake) statement by statement
  handler: ["rearms", "throws"], // a failed put: caught and armed again, or (the mistake) left to the platform
  repair: ["none", "heartbeat"], // whether the alarm publishes again although nothing has changed
  reader: ["plain", "guarded", "memo"], // KV as it comes; never older than last time; kept for the memo's time
  install: ["newer", "latest"], // what was overtaken: kept if it is newer, or (the mistake) as the latest
  epoch: ["off", "on"], // whether copies carry the number of restores
  ack: ["gated", "early"], // the reply: once the write is durable, or (the mistake) before
  kv_key: ["per_unit", "shared"], // a KV key for every unit, or (the mistake) one for all
  watchdog: ["off", "on"], // whether the cron trigger has every unit look after its alarm
  flag_update: ["expected", "blind"], // replacing a flag: at the version that was seen, or (the mistake) at any
};

const SECONDS = { put_timeout: 10, retry_base: 2, retry_cap: 300, heartbeat: 60, cache_ttl: 60, memo_ttl: 10 };

const OTHERS = {
  // Seconds that an alarm may be late before it is taken for lost. Mostly it is milliseconds, but the platform allows
  // itself up to a minute, during maintenance and while an object moves to another machine.
  sync_delay: 60,
  write_spacing: 1, // seconds that KV wants between two puts of a key; 0 where it takes them as they come
  account: "local", // whose buckets people are in
  changelog_cap: null, // changes of a flag that are told; null for all
};

/** The options in `env.OPTIONS`, an object whose missing names have their defaults. Throws for what there is not. */
export function optionsOf(env) {
  const said = env.OPTIONS ?? {};
  for (const name of Object.keys(said)) {
    if (!(name in WORDS) && !(name in SECONDS) && !(name in OTHERS)) throw new Error(`there is no option ${name}`);
  }
  const word = (name) => {
    const value = said[name] ?? WORDS[name][0];
    if (!WORDS[name].includes(value)) throw new Error(`${name} is one of ${WORDS[name].join(", ")}, not ${value}`);
    return value;
  };
  const milliseconds = (name) => {
    const value = said[name] ?? SECONDS[name];
    if (!(value > 0)) throw new Error(`${name} is a number of seconds above 0, not ${value}`);
    return value * 1000;
  };
  const { account, changelog_cap, sync_delay, write_spacing } = { ...OTHERS, ...said };
  for (const [name, value] of Object.entries({ sync_delay, write_spacing })) {
    if (!(value >= 0)) throw new Error(`${name} is a number of seconds from 0 on, not ${value}`);
  }
  if (typeof account !== "string") throw new Error(`account is a text, not ${account}`);
  if (changelog_cap !== null && !(Number.isInteger(changelog_cap) && changelog_cap > 0)) {
    throw new Error(`changelog_cap is a whole number above 0 or null, not ${changelog_cap}`);
  }
  return {
    publisher: word("publisher"), statements: word("statements"), handler: word("handler"), reader: word("reader"),
    install: word("install"), epoch: word("epoch"), ack: word("ack"), watchdog: word("watchdog"),
    flagUpdate: word("flag_update"), account, changelogCap: changelog_cap ?? Infinity,
    heartbeat: word("repair") === "heartbeat" ? milliseconds("heartbeat") : null,
    putTimeout: milliseconds("put_timeout"), syncDelay: sync_delay * 1000,
    writeSpacing: write_spacing * 1000,
    retryBase: milliseconds("retry_base"), retryCap: milliseconds("retry_cap"),
    cacheTtl: milliseconds("cache_ttl") / 1000, memoTtl: milliseconds("memo_ttl"),
    keyOf: word("kv_key") === "shared" ? () => "config" : (unit) => `config:${unit}`,
  };
}
