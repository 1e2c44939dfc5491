# SPDX-License-Identifier: Apache-2.0
"""Writes to a unit of the Worker's that the watchdog does not know yet, under way together with its alarm.

The unit was written to before there was a watchdog, and its alarm is due. A write has the registry know of the unit
first, and the object takes other requests while it waits for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeproof.impl.interleaved.base import CLOCK, Lines, Touch, touch
from edgeproof.impl.interleaved.publication import OBJECT, PublicationSubject, Unit
from edgeproof.impl.interleaved.worker_process import Waits, WorkerProcess, passes, waits_at
from edgeproof.impl.interleaved.worker_publication import OPTIONS, WorkerUnit
from edgeproof.impl.interleaving import Ended, Fact
from edgeproof.impl.runtime import Instance
from edgeproof.impl.workerd.client import Reply, asked
from edgeproof.impl.workerd.held_reads import HeldCall
from edgeproof.impl.workerd.processes import Edits

__all__ = ["WorkerIntroductionSubject"]

_REGISTRY: Final = "the registry"
_ADD: Final = "add"
_EARLY: Final = 1
"""The version from before there was a watchdog."""


class _UnknownUnit(WorkerUnit):
    """A unit that the registry has not heard of, with one write."""

    def __init__(self, process: WorkerProcess, name: str, runtime: Instance) -> None:
        super().__init__(process, name, runtime)
        self._unheard = 0
        """How many writes have lost their way to the registry, and are yet to hear of it."""
        asked(process.get(f"/_/early/{name}/{name}"))

    def is_known(self) -> bool:
        """Whether the registry has heard of it."""
        return bool(asked(self._process.get(f"/_/known/{self.name}")))

    def _hear(self, reply: Reply) -> None:
        if self._unheard and reply.status == 500:
            # A write of which the registry cannot be told is not made.
            self._unheard -= 1
        else:
            super()._hear(reply)

    async def _answer(self, call: HeldCall, waits: Waits) -> None:
        if waits_at(waits) == f"{_ADD} is asked":
            has_passed = await passes(call, self._runtime, _ADD)
            self._unheard += not has_passed
        else:
            await super()._answer(call, waits)


class WorkerIntroductionSubject(PublicationSubject):
    """One unit of the Worker, the watchdog's registry, and KV's centre; `edits` break the Worker's sources on purpose.
    Raises RuntimeMissingError.
    """

    def __init__(self, operations: int, edits: Edits | None = None) -> None:
        super().__init__(operations)
        self._process = WorkerProcess({**OPTIONS, "watchdog": "on"}, edits)

    def boot(self) -> Unit:
        """The unit, at version 1."""
        self._unit = _UnknownUnit(self._process, self._process.begin(self.kv, self.instance), self.instance)
        return self._unit

    def lines(self) -> Lines:
        """Writes, and one alarm."""
        lines = super().lines()
        return {"client": lines["client"], "platform": lines["platform"][:1]}

    def far_side(self, label: str, home: str) -> Touch | None:
        """The registry hears of the unit."""
        return touch(writes=[_REGISTRY]) if label == _ADD else super().far_side(label, home)

    def near_side(self, label: str, home: str) -> Touch:
        """The write is made once it has."""
        return touch([CLOCK], [OBJECT, home]) if label == _ADD else super().near_side(label, home)

    def can_be_lost(self, label: str) -> bool:
        """The way to the registry as well, or back."""
        return label == _ADD or super().can_be_lost(label)

    def end(self) -> Sequence[Fact]:
        """What KV holds in the end, and whether the registry knows a unit that was written to."""
        written = self._unit.snapshot().version > _EARLY
        facts = super().end()
        return [*facts, Ended(_REGISTRY, (0, int(self._unit.is_known() or not written)), (0, 1))]

    def close(self) -> None:
        """Kill the process as well. Closing twice is fine."""
        super().close()
        self._process.close()
