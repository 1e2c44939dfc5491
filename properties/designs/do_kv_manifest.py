# SPDX-License-Identifier: Apache-2.0
"""`do_kv_manifest`: large configs in parts, collected with and without a grace, and what else can lose a part.

The lemmas say why a manifest never names a part that is gone. The staleness bound follows the write under observation
on its way to the readers; the collector's grace follows, in the same way, how long something may still hold a manifest
that names a part which the config has no more. So both families are made of the same steps: what is `old` (a version,
or a manifest that names the part), and the clock of its age.

What it costs: a location fetches the manifest once per cacheTtl, an isolate a part once per change. The run on the
model and on the code follows one part and counts it. A change publishes the parts that it touches and the manifest,
which names every part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from edgeproof.model.expr import NAT, TIME, TRUE, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import (
    Constants,
    Costing,
    Dossier,
    Fact,
    Lemmas,
    Row,
    Sizes,
    Term,
    Writer,
    total,
)
from edgeproof.properties.designs.parts.alarm import (
    FAILURES,
    LIMITS,
    Change,
    at_lease,
    at_retry,
    at_sync,
    attempts,
    publication,
)
from edgeproof.properties.designs.parts.cache import old_copies
from edgeproof.properties.designs.parts.links import UNBROKEN
from edgeproof.properties.designs.parts.possible import (
    acknowledged,
    as_late_as_it_may_be,
    crashes_at_any_time,
    happens,
    waits_to_retry,
    watched,
    watched_from,
)

__all__ = ["DOSSIER"]

_B: Final = 7
"""The staleness bound of the defaults without faults: U + D + S + U + D + T + L, each of 1."""

_ONE: Final[Constants] = {"Pop": 1}
_FAULTS: Final[Constants] = {"put_fails": True, "put_ambiguous": True, "crash": True}
_ASKED: Final[Constants] = {"parts": "r2", "missing": "probe", "negative_cache": True}
_COLLECTED: Final[Constants] = {**_ONE, "collector": "graceful", "K": _B}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 0, "D": 1, "U": 2, "T": 3, "L": 4, "R": 5, "Z": 6}

_CASES: Final[tuple[Row, ...]] = (
    (
        "manifest",
        {"collector": "checked", "K": _B},
        (),
        "parts are kept for the staleness bound after the write that drops them: nobody can hold an older manifest",
    ),
    (
        "manifest-faults",
        {**_ONE, **_FAULTS, "collector": "checked", "K": _B + 3},
        (),
        "the bound, and with it the grace, grows by the failed attempts",
    ),
    (
        "manifest-confirmed",
        {**_ONE, **_FAULTS, **_ASKED, "collector": "checked", "counted": "confirmed", "K": 2},
        (),
        "counted from the confirmed put, only caches and readers have to be outwaited: T + L; and R2 can be asked",
    ),
    (
        "manifest-no-grace",
        {**_ONE, **_FAULTS, "collector": "eager", **_APART},
        ("spill-integrity",),
        "the manifest in KV is new, and that in the location's cache is not",
    ),
    (
        "manifest-short-grace",
        {**_COLLECTED, "K": _B - 1},
        ("spill-integrity",),
        "one tick less than the staleness bound",
    ),
    (
        "manifest-collected-beside",
        {**_COLLECTED, "collects": "beside", "writes": 3},
        ("spill-integrity", "convergence"),
        "the same content comes back while its delete is under way, which then undoes the new put",
    ),
    (
        "manifest-late-delete",
        {**_COLLECTED, "counted": "confirmed", "K": 2, "delete_late": True, "writes": 3},
        ("spill-integrity", "convergence"),
        "taking turns does not help against a delete of a superseded instance: nothing fences it",
    ),
    (
        "manifest-late-delete-no-grace",
        {**_ONE, "collector": "eager", "delete_late": True, "writes": 3},
        ("spill-integrity", "convergence"),
        "a part that is deleted too early can be put again; one that a late delete takes stays away",
    ),
    (
        "manifest-probe-kv",
        {**_COLLECTED, "collector": "checked", "missing": "probe", "negative_cache": True, "K": _B + 1},
        ("spill-integrity",),
        "asking KV whether a part is there caches, at that location, that it is not",
    ),
    (
        "manifest-places",
        {**_ONE, "names": "place"},
        ("no-partial-read",),
        "parts that are overwritten in place give an older manifest newer content",
    ),
    (
        "manifest-partition",
        {**_ONE, "partition": True, "isolate": "keeps"},
        ("local-reads",),
        "an isolate that keeps its parts still needs a manifest, and a location's copy of that expires",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a reader can be told, in the order in which a write on its way can meet the summands.

    As of `do_kv`, but an attempt stores the missing parts (U) before it puts the manifest (D), and a reader, having the
    manifest, takes up to L to collect its parts. A commit that finds a delete of the collector's under way waits for
    that instead of an older attempt, which is no longer.
    """
    may_fail: Expr = s.put_fails | s.put_ambiguous | s.crash
    attempt = "U + D", s.attempt
    return (
        Term("U + D", "an older attempt is under way", s.attempt, TRUE),
        *publication(s, attempt, may_fail, "the attempt that succeeds: parts, then the manifest"),
        Term("T", "a location serves its cached manifest", s.T, TRUE),
        Term("L", "a reader collects the parts", s.L, TRUE),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from KV's central store."""
    return total(terms(s)[:-2])


@frozen
class Trail:
    """What is superseded: since when (`clock`, while `on`), and who still has it."""

    on: Callable[[State], Expr]
    clock: Callable[[State], Expr]
    in_kv: Callable[[State], Expr]
    sent: Callable[[State], Expr]
    cached: Callable[[State, Expr], Expr]
    held: Callable[[State, Expr], Expr]
    to_kv: Callable[[State], Expr]
    """How long after it was superseded KV may still have it."""


_VERSION: Final = Trail(
    on=lambda s: s.watching,
    clock=lambda s: s.since,
    in_kv=lambda s: s.kv < s.watched,
    sent=lambda s: s.sent < s.watched,
    cached=lambda s, p: s.cache[p] < s.watched,
    held=lambda s, p: s.found[p] < s.watched,
    to_kv=publish_bound,
)

_PART: Final = Trail(
    on=lambda s: s.released,
    clock=lambda s: s.released_for,
    in_kv=lambda s: s.kv_needs,
    sent=lambda s: s.sent_needs,
    cached=lambda s, p: s.cache_needs[p],
    held=lambda s, p: s.pointed[p],
    to_kv=lambda s: ite(s.counted == "committed", publish_bound(s), lift(0, TIME)),
)


def _along(name: str, t: Trail) -> Lemmas:
    """How old what is superseded can be at every place on its way out."""

    def behind(s: State) -> Expr:
        return t.on(s) & t.in_kv(s)

    change = Change(behind, t.clock)

    def under_way(s: State) -> Expr:
        return (s.sending == "parts") | (s.sending == "flying")

    return {
        f"{name}-off-is-published": lambda s: implies(t.on(s) & (s.alarm == "off"), ~t.in_kv(s)),
        f"{name}-landed-is-published": lambda s: implies(behind(s) & (s.sending == "landed"), t.sent(s)),
        f"{name}-older-attempt": lambda s: implies(t.on(s) & (s.sending != "idle") & t.sent(s), t.clock(s) <= s.armed),
        f"{name}-while-deleting": lambda s: implies(behind(s) & s.deleting, t.clock(s) <= s.armed),
        f"{name}-at-sync": at_sync(change),
        f"{name}-in-flight": lambda s: implies(
            behind(s) & under_way(s), t.clock(s) <= change.start(s) + attempts(s) + s.armed
        ),
        f"{name}-at-retry": at_retry(change),
        f"{name}-at-lease": at_lease(change),
        f"{name}-in-a-cache": old_copies(
            lambda s, p: t.on(s) & s.cached[p] & t.cached(s, p), since=t.clock, bound=t.to_kv
        ),
        f"{name}-in-a-request": lambda s: for_all(
            s.Pop,
            lambda p: implies(
                t.on(s) & s.following[p] & t.held(s, p), t.clock(s) <= t.to_kv(s) + s.T + s.following_for[p]
            ),
        ),
    }


_STORE: Final[Lemmas] = {
    "log-follows-config": lambda s: s.logged == s.config,
    "kv-is-committed": lambda s: s.kv <= s.config,
    "sent-is-committed": lambda s: s.sent <= s.config,
    "cache-is-committed": lambda s: for_all(s.Pop, lambda p: s.cache[p] <= s.config),
    "found-is-committed": lambda s: for_all(s.Pop, lambda p: s.found[p] <= s.config),
    "served-is-committed": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.config),
    "alarms-need-a-config": lambda s: implies(s.alarm != "off", s.config > 0),
    "off-is-published": lambda s: implies(s.alarm == "off", s.kv == s.config),
    "an-attempt-holds-the-lease": lambda s: implies(s.sending != "idle", s.alarm == "lease"),
    "parts-come-first": lambda s: implies(s.sending == "parts", s.armed == s.sending_for),
    "the-manifest-comes-second": lambda s: implies(s.sending != "idle", s.armed <= s.U + s.sending_for),
    "sent-is-something": lambda s: implies(s.sending != "idle", s.sent > 0),
    "idle-sends-nothing": lambda s: implies(s.sending == "idle", (s.sent == 0) & ~s.sent_needs),
    "landed-is-in-kv": lambda s: implies(s.sending == "landed", (s.kv == s.sent) & (s.kv_needs == s.sent_needs)),
    "puts-go-forward": lambda s: implies(s.sending != "idle", s.kv <= s.sent),
    **FAILURES,
    "watched-is-committed": lambda s: implies(s.watching, (s.watched <= s.config) & (s.watched > 0)),
}

