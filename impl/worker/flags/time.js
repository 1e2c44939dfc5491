// SPDX-License-Identifier: Apache-2.0
// Instants as ISO 8601 writes them. `Date.parse` is no help: it takes 30 February for 2 March.

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:Z|([+-])(\d{2}):(\d{2}))?)?$/;

/** Whether a condition's value is a date and time, with seconds and with an offset: only then it is compared as one. */
export const isTimestamp = (value) => typeof value === "string" && TIMESTAMP.test(value);

/**
 * Milliseconds since 1970 (what is smaller is cut off), NaN for what is no instant. A date alone is its midnight, a
 * time without an offset is UTC's.
 */
export function instantOf(text) {
  const match = INSTANT.exec(text);
  if (match === null) return NaN;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((digits) => Number(digits ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return NaN;
  if (year < 1 || hour > 23 || minute > 59 || second > 59) return NaN;
  const offset = offsetOf(match[8], Number(match[9] ?? 0), Number(match[10] ?? 0));
  const date = new Date(0);
  // Not Date.UTC, which takes the year 50 for 1950.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, Number((match[7] ?? "").slice(0, 3).padEnd(3, "0")));
  return date.getTime() - offset;
}

const daysOf = (year, month) => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

function offsetOf(sign, hours, minutes) {
  if (hours > 23 || minutes > 59) return NaN;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
