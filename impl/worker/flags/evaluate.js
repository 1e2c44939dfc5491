// SPDX-License-Identifier: Apache-2.0
// What a flag is worth in a context: a pure function, but for the draws of `random`.
//
// The order is the documented one: a flag that is disabled, then one without rules, then the rules as they stand in the
// list (a list that was written by the control plane stands in the order of its priorities), then the default. Nothing
// throws, whatever the flag looks like: a shape that is unknown matches nobody.
//
// Surprises that are documented, and kept:
// - `missing-is-false`: an attribute that is missing satisfies no operator, not even `not_equals` or `not_in`.
// - `null-is-unequal`: an attribute that is null satisfies `not_equals` and `not_in`, and no other.
// - `random-per-rule`: without its attribute a rollout draws a bucket anew, for every rule and every evaluation.
// - `whole-is-no-split`: a rollout of 100 % is no split, hashes nothing, and its reason is TARGETING_MATCH.
// - `app-is-no-seed`: buckets depend on account, flag and attribute, not on app, rule or percentage; of seeds there are
//   100, so one pair of flags in a hundred splits everybody alike.

import { murmur3 } from "./murmur3.js";
import { satisfies } from "./operators.js";
import { isObject, isScalar } from "./shapes.js";

const MOST_SEGMENTS = 5; // of a dotted path into the context
const SCALE = Math.ceil(2 ** 32 / 100);

/**
 * {value, variant, reason} or, where there is no value to give, {reason: "ERROR", errorCode}. `flags` is a config: the
 * flags by key. `random` gives a number from 0 to below 1.
 */
export function evaluate(flags, flagKey, context, account, random = Math.random) {
  if (!Object.hasOwn(flags, flagKey)) return { reason: "ERROR", errorCode: "FLAG_NOT_FOUND" };
  const flag = flags[flagKey];
  if (!isObject(flag)) return { reason: "ERROR", errorCode: "PARSE_ERROR" };
  if (flag.enabled !== true) return serve(flag, flag.default_variation, "DISABLED");
  const rules = Array.isArray(flag.rules) ? flag.rules : [];
  if (rules.length === 0) return serve(flag, flag.default_variation, "STATIC");
  const who = { context, account, flagKey, random };
  for (const rule of rules) {
    const reason = matches(rule, context) ? admitted(rule.rollout, who) : null;
    if (reason) return serve(flag, rule.serve_variation, reason);
  }
  return serve(flag, flag.default_variation, "DEFAULT");
}

/** From 0 to below 100: where an attribute of somebody lies on the scale of a flag's percentages. */
export function bucketOf(attribute, flagKey, account) {
  const seed = murmur3(`${account}:${flagKey}`, 0) % 100;
  const hash = murmur3(String(attribute), seed);
  return (hash % 100) + Math.floor(hash / 100) / SCALE;
}

function serve(flag, variant, reason) {
  const known = typeof variant === "string" && isObject(flag.variations) && Object.hasOwn(flag.variations, variant);
  if (!known) return { reason: "ERROR", errorCode: "PARSE_ERROR" };
  return { value: flag.variations[variant], variant, reason };
}

function matches(rule, context) {
  if (!isObject(rule)) return false;
  const conditions = rule.conditions ?? [];
  return Array.isArray(conditions) && conditions.every((condition) => holds(condition, context));
}

function holds(condition, context) {
  if (!isObject(condition)) return false;
  if (Object.hasOwn(condition, "logical_operator")) {
    const { logical_operator, clauses } = condition;
    if (!Array.isArray(clauses)) return false;
    if (logical_operator === "AND") return clauses.every((clause) => holds(clause, context));
    return logical_operator === "OR" && clauses.some((clause) => holds(clause, context));
  }
  const attribute = attributeOf(context, condition.attribute);
  return attribute !== undefined && satisfies(condition.operator, attribute, condition.value ?? null);
}

/** The attribute of that name, or that to which the name leads as a dotted path; undefined if it is missing. */
function attributeOf(context, name) {
  if (typeof name !== "string") return undefined;
  if (Object.hasOwn(context, name)) return context[name];
  const path = name.split(".");
  if (path.length < 2 || path.length > MOST_SEGMENTS) return undefined;
  let found = context;
  for (const segment of path) {
    if (!isObject(found) || !Object.hasOwn(found, segment)) return undefined;
    found = found[segment];
  }
  return found;
}

/** The reason to serve a rule whose conditions hold, or null if its rollout leaves this one out. */
function admitted(rollout, { context, account, flagKey, random }) {
  if (rollout === undefined || rollout === null) return "TARGETING_MATCH";
  const name = (rollout.attribute ?? "") === "" ? "targetingKey" : rollout.attribute;
  if (typeof rollout.percentage !== "number" || typeof name !== "string") return null;
  const attribute = attributeOf(context, name) ?? null;
  if (attribute !== null && !isScalar(attribute)) return null;
  if (rollout.percentage >= 100) return "TARGETING_MATCH";
  const bucket = attribute === null ? random() * 100 : bucketOf(attribute, flagKey, account);
  return bucket < rollout.percentage ? "SPLIT" : null;
}