_READERS: Final[Lemmas] = {
    **UNBROKEN,
    "kv-covers-caches": lambda s: for_all(s.Pop, lambda p: s.cache[p] <= s.kv),
    "kv-covers-requests": lambda s: for_all(s.Pop, lambda p: s.found[p] <= s.kv),
    "kv-covers-readers": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.kv),
    "caches-cover-readers": lambda s: for_all(s.Pop, lambda p: implies(s.cached[p], s.served[p] <= s.cache[p])),
    "caches-cover-requests": lambda s: for_all(
        s.Pop, lambda p: implies(s.cached[p] & s.following[p], s.found[p] <= s.cache[p])
    ),
    "requests-cover-readers": lambda s: for_all(s.Pop, lambda p: implies(s.following[p], s.served[p] <= s.found[p])),
    "idle-readers-hold-nothing": lambda s: for_all(s.Pop, lambda p: implies(~s.following[p], ~s.pointed[p])),
    "nobody-was-failed": lambda s: for_all(s.Pop, lambda p: ~s.failed[p]),
    "nobody-was-told-a-mixture": lambda s: for_all(s.Pop, lambda p: ~s.partial[p]),
    "no-cache-knows-the-part": lambda s: for_all(s.Pop, lambda p: s.seen[p] == "unknown"),
    "no-cache-misses-the-part": lambda s: for_all(s.Pop, lambda p: s.seen[p] != "absent"),
    "no-delete-is-late": lambda s: ~s.stray,
}


