// SPDX-License-Identifier: Apache-2.0
// The HTTP front: the control plane writes and reads units through their Durable Objects, the edge reads KV.

import { Unavailable, cacheStatusOf, readerOf } from "./edge.js";
import { contentOf, isolateName, recorded } from "./history.js";
import { FLAG_ROUTES } from "./flags/routes.js";
import openapi from "./openapi.json";
import { isAuthorized } from "./token.js";
import { pokeEveryUnit } from "./watchdog.js";
import { Problem, bodyOf, numberIn, parseJson, problem, unitOf, wholeNumber, writeOf } from "./validation.js";

export { ConfigStore } from "./store.js";
export { UnitRegistry } from "./watchdog.js";

// A path, what can be done there, and whether anybody may: what is not open needs the control plane's token.
const ROUTES = [
  [/^\/units\/([^/]*)\/config$/, { PUT: putConfig }],
  [/^\/units\/([^/]*)\/restore$/, { POST: postRestore }],
  [/^\/units\/([^/]*)\/changelog$/, { GET: getChangelog }],
  [/^\/units\/([^/]*)$/, { GET: getUnit }],
  [/^\/edge\/([^/]*)$/, { GET: getEdge }, { open: true }],
  [/^\/openapi\.json$/, { GET: () => Response.json(openapi) }, { open: true }],
  ...FLAG_ROUTES,
];

// What is open to anybody is open to the pages of anybody (Fetch, section 3.3).
const ANY_ORIGIN = { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Age, Cache-Status" };

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const found = ROUTES.find(([pattern]) => pattern.test(url.pathname));
    const response = await answer(request, env, url, found);
    if (found?.[2]?.open) for (const [name, value] of Object.entries(ANY_ORIGIN)) response.headers.set(name, value);
    return response;
  },

  async scheduled(_event, env) {
    await pokeEveryUnit(env);
  },
};

async function answer(request, env, url, found) {
  try {
    return await route(request, env, url, found);
  } catch (error) {
    if (error instanceof Problem) return problem(error);
    console.error(error?.stack ?? error);
    return problem(new Problem(500, "the request failed; a write may have been made: ask, or repeat it with its key"));
  }
}

async function route(request, env, url, found) {
  if (!found) throw new Problem(404, "there is nothing here");
  const [pattern, methods, { open = false } = {}] = found;
  if (open && request.method === "OPTIONS") return preflight(Object.keys(methods));
  const handle = methods[request.method === "HEAD" ? "GET" : request.method];
  if (!handle) throw new Problem(405, `there is ${Object.keys(methods)} here`, { Allow: Object.keys(methods).join(", ") });
  if (!open && !(await isAuthorized(request, env.TOKEN))) {
    throw new Problem(401, "the control plane needs a bearer token", { "WWW-Authenticate": "Bearer" });
  }
  return handle(request, env, ...pattern.exec(url.pathname).slice(1).map(unitOf), url.searchParams);
}

/** What a browser asks before it lets a page send JSON. */
function preflight(methods) {
  const headers = {
    "Access-Control-Allow-Methods": methods.join(", "),
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
  };
  return new Response(null, { status: 204, headers });
}

function storeOf(env, unit) {
  return env.STORE.get(env.STORE.idFromName(unit));
}

async function putConfig(request, env, unit) {
  const write = writeOf(parseJson(await bodyOf(request)));
  const event = { kind: "commit", unit, key: write.idempotencyKey, base: write.expectedVersion };
  const { told, at, ...result } = await recorded(env, event, () => storeOf(env, unit).write({ unit, ...write }), commitOf);
  if (result.refused === "version") throw new Problem(409, `the current version is ${result.version}`);
  if (result.refused === "size") throw new Problem(413, "the unit's whole config would be too large");
  return Response.json(result);
}

/** What a history says of a write: of a repeated one, that it lies between when it was made and now. */
function commitOf({ refused, version, told, at }) {
  if (refused) return { outcome: "fail", note: refused };
  return at === undefined ? { version, ...told } : { version, invoke: at / 1000 };
}

async function postRestore(request, env, unit) {
  const { version, ...rest } = parseJson(await bodyOf(request));
  if (Object.keys(rest).length > 0) throw new Problem(400, "a restore has a version and nothing else");
  const to = wholeNumber(version, "version");
  const event = { kind: "fault", unit, note: "rollback" };
  const restored = await recorded(env, event, () => storeOf(env, unit).restore(to), (told) => told || { outcome: "fail" });
  if (!restored) throw new Problem(409, `there is no version ${to} to go back to`);
  return Response.json({ version: to });
}

async function getUnit(_request, env, unit) {
  return Response.json(await storeOf(env, unit).ask("snapshot"));
}

async function getChangelog(_request, env, unit, query) {
  const since = numberIn(query, "since", 0);
  const limit = numberIn(query, "limit", 100, 1, 1000);
  return Response.json({ changes: await storeOf(env, unit).ask("changelog", since, limit) });
}

/** What a history says of a read. */
async function toldOf({ snapshot, source, note }) {
  return { ...(await contentOf(snapshot)), source, note };
}

async function getEdge(request, env, unit) {
  const event = { kind: "read", unit, pop: request.cf?.colo ?? "unknown", reader: isolateName() };
  try {
    const found = await recorded(env, event, () => readerOf(env).find(unit), toldOf);
    return Response.json(found.snapshot, { headers: cacheStatusOf(found) });
  } catch (error) {
    if (error instanceof Unavailable) throw new Problem(503, "no config can be told just now", { "Retry-After": "1" });
    throw error;
  }
}
