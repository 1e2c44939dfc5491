# SPDX-License-Identifier: Apache-2.0
"""Invariants of `kv_only`. The last group is why its readers are as fresh as a cache allows: who has not heard of the
version under observation has a copy that is at least as old as it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.expr import Expr, for_all, implies
from edgeproof.model.machine import State

__all__ = ["LEMMAS"]


def _one_at_a_time(s: State) -> Expr:
    def alone(v: Expr) -> Expr:
        return for_all(s.Writer, lambda w: (v == w) | (s.phase[v] == "idle") | (s.phase[w] == "idle"))

    return implies(s.writing == "in_turn", for_all(s.Writer, alone))


_COPIES: Final[Mapping[str, Callable[[State], Expr]]] = {
    "kv-was-acknowledged": lambda s: s.kv <= s.acked,
    "caches-were-acknowledged": lambda s: for_all(s.Pop, lambda p: s.cache[p] <= s.acked),
    "readers-were-acknowledged": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.acked),
    "acks-are-kept": lambda s: s.acked <= s.kv,
    "kv-covers-caches": lambda s: for_all(s.Pop, lambda p: s.cache[p] <= s.kv),
    "kv-covers-readers": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.kv),
    "caches-cover-readers": lambda s: for_all(s.Pop, lambda p: implies(s.cached[p], s.served[p] <= s.cache[p])),
    "nobody-is-cut-off": lambda s: for_all(s.Pop, lambda p: ~s.cut[p]),
}

_WRITERS: Final[Mapping[str, Callable[[State], Expr]]] = {
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

_STALENESS: Final[Mapping[str, Callable[[State], Expr]]] = {
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

LEMMAS: Final[Mapping[str, Callable[[State], Expr]]] = {**_COPIES, **_WRITERS, **_STALENESS}