def _missing(s: State) -> Expr:
    """The part is not there, or soon will not be."""
    going: Expr = s.deleting | ~s.present
    return going


_PARTS: Final[Lemmas] = {
    "a-version-has-its-parts": lambda s: implies(s.kv == s.config, s.kv_needs == s.needs),
    "an-attempt-has-its-parts": lambda s: implies(s.sent == s.config, s.sent_needs == s.needs),
    "nothing-needs-no-part": lambda s: implies(s.config == 0, ~s.needs),
    "nothing-names-no-part": lambda s: implies(s.kv == 0, ~s.kv_needs),
    "stored-is-there": lambda s: implies(s.ledger == "stored", ~_missing(s)),
    "parts-before-the-manifest": lambda s: implies(
        s.sent_needs & ((s.sending == "flying") | (s.sending == "landed")), ~_missing(s) & (s.ledger == "stored")
    ),
    "kv-names-what-is-there": lambda s: implies(s.kv_needs, ~_missing(s) & (s.ledger != "none")),
    "released-is-not-needed": lambda s: implies(s.released & (s.counted == "committed"), ~s.needs),
    "released-once-confirmed": lambda s: implies(s.released & (s.counted == "confirmed"), ~s.kv_needs & ~s.sent_needs),
    "deleted-is-released": lambda s: implies(s.deleting, s.ledger == "unsure"),
    "in-turn": lambda s: implies(s.deleting, (s.sending == "idle") & ((s.alarm == "off") | (s.alarm == "sync"))),
    "writes-wait-for-the-delete": lambda s: implies(s.deleting & (s.alarm == "sync"), s.armed <= s.deleting_for),
    "caches-that-name-it-are-old": lambda s: for_all(
        s.Pop, lambda p: implies(_missing(s) & s.cached[p] & s.cache_needs[p], s.T < s.age[p])
    ),
    "cached-parts-were-asked-for-in-time": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.released & (s.seen[p] == "there"), s.released_for <= _PART.to_kv(s) + s.T + s.L + s.seen_for[p]
        ),
    ),
    "cached-parts-that-are-missing-are-old": lambda s: for_all(
        s.Pop, lambda p: implies(_missing(s) & (s.seen[p] == "there"), s.T < s.seen_for[p])
    ),
    "no-request-wants-what-is-missing": lambda s: for_all(s.Pop, lambda p: implies(_missing(s), ~s.pointed[p])),
    "nothing-is-gone": lambda s: for_all(s.Pop, lambda p: ~s.gone[p]),
    "nobody-deletes": lambda s: ~s.deleting,
}


