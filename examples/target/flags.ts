// SPDX-License-Identifier: Apache-2.0
// A Worker of another shape than ours: each flag has a route of its own, a version is an entity tag that says nothing but
// which one it is, there is no KV, and an isolate keeps the config for a second.
//
//     workerd serve --experimental examples/target/flags.capnp
//     edgeproof verify --target examples/target/flags.toml

import { DurableObject } from "cloudflare:workers";

interface Env {
  STORE: DurableObjectNamespace<FlagStore>;
}

type Flags = Record<string, unknown>;

interface Config {
  tag: string;
  flags: Flags;
}

interface Change {
  name: string;
  value: unknown;
  expected: string | null;
  key: string | null;
}

const TTL = 1000; // milliseconds

// While the storage is asked, the platform lets no other request in: what is read is still true when it is written.
export class FlagStore extends DurableObject<Env> {
  async config(): Promise<Config> {
    const { storage } = this.ctx;
    return { tag: (await storage.get<string>("tag")) ?? "none", flags: (await storage.get<Flags>("flags")) ?? {} };
  }

  /** The tag that the change made, or made when it was sent first; null where another version is current. */
  async change({ name, value, expected, key }: Change): Promise<string | null> {
    const { storage } = this.ctx;
    const made = key === null ? undefined : await storage.get<string>(`key:${key}`);
    if (made !== undefined) return made;
    const { tag, flags } = await this.config();
    if (expected !== null && expected !== `"${tag}"`) return null;
    const next = crypto.randomUUID();
    await storage.put({ flags: { ...flags, [name]: value }, tag: next, ...(key === null ? {} : { [`key:${key}`]: next }) });
    return next;
  }
}

let kept: { config: Config; until: number } | undefined; // as long as the isolate lives

async function keptConfig(store: DurableObjectStub<FlagStore>): Promise<Config> {
  if (kept !== undefined && Date.now() < kept.until) return kept.config;
  const until = Date.now() + TTL; // from when it was asked for, not from when the answer came
  const config = await store.config();
  kept = { config, until };
  return config;
}

const told = ({ tag, flags }: Config): Response => Response.json(flags, { headers: { ETag: `"${tag}"` } });

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const store = env.STORE.get(env.STORE.idFromName("flags"));
    const { pathname } = new URL(request.url);
    if (pathname === "/config.json") return told(await keptConfig(store));
    if (pathname === "/store.json") return told(await store.config());
    const [, name] = /^\/flags\/([A-Za-z0-9-]+)$/.exec(pathname) ?? [];
    if (name === undefined || request.method !== "PUT") return new Response(null, { status: 404 });
    const { headers } = request;
    const change = { name, value: await request.json(), expected: headers.get("If-Match"), key: headers.get("Idempotency-Key") };
    const tag = await store.change(change);
    return tag === null ? new Response(null, { status: 412 }) : new Response(null, { status: 204, headers: { ETag: `"${tag}"` } });
  },
} satisfies ExportedHandler<Env>;
