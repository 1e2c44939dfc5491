# SPDX-License-Identifier: Apache-2.0
"""A part: the Durable Object's alarm, whose handler makes one attempt to publish after the other.

The handler leases the alarm before it begins, so that it fires again should nobody finish the attempt. What an attempt
does a design says in `sending`, whose first value is `idle`.

S is how late the platform may be with an alarm. Mostly that is less than a second, but the platform allows itself up to
a minute, during maintenance and while an object moves to another machine (Durable Objects alarms page). A handler has
15 minutes, in which no other one runs: an attempt has to end by itself within that. What is later than S is taken for
lost where alarms may be (`lost_alarms`); everywhere else a bound takes for granted that there is no such alarm.

KV takes one put a second of a key. An implementation sets the alarm for when it does, which here is an alarm that is
late: of S that second is KV's.
"""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TIME, Expr, implies, ite, lift
from edgeproof.model.machine import Part, State, clock, count, deadline, definition, duration, enum, natural

__all__ = ["Alarm", "arm", "begin_attempt", "disarm", "fail", "lease", "lose_attempt", "publish_soon"]


class Alarm(Part):
    """Armed in the transaction of a write, as a lease while an attempt is made, and to retry a failed one."""

    F = count(1, "failed attempts to publish in a row, at most")
    S = duration(1, "sync delay: an alarm fires at most this long after it is due; mostly within 1 s, at worst 60 s")
    D = duration(1, "put time-out: a put has landed and is confirmed, or has failed, within this")
    R = duration(1, "retry delay: from a failed attempt to the next one")

    alarm = enum("off", "sync", "lease", "retry", doc="why the alarm is armed")
    armed = clock(while_=lambda s: s.alarm != "off", doc="since the alarm was armed")
    failures = natural(F, doc="failed attempts to publish since the last success")
    sending_for = clock(while_=lambda s: s.sending != "idle", doc="since the put under way began")

    @definition()
    def attempt(s: State) -> Expr:
        """How long an attempt takes at most."""
        return s.D

    @definition()
    def wait(s: State) -> Expr:
        """How long to wait after a failure."""
        return s.R

    @definition()
    def due(s: State) -> Expr:
        """How long after it was armed the alarm is due."""
        return ite(s.alarm == "retry", s.wait, ite(s.alarm == "lease", s.attempt + s.wait, lift(0, TIME)))

    @definition()
    def slack(s: State) -> Expr:
        """How late the alarm may fire; retries and leases have that delay in R."""
        return ite(s.alarm == "sync", s.S, lift(0, TIME))

    @definition()
    def unarmed(s: State) -> Expr:
        """No alarm is armed that is due already or that retries."""
        return s.alarm == "off"

    @definition()
    def lost(s: State) -> Expr:
        """The platform has lost the alarm that is armed."""
        return FALSE

    @deadline
    def alarms_fire_in_time(s: State) -> Expr:
        """An armed alarm fires within S of being due."""
        return implies((s.alarm != "off") & (s.sending == "idle") & ~s.lost, s.armed <= s.due + s.slack)


def arm(s: State, why: str) -> None:
    """The alarm is armed, instead of what it was armed for before."""
    s.alarm = why
    s.armed = 0
    _forget_loss(s)


def disarm(s: State) -> None:
    """No alarm is armed any more."""
    s.alarm = "off"
    _forget_loss(s)


def publish_soon(s: State) -> None:
    """Part of a write's transaction. An alarm that is due already, or that retries, will see the write: arming it anew
    with every write would put it off for ever.
    """
    with s.when(s.unarmed):
        arm(s, "sync")


def begin_attempt(s: State, sending: str) -> None:
    """The alarm fires: the handler leases it, and starts to send."""
    s.require((s.alarm != "off") & (s.sending == "idle") & ~s.lost & (s.armed >= s.due))
    lease(s, sending)


def lease(s: State, sending: str) -> None:
    """Whoever makes an attempt leases the alarm, and starts to send."""
    arm(s, "lease")
    s.sending = sending
    s.sending_for = 0


def fail(s: State) -> None:
    """The attempt failed: try again after R."""
    s.sending = "idle"
    _count_failure(s)
    arm(s, "retry")


def lose_attempt(s: State) -> None:
    """The Durable Object dies, and with it the attempt that it was making: the lease finds what nobody finished."""
    with s.when(s.sending != "idle"):
        _count_failure(s)
        s.sending = "idle"


def _count_failure(s: State) -> None:
    s.require(s.failures < s.F)
    s.failures = s.failures + 1


def _forget_loss(s: State) -> None:
    """What is armed anew is another alarm than the one that was lost."""
    if "stuck" in s:
        s.stuck = False
