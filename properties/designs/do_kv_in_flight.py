# SPDX-License-Identifier: Apache-2.0
"""`do_kv_in_flight`: what it takes that a read which another overtakes does no harm.

An answer is up to L old when it comes. Where an isolate keeps what came last, a slow older answer takes it back, and
its memo begins to count when it should be over. What is proved is what the code has to do: a copy is as old as the
question that it answers, and an answer that was overtaken is installed only where it is newer, by era and then version.

The lemmas are those of `do_kv`, and one of every read that is under way: what it brings was there when it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import Expr, exists, for_all, implies, maximum
from edgeproof.model.interpret import Event
from edgeproof.model.machine import Instance, State
from edgeproof.properties.designs import do_kv, do_kv_worst
from edgeproof.properties.designs.dossier import Constants, Dossier, Fact, Lemmas, Row, Term
from edgeproof.properties.designs.parts.alarm import LIMITS
from edgeproof.properties.designs.parts.possible import acknowledged, as_late_as_it_may_be, watched

__all__ = ["DOSSIER", "worst_run"]

_SLOW: Final[Constants] = {"publisher": "outbox", "Put": 1, "Pop": 1, "Read": 2}
_FAULTS: Final[Constants] = {"crash": True, "put_fails": True}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 0, "D": 1, "L": 2, "T": 3, "R": 4, "H": 5, "Z": 6}

_CASES: Final[tuple[Row, ...]] = (
    (
        "in-flight",
        {**_SLOW},
        (),
        "a plain reader keeps nothing: a slow answer is old news for who asked, and for nobody after",
    ),
    (
        "in-flight-guarded",
        {**_SLOW, "reader": "guarded", "Pop": 2},
        (),
        "the guard keeps the newer, however late the older one comes",
    ),
    (
        "in-flight-memo",
        {**_SLOW, "reader": "memo", **_FAULTS},
        (),
        "a memo as old as its question, and never taken back by a slow answer",
    ),
    (
        "in-flight-memo-latest",
        {**_SLOW, "reader": "memo", "install": "latest", "L": 2},
        ("monotonic-reads", "bounded-staleness"),
        "a slow older answer is installed over a newer one, and counts as new from when it came",
    ),
    (
        "in-flight-evicted",
        {**_SLOW, "reader": "guarded", "evict": True, **_APART},
        (),
        "an isolate that has lost its guard has lost nothing that a cache of its own location does not keep",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a reader can be told: as of `do_kv`, and an answer is under way for L.

    With a memo it is either: what the memo serves was asked for at most M ago.
    """
    *publishing, location, _ = do_kv.terms(s)
    memo = s.reader == "memo"
    return (
        *publishing,
        location,
        Term("L", "an answer is under way", s.L, ~memo),
        Term("max(L, M)", "an answer is under way, or an isolate serves its own copy", maximum(s.L, s.M), memo),
    )


_READS: Final[Lemmas] = {
    "brought-is-committed": lambda s: for_all(
        s.Read, lambda r: newer_or_same(s.era, s.config, s.brought_era[r], s.brought[r])
    ),
    "told-is-committed": lambda s: for_all(s.Read, lambda r: newer_or_same(s.era, s.config, s.told_era[r], s.told[r])),
    "kv-covers-what-is-brought": lambda s: for_all(
        s.Read, lambda r: newer_or_same(s.kv_era, s.kv, s.brought_era[r], s.brought[r])
    ),
    "newest-is-committed": lambda s: for_all(
        s.Pop, lambda p: newer_or_same(s.era, s.config, s.newest_era[p], s.newest[p])
    ),
    "kv-covers-the-newest": lambda s: for_all(
        s.Pop, lambda p: newer_or_same(s.kv_era, s.kv, s.newest_era[p], s.newest[p])
    ),
    "caches-cover-the-newest": lambda s: for_all(
        s.Pop,
        lambda p: implies(s.cached[p], newer_or_same(s.cache_era[p], s.cache[p], s.newest_era[p], s.newest[p])),
    ),
    "isolates-cover-the-newest": lambda s: for_all(
        s.Pop,
        lambda p: implies(s.loaded[p], newer_or_same(s.kept_era[p], s.kept[p], s.newest_era[p], s.newest[p])),
    ),
    "the-newest-covers-isolates": lambda s: for_all(
        s.Pop, lambda p: newer_or_same(s.newest_era[p], s.newest[p], s.kept_era[p], s.kept[p])
    ),
    "who-has-no-copy-has-told-nothing": lambda s: for_all(s.Pop, lambda p: implies(~s.loaded[p], s.newest[p] == 0)),
    "caches-cover-what-is-brought": lambda s: for_all(
        s.Read,
        lambda r: implies(
            s.asking[r] & s.cached[s.home(r)],
            newer_or_same(s.cache_era[s.home(r)], s.cache[s.home(r)], s.brought_era[r], s.brought[r]),
        ),
    ),
    "told-is-no-newer-than-the-newest": lambda s: for_all(
        s.Read,
        lambda r: newer_or_same(s.newest_era[s.home(r)], s.newest[s.home(r)], s.told_era[r], s.told[r]),
    ),
    "brought-is-no-older-than-told": lambda s: for_all(
        s.Read,
        lambda r: implies(s.asking[r], newer_or_same(s.brought_era[r], s.brought[r], s.told_era[r], s.told[r])),
    ),
    "what-was-not-overtaken-is-as-told": lambda s: for_all(
        s.Read,
        lambda r: implies(
            s.asking[r] & ~s.overtaken[r],
            (s.told[r] == s.newest[s.home(r)]) & (s.told_era[r] == s.newest_era[s.home(r)]),
        ),
    ),
    "behind-under-way": lambda s: for_all(
        s.Read,
        lambda r: implies(
            s.watching & s.asking[r] & (s.brought[r] < s.watched),
            s.since <= do_kv.publish_bound(s) + s.T + s.asked_for[r],
        ),
    ),
}


