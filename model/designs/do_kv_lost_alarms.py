# SPDX-License-Identifier: Apache-2.0
"""The pattern where the platform may lose alarms: every request looks after the alarm, and a watchdog where none comes.

Everything else is as in `do_kv`. A write looks after the alarm once it is committed, so that what is put for a dead
alarm has it in it; one that is refused, and a read at a location, do not reach so far.
"""

from __future__ import annotations

from edgeproof.model.designs.do_kv import DoKv, take_along
from edgeproof.model.designs.parts.alarm import lease
from edgeproof.model.designs.parts.lost_alarms import LostAlarms, rearm, tend
from edgeproof.model.expr import Expr
from edgeproof.model.machine import State, action, hazard

__all__ = ["DoKvLostAlarms"]


class DoKvLostAlarms(LostAlarms, DoKv):
    """One unit of config as in `do_kv`, published from an alarm that may be lost."""

    alarm = LostAlarms.alarm

    @action(fair=False)
    def write(s: State) -> None:
        """The control plane writes: config, changelog and alarm in one transaction; then the alarm is looked after."""
        DoKv.write(s)
        tend(s, _begin)

    @action()
    def commit_late(s: State) -> None:
        """The write that was acknowledged early becomes durable, and the alarm is looked after."""
        DoKv.commit_late(s)
        tend(s, _begin)

    @action()
    def retry(s: State) -> None:
        """The client, having seen no reply, sends its write again; also a repeated one looks after the alarm."""
        DoKv.retry(s)
        tend(s, _begin)

    @action()
    def poke(s: State) -> None:
        """The watchdog asks the object to look after its alarm."""
        LostAlarms.poke(s)
        tend(s, _begin)

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: storage is kept, and the instance that starts arms an overdue alarm again."""
        DoKv.crash(s)
        rearm(s)

    @hazard(slot=DoKv.Put)
    def put_late(s: State, slot: Expr) -> None:
        """The instance is superseded while its put is in flight; the one that starts arms an overdue alarm again."""
        DoKv.put_late(s, slot)
        rearm(s)

    @hazard()
    def alarm_stuck(s: State) -> None:
        """The platform loses the alarm that is armed, be it due or not: it stays set, and never fires."""
        # The platform counts the runs of a handler that throws, and a request's attempt is none: here they are one.
        s.require((s.handler == "rearms") | ~s.alarm_exhausted)
        LostAlarms.alarm_stuck(s)


def _begin(s: State) -> None:
    """A request publishes as the alarm's handler does: it leases the alarm, and reads the config."""
    lease(s, "flying")
    take_along(s)
    # Where restores come during a put as well: this one is of a request, and has not seen any.
    if "asked" in s:
        s.replaced = False
        s.asked = True
