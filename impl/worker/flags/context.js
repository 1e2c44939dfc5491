// SPDX-License-Identifier: Apache-2.0
// The context of an evaluation, out of a query: numbers and truth values where a text can be nothing else.

/** {flagKey, context}; the flag's key is null if it is not said. */
export function contextOf(query) {
  const { flagKey = null, ...said } = Object.fromEntries(query);
  const pairs = Object.entries(said).map(([name, value]) => [name, name === "targetingKey" ? value : coerced(value)]);
  return { flagKey, context: Object.fromEntries(pairs) };
}

function coerced(said) {
  if (said === "true" || said === "false") return said === "true";
  // 007 and 1e3 may be names as well; a number that is written as numbers are is a number.
  return said !== "" && Number.isFinite(Number(said)) && String(Number(said)) === said ? Number(said) : said;
}
