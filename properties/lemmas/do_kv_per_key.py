# SPDX-License-Identifier: Apache-2.0
"""Invariants of `do_kv_per_key`: those of `do_kv`, with a publication that is two puts.

The first flag is put first, so the second one is never newer, and a write is behind while the second flag is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.expr import Expr, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.bounds.do_kv_per_key import publish_bound

__all__ = ["LEMMAS"]


def _behind(s: State) -> Expr:
    return s.watching & (s.kv_second < s.watched)


def _attempts(s: State) -> Expr:
    """When an attempt that carries the write begins at the latest, after the failed ones so far."""
    return s.D + s.D + s.S + s.failures * (s.D + s.D + s.R)


_STORE: Final[Mapping[str, Callable[[State], Expr]]] = {
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

_COPIES: Final[Mapping[str, Callable[[State], Expr]]] = {
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
    "nobody-is-cut-off": lambda s: for_all(s.Pop, lambda p: ~s.cut[p]),
}

_STALENESS: Final[Mapping[str, Callable[[State], Expr]]] = {
    "watched-is-committed": lambda s: implies(s.watching, (s.watched <= s.config) & (s.watched > 0)),
    "off-is-published": lambda s: implies((s.alarm == "off") & s.watching, s.watched <= s.kv_second),
    "older-first": lambda s: implies(
        s.watching & (s.sending == "first") & (s.sent < s.watched), s.since <= s.sending_for
    ),
    "older-second": lambda s: implies(
        s.watching & (s.sending == "second") & (s.sent < s.watched), s.since <= s.D + s.sending_for
    ),
    "behind-at-sync": lambda s: implies(_behind(s) & (s.alarm == "sync"), s.since <= s.D + s.D + s.armed),
    "behind-in-first": lambda s: implies(_behind(s) & (s.sending == "first"), s.since <= _attempts(s) + s.sending_for),
    "behind-in-second": lambda s: implies(
        _behind(s) & (s.sending == "second"), s.since <= _attempts(s) + s.D + s.sending_for
    ),
    "behind-at-retry": lambda s: implies(_behind(s) & (s.alarm == "retry"), s.since + s.R <= _attempts(s) + s.armed),
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

LEMMAS: Final[Mapping[str, Callable[[State], Expr]]] = {**_STORE, **_COPIES, **_STALENESS}
