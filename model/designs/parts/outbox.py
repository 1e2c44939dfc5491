# SPDX-License-Identifier: Apache-2.0
"""A part: the outbox, which publishes what a Durable Object holds with one put after the other.

A design says what is put: it extends `fire` by what the put takes along (`sent`), `put_lands` by what KV's centre holds
then, and what ends a put by forgetting that; and it says in `outdated` when a put is not the last word.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.alarm import Alarm, arm, begin_attempt, disarm, fail, lose_attempt
from edgeproof.model.expr import TIME, Expr, for_all, implies, ite, lift
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
    index_sort,
    option,
)

__all__ = ["LatePuts", "Outbox", "start_stray"]


class Outbox(Alarm):
    """An alarm whose handler puts, and is told; with a heartbeat it puts again although nothing changed."""

    repair = option("none", "heartbeat", doc="whether the alarm publishes again although nothing changed")

    H = duration(1, "heartbeat: from a confirmed put to the next one")

    alarm = enum("off", "sync", "lease", "retry", "beat", doc="why the alarm is armed")
    sending = enum("idle", "flying", "landed", doc="the put: under way, or applied and not yet confirmed")

    @definition()
    def due(s: State) -> Expr:
        """How long after it was armed the alarm is due."""
        at_once = lift(0, TIME)
        return ite(
            s.alarm == "retry",
            s.wait,
            ite(s.alarm == "lease", s.attempt + s.wait, ite(s.alarm == "beat", s.H, at_once)),
        )

    @definition()
    def slack(s: State) -> Expr:
        """How late the alarm may fire; retries and leases have that delay in R."""
        return ite((s.alarm == "sync") | (s.alarm == "beat"), s.S, lift(0, TIME))

    @definition()
    def unarmed(s: State) -> Expr:
        """No alarm is armed that is due already or that retries."""
        return (s.alarm == "off") | ((s.alarm == "beat") & (s.armed < s.H))

    @action()
    def fire(s: State) -> None:
        """The alarm fires: the handler leases the alarm and starts its one put."""
        begin_attempt(s, "flying")

    @action()
    def put_lands(s: State) -> None:
        """KV's centre applies the put."""
        s.require(s.sending == "flying")
        s.sending = "landed"

    @action()
    def put_confirmed(s: State) -> None:
        """The handler learns that its put is applied; if that is outdated meanwhile it arms the alarm again."""
        s.require(s.sending == "landed")
        outdated = s.outdated
        s.sending = "idle"
        s.failures = 0
        disarm(s)
        with s.when(s.repair == "heartbeat"):
            arm(s, "beat")
        with s.when(outdated):
            arm(s, "sync")

    @hazard()
    def put_fails(s: State) -> None:
        """KV refuses the put, or it times out, and it was not applied."""
        s.require(s.sending == "flying")
        fail(s)

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: memory and its put in flight are lost, storage (with the alarm) is kept."""
        lose_attempt(s)

    @deadline
    def puts_end_in_time(s: State) -> Expr:
        """The handler knows within D what became of its put."""
        return implies(s.sending != "idle", s.sending_for <= s.D)


class LatePuts(Outbox):
    """What nothing fences: a put that nobody waits for any more may land over newer ones.

    Its instance was superseded while it was in flight, or its handler has given it up.
    """

    Put = index_sort("Put", 1, "puts that nobody waits for any more")

    Z = duration(1, "zombie window: a put that nobody waits for any more lands within this, or never")

    stray = boolean(over=Put, doc="a put that nobody waits for any more is under way")
    stray_for = clock(over=Put, while_=lambda s, k: s.stray[k], doc="since that put began")

    @hazard(slot=Put)
    def put_late(s: State, slot: Expr) -> None:
        """KV puts are not fenced: a put whose instance is superseded (or gives it up) may still land, until Z later."""
        s.require((s.sending == "flying") & ~s.stray[slot])
        start_stray(s, slot)
        lose_attempt(s)

    @hazard(under="put_late", slot=Put)
    def put_given_up(s: State, slot: Expr) -> None:
        """The handler gives its put up, as its time is up or its connection breaks: it may land until Z later."""
        s.require((s.sending == "flying") & ~s.stray[slot])
        start_stray(s, slot)
        fail(s)

    @action(slot=Put)
    def stray_lands(s: State, slot: Expr) -> None:
        """KV applies a put that nobody waits for any more."""
        s.require(s.stray[slot])
        s.stray[slot] = False

    @hazard(under="put_late", slot=Put)
    def stray_vanishes(s: State, slot: Expr) -> None:
        """A put that nobody waits for any more never lands."""
        s.require(s.stray[slot])
        s.stray[slot] = False

    @deadline
    def strays_end_in_time(s: State) -> Expr:
        """A put that nobody waits for any more lands within Z or never."""
        return for_all(s.Put, lambda k: implies(s.stray[k], s.stray_for[k] <= s.Z))


def start_stray(s: State, slot: Expr, **carried: Expr) -> None:
    """A put that nothing serialises is under way; what it carries is given by the names of its variables."""
    s.stray[slot] = True
    for name, value in carried.items():
        s.assign_element(name, slot, value)
    s.stray_for[slot] = 0
