// SPDX-License-Identifier: Apache-2.0
// For tests only: many evaluations per request, by the evaluator of the Worker alone. One app stays from request to
// request, so that a benchmark does not send it again and again.
import { problemsOf } from "./flags/document.js";
import { bucketOf, evaluate } from "./flags/evaluate.js";
import { murmur3 } from "./flags/murmur3.js";

let app = {};

const ACTS = {
  hash: ({ text, seed }) => murmur3(text, seed),
  bucket: ({ attribute, flag, account }) => bucketOf(attribute, flag, account),
  evaluate: ({ flags, flag, context, account, draws = [] }) => {
    const left = [...draws];
    const random = () => {
      if (left.length === 0) throw new Error("one draw more than was expected");
      return left.shift();
    };
    return { ...evaluate(flags ?? app, flag, context, account, random), left: left.length };
  },
  problems: ({ flag }) => problemsOf(flag),
  keep: ({ flags }) => { app = flags; },
  times: ({ contexts, account, rounds }) => {
    const keys = Object.keys(app);
    let said = 0;
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < keys.length; at++) {
        const { reason } = evaluate(app, keys[at], contexts[(at + round) % contexts.length], account);
        if (reason !== "ERROR") said += 1;
      }
    }
    return said;
  },
};

function done({ act, ...given }) {
  try {
    return ACTS[act](given) ?? null;
  } catch (error) {
    return { threw: String(error) };
  }
}

export default {
  async fetch(request) {
    const cases = await request.json();
    return Response.json(cases.map(done));
  },
};
