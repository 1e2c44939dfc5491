// SPDX-License-Identifier: Apache-2.0
// What happens, as lines of a history: an object of JSON per event, in the Worker's log, if env.HISTORY is "log".
//
// An event lies between `invoke` and `return`. The clock here stands still while code runs and shows whole
// milliseconds: `return` is one later than it shows, so that whatever has happened had happened by then.

/** Whether events are recorded at all. */
export const isRecorded = (env) => env.HISTORY === "log";

/** Do something, and record what became of it. `told` gives the columns that its result adds. */
export async function recorded(env, event, act, told) {
  if (!isRecorded(env)) return act();
  const invoke = Date.now() / 1000;
  const record = (columns) => console.log(JSON.stringify({ ...event, invoke, return: (Date.now() + 1) / 1000, ...columns }));
  let result;
  try {
    result = await act();
  } catch (error) {
    // A read without an answer told nobody anything. A write, and a put, may have been made all the same.
    record({ outcome: event.kind === "read" ? "fail" : "unknown", note: String(error) });
    throw error;
  }
  record({ outcome: "ok", ...(await told(result)) });
  return result;
}

/** The columns of whoever is told a config. A config that is kept has its digest computed once, or twice the same. */
export async function contentOf({ config, era, version }) {
  if (!digests.has(config)) digests.set(config, await digestOf(config));
  return { era, version, digest: digests.get(config) };
}

const digests = new WeakMap();

async function digestOf(config) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(config)));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** JSON with sorted names, without spaces, in ASCII: one text for one content. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return ascii(JSON.stringify(value));
  return `{${Object.keys(value).sort().map((name) => `${ascii(JSON.stringify(name))}:${canonical(value[name])}`).join(",")}}`;
}

const ascii = (text) => text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

let isolate;

/** A name for this isolate, as long as it lives. */
export function isolateName() {
  isolate ??= crypto.randomUUID();
  return isolate;
}
