# SPDX-License-Identifier: Apache-2.0
"""What is said of the alarm: how many attempts failed, and how old a change can be that waits for the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from attrs import frozen

from edgeproof.model.expr import TRUE, Expr, implies, ite
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Lemmas, Limits, Term
from edgeproof.properties.designs.parts.backoff import grown, growth, longest
from edgeproof.properties.designs.parts.lost_alarms import losses, lost, until_found, watched

__all__ = [
    "FAILURES",
    "LIMITS",
    "Change",
    "Says",
    "at_again",
    "at_lease",
    "at_retry",
    "at_sync",
    "attempts",
    "publication",
]

Says: TypeAlias = Callable[[State], Expr]


def waits(s: State) -> Expr:
    """How long an attempt that is due at once waits for its alarm at most."""
    return ite(watched(s), lost(s), s.S)


LIMITS: Final = Limits(
    sync_delay=waits,
    put_timeout=lambda s: s.attempt,
    retry_delay=lambda s: longest(s) + lost(s),
    failures=lambda s: s.F,
    cache_ttl=lambda s: s.T,
)
"""What a bound with an alarm, and a cache at each location, takes for granted."""


def publication(s: State, attempt: tuple[str, Expr], may_fail: Expr, succeeds: str) -> tuple[Term, ...]:
    """The terms from the alarm to the attempt that `succeeds`, in these words; an `attempt` as formula and value."""
    formula, takes = attempt
    return (
        Term("S", "the alarm fires", s.S, ~watched(s)),
        *losses(s, may_fail),
        Term(f"F*({formula} + R)", "failed attempts and the delays after them", s.F * (takes + s.R), may_fail),
        *growth(s, may_fail),
        Term(formula, succeeds, takes, TRUE),
    )


FAILURES: Final[Lemmas] = {
    "nothing-fails": lambda s: s.failures == 0,
    "failures-are-bounded": lambda s: s.failures <= s.F,
    "success-forgives": lambda s: implies((s.alarm != "retry") & (s.alarm != "lease"), s.failures == 0),
    "retries-follow-failures": lambda s: implies(s.alarm == "retry", s.failures > 0),
    "leases-follow-failures": lambda s: implies((s.alarm == "lease") & (s.sending == "idle"), s.failures > 0),
}


def attempts(s: State) -> Expr:
    """The time that the failed attempts so far took, each with the delay after it."""
    took: Expr = s.failures * (s.attempt + s.R + lost(s))
    return took + grown(s) if "waits" in s else took


@frozen
class Change:
    """A change on its way to KV's centre, which does not tell it yet where it is `behind`; `since` is its age.

    `ready` is how old it is at most when the alarm that publishes it is armed: an older attempt may be under way.
    """

    behind: Says
    since: Says
    ready: Says = lambda s: s.attempt

    def start(self, s: State) -> Expr:
        """How old it is at most when the first attempt that carries it begins."""
        return self.ready(s) + waits(s)


def at_sync(change: Change) -> Says:
    """The age of a change that waits for the alarm."""
    return lambda s: implies(change.behind(s) & (s.alarm == "sync"), change.since(s) <= change.ready(s) + s.armed)


def at_retry(change: Change) -> Says:
    """The age of a change whose attempt failed."""
    return lambda s: implies(
        change.behind(s) & (s.alarm == "retry"),
        change.since(s) + s.wait + lost(s) <= change.start(s) + attempts(s) + s.armed,
    )


def at_lease(change: Change) -> Says:
    """The age of a change whose attempt nobody finished."""
    return lambda s: implies(
        change.behind(s) & (s.alarm == "lease") & (s.sending == "idle"),
        change.since(s) + s.attempt + s.wait + lost(s) <= change.start(s) + attempts(s) + s.armed,
    )


def at_again(change: Change) -> Says:
    """The age of a change whose alarm was found overdue, and is armed again."""
    return lambda s: implies(
        change.behind(s) & (s.alarm == "again"),
        change.since(s) + until_found(s) <= change.start(s) + attempts(s) + s.armed,
    )
