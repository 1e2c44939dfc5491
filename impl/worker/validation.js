// SPDX-License-Identifier: Apache-2.0
// What a request may say. Whatever is wrong is found before anything is done, and said as application/problem+json.

// Old and new value of a field share a row of the changelog, and a row holds 2 MB.
const MAX_BODY = 900_000;
const MAX_NAME = 1024; // bytes of UTF-8, of field names, actors and idempotency keys
const MAX_FIELDS = 5_000;
const MAX_DEPTH = 100; // many a reader of JSON calls itself for every level, and gives up some hundreds further down

export class Problem extends Error {
  constructor(status, detail, headers = {}, more = {}) {
    super(detail);
    Object.assign(this, { status, headers, more });
  }
}

const TITLES = {
  400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
  412: "Precondition Failed", 413: "Content Too Large", 428: "Precondition Required", 500: "Internal Server Error",
  503: "Service Unavailable",
};

export function problem({ status, message, headers, more }) {
  const body = { type: "about:blank", title: TITLES[status], status, detail: message, ...more };
  return Response.json(body, { status, headers: { ...headers, "Content-Type": "application/problem+json" } });
}

/** The body's bytes. What is too large is refused once that is known, whatever the header says of its length. */
export async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Problem(413, `a body has at most ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return new Blob(chunks).arrayBuffer();
}

/** The JSON object in some bytes. */
export function parseJson(bytes) {
  let said;
  try {
    said = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new Problem(400, "the body is not JSON in UTF-8");
  }
  if (!isObject(said)) throw new Problem(400, "the body is not a JSON object");
  if (isDeeper(said, MAX_DEPTH)) throw new Problem(400, `the body is nested more than ${MAX_DEPTH} deep`);
  if (!isFinite(said)) throw new Problem(400, "the body has a number that no double can hold");
  return said;
}

function isDeeper(value, levels) {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}

/** Whether all numbers in a value are finite: 1e999 is read as Infinity, and would be kept as null. */
function isFinite(value) {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isFinite);
}

/** A write: at least one field to set (`changes`) or to remove (`removed`). */
export function writeOf({ changes = {}, removed = [], actor, expected_version, idempotency_key, ...rest }) {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new Problem(400, `a write has no ${JSON.stringify(unknown.slice(0, 80))}`);
  if (!isObject(changes)) throw new Problem(400, "changes is not an object");
  if (!Array.isArray(removed)) throw new Problem(400, "removed is not a list");
  const pairs = [...Object.entries(changes), ...removed.map((name) => [name, undefined])];
  if (pairs.length < 1 || pairs.length > MAX_FIELDS) throw new Problem(400, `a write has 1 to ${MAX_FIELDS} fields`);
  pairs.forEach(([name]) => text(name, "a field's name"));
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Problem(400, "a field is named twice");
  return {
    changes: pairs,
    actor: actorIn(actor, "actor"),
    expectedVersion: expected_version === undefined ? undefined : wholeNumber(expected_version, "expected_version"),
    idempotencyKey: idempotency_key === undefined ? undefined : text(idempotency_key, "idempotency_key"),
  };
}

export function unitOf(encoded) {
  let unit;
  try {
    unit = decodeURIComponent(encoded);
  } catch {
    throw new Problem(400, "the unit's name is not encoded as it should be");
  }
  if (!/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/.test(unit)) {
    throw new Problem(400, "a unit's name has 1 to 128 of A-Za-z0-9._~-, and is not . or ..");
  }
  return unit;
}

export function wholeNumber(value, what, least = 0, most = Number.MAX_SAFE_INTEGER) {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new Problem(400, `${what} is not a whole number from ${least} to ${most}`);
  }
  return value;
}

/** The same for a parameter of a query, which is a text of digits; `absent` where there is none. */
export function numberIn(query, name, absent, least, most) {
  const said = query.get(name);
  if (said === null) return absent;
  return wholeNumber(/^\d+$/.test(said) ? Number(said) : NaN, name, least, most);
}

export function text(value, what) {
  // A lone surrogate has no UTF-8, so the store would keep another text than was sent; NUL ends a text in some tools.
  if (typeof value !== "string" || !value.isWellFormed() || value.includes("\0")) {
    throw new Problem(400, `${what} is not a text`);
  }
  const size = new TextEncoder().encode(value).length;
  if (size < 1 || size > MAX_NAME) throw new Problem(400, `${what} has 1 to ${MAX_NAME} bytes of UTF-8`);
  return value;
}

/** Who did something; told in logs and on terminals. */
export function actorIn(value, what) {
  if (/\p{Cc}/u.test(text(value, what))) throw new Problem(400, `${what} has a control character`);
  return value;
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
