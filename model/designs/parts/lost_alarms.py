# SPDX-License-Identifier: Apache-2.0
"""A part: alarms that the platform may lose, and requests that look after them.

The platform has been seen to lose an alarm: it stays set, in the past, and never fires (workerd issue 6866,
cloudflare-docs issue 18324). A heartbeat that is an alarm goes with it. So every request looks after the alarm: one
that is overdue by more than the platform may take is armed again, and if that one is overdue by as much the alarm is
dead, and an attempt begins from the request itself. Where nothing else asks the object, a watchdog does.

A design says what is put: it extends `poke`, and every action that is a request, by `tend`, and every one that starts
an instance by `rearm`.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeproof.model.designs.parts.alarm import arm
from edgeproof.model.designs.parts.outbox import Outbox
from edgeproof.model.expr import Expr, implies, ite
from edgeproof.model.machine import (
    State,
    action,
    boolean,
    clock,
    deadline,
    definition,
    duration,
    enum,
    hazard,
    option,
)

__all__ = ["LostAlarms", "rearm", "tend"]


class LostAlarms(Outbox):
    """An outbox whose alarm may be lost, at any time and any number of times."""

    watchdog = option("off", "on", doc="whether somebody asks the object now and then to look after its alarm")

    W = duration(1, "watchdog: from one poke to the next, at most")

    alarm = enum("off", "sync", "lease", "retry", "beat", "again", doc="why the alarm is armed")
    stuck = boolean(doc="the platform has lost the alarm that is armed: it never fires")
    poked = clock(while_=lambda s: s.watchdog == "on", doc="since the watchdog poked the object")

    @definition()
    def lost(s: State) -> Expr:
        """The platform has lost the alarm that is armed."""
        stuck: Expr = s.stuck
        return stuck

    @definition()
    def slack(s: State) -> Expr:
        """How late the alarm may fire; retries and leases have that delay in R."""
        return ite(s.alarm == "again", s.S, Outbox.slack(s))

    @definition()
    def overdue(s: State) -> Expr:
        """The alarm is later than the platform may be. An attempt that is under way ends by arming it."""
        return (s.alarm != "off") & (s.sending == "idle") & (s.armed > s.due + s.S)

    @hazard()
    def alarm_stuck(s: State) -> None:
        """The platform loses the alarm that is armed, be it due or not: it stays set, and never fires."""
        s.require((s.alarm != "off") & ~s.stuck)
        s.stuck = True

    @action()
    def poke(s: State) -> None:
        """The watchdog asks the object to look after its alarm."""
        s.require(s.watchdog == "on")
        s.poked = 0

    @deadline
    def the_watchdog_pokes_in_time(s: State) -> Expr:
        """The watchdog pokes at least every W."""
        return implies(s.watchdog == "on", s.poked <= s.W)


def tend(s: State, begin: Callable[[State], None]) -> None:
    """A request looks after the alarm: one that is overdue is armed again; where that one is overdue as well the alarm
    is dead, and the request makes the attempt that `begin` begins.
    """
    overdue, armed_again = s.overdue, s.alarm == "again"
    with s.when(overdue & armed_again):
        begin(s)
    with s.when(overdue & ~armed_again):
        arm(s, "again")


def rearm(s: State) -> None:
    """An instance that starts arms an alarm that is overdue again, and leaves a dead one to requests."""
    with s.when(s.overdue & (s.alarm != "again")):
        arm(s, "again")
