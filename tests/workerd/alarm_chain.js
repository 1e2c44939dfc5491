// SPDX-License-Identifier: Apache-2.0
// A bare Durable Object: an alarm that fires in the millisecond that it was set for sets the next one for `later`
// milliseconds later; one that fires late makes another try.

import { DurableObject } from "cloudflare:workers";

export class Chain extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.punctual = 0;
  }

  async arm(later) {
    this.later = later;
    await this.ctx.storage.setAlarm(Date.now() + 10);
  }

  async alarm({ scheduledTime }) {
    const punctual = Date.now() === scheduledTime;
    this.punctual += punctual;
    this.fired = scheduledTime;
    await this.ctx.storage.setAlarm(Date.now() + (punctual ? this.later : 10));
  }

  async told() {
    const { punctual, fired } = this;
    return { punctual, fired, alarm: await this.ctx.storage.getAlarm(), now: Date.now() };
  }
}

export default {
  async fetch(request, env) {
    const [, name, act, argument] = new URL(request.url).pathname.split("/");
    const chain = env.CHAIN.get(env.CHAIN.idFromName(name));
    return Response.json((await chain[act](Number(argument))) ?? null);
  },
};
