# SPDX-License-Identifier: Apache-2.0
"""The pattern, `do_kv`: without faults, with each fault, and with each choice that breaks a promise.

The lemmas say why it works. The staleness bound rests on the last group of them. It follows a write under observation
(`watched`) while KV is still older than it (`_behind`), and says for each thing that the replicator may be doing how
long ago the write was committed at most.

What it costs: a location fetches once per cacheTtl, a change publishes the whole config.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import NAT, Expr, exists, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.do_kv_worst import worst_run
from edgeproof.properties.designs.dossier import Constants, Costing, Dossier, Fact, Lemmas, Row, Term, Writer, total
from edgeproof.properties.designs.parts import outbox
from edgeproof.properties.designs.parts.alarm import FAILURES, LIMITS
from edgeproof.properties.designs.parts.cache import cached_copy, old_copies
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

__all__ = ["COSTING", "DOSSIER", "WRITE", "has_an_old_copy", "leaves_the_location", "publish_bound", "terms"]

_OUTBOX: Final[Constants] = {"publisher": "outbox", "Put": 1}
_INLINE: Final[Constants] = {"publisher": "inline", "Put": 2}
_FAULTS: Final[Constants] = {"crash": True, "put_fails": True, "put_ambiguous": True}
_EXHAUSTED: Final[Constants] = {**_OUTBOX, "put_fails": True, "alarm_exhausted": True, "F": 7}
_LATE: Final[Constants] = {**_OUTBOX, "put_late": True, "writes": 3}

_REPAIRED: Final[Constants] = {"repair": "heartbeat", "reader": "guarded", "epoch": "on"}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 2, "D": 1, "R": 3, "H": 4, "T": 5, "Z": 6}

_CASES: Final[tuple[Row, ...]] = (
    ("outbox", {**_OUTBOX}, (), "the pattern without any fault"),
    ("outbox-faults", {**_OUTBOX, **_FAULTS}, (), "a put that fails is retried, a crash finds the alarm armed"),
    ("outbox-memo", {**_OUTBOX, "reader": "memo", "put_fails": True}, (), "the isolate's own copy adds M to the bound"),
    ("negative-cache", {**_OUTBOX, "negative_cache": True}, (), "absence is as stale as any other copy"),
    (
        "recommended",
        {**_LATE, **_FAULTS, **_REPAIRED, "disjoint_caches": True, "writes": 2},
        ("monotonic-kv",),
        "a late put takes KV back; the heartbeat repairs it and the guard hides it from readers",
    ),
    (
        "recommended-apart",
        {**_LATE, **_FAULTS, **_REPAIRED, "Pop": 1, "writes": 2, **_APART},
        ("monotonic-kv",),
        "the same with durations that are all different, so that one that is taken for another shows",
    ),
    (
        "inline",
        {**_INLINE},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "two writes, first put slow: both acknowledged, KV stays on the older",
    ),
    (
        "inline-crash",
        {**_INLINE, "crash": True},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "a crash between commit and put, and nothing publishes again",
    ),
    (
        "throwing-handler",
        {**_EXHAUSTED, "handler": "throws"},
        ("convergence", "bounded-staleness"),
        "after 7 failures the alarm is gone",
    ),
    (
        "rearming-handler",
        {**_EXHAUSTED, "handler": "rearms"},
        (),
        "a handler that catches and re-arms never uses it up",
    ),
    (
        "late-put",
        {**_LATE},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "a put that nobody waits for any more lands after a newer one, and nothing publishes again",
    ),
    (
        "late-put-heartbeat",
        {**_LATE, "repair": "heartbeat"},
        ("monotonic-kv", "monotonic-reads"),
        "KV still goes back, but only until the next heartbeat: the bound grows by Z and H",
    ),
    (
        "disjoint-caches",
        {**_OUTBOX, "disjoint_caches": True},
        ("monotonic-reads",),
        "two reads at one location may be served by two caches",
    ),
    (
        "disjoint-caches-guarded",
        {**_OUTBOX, "disjoint_caches": True, "reader": "guarded"},
        (),
        "the guard keeps the newer",
    ),
    (
        "guard-evicted",
        {**_OUTBOX, "disjoint_caches": True, "reader": "guarded", "evict": True},
        ("monotonic-reads",),
        "the guard is memory, and an evicted isolate has none",
    ),
    (
        "rollback",
        {**_OUTBOX, "reader": "guarded", "rollback": True},
        ("convergence", "never-ahead", "monotonic-kv"),
        "the guard refuses the restored config for ever",
    ),
    (
        "rollback-epoch",
        {**_OUTBOX, "reader": "guarded", "rollback": True, "epoch": "on"},
        (),
        "an epoch makes the restored config the newer one",
    ),
    (
        "bare-statements",
        {**_OUTBOX, "statements": "bare", "uncaught": True},
        ("atomic-write", "changelog-complete", "no-partial-read", "bounded-staleness", "convergence"),
        "an exception keeps the statements before it",
    ),
    (
        "transaction",
        {**_OUTBOX, "statements": "transaction", "uncaught": True},
        (),
        "a transaction keeps all or nothing",
    ),
    (
        "partition",
        {**_OUTBOX, "partition": True},
        ("local-reads",),
        "a plain reader has nothing once its cached copy has expired",
    ),
    (
        "partition-guarded",
        {**_OUTBOX, "partition": True, "reader": "guarded"},
        ("bounded-staleness",),
        "a reader that keeps its last config answers, however old that is",
    ),
    (
        "early-ack",
        {**_OUTBOX, "ack": "early", "crash": True},
        ("durable-ack",),
        "an acknowledgement that does not wait for the disk",
    ),
    ("blind-retry", {**_OUTBOX, "retries": "blind", "crash": True}, ("idempotent-write",), "a retry without its key"),
    ("shared-key", {**_OUTBOX, "kv_key": "shared"}, ("unit-isolation",), "two units under one KV key"),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a reader can be told, in the order in which a write on its way can meet the summands.

    The outbox publishes it; a location then serves its cached copy for T, and an isolate its own for M.
    """
    return (
        *outbox.terms(s, undone=s.put_late, may_fail=s.put_fails | s.put_ambiguous | s.crash | s.put_late),
        cached_copy(s),
        Term("M", "an isolate serves its own copy", s.M, s.reader == "memo"),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from KV's central store."""
    return total(terms(s)[:-2])


def _committed(s: State, of_era: Expr, version: Expr) -> Expr:
    return newer_or_same(s.era, s.config, of_era, version)


def _covered(s: State, of_era: Expr, version: Expr) -> Expr:
    return newer_or_same(s.kv_era, s.kv, of_era, version)


def _behind(s: State) -> Expr:
    return s.watching & (s.kv < s.watched)


WRITE: Final = outbox.change(_behind, since=lambda s: s.since, undone=lambda s: s.put_late)
"""The write under observation on its way to KV's centre."""


def has_an_old_copy(s: State, pop: Expr) -> Expr:
    """A location's copy does not tell the write under observation."""
    old: Expr = s.watching & s.cached[pop] & (s.cache[pop] < s.watched)
    return old


_COPIES: Final[Lemmas] = {
    "kv-is-committed": lambda s: _committed(s, s.kv_era, s.kv),
    "sent-is-committed": lambda s: _committed(s, s.sent_era, s.sent),
    "stray-is-committed": lambda s: for_all(s.Put, lambda k: _committed(s, s.carries_era[k], s.carries[k])),
    "cache-is-committed": lambda s: for_all(s.Pop, lambda p: _committed(s, s.cache_era[p], s.cache[p])),
    "kept-is-committed": lambda s: for_all(s.Pop, lambda p: _committed(s, s.kept_era[p], s.kept[p])),
    "served-is-committed": lambda s: for_all(s.Pop, lambda p: _committed(s, s.served_era[p], s.served[p])),
    "nothing-is-of-no-era": lambda s: implies(s.kv == 0, s.kv_era == 0),
    "cached-nothing-is-of-no-era": lambda s: for_all(s.Pop, lambda p: implies(s.cache[p] == 0, s.cache_era[p] == 0)),
    "kept-nothing-is-of-no-era": lambda s: for_all(s.Pop, lambda p: implies(s.kept[p] == 0, s.kept_era[p] == 0)),
}

_STORE: Final[Lemmas] = {
    "log-follows-config": lambda s: s.logged == s.config,
    "nothing-is-torn": lambda s: s.torn == 0,
    "no-key-is-shared": lambda s: ~s.neighbour_hit,
    "early-acks-run-ahead": lambda s: implies(s.request == "taken", (s.ack == "early") & (s.acked <= s.config + 1)),
    "alarms-need-a-config": lambda s: implies(s.alarm != "off", s.config > 0),
    "sending-holds-the-lease": outbox.holds_the_lease,
    "sent-is-something": lambda s: implies(s.sending != "idle", s.sent > 0),
    "stray-is-something": lambda s: for_all(s.Put, lambda k: implies(s.stray[k], s.carries[k] > 0)),
    "an-inline-publisher-has-no-alarm": lambda s: implies(s.publisher == "inline", s.alarm == "off"),
    "the-outbox-is-one-stream": lambda s: implies(s.publisher == "outbox", for_all(s.Put, lambda k: ~s.stray[k])),
    "a-heartbeat-never-ends": lambda s: implies((s.repair == "heartbeat") & (s.config > 0), s.alarm != "off"),
    "puts-go-forward": lambda s: implies(s.sending != "idle", newer_or_same(s.sent_era, s.sent, s.kv_era, s.kv)),
}

_READERS: Final[Lemmas] = {
    **UNBROKEN,
    "loaded-is-kept": lambda s: for_all(s.Pop, lambda p: s.loaded[p] == (s.kept[p] > 0)),
    "kept-is-what-was-served": lambda s: for_all(
        s.Pop, lambda p: (s.served[p] == s.kept[p]) & (s.served_era[p] == s.kept_era[p])
    ),
    "kv-covers-caches": lambda s: for_all(s.Pop, lambda p: _covered(s, s.cache_era[p], s.cache[p])),
    "kv-covers-readers": lambda s: for_all(s.Pop, lambda p: _covered(s, s.served_era[p], s.served[p])),
    "caches-cover-readers": lambda s: for_all(
        s.Pop,
        lambda p: implies(s.cached[p], newer_or_same(s.cache_era[p], s.cache[p], s.served_era[p], s.served[p])),
    ),
}

_STALENESS: Final[Lemmas] = {
    "watched-is-committed": lambda s: implies(s.watching, (s.watched <= s.config) & (s.watched > 0)),
    "restores-end-the-watch": lambda s: implies(s.watching, s.restored == 0),
    **FAILURES,
    "off-is-published": lambda s: implies((s.alarm == "off") & s.watching, s.kv >= s.watched),
    "landed-is-published": lambda s: implies((s.sending == "landed") & _behind(s), (s.sent < s.watched) | s.put_late),
    "older-put": lambda s: implies(s.watching & (s.sending != "idle") & (s.sent < s.watched), s.since <= s.sending_for),
    "older-stray": lambda s: for_all(
        s.Put, lambda k: implies(s.watching & s.stray[k] & (s.carries[k] < s.watched), s.since <= s.D + s.stray_for[k])
    ),
    **outbox.ages(_behind, since=lambda s: s.since, undone=lambda s: s.put_late),
    "behind-in-a-cache": old_copies(has_an_old_copy, since=lambda s: s.since, bound=publish_bound),
    "behind-in-an-isolate": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & s.loaded[p] & (s.kept[p] < s.watched) & (s.reader == "memo"),
            s.since <= publish_bound(s) + s.T + s.memo_age[p],
        ),
    ),
}


