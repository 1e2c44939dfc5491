# SPDX-License-Identifier: Apache-2.0
"""The calibration model M(V, P, K, C): a config store, a replicator with K puts in flight, P edge caches.

Small enough to write in any checker's language; its counts are known from SPIN, TLC and plain Python, which agree:
M(4,3,2,2) has 16,411 states and 74,866 transitions, M(5,4,3,2) has 2,075,245 and 14,502,115.
"""

from __future__ import annotations

from attrs import evolve

from edgeproof.model.expr import BOOL, Expr, Type, maximum
from edgeproof.model.machine import Design, Instance, State, action, count, index_sort, natural, read_design

__all__ = ["CALIBRATION", "Calibration", "calibration"]


class Calibration(Design):
    """A store, a KV copy, puts that may be lost or land late, caches."""

    P = index_sort("P", 3, "edge caches")
    K = index_sort("K", 2, "puts in flight")
    V = count(4, "the newest version")
    C = count(2, "how many puts may be lost")

    store = natural(V)
    kv = natural(V)
    synced = natural(V)
    slot = natural(V, over=K)
    cache = natural(V, over=P)
    lost = natural(C, doc="how many puts were lost; the budget C - lost is what the model calls c")

    @action()
    def write(s: State) -> None:
        """The store gets a new version."""
        s.require(s.store < s.V)
        s.store = s.store + 1

    @action(k=K)
    def send(s: State, k: Expr) -> None:
        """The replicator sends the newest version."""
        s.require((s.slot[k] == 0) & (s.synced < s.store))
        s.slot[k] = s.store

    @action(k=K)
    def land(s: State, k: Expr) -> None:
        """A put is applied, in whatever order."""
        s.require(s.slot[k] != 0)
        s.kv = s.slot[k]
        s.synced = maximum(s.synced, s.slot[k])
        s.slot[k] = 0

    @action(fair=False, k=K)
    def lose(s: State, k: Expr) -> None:
        """A put is lost."""
        s.require((s.slot[k] != 0) & (s.lost < s.C))
        s.slot[k] = 0
        s.lost = s.lost + 1

    @action(p=P)
    def fetch(s: State, p: Expr) -> None:
        """A cache takes what KV holds."""
        s.require(s.cache[p] != s.kv)
        s.cache[p] = s.kv


CALIBRATION = read_design(Calibration)

FIRST_CACHE = Expr("lit", Type("index", sort="P"), value=0)
"""One of the caches by its number, which no design can say."""


def calibration(versions: int, caches: int, puts: int, losses: int) -> Instance:
    """M(V, P, K, C)."""
    return Instance.of(CALIBRATION, V=versions, P=caches, K=puts, C=losses)


def first_fetches_alone(at: Instance) -> Instance:
    """The same in which no cache but the first one ever fetches: they are not alike."""
    fetch = at.machine.action("fetch")
    only = evolve(fetch, guard=fetch.guard & Expr("eq", BOOL, (fetch.arguments[0], FIRST_CACHE)))
    actions = tuple(only if one is fetch else one for one in at.machine.actions)
    return Instance(evolve(at.machine, actions=actions), at.values)
