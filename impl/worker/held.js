// SPDX-License-Identifier: Apache-2.0
// For tests only, never deployed: an environment whose answers wait, each until the suite lets it go.
//
// What waits asks `env.GATE` for its own name. That is a KV namespace of the suite's, and answers when the suite has it
// so; if it fails, what waited there is lost. KV's own questions reach the suite by themselves. What cannot be seen from
// there is when the code under test reads a body, and when it calls an object.

/** The environment with its gates, where the suite has any. */
export function held(env) {
  if (!env.GATE) return env;
  const passes = (name) => env.GATE.get(`gate:${name}`);
  const { KV, STORE, UNITS } = env;
  return { ...env, KV: lateBodies(KV, passes), STORE: lateObjects(STORE, passes), UNITS: lateObjects(UNITS, passes) };
}

/** A head is answered first, and a body once it is read: what runs in between may find that things have moved on. */
const lateBodies = (kv, passes) => ({
  get: (...asked) => kv.get(...asked),
  put: (...asked) => kv.put(...asked),
  async getWithMetadata(...asked) {
    const { value, ...head } = await kv.getWithMetadata(...asked);
    return { value: value && lateBody(value, passes), ...head };
  },
});

const lateBody = (body, passes) => new ReadableStream({
  async pull(controller) {
    await passes("kv.get body");
    for await (const chunk of body) controller.enqueue(chunk);
    controller.close();
  },
  cancel: (reason) => body.cancel(reason),
}, { highWaterMark: 0 }); // nothing is pulled before somebody reads

/** What is asked of an object waits on its way there, and its answer, or error, on the way back. */
const lateObjects = (namespace, passes) => ({
  idFromName: (name) => namespace.idFromName(name),
  get(id) {
    const stub = namespace.get(id);
    return new Proxy({}, { get: (_, method) => async (...given) => {
      await passes(`${method} is asked`);
      try {
        return await stub[method](...given);
      } finally {
        await passes(`${method} is answered`);
      }
    } });
  },
});
