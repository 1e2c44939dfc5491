# SPDX-License-Identifier: Apache-2.0
"""The pattern where a location's cache takes time to fill: KV's centre is asked, looks up and is heard apart.

Everything else is as in `do_kv_in_flight`. A read whose location has no fresh copy waits for the centre, and so does
nobody where the location renews its copy in the background and serves it meanwhile. Several questions of one location
may be under way together; the centre answers each with what it has at a moment between, and the answers come in any
order.
"""

from __future__ import annotations

from edgeproof.model.designs.do_kv import DoKv, asks
from edgeproof.model.designs.do_kv_in_flight import DoKvInFlight, begin, empty
from edgeproof.model.designs.parts.cache import take
from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import TRUE, Expr, for_all, implies, ite
from edgeproof.model.machine import (
    ArrayView,
    State,
    action,
    boolean,
    clock,
    deadline,
    definition,
    each,
    enum,
    hazard,
    natural,
    option,
)

__all__ = ["DoKvFills"]


class DoKvFills(DoKvInFlight):
    """One unit of config as in `do_kv_in_flight`, read through caches that are filled by answers under way."""

    overlap = option(
        "newest",
        "neither",
        "latest",
        doc="what a location's cache keeps where an answer finds that another has come since its question: what was "
        "put last, and neither where that cannot be told of a value and its absence; or neither; or what came last",
    )
    dated = option("asked", "answered", doc="what the age of a copy counts from: the question, or the answer")

    fetching = enum(
        "no", "asked", "answered", over=DoKvInFlight.Read, doc="the location's question to KV's centre, and its answer"
    )
    asked_for = clock(over=DoKvInFlight.Read, while_=lambda s, r: s.under_way[r], doc="since somebody began to wait")
    overlapped = boolean(over=DoKvInFlight.Read, doc="another answer has come to the location's cache meanwhile")
    turn = natural(DoKv.writes, doc="how often KV's centre has gone back: what was put in a later turn was put later")
    cache_turn = natural(DoKv.writes, over=DoKv.Pop, doc="the turn of the location's copy")
    brought_turn = natural(DoKv.writes, over=DoKvInFlight.Read, doc="the turn of what the answer brings")

    @definition(read=DoKvInFlight.Read)
    def under_way(s: State, read: Expr) -> Expr:
        """Somebody waits: a client for its read, or the location for KV's centre, or both."""
        waits: Expr = s.asking[read] | (s.fetching[read] != "no")
        return waits

    # --- publishing

    @action()
    def put_lands(s: State) -> None:
        """KV's central store applies the replicator's put."""
        kv_era, kv = s.kv_era, s.kv
        DoKv.put_lands(s)
        _turn(s, kv_era, kv)

    @action(slot=DoKv.Put)
    def stray_lands(s: State, slot: Expr) -> None:
        """KV applies a put that nothing serialises: of an inline request (now acknowledged), or a zombie."""
        kv_era, kv = s.kv_era, s.kv
        DoKv.stray_lands(s, slot)
        _turn(s, kv_era, kv)

    # --- reading

    @action(pop=DoKv.Pop, cache=DoKv.Pop)
    def read(s: State, pop: Expr, cache: Expr) -> None:
        """A request at a POP reads the config and is answered at once, before all others that are under way."""
        asked = asks(s, pop, cache)
        DoKvInFlight.read(s, pop, cache)
        _heard_at_once(s, cache, asked)

    @action(fair=False, cache=DoKv.Pop)
    def refresh(s: State, cache: Expr) -> None:
        """A location refreshes a hot key in the background, before it expires, and hears at once."""
        DoKv.refresh(s, cache)
        _heard_at_once(s, cache, TRUE)

    @action(fair=False, read=DoKvInFlight.Read)
    def ask(s: State, read: Expr) -> None:
        """A request at a POP asks its location for the config: it brings the fresh copy there, or waits for KV's."""
        pop = s.home(read)
        fresh = s.fresh[pop]
        s.require(s.fetching[read] == "no")
        begin(s, read)
        with s.when(fresh):
            s.brought[read] = s.cache[pop]
            s.brought_era[read] = s.cache_era[pop]
        with s.when(~fresh):
            s.fetching[read] = "asked"

    @action(fair=False, read=DoKvInFlight.Read)
    def renew(s: State, read: Expr) -> None:
        """A location asks for a hot key in the background, before it expires; its copy is served meanwhile."""
        pop = s.home(read)
        s.require(~s.under_way[read] & s.cached[pop] & ~s.cut[pop])
        s.fetching[read] = "asked"
        s.asked_for[read] = 0

    @action(read=DoKvInFlight.Read)
    def look_up(s: State, read: Expr) -> None:
        """KV's centre answers a location's question with what it has now."""
        s.require(s.fetching[read] == "asked")
        s.fetching[read] = "answered"
        s.brought[read] = s.kv
        s.brought_era[read] = s.kv_era
        s.brought_turn[read] = s.turn

    @action(read=DoKvInFlight.Read)
    def arrive(s: State, read: Expr) -> None:
        """The centre's answer arrives at the location: its cache takes it, or not, and whoever waits has it."""
        pop = s.home(read)
        s.require(s.fetching[read] == "answered")
        _fill(s, read, pop)
        s.fetching[read] = "no"
        s.overlapped[read] = False
        s.brought_turn[read] = 0
        for array in (s.brought, s.brought_era):
            _forget_unless_wanted(s, array)
        _overlap(s, pop, TRUE)

    @action(read=DoKvInFlight.Read)
    def answer(s: State, read: Expr) -> None:
        """A read is answered: the isolate installs what it brings, or stays with what it has, and tells the client."""
        s.require(s.fetching[read] == "no")
        DoKvInFlight.answer(s, read)

    @hazard(pop=DoKv.Pop)
    def evict(s: State, pop: Expr) -> None:
        """The isolate at a POP is evicted; what it kept in memory is gone. The location goes on waiting for KV."""
        DoKv.evict(s, pop)
        for array in (s.told, s.told_era):
            empty(s, array, pop, 0)
        for array in (s.overtaken, s.asking):
            empty(s, array, pop, False)
        for array in (s.brought, s.brought_era):
            _forget_unless_wanted(s, array)

    @deadline
    def reads_end_in_time(s: State) -> Expr:
        """A read is answered within L, and so is what a location asks for in the background."""
        return for_all(s.Read, lambda r: implies(s.under_way[r], s.asked_for[r] <= s.L))


