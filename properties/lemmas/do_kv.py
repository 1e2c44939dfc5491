# SPDX-License-Identifier: Apache-2.0
"""Why the pattern works: invariants of `do_kv`, from which its properties follow.

The staleness bound rests on the last group. It follows a write under observation (`watched`) while KV is still older
than it (`_behind`), and says for each thing that the replicator may be doing how long ago the write was committed at
most. `_start` is the latest moment at which an attempt that carries the write begins for the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import TIME, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.bounds.do_kv import publish_bound

__all__ = ["LEMMAS"]


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


_COPIES: Final[Mapping[str, Callable[[State], Expr]]] = {
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

_STORE: Final[Mapping[str, Callable[[State], Expr]]] = {
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

_READERS: Final[Mapping[str, Callable[[State], Expr]]] = {
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

_STALENESS: Final[Mapping[str, Callable[[State], Expr]]] = {
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

LEMMAS: Final[Mapping[str, Callable[[State], Expr]]] = {**_COPIES, **_STORE, **_READERS, **_STALENESS}
