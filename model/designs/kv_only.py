# SPDX-License-Identifier: Apache-2.0
"""The alternative without a Durable Object: the control plane reads the config from KV, changes it and puts it back.

KV's centre is the only truth that there is, so `config` is what it holds, and a write is committed and acknowledged
when its put lands. A write that is based on version n puts version n + 1: a version is the number of writes that the
config is made of. Nothing is compared when a put lands (there are no conditional puts), so a put with an old base
undoes the writes in between. Two puts with the same base carry the same version and are not the same: versions do not
stand for contents here, and `contents` counts the config's states instead, which is the number of writes acknowledged.

Writers in turn are one stream as long as a writer that dies takes its put with it: one that is superseded while its put
is in flight races with the next, as puts are not fenced.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.cache import Cache, take
from edgeproof.model.designs.parts.links import Links
from edgeproof.model.expr import Expr, exists, for_all, implies, ite
from edgeproof.model.machine import (
    Design,
    State,
    action,
    boolean,
    clock,
    count,
    definition,
    enum,
    hazard,
    index_sort,
    inherited,
    natural,
    option,
)

__all__ = ["KvOnly"]


class KvOnly(Cache, Links, Design):
    """One unit of config under one KV key, its writers, and a plain reader with a cache at each POP."""

    Writer = index_sort("Writer", 2, "requests of the control plane that may write at the same time")

    writing = option("racing", "in_turn", doc="whether a write may begin while another is under way")
    base = option("centre", "cache", doc="what a write is based on: KV's centre, or the copy that a location serves")
    changelog = option("beside", "inside", doc="the changelog: entries under keys of their own, or in the same value")

    writes = count(3, "how many writes a search begins")
    T = inherited()

    # --- the control plane

    begun = natural(writes, doc="writes begun so far")
    phase = enum(
        "idle", "putting", "logging", over=Writer, doc="the config's put, or its changelog entry's, is under way"
    )
    proposed = natural(writes, over=Writer, doc="what the writer's put carries")
    entries = natural(writes, doc="changelog entries under keys of their own")
    acked = natural(writes, doc="how many writes were acknowledged, each when its put had landed")

    # --- KV's centre, the caches of the locations

    kv = natural(writes, doc="what KV's central store holds, 0 if the key is absent")
    cached = inherited("absence is cached like a value")
    cache = natural(writes, over=Links.Pop, doc="the location's copy, 0 if the key was absent or it has none")
    age = inherited()

    served = natural(writes, over=Links.Pop, doc="what a client at the location was told last")
    failed = boolean(over=Links.Pop, doc="the last read at the location got no answer")

    # --- the observer: one version, any one, as long as KV holds it or a newer one

    watched = natural(writes, initial=None, doc="the version under observation; 0 observes none")
    watching = boolean(doc="KV holds the version under observation, or a newer one")
    since = clock(while_=lambda s: s.watching, doc="since a put of the version under observation landed last")

    # --- words that properties use

    @definition()
    def config(s: State) -> Expr:
        """What is committed: what KV's centre holds."""
        return s.kv

    @definition()
    def contents(s: State) -> Expr:
        """How many states the config has been in."""
        return s.acked

    @definition()
    def logged(s: State) -> Expr:
        """The writes that the changelog tells of; inside the value it tells of those that the value is made of."""
        return ite(s.changelog == "inside", s.kv, s.entries)

    @definition()
    def pending(s: State) -> Expr:
        """A write is under way: its put, or that of its changelog entry."""
        return exists(s.Writer, lambda w: s.phase[w] != "idle")

    @definition(pop=Links.Pop)
    def loaded(s: State, pop: Expr) -> Expr:
        """The reader at the location has had a config."""
        return s.served[pop] > 0

    @definition(pop=Links.Pop)
    def partial(s: State, pop: Expr) -> Expr:
        """What a client at the location was told last is nothing that KV ever held whole."""
        return s.acked < s.served[pop]

    # --- writing

    @action(fair=False, writer=Writer)
    def begin(s: State, writer: Expr) -> None:
        """A writer reads KV's centre, and starts to put the next version."""
        s.require(s.base == "centre")
        _propose(s, writer, s.kv + 1)

    @action(fair=False, writer=Writer, pop=Links.Pop)
    def begin_from_cache(s: State, writer: Expr, pop: Expr) -> None:
        """A writer reads KV as any reader does, through its location's cache, and starts to put the next version."""
        fresh = s.fresh[pop]
        s.require((s.base == "cache") & (fresh | ~s.cut[pop]))
        _propose(s, writer, ite(fresh, s.cache[pop], s.kv) + 1)
        with s.when(~fresh):
            take(s, pop, True, cache=s.kv)

    @action(writer=Writer)
    def put_lands(s: State, writer: Expr) -> None:
        """KV's central store applies a writer's put, whatever it held: the last write wins, and is acknowledged."""
        s.require(s.phase[writer] == "putting")
        s.kv = s.proposed[writer]
        s.acked = s.acked + 1
        s.phase[writer] = "idle"
        with s.when(s.changelog == "beside"):
            s.phase[writer] = "logging"
        s.proposed[writer] = 0
        with s.when(s.kv < s.watched):
            s.watching = False
        with s.when(s.kv == s.watched):
            s.watching = True
            s.since = 0

    @action(writer=Writer)
    def entry_lands(s: State, writer: Expr) -> None:
        """KV's central store applies the put of a changelog entry, under a key that no other write has."""
        s.require(s.phase[writer] == "logging")
        s.entries = s.entries + 1
        s.phase[writer] = "idle"

    @hazard(writer=Writer)
    def crash(s: State, writer: Expr) -> None:
        """A writer dies in the middle of its write; what it had not put is never put."""
        s.require(s.phase[writer] != "idle")
        s.phase[writer] = "idle"
        s.proposed[writer] = 0

    # --- reading

    @action(pop=Links.Pop)
    def read(s: State, pop: Expr) -> None:
        """A request at a POP reads the config: from the location's cache, or from KV's centre."""
        fresh = s.fresh[pop]
        s.failed[pop] = ~fresh & s.cut[pop]
        with s.when(~fresh & ~s.cut[pop]):
            take(s, pop, True, cache=s.kv)
        with s.when(~s.failed[pop]):
            s.served[pop] = s.cache[pop]

    @action(fair=False, pop=Links.Pop)
    def refresh(s: State, pop: Expr) -> None:
        """A location refreshes a hot key in the background, before it expires."""
        s.require(s.cached[pop] & ~s.cut[pop])
        take(s, pop, True, cache=s.kv)


def _propose(s: State, writer: Expr, version: Expr) -> None:
    alone = for_all(s.Writer, lambda w: s.phase[w] == "idle")
    s.require((s.phase[writer] == "idle") & (s.begun < s.writes) & implies(s.writing == "in_turn", alone))
    s.begun = s.begun + 1
    s.phase[writer] = "putting"
    s.proposed[writer] = version
