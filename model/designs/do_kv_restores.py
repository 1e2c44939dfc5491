# SPDX-License-Identifier: Apache-2.0
"""The pattern where the store is restored further back, and while a put is under way.

Everything else is as in `do_kv_lost_alarms`: a restore arms the alarm at once, so that a crash during the put may leave
one that is overdue, and the alarm may fire while a request publishes. In `do_kv` a restore takes one write back,
and comes while nothing is under way. Here it takes back one write, two, or all of them. A config of which all is taken
back is empty, and is published as any other: that is not the absence of a copy, which only the era tells apart. So
without eras one write is left.
"""

from __future__ import annotations

from edgeproof.model.designs.do_kv import DoKv
from edgeproof.model.designs.do_kv_lost_alarms import DoKvLostAlarms
from edgeproof.model.designs.parts.alarm import arm
from edgeproof.model.expr import Expr
from edgeproof.model.machine import State, action, boolean, definition, hazard

__all__ = ["DoKvRestores", "is_copy"]


class DoKvRestores(DoKvLostAlarms):
    """One unit of config as in `do_kv_lost_alarms`, whose store is restored at any time but between write and reply."""

    replaced = boolean(doc="the store was restored since the replicator's put began")
    asked = boolean(doc="a request began the replicator's last put: no alarm is at work during it, and one may fire")

    @definition()
    def outdated(s: State) -> Expr:
        """The config has moved on since the replicator's put began, be it to another of the same number."""
        return DoKv.outdated(s) | s.replaced

    @action()
    def put_confirmed(s: State) -> None:
        """The handler learns that its put is applied; if the config has moved on meanwhile it arms the alarm again."""
        DoKvLostAlarms.put_confirmed(s)
        s.replaced = False

    @action()
    def fire(s: State) -> None:
        """The alarm fires: the handler leases the alarm, reads the config and starts its one put."""
        DoKvLostAlarms.fire(s)
        s.replaced = False
        s.asked = False

    @action(fair=False)
    def fire_beside(s: State) -> None:
        """The alarm fires while a request publishes: the handler leases the alarm for that, and puts nothing."""
        s.require((s.sending != "idle") & s.asked & (s.alarm != "off") & ~s.lost & (s.armed >= s.due))
        arm(s, "lease")

    @hazard()
    def rollback(s: State) -> None:
        """Point-in-time recovery takes the store one write back; what was published stays where it is."""
        s.require(s.config > 1)
        _restore(s, s.config - 1)

    @hazard(under="rollback")
    def rollback_two(s: State) -> None:
        """Point-in-time recovery takes the store two writes back."""
        s.require(s.config > 2)
        _restore(s, s.config - 2)

    @hazard(under="rollback")
    def rollback_all(s: State) -> None:
        """Point-in-time recovery takes the store back to its beginning: the config is empty."""
        s.require((s.config > 0) & (s.epoch == "on"))
        _restore(s, 0)

    @action(pop=DoKv.Pop, cache=DoKv.Pop)
    def read(s: State, pop: Expr, cache: Expr) -> None:
        """A request at a POP reads the config: from the isolate, the location's cache or KV's centre, in that order."""
        DoKvLostAlarms.read(s, pop, cache)
        _keep_an_empty_copy(s, cache)
        s.loaded[pop] = is_copy(s.kept[pop], s.kept_era[pop])

    @action(fair=False, cache=DoKv.Pop)
    def refresh(s: State, cache: Expr) -> None:
        """A location refreshes a hot key in the background, before it expires."""
        DoKvLostAlarms.refresh(s, cache)
        _keep_an_empty_copy(s, cache)


def is_copy(version: Expr, era: Expr) -> Expr:
    """Whether there is a copy at all: that of an empty config is known by its era."""
    return (version > 0) | (era > 0)


def _restore(s: State, version: Expr | int) -> None:
    """The store goes back to a version; whoever restores tells the clients what has become of their writes."""
    s.require((s.publisher == "outbox") & (s.restored < s.restores) & (s.torn == 0) & (s.request == "none"))
    s.config = version
    s.logged = version
    s.acked = version
    s.restored = s.restored + 1
    s.watching = False
    s.replaced = s.sending != "idle"
    arm(s, "sync")


def _keep_an_empty_copy(s: State, cache: Expr) -> None:
    """A location caches the copy of an empty config as any other."""
    with s.when(s.cache_era[cache] > 0):
        s.cached[cache] = True
