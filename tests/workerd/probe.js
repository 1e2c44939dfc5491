// SPDX-License-Identifier: Apache-2.0
// A Worker that does to its KV and R2 bindings what a test asks, and says what came of it.
const describe = (object) => object && {
  key: object.key, size: object.size, etag: object.etag, version: object.version, custom: object.customMetadata,
};

const ACTS = {
  get: async (env, [key, options]) => env.KV.getWithMetadata(key, options),
  put: async (env, [key, value, options]) => env.KV.put(key, value, options),
  fill: async (env, [key, size]) => env.KV.put(key, new Uint8Array(size)),
  delete: async (env, [key]) => env.KV.delete(key),
  list: async (env, [options]) => env.KV.list(options),
  bulk: async (env, [keys]) => Object.fromEntries(await env.KV.get(keys)),
  r2put: async (env, [key, value, options]) => describe(await env.R2.put(key, value, options)),
  r2get: async (env, [key, options]) => {
    const object = await env.R2.get(key, options);
    return object && { ...describe(object), text: await object.text() };
  },
  r2head: async (env, [key]) => describe(await env.R2.head(key)),
  r2delete: async (env, [keys]) => env.R2.delete(keys),
  r2list: async (env, [options]) => {
    const { objects, truncated, cursor } = await env.R2.list(options);
    return { keys: objects.map(({ key }) => key), truncated, cursor };
  },
};

export default {
  async fetch(request, env) {
    const [act, ...given] = await request.json();
    try {
      return Response.json({ value: (await ACTS[act](env, given)) ?? null });
    } catch (error) {
      return Response.json({ error: error.message });
    }
  },
};