def _forget_unless_wanted(s: State, array: ArrayView) -> None:
    """Nothing is left of what nobody waits for."""
    each(array, lambda r: ite(s.under_way[r], array[r], 0))


def _turn(s: State, kv_era: Expr, kv: Expr) -> None:
    """KV's centre has taken a put: has it gone back behind what it held?"""
    with s.when(~newer_or_same(s.kv_era, s.kv, kv_era, kv)):
        s.turn = s.turn + 1


def _heard_at_once(s: State, cache: Expr, asked: Expr) -> None:
    """Where a location has asked, its cache has taken what KV's centre holds."""
    with s.when(asked):
        s.cache_turn[cache] = s.turn
    _overlap(s, cache, asked)


def _overlap(s: State, pop: Expr, heard: Expr) -> None:
    """Where an answer has come to a location's cache, all its other questions are overtaken."""
    each(
        s.overlapped,
        lambda r: (s.fetching[r] != "no") & (s.overlapped[r] | (heard & (s.home(r) == pop))),
    )


def _fill(s: State, read: Expr, pop: Expr) -> None:
    """The location's cache takes what the centre has answered, or keeps what it has, or nothing."""
    something = (s.brought[read] > 0) | s.negative_cache
    overlapped = s.overlapped[read] & (s.overlap != "latest")
    both = s.cached[pop] & something
    same = both & (s.brought_era[read] == s.cache_era[pop]) & (s.brought[read] == s.cache[pop])
    values = both & (s.brought[read] > 0) & (s.cache[pop] > 0)
    put_later = (s.cache_turn[pop] < s.brought_turn[read]) | (
        (s.cache_turn[pop] == s.brought_turn[read])
        & newer_or_same(s.brought_era[read], s.brought[read], s.cache_era[pop], s.cache[pop])
    )
    newest = s.overlap == "newest"
    stays = overlapped & newest & (same | (values & ~put_later))
    taken = something & (~overlapped | (newest & values))
    age = ite(s.dated == "asked", s.asked_for[read], 0)
    with s.when(~stays):
        take(
            s,
            pop,
            taken,
            cache=ite(taken, s.brought[read], 0),
            cache_era=ite(taken, s.brought_era[read], 0),
            cache_turn=ite(taken, s.brought_turn[read], 0),
        )
        s.age[pop] = age
