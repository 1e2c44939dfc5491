# SPDX-License-Identifier: Apache-2.0
"""The anti-pattern of one KV key per flag: the outbox of `do_kv` puts the keys one by one, and a reader gets them all.

Two flags stand for many, as it takes two to make a mixture. Every write changes both, so a config is one version of
both. A put lands and is confirmed in one step, and the absence of a key is not cached: both favour the design.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.alarm import Alarm, arm, fail, publish_soon
from edgeproof.model.designs.parts.links import Links
from edgeproof.model.expr import Expr, implies, ite, maximum, minimum
from edgeproof.model.machine import (
    Design,
    State,
    action,
    boolean,
    clock,
    count,
    deadline,
    definition,
    duration,
    enum,
    hazard,
    inherited,
    natural,
)

__all__ = ["DoKvPerKey"]


class DoKvPerKey(Alarm, Links, Design):
    """One unit of config with two flags: a Durable Object, its replicator, a KV key per flag, plain readers at POPs."""

    writes = count(2, "how many config states a search goes through")
    F = S = inherited()
    D = inherited("put time-out: a put of one key has landed and is confirmed, or has failed, within this")
    R = inherited()
    T = duration(1, "cacheTtl: how long a location serves its cached copy of a key")

    # --- the Durable Object

    config = natural(writes, doc="the config's state, and the version its flags are published under")
    logged = natural(writes, doc="the changelog's last entry")
    request = enum("none", "stored", doc="the write in progress")
    acked = natural(writes, doc="the newest acknowledged write")
    alarm = armed = failures = inherited()

    sending = enum("idle", "first", "second", doc="the flag whose key is being put")
    sent = natural(writes, doc="the version that is being published")
    sending_for = inherited()

    # --- KV's centre, the caches of the locations; 0 where there is nothing

    kv_first = natural(writes, doc="what KV's central store holds of the first flag, 0 if the key is absent")
    kv_second = natural(writes, doc="what it holds of the second flag")
    cache_first = natural(writes, over=Links.Pop, doc="the location's copy of the first flag, 0 if it has none")
    cache_second = natural(writes, over=Links.Pop, doc="its copy of the second flag")
    age_first = clock(over=Links.Pop, while_=lambda s, p: s.cache_first[p] > 0, doc="since that copy was fetched")
    age_second = clock(over=Links.Pop, while_=lambda s, p: s.cache_second[p] > 0, doc="since that copy was fetched")

    served_first = natural(writes, over=Links.Pop, doc="the version of the first flag that a client was told last")
    served_second = natural(writes, over=Links.Pop, doc="and of the second flag")
    failed = boolean(over=Links.Pop, doc="the last read at the location got no answer")

    # --- the observer: one write, any one, whose age is followed

    watched = natural(writes, initial=None, doc="the write under observation; 0 observes none")
    watching = boolean(doc="the write under observation is committed")
    since = clock(while_=lambda s: s.watching, doc="since the write under observation was committed")

    # --- words that properties use: a copy of several keys is as old as its oldest part, and ahead if its newest is

    @definition()
    def kv(s: State) -> Expr:
        """The version that every key in KV's centre has reached."""
        return minimum(s.kv_first, s.kv_second)

    @definition()
    def kv_newest(s: State) -> Expr:
        """The version that some key in KV's centre has reached."""
        return maximum(s.kv_first, s.kv_second)

    @definition(pop=Links.Pop)
    def served(s: State, pop: Expr) -> Expr:
        """The oldest version of a flag that a client at the location was told last."""
        return minimum(s.served_first[pop], s.served_second[pop])

    @definition(pop=Links.Pop)
    def served_newest(s: State, pop: Expr) -> Expr:
        """The newest version of a flag that a client at the location was told last."""
        return maximum(s.served_first[pop], s.served_second[pop])

    @definition(pop=Links.Pop)
    def partial(s: State, pop: Expr) -> Expr:
        """What a client at the location was told last is a mixture of two versions."""
        return s.served_first[pop] != s.served_second[pop]

    @definition()
    def pending(s: State) -> Expr:
        """A write is under way, and its client waits for an answer."""
        waits: Expr = s.request != "none"
        return waits

    @definition(pop=Links.Pop)
    def loaded(s: State, pop: Expr) -> Expr:
        """The reader at the location has had a config."""
        return s.served_newest[pop] > 0

    @definition()
    def attempt(s: State) -> Expr:
        """How long an attempt takes at most: two puts."""
        return s.D + s.D

    @definition()
    def due(s: State) -> Expr:
        """How long after it was armed the alarm is due; no lease runs out, as nothing dies."""
        return ite(s.alarm == "retry", s.R, 0)

    # --- writing and publishing

    @action(fair=False)
    def write(s: State) -> None:
        """The control plane writes: both flags, changelog and alarm in one transaction."""
        s.require((s.request == "none") & (s.config < s.writes))
        s.config = s.config + 1
        s.logged = s.logged + 1
        s.request = "stored"
        publish_soon(s)
        with s.when(s.config == s.watched):
            s.watching = True

    @action()
    def acknowledge(s: State) -> None:
        """The reply leaves the Durable Object, now that the write is durable."""
        s.require(s.request == "stored")
        s.acked = s.config
        s.request = "none"

    @action()
    def fire(s: State) -> None:
        """The alarm fires: the handler leases the alarm, reads the config and starts to put the first flag."""
        s.require(((s.alarm == "sync") | (s.alarm == "retry")) & (s.armed >= s.due))
        arm(s, "lease")
        s.sending = "first"
        s.sending_for = 0
        s.sent = s.config

    @action()
    def put_lands(s: State) -> None:
        """KV applies the put of a flag; the handler puts the next one, or is done and looks if the config moved on."""
        s.require(s.sending != "idle")
        last = s.sending == "second"
        moved_on = s.sent != s.config
        s.sending_for = 0
        with s.when(last):
            s.kv_second = s.sent
            s.failures = 0
            s.alarm = "off"
        with s.when(last & moved_on):
            arm(s, "sync")
        with s.when(last):
            s.sending = "idle"
            s.sent = 0
        with s.when(~last):
            s.kv_first = s.sent
            s.sending = "second"

    @hazard()
    def put_fails(s: State) -> None:
        """KV refuses the put of a flag, or it times out; the next attempt begins with the first flag again."""
        s.require(s.sending != "idle")
        fail(s)
        s.sent = 0

    # --- reading

    @action(pop=Links.Pop)
    def read(s: State, pop: Expr) -> None:
        """A request at a POP reads every flag: each from the location's cache, or from KV's centre."""
        first = (s.cache_first[pop] > 0) & (s.age_first[pop] <= s.T)
        second = (s.cache_second[pop] > 0) & (s.age_second[pop] <= s.T)
        s.failed[pop] = s.cut[pop] & ~(first & second)
        with s.when(~first & ~s.cut[pop]):
            s.cache_first[pop] = s.kv_first
            s.age_first[pop] = 0
        with s.when(~second & ~s.cut[pop]):
            s.cache_second[pop] = s.kv_second
            s.age_second[pop] = 0
        with s.when(~s.failed[pop]):
            s.served_first[pop] = s.cache_first[pop]
            s.served_second[pop] = s.cache_second[pop]

    # --- what time may not overtake

    @deadline
    def alarms_fire_in_time(s: State) -> Expr:
        """An armed alarm fires within S of a write; a retry has that delay in R."""
        waiting = (s.alarm == "sync") | (s.alarm == "retry")
        return implies(waiting, s.armed <= ite(s.alarm == "sync", s.S, s.R))

    @deadline
    def puts_end_in_time(s: State) -> Expr:
        """The replicator knows within D what became of the put of a flag."""
        return implies(s.sending != "idle", s.sending_for <= s.D)
