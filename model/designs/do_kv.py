# SPDX-License-Identifier: Apache-2.0
"""The pattern: a Durable Object holds the truth, Workers KV a synced copy, every POP reads KV locally.

Read it top to bottom: the choices of the designer, the numbers, the state, then who can do what. Versions stand for
contents: `config` counts the states that the unit's config has been in, a copy is known by the number it carries, and
0 means that there is nothing yet.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.designs.parts.alarm import arm, fail, lose_attempt, publish_soon
from edgeproof.model.designs.parts.cache import KvCache, take
from edgeproof.model.designs.parts.links import Links
from edgeproof.model.designs.parts.outbox import LatePuts, Outbox, start_stray
from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import TRUE, Expr, exists, for_all, implies, ite, maximum
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
    each,
    enum,
    hazard,
    hazard_mode,
    index_sort,
    inherited,
    natural,
    option,
)

__all__ = ["ALARM_ATTEMPTS", "DoKv", "asks", "fetch", "has_memo", "read_through", "take_along"]

ALARM_ATTEMPTS: Final = 7
"""An alarm whose handler keeps throwing runs this often (6 retries), then it is gone: Durable Objects documentation."""


class DoKv(LatePuts, Outbox, KvCache, Links, Design):
    """One unit of config: a Durable Object, its replicator, one KV key, and a reader with a cache at each POP."""

    Pop = index_sort("Pop", 2, "locations; each has a KV cache and an isolate that evaluates requests")
    Put = index_sort("Put", 2, "KV puts that nothing serialises: of inline requests, or that nobody waits for any more")

    publisher = option(
        "outbox", "inline", doc="who puts to KV: an alarm armed in the write's transaction, or the request"
    )
    statements = option("transaction", "bare", doc="config and changelog in one transaction, or statement by statement")
    handler = option("rearms", "throws", doc="a failed put: the alarm handler catches and re-arms, or lets it throw")
    repair = inherited()
    reader = option(
        "plain", "guarded", "memo", doc="KV as it comes; never older than last time; kept in the isolate for M"
    )
    epoch = option("off", "on", doc="whether copies carry the number of restores, and order by it first")
    ack = option("gated", "early", doc="a write is acknowledged once it is durable, or before")
    retries = option("keyed", "blind", doc="whether a retried write carries its idempotency key")
    kv_key = option("per_unit", "shared", doc="whether every unit has a KV key of its own")

    writes = count(2, "how many config states a search goes through")
    restores = count(1, "how many point-in-time restores a search allows")
    F = S = D = R = T = inherited()
    M = duration(1, "memo TTL: how long an isolate serves its own copy")
    H = Z = inherited()

    alarm_exhausted = hazard_mode("an alarm whose handler keeps throwing is dropped after 7 attempts")
    disjoint_caches = hazard_mode("a location has several caches and a read is served by any of them")
    negative_cache = inherited()

    # --- the Durable Object: storage survives a crash, memory does not

    config = natural(writes, doc="the config's state, and the version it is published under")
    logged = natural(writes, doc="the changelog's last entry")
    torn = natural(writes, doc="the config state that only half of a write made, 0 if there is none")
    restored = natural(restores, doc="how often the store was restored to an earlier point in time")
    alarm = armed = failures = inherited()

    sending = inherited("the replicator's put: under way, or applied and not yet confirmed")
    sent = natural(writes, doc="what the replicator's put carries")
    sent_era = natural(restores, doc="the number of restores that the replicator's put carries")
    sending_for = inherited("since the replicator's put began")

    stray = inherited("a put that nothing serialises is under way")
    carries = natural(writes, over=Put, doc="what the put that nothing serialises carries, 0 if it is not under way")
    carries_era = natural(restores, over=Put, doc="the number of restores that it carries")
    stray_for = inherited()

    # --- KV's centre, the caches of the locations, the isolates

    kv = natural(writes, doc="what KV's central store holds, 0 if the key is absent")
    kv_era = natural(restores, doc="the number of restores that KV's copy carries")
    neighbour_hit = boolean(doc="another unit's KV key was overwritten")

    cached = inherited()
    cache = natural(writes, over=Pop, doc="the location's copy, 0 if it has none")
    cache_era = natural(restores, over=Pop, doc="the number of restores that the location's copy carries")
    age = inherited()
    cut = inherited("the location cannot reach KV's centre")

    loaded = boolean(over=Pop, doc="the isolate has had a config since it started")
    kept = natural(writes, over=Pop, doc="the copy that the isolate keeps")
    kept_era = natural(restores, over=Pop, doc="the number of restores that the isolate's copy carries")
    memo_age = clock(
        over=Pop,
        while_=lambda s, p: (s.reader == "memo") & s.loaded[p],
        doc="since the isolate last installed what it found",
    )

    # --- what clients know

    request = enum("none", "taken", "stored", "lost", doc="the write in progress: acknowledged early, stored, ack lost")
    acked = natural(writes, doc="the newest acknowledged write")
    served = natural(writes, over=Pop, doc="what a client at the location was told last")
    served_era = natural(restores, over=Pop, doc="the number of restores that what the client was told carries")
    failed = boolean(over=Pop, doc="the last read at the location got no answer")

    # --- the observer: one write, any one, whose age is followed

    watched = natural(writes, initial=None, doc="the write under observation; 0 observes none")
    watching = boolean(doc="the write under observation is committed")
    since = clock(while_=lambda s: s.watching, doc="since the write under observation was committed")

    # --- words that properties use

    @definition()
    def era(s: State) -> Expr:
        """The number of restores as copies carry it: always 0 without an epoch."""
        return ite(s.epoch == "on", s.restored, 0)

    @definition()
    def outdated(s: State) -> Expr:
        """The config has moved on since the replicator's put began."""
        return (s.sent != s.config) | (s.sent_era != s.era)

    @definition()
    def pending(s: State) -> Expr:
        """A write is under way: its client waits for an answer, or has been given one for what is not stored yet."""
        return (s.request != "none") | ((s.publisher == "inline") & exists(s.Put, lambda k: s.stray[k]))

    @definition(pop=Pop)
    def partial(s: State, pop: Expr) -> Expr:
        """What a client at the location was told last is the work of half a write."""
        return (s.torn != 0) & (s.served[pop] == s.torn)

    # --- writing, with the outbox

    @action(fair=False)
    def write(s: State) -> None:
        """The control plane writes: config, changelog and alarm in one transaction."""
        s.require((s.publisher == "outbox") & (s.ack == "gated") & (s.request == "none"))
        _commit(s)
        s.request = "stored"

    @action()
    def acknowledge(s: State) -> None:
        """The reply leaves the Durable Object, now that the write is durable."""
        s.require(s.request == "stored")
        s.acked = s.config
        s.request = "none"

    @action(fair=False)
    def acknowledge_early(s: State) -> None:
        """The reply leaves before the write is durable (allowUnconfirmed)."""
        s.require((s.publisher == "outbox") & (s.ack == "early") & (s.request == "none") & (s.config < s.writes))
        s.acked = s.config + 1
        s.request = "taken"

    @action()
    def commit_late(s: State) -> None:
        """The write that was acknowledged early becomes durable."""
        s.require(s.request == "taken")
        _commit(s)
        s.request = "none"

    @action()
    def retry(s: State) -> None:
        """The client, having seen no reply, sends its write again."""
        s.require(s.request == "lost")
        with s.when(s.retries == "blind"):
            _commit(s)
        s.acked = s.config
        s.request = "none"

    @action(fair=False)
    def write_refused(s: State) -> None:
        """A client expects a version that is no longer the current one: refused, and nothing changes."""
        s.require((s.config > 0) & (s.request == "none"))

    @hazard()
    def uncaught(s: State) -> None:
        """An exception after the first statements of a write: bare statements keep what they wrote."""
        s.require((s.publisher == "outbox") & (s.request == "none") & (s.torn == 0) & (s.config < s.writes))
        with s.when(s.statements == "bare"):
            s.config = s.config + 1
            s.torn = s.config
            _watch(s)

    # --- writing, with the put inside the request

    @action(fair=False, slot=Put)
    def write_inline(s: State, slot: Expr) -> None:
        """The control plane writes; the request commits, then awaits its own put."""
        s.require((s.publisher == "inline") & ~s.stray[slot])
        _commit(s)
        start_stray(s, slot, carries=s.config, carries_era=s.era)

    # --- publishing

    @action()
    def fire(s: State) -> None:
        """The alarm fires: the handler leases the alarm, reads the config and starts its one put."""
        Outbox.fire(s)
        take_along(s)

    @action()
    def put_lands(s: State) -> None:
        """KV's central store applies the replicator's put."""
        Outbox.put_lands(s)
        _apply(s, s.sent, s.sent_era)

    @action()
    def put_confirmed(s: State) -> None:
        """The handler learns that its put is applied; if the config has moved on meanwhile it arms the alarm again."""
        Outbox.put_confirmed(s)
        _forget_put(s)

    @action(slot=Put)
    def stray_lands(s: State, slot: Expr) -> None:
        """KV applies a put that nothing serialises: of an inline request (now acknowledged), or a zombie."""
        LatePuts.stray_lands(s, slot)
        _apply(s, s.carries[slot], s.carries_era[slot])
        with s.when(s.publisher == "inline"):
            s.acked = maximum(s.acked, s.carries[slot])
        _forget_stray(s, slot)

    @hazard()
    def put_fails(s: State) -> None:
        """KV refuses the replicator's put, or it times out, and it was not applied."""
        s.require(s.sending == "flying")
        _fail(s)

    @hazard()
    def put_ambiguous(s: State) -> None:
        """The replicator is told that its put failed, although it was applied."""
        s.require(s.sending == "landed")
        _fail(s)

    @hazard(under="put_fails", slot=Put)
    def inline_put_fails(s: State, slot: Expr) -> None:
        """KV refuses an inline request's put: the client gets an error for a write that is committed."""
        s.require((s.publisher == "inline") & s.stray[slot])
        s.stray[slot] = False
        _forget_stray(s, slot)

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: memory and its puts in flight are lost, storage (with the alarm) is kept."""
        _lose_memory(s)
        with s.when(s.publisher == "inline"):
            each(s.carries, lambda k: 0)
            each(s.carries_era, lambda k: 0)
            each(s.stray, lambda k: False)

    @hazard(slot=Put)
    def put_late(s: State, slot: Expr) -> None:
        """KV puts are not fenced: a put whose instance is superseded (or gives it up) may still land, until Z later."""
        _let_stray(s, slot)
        _lose_memory(s)

    @hazard(under="put_late", slot=Put)
    def put_given_up(s: State, slot: Expr) -> None:
        """The handler gives its put up, as its time is up or its connection breaks: it may land until Z later."""
        _let_stray(s, slot)
        _fail(s)

    @hazard(under="put_late", slot=Put)
    def stray_vanishes(s: State, slot: Expr) -> None:
        """A zombie never lands."""
        s.require(s.publisher == "outbox")
        LatePuts.stray_vanishes(s, slot)
        _forget_stray(s, slot)

    @hazard()
    def rollback(s: State) -> None:
        """Point-in-time recovery takes the store one write back; what was published stays where it is."""
        s.require((s.restored < s.restores) & (s.config > 1) & (s.torn == 0))
        s.require((s.sending == "idle") & (s.request == "none") & for_all(s.Put, lambda k: ~s.stray[k]))
        s.config = s.config - 1
        s.logged = s.logged - 1
        s.acked = s.config
        s.restored = s.restored + 1
        s.watching = False
        with s.when(s.publisher == "outbox"):
            arm(s, "sync")

    # --- reading

    @action(pop=Pop, cache=Pop)
    def read(s: State, pop: Expr, cache: Expr) -> None:
        """A request at a POP reads the config: from the isolate, the location's cache or KV's centre, in that order."""
        s.require((pop == cache) | s.disjoint_caches)
        read_through(s, pop, cache, s.kv, s.kv_era)

    @action(fair=False, cache=Pop)
    def refresh(s: State, cache: Expr) -> None:
        """A location refreshes a hot key in the background, before it expires."""
        s.require(s.cached[cache] & ~s.cut[cache])
        fetch(s, cache, s.kv, s.kv_era)

    @hazard(pop=Pop)
    def evict(s: State, pop: Expr) -> None:
        """The isolate at a POP is evicted; what it kept in memory is gone."""
        s.require(s.loaded[pop])
        s.loaded[pop] = False
        s.kept[pop] = 0
        s.kept_era[pop] = 0

    partition = inherited("A POP is cut off from KV's centre.")
    heal = inherited("A POP that was cut off reaches KV's centre again.")

    # --- what time may not overtake: the platform's promises, as parameters

    alarms_fire_in_time = puts_end_in_time = inherited()

    @deadline
    def strays_end_in_time(s: State) -> Expr:
        """An inline put ends within D; a zombie lands within Z or never."""
        window = ite(s.publisher == "inline", s.D, s.Z)
        return for_all(s.Put, lambda k: implies(s.stray[k], s.stray_for[k] <= window))


def _commit(s: State) -> None:
    """One transaction: config, changelog, alarm."""
    s.require(s.config < s.writes)
    s.config = s.config + 1
    s.logged = s.logged + 1
    with s.when(s.publisher == "outbox"):
        publish_soon(s)
    _watch(s)


def _watch(s: State) -> None:
    """The config has changed: if this is the change under observation, its clock starts."""
    with s.when((s.config == s.watched) & (s.restored == 0)):
        s.watching = True


def _fail(s: State) -> None:
    """An attempt failed: try again after R, unless a throwing handler has used up the platform's attempts."""
    fail(s)
    with s.when((s.handler == "throws") & s.alarm_exhausted & (s.failures >= ALARM_ATTEMPTS)):
        s.alarm = "off"
    _forget_put(s)


