// SPDX-License-Identifier: Apache-2.0
// What a flag may say: its schema and its limits. Whatever is wrong is found at once, each with its JSON Pointer.

import { isObject, isScalar } from "./shapes.js";

const KEY = /^[A-Za-z0-9_-]{1,64}$/; // of flags and of variations
const MOST_VALUE = 10_240; // bytes of JSON of a variation's value
const MOST_DEPTH = 6; // of nested conditions; a flat list has 1
const MEMBERS = [
  "key", "type", "description", "enabled", "default_variation", "variations", "rules", "updated_at", "updated_by",
];
const TYPES = ["boolean", "string", "number", "json"];
const LISTED = ["in", "not_in"];
const SINGLE = [
  "equals", "not_equals", "greater_than", "less_than", "greater_than_or_equals", "less_than_or_equals", "contains",
  "starts_with", "ends_with", "has", "not_has",
];

export const isKey = (text) => typeof text === "string" && KEY.test(text);

/** All that is wrong with a flag, as {path, message}; an empty list if nothing is. */
export function problemsOf(flag) {
  const problems = [];
  const say = (path, message) => {
    if (!problems.some((problem) => problem.path === path)) problems.push({ path, message });
  };
  if (!isObject(flag)) return [{ path: "", message: "a flag is an object" }];
  unknown(flag, MEMBERS, "", say);
  if (!isKey(flag.key)) say("/key", "1 to 64 of A-Za-z0-9_-");
  if (typeof flag.enabled !== "boolean") say("/enabled", "true or false");
  if (flag.description != null && typeof flag.description !== "string") say("/description", "a text or null");
  const names = checkVariations(flag, say);
  if (!names.includes(flag.default_variation)) say("/default_variation", "the name of a variation");
  checkRules(flag.rules, names, say);
  return problems;
}

/** The kind of a variation's value; null for what no variation may have. */
export function typeOf(value) {
  if (value === null || value === undefined) return null;
  return typeof value === "object" ? "json" : typeof value;
}

function checkVariations({ type, variations }, say) {
  if (type !== undefined && !TYPES.includes(type)) say("/type", `one of ${TYPES.join(", ")}`);
  if (!isObject(variations) || Object.keys(variations).length === 0) {
    say("/variations", "an object with a value for at least one name");
    return [];
  }
  const names = Object.keys(variations);
  const wanted = type === undefined ? typeOf(variations[names[0]]) : type;
  for (const name of names) {
    const path = `/variations/${token(name)}`;
    if (!isKey(name)) say(path, "a name has 1 to 64 of A-Za-z0-9_-");
    if (typeOf(variations[name]) === null) say(path, "null is no value");
    else if (TYPES.includes(wanted) && typeOf(variations[name]) !== wanted) say(path, `a ${wanted}, as the others`);
    if (bytesOf(variations[name]) > MOST_VALUE) say(path, `at most ${MOST_VALUE} bytes of JSON`);
  }
  return names;
}

function checkRules(rules, names, say) {
  if (!Array.isArray(rules)) return say("/rules", "a list");
  const priorities = new Set();
  for (const [at, rule] of rules.entries()) {
    const path = `/rules/${at}`;
    if (!isObject(rule)) {
      say(path, "an object");
      continue;
    }
    unknown(rule, ["priority", "conditions", "serve_variation", "rollout"], path, say);
    if (!isPriority(rule.priority)) say(`${path}/priority`, "a whole number from 1 on");
    else if (priorities.has(rule.priority)) say(`${path}/priority`, "another rule has this priority");
    priorities.add(rule.priority);
    checkConditions(rule.conditions, `${path}/conditions`, 1, say);
    if (!names.includes(rule.serve_variation)) say(`${path}/serve_variation`, "the name of a variation");
    if (rule.rollout !== undefined) checkRollout(rule.rollout, `${path}/rollout`, say);
  }
  checkOrder(rules, say);
}

/** A rule without conditions matches everybody: one with conditions behind it would look as if it meant something. */
function checkOrder(rules, say) {
  const good = (rule) => Array.isArray(rule?.conditions) && isPriority(rule.priority);
  const placed = [...rules.entries()].filter(([, rule]) => good(rule));
  const conditional = placed.filter(([, rule]) => rule.conditions.length > 0).map(([, rule]) => rule.priority);
  for (const [at, rule] of placed) {
    if (rule.conditions.length === 0 && conditional.some((priority) => priority > rule.priority)) {
      say(`/rules/${at}/conditions`, "rules without conditions come after rules with conditions");
    }
  }
}

function checkConditions(conditions, path, depth, say) {
  if (!Array.isArray(conditions)) return say(path, "a list");
  conditions.forEach((condition, at) => checkCondition(condition, `${path}/${at}`, depth, say));
}

function checkCondition(condition, path, depth, say) {
  if (!isObject(condition)) return say(path, "an object");
  if (depth > MOST_DEPTH) return say(path, `conditions are nested at most ${MOST_DEPTH} deep`);
  if (Object.hasOwn(condition, "logical_operator")) {
    unknown(condition, ["logical_operator", "clauses"], path, say);
    if (!["AND", "OR"].includes(condition.logical_operator)) say(`${path}/logical_operator`, "AND or OR");
    checkConditions(condition.clauses, `${path}/clauses`, depth + 1, say);
    if (condition.clauses?.length === 0) say(`${path}/clauses`, "at least one");
    return;
  }
  unknown(condition, ["attribute", "operator", "value"], path, say);
  const { attribute, operator, value } = condition;
  if (!isName(attribute)) say(`${path}/attribute`, "the name of an attribute");
  if (LISTED.includes(operator)) {
    const comparable = Array.isArray(value) && value.every(isScalar);
    if (!comparable) say(`${path}/value`, `for ${operator}, a list of texts, numbers, true or false`);
  } else if (SINGLE.includes(operator)) {
    if (!isScalar(value)) say(`${path}/value`, `for ${operator}, a text, a number, true or false`);
  } else {
    say(`${path}/operator`, `one of ${[...SINGLE, ...LISTED].join(", ")}`);
  }
}

function checkRollout(rollout, path, say) {
  if (!isObject(rollout)) return say(path, "an object");
  unknown(rollout, ["percentage", "attribute"], path, say);
  const { percentage, attribute } = rollout;
  const inRange = typeof percentage === "number" && percentage >= 0 && percentage <= 100;
  if (!inRange) say(`${path}/percentage`, "a number from 0 to 100");
  if (attribute !== undefined && !isName(attribute)) say(`${path}/attribute`, "the name of an attribute");
}

function unknown(object, members, path, say) {
  for (const name of Object.keys(object)) {
    if (!members.includes(name)) say(`${path}/${token(name)}`, "there is no such member");
  }
}

// RFC 6901
const token = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");

const isPriority = (value) => Number.isSafeInteger(value) && value >= 1;

const isName = (value) => typeof value === "string" && value !== "";

const bytesOf = (value) => new TextEncoder().encode(JSON.stringify(value) ?? "").length;
