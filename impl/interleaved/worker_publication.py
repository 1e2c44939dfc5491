# SPDX-License-Identifier: Apache-2.0
"""The program of `publication`, with the Worker's Durable Object on the real runtime in the place of the reference's.

What the object answers the Worker waits, and so does what KV answers the object. The alarm is real, and set to the real
now where the run has it fire.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.interleaved.publication import PublicationSubject, Unit
from edgeproof.impl.interleaved.worker_process import ORIGIN, Waits, WorkerProcess, to_its_end, waits_at
from edgeproof.impl.runtime import Instance
from edgeproof.impl.snapshot import Snapshot
from edgeproof.impl.workerd.adversary import Held
from edgeproof.impl.workerd.client import Reply, WorkerdError, asked
from edgeproof.impl.workerd.held_reads import HeldCall
from edgeproof.impl.workerd.processes import Edits

__all__ = ["OPTIONS", "WorkerPublicationSubject", "WorkerUnit"]

OPTIONS: Final[Mapping[str, str | float]] = {
    "epoch": "on",
    "kv_key": "shared",
    "put_timeout": 10.0,
    "retry_base": 1.0,
    "retry_cap": 1.0,
}
"""What the reference's unit is made with."""


class WorkerUnit:
    """One unit, whose object has been asked nothing yet."""

    def __init__(self, process: WorkerProcess, name: str, runtime: Instance) -> None:
        self.name = name
        self._process, self._runtime = process, runtime
        self._firing = False
        self._lost: float | None = None
        """The alarm that the platform has lost."""

    async def write(self, request: WriteRequest) -> None:
        """A client's write, which its object takes at once, and whose answer then waits."""
        said = {"changes": request.changes, "actor": request.actor}
        call = self._process.ask("PUT", f"/units/{self.name}/config", said)
        self._hear(await to_its_end(call, self._answer))

    async def fire(self) -> None:
        """Its alarm fires."""
        self._firing = True
        fired = self.next_alarm()
        try:
            asked(await to_its_end(self._process.ask("GET", f"/_/run/{self.name}"), self._answer))
        finally:
            self._firing = False
        # As the platform does with one that is set for the very millisecond of the one that has just fired.
        self._lost = fired if fired == self.next_alarm() else None

    def due(self) -> bool:
        """Whether the alarm should fire now, and its handler is not at work."""
        alarm = None if self._firing else self.next_alarm()
        return alarm is not None and alarm <= self._runtime.now()

    def next_alarm(self) -> float | None:
        """When the alarm will fire, in seconds of the run's clock; None if there is none."""
        alarm = self.state()["alarm"]
        due = None if alarm is None else round(alarm / 1000 - ORIGIN, 3)
        return None if due == self._lost else due

    def snapshot(self) -> Snapshot:
        """What it holds."""
        said = self.state()
        return Snapshot(said["version"], said["era"], said["config"])

    def state(self) -> Mapping[str, Any]:
        """All that it says of itself."""
        said: Mapping[str, Any] = self._process.look(f"/_/status/{self.name}")
        return said

    def _hear(self, reply: Reply) -> None:
        """A client is answered. Raises WorkerdError for what it should not have been told."""
        asked(reply)

    async def _answer(self, call: HeldCall, waits: Waits) -> None:
        if isinstance(waits, Held):
            await self._put(call, waits)
        elif waits_at(waits) == "write is answered":
            await self._runtime.call("gate", _nothing)
            call.answer()
        elif waits_at(waits) == "write is asked":
            # Nothing has happened before an object is reached: that it takes time says no more than to ask it later.
            call.answer()
        else:
            raise WorkerdError(f"nobody knows what {waits.key} is")

    async def _put(self, call: HeldCall, put: Held) -> None:
        try:
            await self._runtime.call("kv.put", put.land)
        except OSError:
            call.lose()
        else:
            call.answer()


class WorkerPublicationSubject(PublicationSubject):
    """One unit of the Worker, and KV's centre; `edits` break its sources on purpose. Raises RuntimeMissingError."""

    def __init__(self, operations: int, edits: Edits | None = None) -> None:
        super().__init__(operations)
        self._process = WorkerProcess(OPTIONS, edits)

    def boot(self) -> Unit:
        """A unit that nobody has written to."""
        return WorkerUnit(self._process, self._process.begin(self.kv, self.instance), self.instance)

    def close(self) -> None:
        """Kill the process as well. Closing twice is fine."""
        super().close()
        self._process.close()


def _nothing() -> None:
    """The answer is on its way."""