def _let_stray(s: State, slot: Expr) -> None:
    """Nobody waits any more for the replicator's put, which is under way."""
    s.require((s.publisher == "outbox") & (s.sending == "flying") & ~s.stray[slot])
    start_stray(s, slot, carries=s.sent, carries_era=s.sent_era)


def _lose_memory(s: State) -> None:
    """What a crash does to the instance."""
    with s.when(s.request == "stored"):
        s.request = "lost"
    with s.when(s.request == "taken"):
        s.request = "none"
    lose_attempt(s)
    _forget_put(s)


def _apply(s: State, version: Expr, version_era: Expr) -> None:
    s.kv = version
    s.kv_era = version_era
    with s.when(s.kv_key == "shared"):
        s.neighbour_hit = True


def take_along(s: State) -> None:
    """What an attempt puts is the config as it is when the alarm is leased for it."""
    s.sent = s.config
    s.sent_era = s.era


def asks(s: State, pop: Expr, cache: Expr) -> Expr:
    """Neither the isolate's memo nor the cache serves a read at the location: what is behind the cache is asked."""
    return ~has_memo(s, pop) & ~s.fresh[cache] & ~s.cut[pop]


def read_through(
    s: State,
    pop: Expr,
    cache: Expr,
    behind: Expr,
    behind_era: Expr,
    valid: Expr = TRUE,
    keeps: Expr = TRUE,
) -> Expr:
    """Read the config from the isolate, the location's cache, or what is behind the cache, in that order.

    `valid` says whether what is found there may be told at all, and `keeps` whether the isolate goes on with its own
    copy where it may not, as it does where nothing is found. Returns whether the isolate has installed what it found.
    """
    memo, fresh = has_memo(s, pop), s.fresh[cache]
    found = fresh | ~s.cut[pop]
    version = ite(fresh, s.cache[cache], behind)
    version_era = ite(fresh, s.cache_era[cache], behind_era)
    older = s.loaded[pop] & ~newer_or_same(version_era, version, s.kept_era[pop], s.kept[pop])
    refused = (s.reader == "guarded") & older
    fallback = ~(found & valid) & (keeps | ~found) & (s.reader != "plain") & s.loaded[pop]
    with s.when(~memo & ~fresh & found):
        fetch(s, cache, behind, behind_era)
    installed = ~memo & found & valid & ~refused
    with s.when(installed):
        s.kept[pop] = version
        s.kept_era[pop] = version_era
        s.loaded[pop] = version > 0
        s.memo_age[pop] = 0
    s.failed[pop] = ~memo & ~(found & valid) & ~fallback
    with s.when(~s.failed[pop]):
        s.served[pop] = s.kept[pop]
        s.served_era[pop] = s.kept_era[pop]
    return installed


def fetch(s: State, cache: Expr, behind: Expr, behind_era: Expr) -> None:
    """A location's cache takes a copy; absence is kept only where it is cached like a value."""
    take(s, cache, (behind > 0) | s.negative_cache, cache=behind, cache_era=behind_era)


def has_memo(s: State, pop: Expr) -> Expr:
    """The isolate has a copy of its own that it may serve without asking."""
    memo: Expr = (s.reader == "memo") & s.loaded[pop] & (s.memo_age[pop] <= s.M)
    return memo


def _forget_stray(s: State, slot: Expr) -> None:
    s.carries[slot] = 0
    s.carries_era[slot] = 0


def _forget_put(s: State) -> None:
    s.sent = 0
    s.sent_era = 0
