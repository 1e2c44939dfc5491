# SPDX-License-Identifier: Apache-2.0
"""`do_kv_fills`: what it takes that a location's cache which is filled by slow answers does no harm.

A cache that takes whatever comes last is taken back by a slow older answer, and one that dates its copy from the answer
serves it for up to L longer. Where a copy is as old as its question, and of overlapping answers the cache keeps the one
that was put last or neither, the bound is that of `do_kv_in_flight`: a fill adds nothing to it.

Publishing is in steps of its own already: `fire`, `put_lands` and `put_confirmed`. While a location renews its copy it
serves the one that it has, but never beyond cacheTtl: Workers KV's documentation has it refresh before, not after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edgeproof.model.designs.do_kv import has_memo
from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import Expr, exists, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.designs import do_kv, do_kv_in_flight
from edgeproof.properties.designs.dossier import Constants, Dossier, Fact, Lemmas, Row
from edgeproof.properties.designs.parts.alarm import LIMITS
from edgeproof.properties.designs.parts.possible import acknowledged, as_late_as_it_may_be, watched

__all__ = ["DOSSIER"]

_FILLS: Final[Constants] = {"publisher": "outbox", "Put": 1, "Pop": 1, "Read": 2, "S": 0, "D": 0}
"""Searched with publications that take no time, which leaves the more to answers; proofs are of all numbers."""

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"D": 0, "L": 1, "S": 2, "T": 3, "R": 4, "H": 5, "Z": 6}

_CASES: Final[tuple[Row, ...]] = (
    ("fills", {**_FILLS}, (), "of overlapping answers a cache keeps what was put last, as old as its question"),
    (
        "fills-neither",
        {**_FILLS, "overlap": "neither", "reader": "memo"},
        (),
        "a cache that cannot tell keeps neither and asks again, whatever an isolate makes of what it is told",
    ),
    (
        "fills-latest",
        {**_FILLS, "overlap": "latest"},
        ("monotonic-reads",),
        "a slow older answer takes the cache back, though no copy is older than it says",
    ),
    (
        "fills-dated-by-the-answer",
        {**_FILLS, "dated": "answered", **_APART},
        ("bounded-staleness",),
        "a copy that was long on its way is served for as long as a new one",
    ),
)


def _waits(s: State, r: Expr) -> Expr:
    """A read is under way, and has from its location what it brings."""
    waits: Expr = s.asking[r] & (s.fetching[r] == "no")
    return waits


_REPLACED: Final = (
    "caches-cover-what-is-brought",
    "brought-is-no-older-than-told",
    "behind-under-way",
)
"""Lemmas of `do_kv_in_flight` that do not hold of a read that waits for its location to hear from KV."""

_READS: Final[Lemmas] = {
    "caches-cover-what-reads-have": lambda s: for_all(
        s.Read,
        lambda r: implies(
            _waits(s, r) & s.cached[s.home(r)],
            newer_or_same(s.cache_era[s.home(r)], s.cache[s.home(r)], s.brought_era[r], s.brought[r]),
        ),
    ),
    "what-reads-have-is-no-older-than-told": lambda s: for_all(
        s.Read,
        lambda r: implies(
            s.asking[r] & (s.fetching[r] != "asked"),
            newer_or_same(s.brought_era[r], s.brought[r], s.told_era[r], s.told[r]),
        ),
    ),
    "behind-with-a-read": lambda s: for_all(
        s.Read,
        lambda r: implies(
            s.watching & _waits(s, r) & (s.brought[r] < s.watched),
            s.since <= do_kv.publish_bound(s) + s.T + s.asked_for[r],
        ),
    ),
}


def _brings_a_fill(s: State, r: Expr) -> Expr:
    """The centre has answered a location, where nothing has come since the question."""
    brings: Expr = (s.fetching[r] == "answered") & ~s.overlapped[r]
    return brings


_FILL_LEMMAS: Final[Lemmas] = {
    "nothing-went-back": lambda s: (
        (s.turn == 0)
        & for_all(s.Pop, lambda p: s.cache_turn[p] == 0)
        & for_all(s.Read, lambda r: s.brought_turn[r] == 0)
    ),
    "no-answer-yet": lambda s: for_all(s.Read, lambda r: implies(s.fetching[r] == "asked", s.brought[r] == 0)),
    "fills-cover-caches": lambda s: for_all(
        s.Read,
        lambda r: implies(
            _brings_a_fill(s, r) & s.cached[s.home(r)],
            newer_or_same(s.brought_era[r], s.brought[r], s.cache_era[s.home(r)], s.cache[s.home(r)]),
        ),
    ),
    "fills-cover-the-newest": lambda s: for_all(
        s.Read,
        lambda r: implies(
            _brings_a_fill(s, r),
            newer_or_same(s.brought_era[r], s.brought[r], s.newest_era[s.home(r)], s.newest[s.home(r)]),
        ),
    ),
    "fills-cover-reads": lambda s: for_all(
        s.Read,
        lambda f: for_all(
            s.Read,
            lambda r: implies(
                _brings_a_fill(s, f) & _waits(s, r) & (s.home(f) == s.home(r)),
                newer_or_same(s.brought_era[f], s.brought[f], s.brought_era[r], s.brought[r]),
            ),
        ),
    ),
    "behind-in-a-fill": lambda s: for_all(
        s.Read,
        lambda r: implies(
            s.watching & (s.fetching[r] == "answered") & (s.brought[r] < s.watched),
            s.since <= do_kv.publish_bound(s) + s.asked_for[r],
        ),
    ),
}


def _overtakes_nothing(says: str, shows: Callable[[State, Expr], Expr]) -> Fact:
    """A read that does not reach KV's centre, in a state like this, leaves the questions under way as they are."""

    def not_overtaken(s: State) -> Expr:
        return exists(s.Read, lambda r: (s.fetching[r] != "no") & ~s.overlapped[r])

    def before(s: State) -> Expr:
        return for_all(s.Pop, lambda p: shows(s, p)) & not_overtaken(s)

    return Fact("fills-neither", says, before, "read", not_overtaken)


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12, "Read": 3, "S": 1, "D": 1, "L": 2},
    terms=do_kv_in_flight.terms,
    worst_run=do_kv_in_flight.worst_run,
    limits=LIMITS,
    lemmas={
        **{name: lemma for name, lemma in do_kv_in_flight.DOSSIER.lemmas.items() if name not in _REPLACED},
        **_READS,
        **_FILL_LEMMAS,
    },
    costing=do_kv.COSTING,
    possible={
        "a-location-renews-its-copy": Fact(
            "fills-neither",
            "A location that serves its copy asks for a new one in the background.",
            lambda s: for_all(s.Read, lambda r: ~s.under_way[r]),
            "renew",
        ),
        "a-write-is-acknowledged": acknowledged("fills"),
        **as_late_as_it_may_be("fills"),
        **watched("fills", "write"),
        "fills-overlap": Fact(
            "fills-neither",
            "A cache is filled by answers that overlap.",
            lambda s: exists(s.Read, lambda r: s.overlapped[r]),
        ),
        "a-memo-overtakes-no-question": _overtakes_nothing(
            "An isolate that answers by itself overtakes no question of its location.",
            lambda s, p: has_memo(s, p) & ~s.fresh[p] & ~s.cut[p],
        ),
        "a-copy-overtakes-no-question": _overtakes_nothing(
            "A location that answers from its copy overtakes none of its own questions.",
            lambda s, p: ~has_memo(s, p) & s.fresh[p],
        ),
    },
)
