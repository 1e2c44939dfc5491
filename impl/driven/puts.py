# SPDX-License-Identifier: Apache-2.0
"""What a driver does by hand with a publisher that has an outbox: fire its alarm, decide what becomes of its put."""

from __future__ import annotations

from typing import Any

from edgeproof.impl.durable.replicator import AlarmPlatform
from edgeproof.impl.runtime import Instance, NetworkError, Pending, SimulatedRuntime
from edgeproof.impl.system import ActionImpossible

__all__ = ["DrivenPuts", "fire"]


class DrivenPuts:
    """The actions of the publisher of one Durable Object, in the simulated runtime."""

    runtime: SimulatedRuntime
    strays: list[Pending[Any] | None]
    """The puts that nothing serialises any more, by slot."""
    _instance: Instance

    @property
    def alarms(self) -> AlarmPlatform:
        """What fires the current instance's alarm."""
        raise NotImplementedError

    def puts(self) -> list[Pending[Any]]:
        """The KV puts of the current instance that are under way, but for those of inline requests."""
        return [op for op in self._instance.pending if op.label == "kv.put" and op not in self.strays]

    def _do_fire(self) -> None:
        fire(self.alarms, self._instance)

    def _do_put_lands(self) -> None:
        op = self._put(applied=False)
        op.apply()
        if op.error is not None:
            raise op.error

    def _do_put_confirmed(self) -> None:
        self.runtime.resolve(self._put(applied=True))

    def _do_put_fails(self) -> None:
        self.runtime.fail(self._put(applied=False), NetworkError("KV cannot be reached"))

    def _do_put_late(self, slot: int) -> None:
        op = self._put(applied=False)
        if self.strays[slot] is not None:
            raise ActionImpossible("the slot is taken")
        self.runtime.orphan(op)
        self.strays[slot] = op
        self._do_crash()

    def _do_stray_lands(self, slot: int) -> None:
        op = self._stray(slot)
        self.runtime.resolve(op)
        if op.error is not None:
            raise op.error

    def _do_stray_vanishes(self, slot: int) -> None:
        self.runtime.drop(self._stray(slot))

    def _do_crash(self) -> None:
        raise NotImplementedError

    def _put(self, applied: bool) -> Pending[Any]:
        for op in self.puts():
            if op.applied == applied:
                return op
        raise ActionImpossible(f"the publisher has no put that is {'applied' if applied else 'on its way'}")

    def _stray(self, slot: int) -> Pending[Any]:
        op = self.strays[slot]
        if op is None:
            raise ActionImpossible("no put in this slot")
        self.strays[slot] = None
        return op


def fire(alarms: AlarmPlatform, instance: Instance) -> None:
    """Let the platform fire an alarm that is due. Raises ActionImpossible where none is."""
    if not alarms.due():
        raise ActionImpossible("no alarm is due, or its handler is at work")
    instance.spawn(alarms.fire())
