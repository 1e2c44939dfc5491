# SPDX-License-Identifier: Apache-2.0
"""`never-early`: what is to happen at a time does not happen before it."""

from __future__ import annotations

from edgeproof.model.expr import Expr, implies
from edgeproof.model.machine import Instance
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]


def _in_time(step: Step) -> Expr:
    """Nobody begins an attempt to publish before its alarm is due, and an alarm waits from when it is armed on."""
    due = (step.before.alarm != "off") & (step.before.due <= step.before.armed)
    from_now_on = (step.after.alarm == "off") | (step.after.armed == 0)
    return implies(_begins(step), due & from_now_on) & implies(_rearms(step), from_now_on)


def _begins(step: Step) -> Expr:
    begins: Expr = (step.before.sending == "idle") & (step.after.sending != "idle")
    return begins


def _rearms(step: Step) -> Expr:
    rearms: Expr = step.after.alarm != step.before.alarm
    return rearms


def _has_an_alarm(instance: Instance) -> bool:
    """A request that puts by itself arms none."""
    return instance.values.get("publisher") != "inline"


PROPERTY = Property(
    "never-early",
    "Retries, leases and heartbeats do not come before they are due, however often the alarm is armed for another.",
    "Durable Objects: an alarm never fires before the time that it is set to.",
    needs=("alarm", "armed", "due", "sending"),
    step=_in_time,
    tested_step=_begins,
    applies=_has_an_alarm,
)
