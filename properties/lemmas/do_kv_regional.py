# SPDX-License-Identifier: Apache-2.0
"""Why a tier in between adds its time to live and nothing else: the invariants of `do_kv`, and the region's.

A region is never ahead of KV and never behind a location that reads through it; a copy at a location may have been G
old when it was fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import Expr, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.bounds.do_kv import publish_bound
from edgeproof.properties.lemmas import do_kv

__all__ = ["LEMMAS"]

_REPLACED: Final = ("behind-in-a-cache", "behind-in-an-isolate")
"""Lemmas of `do_kv` that do not hold with a tier between."""


def _region_covers(s: State, era: Expr, version: Expr) -> Expr:
    return implies(s.region_cached, newer_or_same(s.region_era, s.region, era, version))


_REGION: Final[Mapping[str, Callable[[State], Expr]]] = {
    "region-is-committed": lambda s: newer_or_same(s.era, s.config, s.region_era, s.region),
    "region-of-nothing-is-of-no-era": lambda s: implies(s.region == 0, s.region_era == 0),
    "kv-covers-the-region": lambda s: newer_or_same(s.kv_era, s.kv, s.region_era, s.region),
    "the-region-covers-caches": lambda s: for_all(s.Pop, lambda p: _region_covers(s, s.cache_era[p], s.cache[p])),
    "the-region-covers-readers": lambda s: for_all(s.Pop, lambda p: _region_covers(s, s.served_era[p], s.served[p])),
}

_STALENESS: Final[Mapping[str, Callable[[State], Expr]]] = {
    "behind-in-the-region": lambda s: implies(
        s.watching & s.region_cached & (s.region < s.watched), s.since <= publish_bound(s) + s.region_age
    ),
    "behind-in-a-cache-of-a-region": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & s.cached[p] & (s.cache[p] < s.watched), s.since <= publish_bound(s) + s.G + s.age[p]
        ),
    ),
    "behind-in-an-isolate-of-a-region": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & s.loaded[p] & (s.kept[p] < s.watched) & (s.reader == "memo"),
            s.since <= publish_bound(s) + s.G + s.T + s.memo_age[p],
        ),
    ),
}

LEMMAS: Final[Mapping[str, Callable[[State], Expr]]] = {
    **{name: lemma for name, lemma in do_kv.LEMMAS.items() if name not in _REPLACED},
    **_REGION,
    **_STALENESS,
}
