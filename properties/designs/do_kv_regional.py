# SPDX-License-Identifier: Apache-2.0
"""`do_kv_regional`: what a tier between the locations and the centre changes, and what it leaves as it was.

The tier adds its time to live to the bound and nothing else. The lemmas are those of `do_kv`, and the region's: it is
never ahead of KV and never behind a location that reads through it; a copy at a location may have been G old when it
was fetched.

What it costs: where a location's copy has expired it asks its region, and that perhaps the centre.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from edgeproof.model.designs.do_kv import has_memo
from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import NAT, TRUE, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs import do_kv
from edgeproof.properties.designs.dossier import Constants, Dossier, Fact, Lemmas, Row, Term
from edgeproof.properties.designs.parts.alarm import LIMITS
from edgeproof.properties.designs.parts.cache import old_copies
from edgeproof.properties.designs.parts.possible import acknowledged, as_late_as_it_may_be, waits_to_retry, watched

__all__ = ["DOSSIER"]

_OUTBOX: Final[Constants] = {"publisher": "outbox", "Put": 1, "Pop": 1}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 2, "D": 1, "R": 3, "T": 4, "G": 5, "H": 6, "Z": 7}

_CASES: Final[tuple[Row, ...]] = (
    ("regional", {**_OUTBOX, "Pop": 2}, (), "the region's copy is one more that may be old: the bound grows by G"),
    (
        "regional-faults",
        {**_OUTBOX, "crash": True, "put_fails": True, **_APART},
        (),
        "what fails on the way to KV and what is old behind it add up",
    ),
    (
        "regional-memo",
        {**_OUTBOX, "reader": "memo"},
        (),
        "a third copy, in the isolate: three times to live, one after the other",
    ),
    (
        "regional-partition",
        {**_OUTBOX, "partition": True},
        ("local-reads",),
        "a location that is cut off from its region is as silent as one without",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a reader can be told: as of `do_kv`, with a copy that was G old when it was fetched."""
    *publishing, location, isolate = do_kv.terms(s)
    return (*publishing, Term("G", "a region serves its cached copy", s.G, TRUE), location, isolate)


_REPLACED: Final = ("behind-in-a-cache", "behind-in-an-isolate")
"""Lemmas of `do_kv` that do not hold with a tier between."""


def _region_covers(s: State, era: Expr, version: Expr) -> Expr:
    return implies(s.region_cached, newer_or_same(s.region_era, s.region, era, version))


_REGION: Final[Lemmas] = {
    "region-is-committed": lambda s: newer_or_same(s.era, s.config, s.region_era, s.region),
    "region-of-nothing-is-of-no-era": lambda s: implies(s.region == 0, s.region_era == 0),
    "kv-covers-the-region": lambda s: newer_or_same(s.kv_era, s.kv, s.region_era, s.region),
    "the-region-covers-caches": lambda s: for_all(s.Pop, lambda p: _region_covers(s, s.cache_era[p], s.cache[p])),
    "the-region-covers-readers": lambda s: for_all(s.Pop, lambda p: _region_covers(s, s.served_era[p], s.served[p])),
}

_STALENESS: Final[Lemmas] = {
    "behind-in-the-region": lambda s: implies(
        s.watching & s.region_cached & (s.region < s.watched), s.since <= do_kv.publish_bound(s) + s.region_age
    ),
    "behind-in-a-cache-of-a-region": old_copies(
        do_kv.has_an_old_copy, since=lambda s: s.since, bound=lambda s: do_kv.publish_bound(s) + s.G
    ),
    "behind-in-an-isolate-of-a-region": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & s.loaded[p] & (s.kept[p] < s.watched) & (s.reader == "memo"),
            s.since <= do_kv.publish_bound(s) + s.G + s.T + s.memo_age[p],
        ),
    ),
}


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """The requests to the region, and the region's to the centre."""
    fresh = s.region_cached & (s.region_age <= s.G)
    asked = do_kv.leaves_the_location(s, pop)
    return asked + ite(fresh, lift(0, NAT), asked)


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
    terms=terms,
    limits=evolve(LIMITS, cache_ttl=lambda s: s.G + s.T),
    lemmas={
        **{name: lemma for name, lemma in do_kv.DOSSIER.lemmas.items() if name not in _REPLACED},
        **_REGION,
        **_STALENESS,
    },
    costing=evolve(do_kv.COSTING, constants={**do_kv.COSTING.constants, "G": 60}, hops=_leaves_the_location),
    possible={
        "a-write-is-acknowledged": acknowledged("regional-memo"),
        **waits_to_retry("regional-faults"),
        **as_late_as_it_may_be("regional-memo"),
        **watched("regional-memo", "write"),
        "the-region-is-behind": Fact(
            "regional-memo",
            "The region's copy is older than what KV's centre holds.",
            lambda s: s.region_cached & (s.region < s.kv),
        ),
        "a-memo-asks-no-region": Fact(
            "regional-memo",
            "An isolate that answers by itself leaves a copy of its region that has expired as it is.",
            lambda s: (s.region_age > s.G) & for_all(s.Pop, lambda p: has_memo(s, p) & ~s.fresh[p] & ~s.cut[p]),
            "read",
            lambda s: s.region_cached & (s.region < s.kv),
        ),
    },
)
