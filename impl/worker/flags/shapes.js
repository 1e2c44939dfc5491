// SPDX-License-Identifier: Apache-2.0
// What kind of JSON a value is.

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** A text, a number or a truth value; null is none of them. */
export const isScalar = (value) => typeof value === "string" || typeof value === "number" || typeof value === "boolean";
