// SPDX-License-Identifier: Apache-2.0
// The HTTP front of the flags: the control plane keeps each app's flags in the app's store, the edge evaluates them.

import { Unavailable, cacheStatusOf, readerOf } from "../edge.js";
import { optionsOf } from "../options.js";
import { Problem, actorIn, bodyOf, isObject, numberIn, parseJson, text, wholeNumber } from "../validation.js";
import { changeOf } from "./changelog.js";
import { contextOf } from "./context.js";
import { isKey, problemsOf } from "./document.js";
import { evaluate } from "./evaluate.js";

/** Of one app. */
export const MOST_FLAGS = 5_000;
const MOST_BATCH = 1_000;
const PAGE = 200;

export const FLAG_ROUTES = [
  [/^\/apps\/([^/]*)\/flags$/, { GET: listFlags, POST: createFlag }],
  [/^\/apps\/([^/]*)\/flags\/([^/]*)$/, { GET: getFlag, PUT: putFlag, DELETE: deleteFlag }],
  [/^\/apps\/([^/]*)\/flags\/([^/]*)\/changelog$/, { GET: getFlagChangelog }],
  [/^\/apps\/([^/]*)\/batch$/, { POST: postBatch }],
  [/^\/apps\/([^/]*)\/definitions$/, { GET: getDefinitions }],
  [/^\/apps\/([^/]*)\/evaluate$/, { GET: getEvaluation, POST: postEvaluation }, { open: true }],
];

// No unit of the other routes has a colon in its name: only here is an app written to.
const unitOf = (app) => `app:${app}`;
const storeOf = (env, app) => env.STORE.get(env.STORE.idFromName(unitOf(app)));

// --- the control plane

async function createFlag(request, env, app) {
  const flag = stamped(checked(parseJson(await bodyOf(request))), request);
  const { version } = await write(request, env, app, [[flag.key, flag]], [[flag.key, 0]]);
  return shown(flag, version, 201);
}

async function putFlag(request, env, app, key) {
  const said = parseJson(await bodyOf(request));
  const expected = [[keyOf(key), expectedOf(request, env)]];
  const flag = stamped(checked(said, key), request);
  const { version } = await write(request, env, app, [[key, flag]], expected);
  return shown(flag, version);
}

async function deleteFlag(request, env, app, key) {
  const changes = [[keyOf(key), undefined]];
  const { version } = await write(request, env, app, changes, [[key, expectedOf(request, env)]]);
  return Response.json({ result: { key }, version });
}

async function getFlag(_request, env, app, key) {
  const found = await storeOf(env, app).ask("field", keyOf(key));
  if (found === null) throw unknown(key);
  return shown(found.value, found.version);
}

async function listFlags(_request, env, app, query) {
  const limit = numberIn(query, "limit", PAGE, 1, PAGE);
  const found = await storeOf(env, app).ask("fields", query.get("cursor") ?? "", limit + 1);
  const page = found.slice(0, limit);
  const result = page.map(({ value, version }) => ({ ...value, version }));
  return Response.json({ result, cursor: found.length > limit ? page.at(-1).name : null });
}

async function getFlagChangelog(_request, env, app, key, query) {
  const limit = numberIn(query, "limit", PAGE, 1, PAGE);
  const before = numberIn(query, "before", Number.MAX_SAFE_INTEGER);
  const changes = await storeOf(env, app).ask("history", keyOf(key), before, limit, optionsOf(env).changelogCap);
  return Response.json({ changes: changes.map((change) => changeOf(key, change)) });
}

/** Several flags in one transaction: no reader ever sees some of the changes without the others. */
async function postBatch(request, env, app) {
  const { changes, expected = {}, ...rest } = parseJson(await bodyOf(request));
  if (Object.keys(rest).length > 0) throw new Problem(400, "a batch has changes and expected, nothing else");
  if (!isObject(changes) || !isObject(expected)) throw new Problem(400, "changes and expected are objects");
  const pairs = Object.entries(changes);
  if (pairs.length < 1 || pairs.length > MOST_BATCH) throw new Problem(400, `a batch has 1 to ${MOST_BATCH} flags`);
  for (const [key, version] of Object.entries(expected)) wholeNumber(version, `the version of ${key}`);
  const versions = seenBy(expected, pairs, mayBeBlind(env));
  const flags = pairs.map(([key, flag]) => [key, flag === null ? undefined : stamped(checked(flag, key), request)]);
  const { version } = await write(request, env, app, flags, versions);
  return Response.json({ version });
}

/** The versions that flags must have: those that a batch changes, and then others that its writer names. */
function seenBy(expected, changes, blind) {
  const seen = new Map();
  for (const [key, flag] of changes) {
    const gone = flag === null;
    if (Object.hasOwn(expected, keyOf(key))) seen.set(key, gone && expected[key] === 0 ? "gone" : expected[key]);
    else if (!blind) throw new Problem(428, `expected says no version of ${key} (0 for a new one)`);
    else if (gone) seen.set(key, "any");
  }
  const others = Object.entries(expected).filter(([key]) => !seen.has(key));
  return [...seen, ...others];
}