def leaves_the_location(s: State, pop: Expr) -> Expr:
    """One request to KV's centre where neither the isolate nor the location's cache may answer."""
    memo = (s.reader == "memo") & s.loaded[pop] & (s.memo_age[pop] <= s.M)
    return ite(memo | s.fresh[pop] | s.cut[pop], lift(0, NAT), lift(1, NAT))


COSTING: Final = Costing(
    constants={"Put": 1, "Pop": 3, "writes": 12, "T": 60},
    hops=leaves_the_location,
    published=lambda sizes: sizes.config,
    writer=Writer.OBJECT,
    without="the last config, for ever",
)

DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
    terms=terms,
    limits=LIMITS,
    worst_run=worst_run,
    lemmas={**_COPIES, **_STORE, **_READERS, **_STALENESS},
    costing=COSTING,
    possible={
        "a-write-is-acknowledged": acknowledged("outbox"),
        **waits_to_retry("recommended-apart"),
        **as_late_as_it_may_be("recommended-apart"),
        **watched("outbox", "write"),
        **watched_from("blind-retry", "retry"),
        **watched_from("bare-statements", "uncaught"),
        **watched_from("early-ack", "commit_late"),
        **watched_from("inline", "write_inline"),
        "an-inline-put-begins": Fact(
            "inline",
            "An inline put begins when its write is committed.",
            happens="write_inline",
            then=lambda s: exists(s.Put, lambda k: s.stray[k] & (s.stray_for[k] == 0)),
        ),
        "a-put-is-ambiguous": happens(
            "outbox-faults", "put_ambiguous", "A put is said to have failed although it was applied."
        ),
        "a-late-put-never-lands": happens(
            "recommended-apart", "stray_vanishes", "A put that nobody waits for any more never lands."
        ),
        **crashes_at_any_time("outbox-faults"),
        "a-due-heartbeat-stays": Fact(
            "recommended-apart",
            "A write leaves a heartbeat that is due as it is.",
            lambda s: (s.alarm == "beat") & (s.sending == "idle") & (s.armed == s.H),
            "write",
            lambda s: s.alarm == "beat",
        ),
        "the-era-decides": Fact(
            "rollback-epoch",
            "An isolate keeps a copy with a higher number, of an earlier era than what KV holds.",
            lambda s: exists(s.Pop, lambda p: s.loaded[p] & (s.kept[p] > s.kv) & (s.kept_era[p] < s.kv_era)),
        ),
    },
    regardless={"inline-crash": ("monotonic-kv", "monotonic-reads")},
)
