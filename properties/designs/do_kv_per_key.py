# SPDX-License-Identifier: Apache-2.0
"""`do_kv_per_key`: one location, as locations do not interact; what it breaks, a single reader sees.

The lemmas are those of `do_kv`, with a publication that is two puts. The first flag is put first, so the second one is
never newer, and a write is behind while the second flag is.

What it costs: a location fetches every key once per cacheTtl. The run on the model and on the code has a config of two
flags, so a config of n flags costs n/2 times as many requests. A change publishes every key: the publisher keeps no
note of what it has put. One that did would put the changed key alone, and leave readers with even more mixtures.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, TRUE, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Constants, Costing, Dossier, Fact, Lemmas, Row, Term, Writer, total
from edgeproof.properties.designs.parts.alarm import LIMITS, Change, at_retry, at_sync, attempts, publication
from edgeproof.properties.designs.parts.cache import cached_copy
from edgeproof.properties.designs.parts.links import UNBROKEN
from edgeproof.properties.designs.parts.possible import acknowledged, as_late_as_it_may_be, waits_to_retry, watched

__all__ = ["DOSSIER"]

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 2, "D": 1, "R": 3, "T": 4}

_CASES: Final[tuple[Row, ...]] = (
    (
        "per-key",
        {"Pop": 1},
        ("no-partial-read",),
        "nothing is atomic across two keys: a reader assembles a mixture of two versions",
    ),
    (
        "per-key-faults",
        {"Pop": 1, "put_fails": True, "writes": 3, **_APART},
        ("no-partial-read",),
        "a put that fails between two keys makes the mixture last, and every key adds its D to the bound",
    ),
    (
        "per-key-partition",
        {"Pop": 1, "partition": True},
        ("no-partial-read", "local-reads"),
        "a plain reader has nothing once one of its cached copies has expired",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a reader can be told: as of `do_kv`, but a publication is a put per key, two here."""
    return (
        Term("2*D", "an older publication is under way, key by key", s.attempt, TRUE),
        *publication(s, ("2*D", s.attempt), s.put_fails, "the puts that succeed, key by key"),
        cached_copy(s),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from some key in KV's central store."""
    return total(terms(s)[:-1])


def _behind(s: State) -> Expr:
    return s.watching & (s.kv_second < s.watched)


_WRITE: Final = Change(_behind, since=lambda s: s.since)


def _put_begins(s: State) -> Expr:
    """How long after its commit an attempt that carries the write begins at most, after the failed ones so far."""
    return _WRITE.start(s) + attempts(s)


_STORE: Final[Lemmas] = {
    "log-follows-config": lambda s: s.logged == s.config,
    "acked-is-committed": lambda s: s.acked <= s.config,
    "the-lease-is-held": lambda s: (s.alarm == "lease") == (s.sending != "idle"),
    "sent-is-something": lambda s: implies(s.sending != "idle", s.sent > 0),
    "sent-is-committed": lambda s: s.sent <= s.config,
    "alarms-need-a-config": lambda s: implies(s.alarm != "off", s.config > 0),
    "failures-are-bounded": lambda s: s.failures <= s.F,
    "nothing-fails": lambda s: s.failures == 0,
    "retries-follow-failures": lambda s: implies(s.alarm == "retry", s.failures > 0),
    "success-forgives": lambda s: implies((s.alarm == "off") | (s.alarm == "sync"), s.failures == 0),
}

_COPIES: Final[Lemmas] = {
    "kv-is-committed": lambda s: s.kv_first <= s.config,
    "second-follows-first": lambda s: s.kv_second <= s.kv_first,
    "puts-go-forward": lambda s: implies(s.sending == "first", s.kv_first <= s.sent),
    "first-has-landed": lambda s: implies(s.sending == "second", s.kv_first == s.sent),
    "caches-are-in-kv": lambda s: for_all(
        s.Pop, lambda p: (s.cache_first[p] <= s.kv_first) & (s.cache_second[p] <= s.kv_second)
    ),
    "readers-are-in-kv": lambda s: for_all(
        s.Pop, lambda p: (s.served_first[p] <= s.kv_first) & (s.served_second[p] <= s.kv_second)
    ),
    "caches-cover-first": lambda s: for_all(
        s.Pop, lambda p: implies(s.cache_first[p] > 0, s.served_first[p] <= s.cache_first[p])
    ),
    "caches-cover-second": lambda s: for_all(
        s.Pop, lambda p: implies(s.cache_second[p] > 0, s.served_second[p] <= s.cache_second[p])
    ),
    **UNBROKEN,
}

_STALENESS: Final[Lemmas] = {
    "watched-is-committed": lambda s: implies(s.watching, (s.watched <= s.config) & (s.watched > 0)),
    "off-is-published": lambda s: implies((s.alarm == "off") & s.watching, s.watched <= s.kv_second),
    "older-first": lambda s: implies(
        s.watching & (s.sending == "first") & (s.sent < s.watched), s.since <= s.sending_for
    ),
    "older-second": lambda s: implies(
        s.watching & (s.sending == "second") & (s.sent < s.watched), s.since <= s.D + s.sending_for
    ),
    "behind-at-sync": at_sync(_WRITE),
    "behind-in-first": lambda s: implies(
        _behind(s) & (s.sending == "first"), s.since <= _put_begins(s) + s.sending_for
    ),
    "behind-in-second": lambda s: implies(
        _behind(s) & (s.sending == "second"), s.since <= _put_begins(s) + s.D + s.sending_for
    ),
    "behind-at-retry": at_retry(_WRITE),
    "behind-in-a-cache-of-first": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & (s.cache_first[p] > 0) & (s.cache_first[p] < s.watched),
            s.since <= publish_bound(s) + s.age_first[p],
        ),
    ),
    "behind-in-a-cache-of-second": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & (s.cache_second[p] > 0) & (s.cache_second[p] < s.watched),
            s.since <= publish_bound(s) + s.age_second[p],
        ),
    ),
}


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """One request per flag whose key the location's cache may not answer for; it gives up at the first without."""
    nothing, once = lift(0, NAT), lift(1, NAT)
    first = (s.cache_first[pop] > 0) & (s.age_first[pop] <= s.T)
    second = (s.cache_second[pop] > 0) & (s.age_second[pop] <= s.T)
    both = ite(first, nothing, once) + ite(second, nothing, once)
    return ite(s.cut[pop], nothing, both)


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
    terms=terms,
    limits=LIMITS,
    lemmas={**_STORE, **_COPIES, **_STALENESS},
    costing=Costing(
        constants={"Pop": 3, "writes": 12, "T": 60},
        hops=_leaves_the_location,
        published=lambda sizes: sizes.config,
        writer=Writer.OBJECT,
        without="the last config, for ever",
    ),
    possible={
        "a-write-is-acknowledged": acknowledged("per-key"),
        **waits_to_retry("per-key-faults"),
        **as_late_as_it_may_be("per-key"),
        **watched("per-key", "write"),
        "an-attempt-takes-long": Fact(
            "per-key",
            "An attempt takes as long as two puts may.",
            lambda s: (s.alarm == "lease") & (s.armed == s.attempt),
        ),
        "the-keys-differ": Fact(
            "per-key", "KV holds one version of one key, and another of the other.", lambda s: s.kv_first != s.kv_second
        ),
    },
    regardless={"per-key-faults": ("no-partial-read",), "per-key-partition": ("no-partial-read",)},
)
