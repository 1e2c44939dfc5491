// SPDX-License-Identifier: Apache-2.0
// A flag's changelog, out of its field's: what happened, the flag afterwards, and what is different in it.

// Who and when are told of the change itself.
const STAMPS = ["updated_at", "updated_by"];

export function changeOf(key, { version, actor, at, old, new: after }) {
  const about = { flag_key: key, version, actor, at };
  if (after === undefined) return { ...about, event: "delete", before: old };
  if (old === undefined) return { ...about, event: "create", after };
  return { ...about, event: "update", after, diff: diffOf(old, after) };
}

/** The members that differ, with their values before and after; a side that is absent says nothing. */
export function diffOf(from, to) {
  const diff = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (STAMPS.includes(name) || sameText(from[name], to[name])) continue;
    diff[name] = { ...(name in from ? { from: from[name] } : {}), ...(name in to ? { to: to[name] } : {}) };
  }
  return diff;
}

const sameText = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

/** The order of an object's members says nothing. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).toSorted().map((name) => [name, sorted(value[name])]));
}
