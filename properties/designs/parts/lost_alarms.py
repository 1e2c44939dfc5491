# SPDX-License-Identifier: Apache-2.0
"""What is said where alarms may be lost: how long an attempt then waits, which is 2*(S + W) at most.

An alarm that is lost is overdue S after it was due, and a poke that comes that very moment takes it for late only: the
next one, W later, arms it again. That one may be lost as well, and the poke that finds it dead publishes. Nobody can
lose more, as what publishes then is no alarm.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import FALSE, TIME, Expr, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Lemmas, Term

__all__ = ["OVERDUE", "losses", "lost", "until_found", "watched"]


def watched(s: State) -> Expr:
    """Whether alarms may be lost, and a watchdog pokes who looks after them."""
    return s.alarm_stuck & (s.watchdog == "on") if "watchdog" in s else FALSE


def until_found(s: State) -> Expr:
    """How long after it was due a lost alarm is found overdue at the latest."""
    found: Expr = s.S + s.W
    return found


def lost(s: State) -> Expr:
    """How long an attempt waits at most after an alarm is due that is lost; 0 where that cannot be."""
    return ite(watched(s), _twice(s), lift(0, TIME)) if "watchdog" in s else lift(0, TIME)


def losses(s: State, may_fail: Expr) -> tuple[Term, ...]:
    """The terms of a bound for alarms that are lost: that of the first attempt, and those after attempts that failed.

    They are in the place of how late the alarm fires.
    """
    if "watchdog" not in s:
        return ()
    return (
        Term("2*(S + W)", "the alarm is lost, and so is the one armed in its place", _twice(s), watched(s)),
        Term("2*F*(S + W)", "so are those after failed attempts", s.F * _twice(s), watched(s) & may_fail),
    )


def _twice(s: State) -> Expr:
    """The alarm is found overdue, and then the one that is armed in its place."""
    return 2 * until_found(s)


OVERDUE: Final[Lemmas] = {
    "what-is-overdue-was-not-poked": lambda s: implies(
        (s.watchdog == "on") & (s.alarm != "off") & (s.sending == "idle"), s.armed <= s.due + s.S + s.poked
    ),
}
"""An alarm that nobody found overdue is overdue no longer than the watchdog has been silent."""