def worst_run(instance: Instance) -> Sequence[Event] | None:
    """That of `do_kv`, whose last read is asked just before the cached copy expires, and answered as late as may be."""
    if instance.values["reader"] == "memo" and instance.number("M") > instance.number("L"):
        return do_kv_worst.worst_run(instance)
    return do_kv_worst.worst_run(instance, reads=_slow_read)


def _slow_read(instance: Instance) -> list[tuple[int, Event]]:
    read = (("read", 0),)
    return [(instance.number("T"), Event("ask", read)), (instance.number("L"), Event("answer", read))]


def _nobody_overtaken(s: State) -> Expr:
    return for_all(s.Read, lambda r: ~s.overtaken[r])


def _nothing_loaded(s: State) -> Expr:
    return for_all(s.Pop, lambda p: ~s.loaded[p])


def _brings_the_same(s: State, p: Expr) -> Expr:
    """The location's fresh copy is what the isolate has."""
    same: Expr = (s.cache_era[p] == s.kept_era[p]) & (s.cache[p] == s.kept[p])
    return s.loaded[p] & s.fresh[p] & same


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12, "Read": 3},
    terms=terms,
    limits=LIMITS,
    worst_run=worst_run,
    lemmas={**do_kv.DOSSIER.lemmas, **_READS},
    costing=do_kv.COSTING,
    possible={
        "a-write-is-acknowledged": acknowledged("in-flight"),
        **as_late_as_it_may_be("in-flight"),
        **watched("in-flight", "write"),
        "an-answer-overtakes-no-other": Fact(
            "in-flight",
            "An answer overtakes neither itself nor a read that is not under way.",
            lambda s: exists(s.Read, lambda r: s.asking[r]) & _nobody_overtaken(s) & _nothing_loaded(s),
            "answer",
            _nobody_overtaken,
        ),
        "a-read-elsewhere-is-not-overtaken": Fact(
            "in-flight-guarded",
            "An answer that is installed overtakes no read at another location.",
            lambda s: for_all(s.Read, lambda r: s.asking[r]) & _nobody_overtaken(s) & _nothing_loaded(s),
            "answer",
            lambda s: exists(s.Read, lambda r: s.asking[r]) & _nobody_overtaken(s),
        ),
        "an-answer-at-once-overtakes-none-elsewhere": Fact(
            "in-flight-guarded",
            "A read that is answered at once overtakes no read at another location.",
            lambda s: for_all(s.Read, lambda r: s.asking[r]) & _nobody_overtaken(s) & _nothing_loaded(s),
            "read",
            lambda s: exists(s.Read, lambda r: s.overtaken[r]) & exists(s.Read, lambda r: ~s.overtaken[r]),
        ),
        "an-answer-at-once-of-the-same-overtakes": Fact(
            "in-flight-evicted",
            "A read that is answered at once overtakes others also where it brings what the isolate has already.",
            lambda s: _nobody_overtaken(s) & for_all(s.Pop, lambda p: _brings_the_same(s, p)),
            "read",
            lambda s: exists(s.Read, lambda r: s.overtaken[r]),
        ),
        "an-answer-that-is-refused-overtakes-none": Fact(
            "in-flight-memo",
            "An answer that is not installed overtakes no other.",
            lambda s: (
                exists(s.Read, lambda r: s.asking[r] & s.overtaken[r])
                & exists(s.Read, lambda r: s.asking[r] & ~s.overtaken[r])
            ),
            "answer",
            lambda s: exists(s.Read, lambda r: s.asking[r]) & _nobody_overtaken(s),
        ),
        "an-answer-of-nothing-overtakes": Fact(
            "in-flight-memo",
            "An answer that there is nothing overtakes others where the isolate has nothing.",
            lambda s: (
                _nothing_loaded(s)
                & for_all(s.Read, lambda r: s.brought[r] == 0)
                & exists(s.Read, lambda r: s.asking[r] & s.overtaken[r] & (s.asked_for[r] == 1))
                & exists(s.Read, lambda r: s.asking[r] & ~s.overtaken[r] & (s.asked_for[r] == 0))
            ),
            "answer",
            lambda s: exists(s.Read, lambda r: s.asking[r] & s.overtaken[r] & (s.asked_for[r] == 0)),
        ),
        "the-same-is-installed-again": Fact(
            "in-flight-evicted",
            "An answer with what the isolate has is installed, and overtakes others.",
            lambda s: (
                for_all(s.Pop, lambda p: s.loaded[p])
                & for_all(s.Read, lambda r: s.asking[r] & (s.brought[r] == s.kept[s.home(r)]))
                & _nobody_overtaken(s)
            ),
            "answer",
            lambda s: exists(s.Read, lambda r: s.overtaken[r]),
        ),
        "an-expired-memo-asks": Fact(
            "in-flight-memo-latest",
            "An isolate whose memo has expired asks.",
            lambda s: for_all(s.Pop, lambda p: s.loaded[p]),
            "ask",
        ),
        "an-eviction-forgets-who-was-overtaken": Fact(
            "in-flight-evicted",
            "An eviction forgets which reads were overtaken.",
            lambda s: exists(s.Read, lambda r: s.overtaken[r]),
            "evict",
            _nobody_overtaken,
        ),
        "an-answer-is-overtaken": Fact(
            "in-flight-memo",
            "A read that is under way is overtaken by another one.",
            lambda s: exists(s.Read, lambda r: s.asking[r] & s.overtaken[r]),
        ),
    },
)