_NAME: Final = 67
"""Bytes of a part's name in a manifest: 64 hexadecimal digits, quotation marks and a comma."""


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """A request for the manifest where the location's cache may not answer, then one for a part that is not held."""
    nothing, once = lift(0, NAT), lift(1, NAT)
    asks = s.pointed[pop] & ~s.held[pop] & ~s.cut[pop]
    return ite(s.following[pop], ite(asks, once, nothing), ite(s.fresh[pop] | s.cut[pop], nothing, once))


def _published(sizes: Sizes) -> int:
    """The part that the change is in, and the manifest."""
    names = -(-sizes.config // sizes.part)
    return sizes.part + _NAME * names


def _happens_during(action: str, sending: str, says: str) -> Fact:
    return Fact("manifest-confirmed", says, lambda s: s.sending == sending, action)


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
    terms=terms,
    limits=LIMITS,
    lemmas={**_STORE, **_READERS, **_PARTS, **_along("version", _VERSION), **_along("part", _PART)},
    costing=Costing(
        constants={"Pop": 3, "writes": 12, "T": 60, "isolate": "keeps"},
        hops=_leaves_the_location,
        published=_published,
        writer=Writer.OBJECT,
        reads=("lookup", "read"),
        without="the last config, for ever",
    ),
    possible={
        "a-write-is-acknowledged": acknowledged("manifest-places"),
        **waits_to_retry("manifest-no-grace"),
        **as_late_as_it_may_be("manifest-places"),
        **watched("manifest-places", "write"),
        **watched_from("manifest-short-grace", "write_without"),
        "a-part-fails": _happens_during("put_fails", "parts", "The put of a part fails."),
        "a-manifest-fails": _happens_during("put_fails", "flying", "The put of a manifest fails."),
        "a-part-is-ambiguous": _happens_during(
            "put_ambiguous", "parts", "The put of a part is said to have failed although it was applied."
        ),
        "a-manifest-is-ambiguous": _happens_during(
            "put_ambiguous", "landed", "The put of a manifest is said to have failed although it was applied."
        ),
        **crashes_at_any_time("manifest-confirmed"),
        **{
            f"a-part-is-deleted-{case}": happens(case, "collect", "A part is deleted once its grace is over.")
            for case in ("manifest-confirmed", "manifest-faults", "manifest-probe-kv")
        },
        "a-part-that-may-be-gone-is-deleted": Fact(
            "manifest-confirmed",
            "A part is deleted of which nobody is sure that it is there.",
            lambda s: s.ledger == "unsure",
            "collect",
        ),
        "a-part-is-deleted-beside-a-put": Fact(
            "manifest-collected-beside",
            "A part is deleted while something is put.",
            lambda s: s.sending != "idle",
            "collect",
        ),
        "a-delete-fails": happens("manifest-confirmed", "delete_fails", "The delete of a part fails."),
        "a-delete-is-ambiguous": happens(
            "manifest-confirmed",
            "delete_ambiguous",
            "The delete of a part is said to have failed although it was done.",
        ),
        "a-late-delete-never-lands": happens(
            "manifest-late-delete", "stray_vanishes", "A delete that nobody waits for any more never lands."
        ),
        "a-delete-takes-long": Fact(
            "manifest-collected-beside",
            "A delete takes as long as it may.",
            lambda s: s.deleting & (s.deleting_for == s.D),
        ),
        "a-late-delete-is-late": Fact(
            "manifest-late-delete",
            "A delete that nobody waits for any more lands as late as it may.",
            lambda s: s.stray & (s.stray_for == s.Z),
        ),
        "a-lookup-without-a-link": Fact(
            "manifest-partition",
            "A location that is cut off looks its copy up.",
            lambda s: for_all(s.Pop, lambda p: s.cut[p]),
            "lookup",
        ),
        "a-location-has-nothing": Fact(
            "manifest-partition",
            "A location that is cut off, and has no copy, answers nobody.",
            lambda s: for_all(s.Pop, lambda p: ~s.following[p] & ~s.cached[p]),
            "read",
        ),
        "a-part-is-collected": Fact(
            "manifest-short-grace", "A part that nothing needs any more is deleted.", lambda s: s.deleting
        ),
    },
    regardless={
        "manifest-no-grace": ("spill-integrity",),
        "manifest-late-delete-no-grace": ("spill-integrity",),
        "manifest-probe-kv": ("spill-integrity",),
    },
)
