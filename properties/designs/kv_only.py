# SPDX-License-Identifier: Apache-2.0
"""`kv_only`: writers that race, writers that do not, and a base that is not what KV holds.

The last group of lemmas is why its readers are as fresh as a cache allows: who has not heard of the version under
observation has a copy that is at least as old as it.

What it costs: a location fetches once per cacheTtl, a change puts the whole config and its changelog entry. There is no
Durable Object to be out of reach; while the control plane falls silent, readers go on as before.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, exists, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Constants, Costing, Dossier, Fact, Lemmas, Limits, Row, Term, Writer
from edgeproof.properties.designs.parts.cache import cached_copy
from edgeproof.properties.designs.parts.links import UNBROKEN
from edgeproof.properties.designs.parts.possible import acknowledged, happens, watched

__all__ = ["DOSSIER"]

_LOST: Final = ("single-writer-order", "durable-ack", "never-ahead", "monotonic-kv", "monotonic-reads")
_TORN: Final = ("atomic-write", "changelog-complete")
_ALONE: Final[Constants] = {"writing": "in_turn", "Writer": 1, "changelog": "inside"}

_CASES: Final[tuple[Row, ...]] = (
    ("kv-only", {}, _LOST + _TORN, "two writers read, change and put; the last put wins, whatever it was based on"),
    (
        "kv-only-log-inside",
        {"changelog": "inside", "Pop": 1},
        _LOST,
        "in one value the changelog is whole, and forgets a lost write together with the config",
    ),
    (
        "kv-only-one-stream",
        {**_ALONE, "crash": True},
        (),
        "writes one after the other, each based on what the one before put: the documented advice",
    ),
    (
        "kv-only-one-stream-stale",
        {**_ALONE, "base": "cache"},
        _LOST,
        "even a single writer goes back if it reads as readers do: its base may be a cached copy",
    ),
    (
        "kv-only-partition",
        {**_ALONE, "partition": True, "Pop": 1},
        ("local-reads",),
        "a plain reader has nothing once its cached copy has expired",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a reader can be told: a write is committed where it is read from, in KV's centre."""
    return (cached_copy(s),)


def _one_at_a_time(s: State) -> Expr:
    def alone(v: Expr) -> Expr:
        return for_all(s.Writer, lambda w: (v == w) | (s.phase[v] == "idle") | (s.phase[w] == "idle"))

    return implies(s.writing == "in_turn", for_all(s.Writer, alone))


_COPIES: Final[Lemmas] = {
    "kv-was-acknowledged": lambda s: s.kv <= s.acked,
    "caches-were-acknowledged": lambda s: for_all(s.Pop, lambda p: s.cache[p] <= s.acked),
    "readers-were-acknowledged": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.acked),
    "acks-are-kept": lambda s: s.acked <= s.kv,
    "kv-covers-caches": lambda s: for_all(s.Pop, lambda p: s.cache[p] <= s.kv),
    "kv-covers-readers": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.kv),
    "caches-cover-readers": lambda s: for_all(s.Pop, lambda p: implies(s.cached[p], s.served[p] <= s.cache[p])),
    **UNBROKEN,
}

_WRITERS: Final[Lemmas] = {
    "writers-in-turn-are-alone": _one_at_a_time,
    "puts-carry-something": lambda s: for_all(s.Writer, lambda w: implies(s.phase[w] == "putting", s.proposed[w] > 0)),
    "puts-follow-what-was-acknowledged": lambda s: for_all(s.Writer, lambda w: s.proposed[w] <= s.acked + 1),
    "bases-are-current": lambda s: for_all(
        s.Writer, lambda w: implies(s.phase[w] == "putting", s.proposed[w] == s.kv + 1)
    ),
    "no-entries-beside": lambda s: implies(
        s.changelog == "inside", for_all(s.Writer, lambda w: s.phase[w] != "logging")
    ),
}

_STALENESS: Final[Lemmas] = {
    "watched-is-held": lambda s: implies(s.watching, (s.watched <= s.kv) & (s.watched > 0)),
    "old-copies-are-older": lambda s: for_all(
        s.Pop, lambda p: implies(s.watching & s.cached[p] & (s.cache[p] < s.watched), s.since <= s.age[p])
    ),
    "other-copies-are-older": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & s.cached[p] & (s.kv == s.watched) & (s.cache[p] != s.watched), s.since <= s.age[p]
        ),
    ),
}


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """One request to KV's centre where the location's cache may not answer."""
    return ite(s.fresh[pop] | s.cut[pop], lift(0, NAT), lift(1, NAT))


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
    terms=terms,
    limits=Limits(cache_ttl=lambda s: s.T),
    lemmas={**_COPIES, **_WRITERS, **_STALENESS},
    costing=Costing(
        constants={"writing": "in_turn", "Writer": 1, "Pop": 3, "writes": 12, "T": 60},
        hops=_leaves_the_location,
        published=lambda sizes: sizes.config + sizes.change,
        writer=Writer.KV_KEY,
        write=("begin",),
        without="reads as before: there is no Durable Object",
    ),
    possible={
        "a-write-is-acknowledged": acknowledged("kv-only-one-stream"),
        "a-writer-dies": happens("kv-only-one-stream", "crash", "A writer dies."),
        **watched("kv-only-one-stream", "put_lands"),
        "writers-race": Fact(
            "kv-only",
            "Two writers put at the same time.",
            lambda s: exists(
                s.Writer,
                lambda v: exists(s.Writer, lambda w: (v != w) & (s.phase[v] == "putting") & (s.phase[w] == "putting")),
            ),
        ),
    },
)
