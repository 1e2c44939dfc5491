# SPDX-License-Identifier: Apache-2.0
"""The pattern, `do_kv`: without faults, with each fault, and with each choice that breaks a promise.

The lemmas say why it works. The staleness bound rests on the last group of them. It follows a write under observation
(`watched`) while KV is still older than it (`_behind`), and says for each thing that the replicator may be doing how
long ago the write was committed at most. `_start` is the latest moment at which an attempt that carries the write
begins for the first time.

What it costs: a location fetches once per cacheTtl, a change publishes the whole config.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import NAT, TIME, TRUE, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Constants, Costing, Dossier, Lemmas, Row, Term, Writer, total

__all__ = ["COSTING", "DOSSIER", "leaves_the_location", "publish_bound", "terms"]

_OUTBOX: Final[Constants] = {"publisher": "outbox", "Put": 1}
_INLINE: Final[Constants] = {"publisher": "inline", "Put": 2}
_FAULTS: Final[Constants] = {"crash": True, "put_fails": True, "put_ambiguous": True}
_EXHAUSTED: Final[Constants] = {**_OUTBOX, "put_fails": True, "alarm_exhausted": True, "F": 7}
_LATE: Final[Constants] = {**_OUTBOX, "put_late": True, "writes": 3}

_REPAIRED: Final[Constants] = {"repair": "heartbeat", "reader": "guarded", "epoch": "on"}

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
        "a superseded instance's put lands after a newer one, and nothing publishes again",
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

    A commit may find an older put in flight (D), then waits for the alarm (S); F attempts fail, each after D, with R
    until the next; the successful one takes D; a location then serves its cached copy for T, and an isolate its own for
    M. Where a put of a superseded instance may land late, the heartbeat repairs it: at the latest D + Z after the
    commit it lands, over a newer one that landed a moment before; that one is confirmed within D, as if nothing had
    happened, and H later the next put is due.
    """
    late: Expr = s.put_late
    may_fail = s.put_fails | s.put_ambiguous | s.crash | late
    always = TRUE
    return (
        Term("D", "an older put is in flight", s.D, always),
        Term("Z", "a superseded instance's put lands late", s.Z, late),
        Term("D", "the put that it overtook is confirmed all the same", s.D, late),
        Term("H", "the heartbeat is due", s.H, late),
        Term("S", "the alarm fires", s.S, always),
        Term("F*(D + R)", "failed attempts and the delays after them", s.F * (s.D + s.R), may_fail),
        Term("D", "the put that succeeds", s.D, always),
        Term("T", "a location serves its cached copy", s.T, always),
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


def _late(s: State, value: Expr) -> Expr:
    """A term that counts only where superseded instances' puts may land late."""
    return ite(s.put_late, value, lift(0, TIME))


def _repaired(s: State) -> Expr:
    """When, after its commit, a write that a late put has undone is waiting for the heartbeat at the latest."""
    return s.D + _late(s, s.Z + s.D)


def _start(s: State) -> Expr:
    return _repaired(s) + _late(s, s.H) + s.S


def _attempts(s: State) -> Expr:
    """The time that the failed attempts so far took, each with the delay after it."""
    return s.failures * (s.D + s.R)


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
    "sending-holds-the-lease": lambda s: implies(
        s.sending != "idle", (s.alarm == "lease") & (s.armed == s.sending_for)
    ),
    "sent-is-something": lambda s: implies(s.sending != "idle", s.sent > 0),
    "stray-is-something": lambda s: for_all(s.Put, lambda k: implies(s.stray[k], s.carries[k] > 0)),
    "an-inline-publisher-has-no-alarm": lambda s: implies(s.publisher == "inline", s.alarm == "off"),
    "the-outbox-is-one-stream": lambda s: implies(s.publisher == "outbox", for_all(s.Put, lambda k: ~s.stray[k])),
    "a-heartbeat-never-ends": lambda s: implies((s.repair == "heartbeat") & (s.config > 0), s.alarm != "off"),
    "puts-go-forward": lambda s: implies(s.sending != "idle", newer_or_same(s.sent_era, s.sent, s.kv_era, s.kv)),
}

_READERS: Final[Lemmas] = {
    "nobody-is-cut-off": lambda s: for_all(s.Pop, lambda p: ~s.cut[p]),
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
    "nothing-fails": lambda s: s.failures == 0,
    "failures-are-bounded": lambda s: s.failures <= s.F,
    "success-forgives": lambda s: implies((s.alarm != "retry") & (s.alarm != "lease"), s.failures == 0),
    "retries-follow-failures": lambda s: implies(s.alarm == "retry", s.failures > 0),
    "leases-follow-failures": lambda s: implies((s.alarm == "lease") & (s.sending == "idle"), s.failures > 0),
    "off-is-published": lambda s: implies((s.alarm == "off") & s.watching, s.kv >= s.watched),
    "landed-is-published": lambda s: implies((s.sending == "landed") & _behind(s), (s.sent < s.watched) | s.put_late),
    "older-put": lambda s: implies(s.watching & (s.sending != "idle") & (s.sent < s.watched), s.since <= s.sending_for),
    "older-stray": lambda s: for_all(
        s.Put, lambda k: implies(s.watching & s.stray[k] & (s.carries[k] < s.watched), s.since <= s.D + s.stray_for[k])
    ),
    "behind-at-sync": lambda s: implies(
        _behind(s) & (s.alarm == "sync"), s.since <= _repaired(s) + _late(s, s.H) + s.armed
    ),
    "behind-at-beat": lambda s: implies(
        _behind(s) & (s.alarm == "beat"), ite(s.put_late, s.since <= _repaired(s) + s.armed, s.since + s.H <= s.armed)
    ),
    "behind-in-flight": lambda s: implies(
        _behind(s) & (s.sending == "flying"), s.since <= _start(s) + _attempts(s) + s.sending_for
    ),
    "behind-though-landed": lambda s: implies(
        _behind(s) & (s.sending == "landed"), s.since <= s.D + _late(s, s.Z) + s.sending_for
    ),
    "behind-at-retry": lambda s: implies(
        _behind(s) & (s.alarm == "retry"), s.since + s.R <= _start(s) + _attempts(s) + s.armed
    ),
    "behind-at-lease": lambda s: implies(
        _behind(s) & (s.alarm == "lease") & (s.sending == "idle"),
        s.since + s.D + s.R <= _start(s) + _attempts(s) + s.armed,
    ),
    "behind-in-a-cache": lambda s: for_all(
        s.Pop,
        lambda p: implies(s.watching & s.cached[p] & (s.cache[p] < s.watched), s.since <= publish_bound(s) + s.age[p]),
    ),
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
    fresh = s.cached[pop] & (s.age[pop] <= s.T)
    return ite(memo | fresh | s.cut[pop], lift(0, NAT), lift(1, NAT))


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
    lemmas={**_COPIES, **_STORE, **_READERS, **_STALENESS},
    costing=COSTING,
)
