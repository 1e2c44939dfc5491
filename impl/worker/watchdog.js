// SPDX-License-Identifier: Apache-2.0
// The watchdog: a cron trigger has every unit look after its alarm, also those that nobody writes to or reads.
//
// Which units there are, one Durable Object knows: Durable Objects cannot be listed, and KV lists only what has been
// published, which is not what has to be found.

import { DurableObject } from "cloudflare:workers";
import { optionsOf } from "./options.js";

const ABREAST = 6; // connections that a Worker may have open at once

/** The units that have been written to since there is a watchdog. */
export class UnitRegistry extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS unit (name TEXT PRIMARY KEY)");
  }

  /** Adding a unit twice is fine. */
  add(name) {
    this.ctx.storage.sql.exec("INSERT OR IGNORE INTO unit VALUES (?)", name);
  }

  /** All of them. */
  names() {
    return this.ctx.storage.sql.exec("SELECT name FROM unit ORDER BY name").toArray().map(({ name }) => name);
  }
}

/** The one registry. */
export const registryOf = (env) => env.UNITS.get(env.UNITS.idFromName("units"));

/** Poke all units, if there is to be a watchdog. A unit that fails keeps no other from being poked. */
export async function pokeEveryUnit(env) {
  if (optionsOf(env).watchdog === "off") return;
  // A unit that is added from here on is about to be written to, which looks after its alarm; it is poked next time.
  const names = await registryOf(env).names();
  while (names.length > 0) await Promise.all(names.splice(0, ABREAST).map((name) => poke(env, name)));
}

async function poke(env, name) {
  try {
    await env.STORE.get(env.STORE.idFromName(name)).look();
  } catch (error) {
    console.error(`${name} cannot be poked: ${error?.stack ?? error}`);
  }
}