// What is expected of a flag is compared in the store's transaction: between there and here, anybody may write.
async function write(request, env, app, changes, expectedFields) {
  const key = request.headers.get("Idempotency-Key");
  const result = await storeOf(env, app).write({
    unit: unitOf(app), changes, actor: actorOf(request), expectedFields, mostFields: MOST_FLAGS,
    idempotencyKey: key === null ? undefined : text(key, "the header Idempotency-Key"),
  });
  if (result.refused === "field") throw conflict(request, result);
  if (result.refused === "fields") throw new Problem(413, `an app has at most ${MOST_FLAGS} flags`);
  if (result.refused === "size") throw new Problem(413, "the app's whole config would be too large");
  return result;
}

/** The flag as it is kept, by the order of its rules' priorities. Throws a problem that names all that is wrong. */
function checked(flag, key = flag.key) {
  const errors = problemsOf(flag);
  if (isKey(flag?.key) && flag.key !== key) errors.push({ path: "/key", message: `${key}, as in the request` });
  if (errors.length > 0) throw new Problem(400, "the flag is not what it should be", {}, { errors });
  return { ...flag, rules: flag.rules.toSorted((one, other) => one.priority - other.priority) };
}

// The Worker's clock, before the write is made: of two writes under way the later version may have the earlier time. When
// a version was committed, its entry in the changelog says.
const stamped = (flag, request) => ({ ...flag, updated_at: new Date().toISOString(), updated_by: actorOf(request) });

const actorOf = (request) => actorIn(request.headers.get("Edgeproof-Actor") ?? "", "the header Edgeproof-Actor");

const mayBeBlind = (env) => optionsOf(env).flagUpdate === "blind";

/** The version that the writer has seen; "any" where it need not say. */
function expectedOf(request, env) {
  const said = request.headers.get("If-Match");
  if ((said === null || said === "*") && mayBeBlind(env)) return "any";
  const [, version] = /^"(\d+)"$/.exec(said ?? "") ?? [];
  if (version === undefined) throw new Problem(428, "If-Match says which version of the flag is meant: its ETag");
  return wholeNumber(Number(version), "If-Match", 1);
}

function conflict(request, { field, version }) {
  if (version === 0) return unknown(field);
  // What is posted has no If-Match that could have failed.
  if (request.method === "POST") return new Problem(409, `${field} is there, at version ${version}`);
  return new Problem(412, `the current version of ${field} is ${version}`);
}

const unknown = (key) => new Problem(404, `there is no flag ${key}`);

function keyOf(key) {
  if (!isKey(key)) throw new Problem(400, "a flag's key has 1 to 64 of A-Za-z0-9_-");
  return key;
}

const shown = (flag, version, status = 200) =>
  Response.json({ result: flag, version }, { status, headers: { ETag: `"${version}"` } });

// --- the edge

async function getDefinitions(request, env, app) {
  const { config, era, version, about } = await configOf(env, app);
  const headers = { ETag: `"${era}.${version}"`, ...about };
  if (request.headers.get("If-None-Match") === headers.ETag) return new Response(null, { status: 304, headers });
  return Response.json({ flags: config, era, version }, { headers });
}

async function getEvaluation(_request, env, app, query) {
  const { flagKey, context } = contextOf(query);
  if (flagKey === null) throw new Problem(400, "flagKey says which flag");
  return one(env, app, flagKey, context);
}

async function postEvaluation(request, env, app) {
  const { flagKey, context = {}, ...rest } = parseJson(await bodyOf(request));
  if (Object.keys(rest).length > 0) throw new Problem(400, "an evaluation has flagKey and context, nothing else");
  if (!isObject(context)) throw new Problem(400, "context is not an object");
  if (flagKey === undefined) return all(env, app, context);
  if (typeof flagKey !== "string") throw new Problem(400, "flagKey is not a text");
  return one(env, app, flagKey, context);
}

async function one(env, app, flagKey, context) {
  const { config, era, version, about } = await configOf(env, app);
  const result = evaluate(config, flagKey, context, optionsOf(env).account);
  const status = result.errorCode === "FLAG_NOT_FOUND" ? 404 : 200;
  return Response.json({ flagKey, ...result, era, version }, { status, headers: about });
}

async function all(env, app, context) {
  const { config, era, version, about } = await configOf(env, app);
  const { account } = optionsOf(env);
  const flags = Object.keys(config).map((key) => [key, evaluate(config, key, context, account)]);
  return Response.json({ flags: Object.fromEntries(flags), era, version }, { headers: about });
}

/** The config, and headers about it: a location that KV gives no config goes on with what it has, and says so. */
async function configOf(env, app) {
  const reader = readerOf(env);
  try {
    const found = await reader.find(unitOf(app));
    const age = Math.max(Math.ceil((reader.now() - found.at) / 1000), 0);
    return { ...found.snapshot, about: { Age: String(age), ...cacheStatusOf(found) } };
  } catch (error) {
    if (error instanceof Unavailable) throw new Problem(503, "no flags can be told just now", { "Retry-After": "1" });
    throw error;
  }
}
