# SPDX-License-Identifier: Apache-2.0
"""Why stages contain a bad version, and why who was cut off catches up: invariants of `global_push`.

`_missed` says what has become of a location that should run something newer and has no push under way: a partition
took the push, at most P after it went out. Either the location is still cut off, or it has not asked since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.expr import TIME, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.bounds.global_push import arrival_bound, stage_bound

__all__ = ["LEMMAS"]


def _reached(s: State, p: Expr) -> Expr:
    return (s.rollout == "unstaged") | (s.stage_of[p] <= s.stage)


def _missed(s: State, p: Expr, since: Expr, before: Expr) -> Expr:
    """The push went out at most `before` after the moment from which `since` counts, and was lost."""
    cut_off = since <= before + s.P + s.link_for[p]
    back = (s.pull == "on") & (since <= before + s.P + s.G + s.link_for[p]) & (s.link_for[p] <= s.pulled_for[p])
    return s.partition & ite(s.cut[p], cut_off, back)


def _stages_before(s: State, how_many: Expr) -> Expr:
    return ite(s.rollout == "staged", how_many * stage_bound(s), lift(0, TIME))


def _grace(s: State, p: Expr) -> Expr:
    """How much longer than the watch and the answer a location may be without having said anything."""
    return ite(s.partition, ite(s.cut[p], s.link_for[p], ite(s.link_for[p] > 0, lift(0, TIME), s.G)), lift(0, TIME))


_VERSIONS: Final[Mapping[str, Callable[[State], Expr]]] = {
    "the-good-is-released": lambda s: (s.good > 0) & (s.good <= s.config),
    "the-bad-is-released": lambda s: s.bad <= s.config,
    "stages-end": lambda s: s.stage <= s.stages,
    "what-runs-is-released": lambda s: for_all(s.Pop, lambda p: (s.held[p] > 0) & (s.held[p] <= s.config)),
    "the-newest-stays": lambda s: for_all(
        s.Pop, lambda p: implies((s.good < s.config) & (s.held[p] == s.config), _reached(s, p))
    ),
    "the-withdrawn-is-bad": lambda s: implies(s.withdrawn, (s.config == s.bad) & (s.good < s.config)),
    "nobody-is-cut-off": lambda s: for_all(s.Pop, lambda p: ~s.cut[p]),
}

_STAGES: Final[Mapping[str, Callable[[State], Expr]]] = {
    "who-is-well-runs-what-is-well": lambda s: for_all(
        s.Pop,
        lambda p: implies(s.well[p] & s.under_way, (s.config != s.bad) & (s.held[p] == s.config) & _reached(s, p)),
    ),
    "earlier-stages-are-well": lambda s: for_all(
        s.Pop, lambda p: implies(s.under_way & (s.rollout == "staged") & (s.stage_of[p] < s.stage), s.well[p])
    ),
    "the-good-is-not-bad": lambda s: (s.bad == 0) | (s.good != s.bad),
    "the-bad-is-in-its-stage": lambda s: for_all(
        s.Pop, lambda p: implies((s.bad == s.config) & (s.held[p] == s.bad), s.stage_of[p] == s.stage)
    ),
    "everybody-has-the-good": lambda s: for_all(s.Pop, lambda p: s.good <= s.held[p]),
}

_TIMES: Final[Mapping[str, Callable[[State], Expr]]] = {
    "behind-in-its-turn": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.under_way & _reached(s, p) & (s.held[p] < s.config),
            s.pushing[p] | _missed(s, p, s.pushed_for, lift(0, TIME)),
        ),
    ),
    "arrived-in-time": lambda s: for_all(
        s.Pop, lambda p: implies(s.watched_at[p], s.pushed_for <= arrival_bound(s) + s.held_for[p])
    ),
    "answered-in-time": lambda s: for_all(
        s.Pop, lambda p: implies(s.watched_at[p], s.held_for[p] <= s.W + s.A + _grace(s, p))
    ),
    "a-stage-ends-in-time": lambda s: implies(s.under_way, s.pushed_for <= stage_bound(s)),
}

_STALENESS: Final[Mapping[str, Callable[[State], Expr]]] = {
    "watched-is-released": lambda s: implies(s.watching, (s.watched > 0) & (s.watched <= s.config)),
    "watched-is-not-withdrawn": lambda s: implies(s.watching & s.withdrawn, s.watched < s.config),
    "watched-before-is-good": lambda s: implies(s.watching & (s.watched < s.config), s.watched <= s.good),
    "its-stage-began": lambda s: implies(
        s.watching & (s.watched == s.config) & s.under_way,
        s.since <= _stages_before(s, s.stage) + s.pushed_for,
    ),
    "behind": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & (s.held[p] < s.watched) & ((s.watched <= s.good) | _reached(s, p)),
            (s.pushing[p] & (s.watched == s.config) & s.under_way)
            | _missed(s, p, s.since, _stages_before(s, s.stages)),
        ),
    ),
}

LEMMAS: Final[Mapping[str, Callable[[State], Expr]]] = {**_VERSIONS, **_STAGES, **_TIMES, **_STALENESS}
