// SPDX-License-Identifier: Apache-2.0
// The thirteen operators: whether an attribute of the context is what a condition asks for.
//
// Texts are compared as JavaScript's `String` gives them, so 1 equals "1" and true equals "true"; letters are compared
// case by case. An attribute that is null satisfies `not_equals` and `not_in` alone; one that is missing satisfies
// nothing at all (the caller sees to that). A condition's value that is null is the text "null"; members of lists that
// are null, lists or objects equal nothing.

import { isScalar } from "./shapes.js";
import { instantOf, isTimestamp } from "./time.js";

/** Whether the operator is satisfied by an attribute that is there. An operator that does not exist never is. */
export function satisfies(operator, attribute, wanted) {
  if (attribute === null) return operator === "not_equals" || (operator === "not_in" && Array.isArray(wanted));
  return OPERATORS.get(operator)?.(attribute, wanted) ?? false;
}

const OPERATORS = new Map([
  ["equals", byText((attribute, wanted) => attribute === wanted)],
  ["not_equals", byText((attribute, wanted) => attribute !== wanted)],
  ["contains", byText((attribute, wanted) => attribute.includes(wanted))],
  ["starts_with", byText((attribute, wanted) => attribute.startsWith(wanted))],
  ["ends_with", byText((attribute, wanted) => attribute.endsWith(wanted))],
  ["greater_than", byOrder((attribute, wanted) => attribute > wanted)],
  ["less_than", byOrder((attribute, wanted) => attribute < wanted)],
  ["greater_than_or_equals", byOrder((attribute, wanted) => attribute >= wanted)],
  ["less_than_or_equals", byOrder((attribute, wanted) => attribute <= wanted)],
  ["in", (attribute, wanted) => isScalar(attribute) && Array.isArray(wanted) && includes(wanted, attribute)],
  ["not_in", (attribute, wanted) => isScalar(attribute) && Array.isArray(wanted) && !includes(wanted, attribute)],
  ["has", (attribute, wanted) => Array.isArray(attribute) && isText(wanted) && includes(attribute, wanted)],
  ["not_has", (attribute, wanted) => Array.isArray(attribute) && isText(wanted) && !includes(attribute, wanted)],
]);

/** What a condition may compare with: all that `String` makes a text of in one way. */
const isText = (value) => value === null || isScalar(value);

function byText(compare) {
  return (attribute, wanted) => isScalar(attribute) && isText(wanted) && compare(String(attribute), String(wanted));
}

/** As instants where the condition names one, else as numbers; what is neither is NaN, which no comparison likes. */
function byOrder(compare) {
  return (attribute, wanted) =>
    isTimestamp(wanted) && typeof attribute === "string"
      ? compare(instantOf(attribute), instantOf(wanted))
      : compare(numberOf(attribute), numberOf(wanted));
}

// `Number` makes 0 of null, of [] and of a text of spaces; here nothing is not zero.
function numberOf(value) {
  if (!isScalar(value) || (typeof value === "string" && value.trim() === "")) return NaN;
  return Number(value);
}

function includes(list, value) {
  const text = String(value);
  return list.some((one) => isScalar(one) && String(one) === text);
}
