# SPDX-License-Identifier: Apache-2.0
"""The pattern where reads take time: one is asked and answered apart, and others may overtake it.

Everything else is as in `do_kv`. Any number of reads may be under way at a location, and they are answered in any
order. What a read brings is what it found when it was asked: its location's cached copy or, where there is none that
is fresh, KV's, which the cache takes on the way.
"""

from __future__ import annotations

from edgeproof.model.designs.do_kv import DoKv, fetch, has_memo, read_through
from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import Expr, for_all, implies, ite
from edgeproof.model.machine import (
    ArrayView,
    State,
    action,
    boolean,
    clock,
    deadline,
    duration,
    each,
    hazard,
    index_sort,
    natural,
    option,
)

__all__ = ["DoKvInFlight", "begin", "empty"]


class DoKvInFlight(DoKv):
    """One unit of config as in `do_kv`, read by requests that are under way for a while."""

    Read = index_sort("Read", 2, "reads under way, each at a location, answered in any order", of=DoKv.Pop)

    install = option(
        "newer",
        "latest",
        doc="what an isolate with a memo makes of an answer that was overtaken: it keeps what is newer by era and "
        "version, and every copy is as old as its question; or it keeps whatever came last, as old as its answer",
    )

    L = duration(1, "read time: a read is answered within this")

    asking = boolean(over=Read, doc="the read is under way")
    asked_for = clock(over=Read, while_=lambda s, r: s.asking[r], doc="since the read was asked")
    brought = natural(DoKv.writes, over=Read, doc="what the read will be told")
    brought_era = natural(DoKv.restores, over=Read, doc="the number of restores that it carries")
    overtaken = boolean(over=Read, doc="the isolate has installed the answer to another read meanwhile")
    told = natural(DoKv.writes, over=Read, doc="the newest that had been told at the location when the read was asked")
    told_era = natural(DoKv.restores, over=Read, doc="the number of restores that that carries")
    newest = natural(DoKv.writes, over=DoKv.Pop, doc="the newest that has been told at the location")
    newest_era = natural(DoKv.restores, over=DoKv.Pop, doc="the number of restores that that carries")

    @action(pop=DoKv.Pop, cache=DoKv.Pop)
    def read(s: State, pop: Expr, cache: Expr) -> None:
        """A request at a POP reads the config and is answered at once, before all others that are under way."""
        s.require((pop == cache) | s.disjoint_caches)
        installed = read_through(s, pop, cache, s.kv, s.kv_era)
        _overtake(s, pop, installed)
        _remember(s, pop)

    @action(fair=False, read=Read)
    def ask(s: State, read: Expr) -> None:
        """A request at a POP asks its location for the config, as the isolate has no memo that it may serve."""
        pop = s.home(read)
        fresh = s.fresh[pop]
        begin(s, read)
        s.brought[read] = ite(fresh, s.cache[pop], s.kv)
        s.brought_era[read] = ite(fresh, s.cache_era[pop], s.kv_era)
        with s.when(~fresh):
            fetch(s, pop, s.kv, s.kv_era)

    @action(read=Read)
    def answer(s: State, read: Expr) -> None:
        """A read is answered: the isolate installs what it brings, or stays with what it has, and tells the client."""
        pop = s.home(read)
        s.require(s.asking[read])
        brings_no_less = newer_or_same(s.brought_era[read], s.brought[read], s.kept_era[pop], s.kept[pop])
        brings_no_more = newer_or_same(s.kept_era[pop], s.kept[pop], s.brought_era[read], s.brought[read])
        overtaken = s.overtaken[read] & (s.reader != "plain") & (s.install == "newer")
        refused = s.loaded[pop] & ite(overtaken, brings_no_more, (s.reader == "guarded") & ~brings_no_less)
        with s.when(~refused):
            s.kept[pop] = s.brought[read]
            s.kept_era[pop] = s.brought_era[read]
            s.loaded[pop] = s.brought[read] > 0
            s.memo_age[pop] = 0
            with s.when(s.install == "newer"):
                s.memo_age[pop] = s.asked_for[read]
        s.failed[pop] = False
        s.served[pop] = s.kept[pop]
        s.served_era[pop] = s.kept_era[pop]
        s.asking[read] = False
        _remember(s, pop)
        _overtake(s, pop, ~refused)
        _forget(s, read)

    @hazard(pop=DoKv.Pop)
    def evict(s: State, pop: Expr) -> None:
        """The isolate at a POP is evicted; what it kept in memory is gone, and what it waited for."""
        DoKv.evict(s, pop)
        for array in (s.brought, s.brought_era, s.told, s.told_era):
            empty(s, array, pop, 0)
        for array in (s.overtaken, s.asking):
            empty(s, array, pop, False)

    @deadline
    def reads_end_in_time(s: State) -> Expr:
        """A read is answered within L."""
        return for_all(s.Read, lambda r: implies(s.asking[r], s.asked_for[r] <= s.L))


def begin(s: State, read: Expr) -> None:
    """A read is under way from now on; what it brings is another matter."""
    pop = s.home(read)
    s.require(~s.asking[read] & ~has_memo(s, pop) & (s.fresh[pop] | ~s.cut[pop]))
    s.asking[read] = True
    s.asked_for[read] = 0
    s.told[read] = s.newest[pop]
    s.told_era[read] = s.newest_era[pop]


def _overtake(s: State, pop: Expr, installed: Expr) -> None:
    """Where an answer is installed, all other reads that are under way at the location are overtaken."""
    each(s.overtaken, lambda r: s.asking[r] & (s.overtaken[r] | (installed & (s.home(r) == pop))))


def empty(s: State, array: ArrayView, pop: Expr, nothing: int | bool) -> None:
    """Nothing is left of the reads at the location."""
    each(array, lambda r: ite(s.home(r) == pop, nothing, array[r]))


def _remember(s: State, pop: Expr) -> None:
    """A client at the location was told something: is it the newest so far?"""
    with s.when(newer_or_same(s.served_era[pop], s.served[pop], s.newest_era[pop], s.newest[pop])):
        s.newest[pop] = s.served[pop]
        s.newest_era[pop] = s.served_era[pop]


def _forget(s: State, read: Expr) -> None:
    s.brought[read] = 0
    s.brought_era[read] = 0
    s.told[read] = 0
    s.told_era[read] = 0
