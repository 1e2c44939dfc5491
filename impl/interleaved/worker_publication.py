# SPDX-License-Identifier: Apache-2.0
"""The program of `publication`, with the Worker's Durable Object on the real runtime in the place of the reference's.

Worker and object are one process that serves many runs, each with a unit of its own. What the object answers the Worker
waits, and so does what KV answers the object. The alarm is real, and set to the real now where the run has it fire.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.interleaved.publication import PublicationSubject, Unit
from edgeproof.impl.runtime import Instance
from edgeproof.impl.snapshot import Snapshot
from edgeproof.impl.workerd.adversary import Adversary, Held
from edgeproof.impl.workerd.client import asked
from edgeproof.impl.workerd.held_reads import HeldCall, HeldIsolate, HeldRead
from edgeproof.impl.workerd.processes import Edits

__all__ = ["WorkerPublicationSubject", "WorkerUnit"]

_ORIGIN: Final = 4_102_444_800.0
"""Seconds: far ahead of the real time, where no alarm fires by itself."""
_OPTIONS: Final[Mapping[str, str | float]] = {
    "epoch": "on",
    "kv_key": "shared",
    "put_timeout": 10.0,
    "retry_base": 1.0,
    "retry_cap": 1.0,
}
_RUNS: Final = 1000
"""Runs before the process is made anew: it grows by every unit that it has seen."""


class WorkerUnit:
    """One unit, whose object has been asked nothing yet."""

    def __init__(self, isolate: HeldIsolate, name: str, runtime: Instance) -> None:
        self._isolate, self._name, self._runtime = isolate, name, runtime
        self._firing = False

    async def write(self, request: WriteRequest) -> None:
        """A client's write, which its object takes at once, and whose answer then waits."""
        said = {"changes": request.changes, "actor": request.actor}
        call = self._begin("PUT", f"/units/{self._name}/config", said)
        asked((await self._carry(call)).reply())

    async def fire(self) -> None:
        """Its alarm fires."""
        self._firing = True
        try:
            asked((await self._carry(self._begin("GET", f"/_/run/{self._name}"))).reply())
        finally:
            self._firing = False

    def due(self) -> bool:
        """Whether the alarm should fire now, and its handler is not at work."""
        return not self._firing and bool(self.state()["due"])

    def next_alarm(self) -> float | None:
        """When the alarm will fire, in seconds of the run's clock; None if there is none."""
        alarm = self.state()["alarm"]
        return None if alarm is None else alarm / 1000 - _ORIGIN

    def snapshot(self) -> Snapshot:
        """What it holds."""
        said = self.state()
        return Snapshot(said["version"], said["era"], said["config"])

    def state(self) -> Mapping[str, Any]:
        """All that it says of itself."""
        self._tell_time()
        said: Mapping[str, Any] = asked(self._isolate.get(f"/_/status/{self._name}"))
        return said

    def _begin(self, method: str, path: str, body: object = None) -> HeldCall:
        self._tell_time()
        return self._isolate.ask(path, method, body)

    async def _carry(self, call: HeldCall) -> HeldCall:
        """See the call to its end, from one answer that it waits for to the next."""
        try:
            while call.asks is not None:
                await self._answer(call, call.asks)
        except BaseException:
            call.abandon()
            raise
        return call

    async def _answer(self, call: HeldCall, waits: HeldRead | Held) -> None:
        if isinstance(waits, Held):
            await self._put(call, waits)
        elif waits.key.endswith(" is answered"):
            await self._runtime.call("gate", _nothing)
            call.answer()
        else:
            # Nothing has happened before an object is reached: that it takes time says no more than to ask it later.
            call.answer()

    async def _put(self, call: HeldCall, put: Held) -> None:
        try:
            await self._runtime.call("kv.put", put.land)
        except OSError:
            call.lose()
        else:
            call.answer()

    def _tell_time(self) -> None:
        # With the next request. After every move the unit is asked for its state, so it knows whenever time goes on.
        self._isolate.set_time(_ORIGIN + self._runtime.now())


class WorkerPublicationSubject(PublicationSubject):
    """One unit of the Worker, and KV's centre; `edits` break its sources on purpose. Raises RuntimeMissingError."""

    def __init__(self, operations: int, edits: Edits | None = None) -> None:
        super().__init__(operations)
        self._edits = edits
        self._kv = Adversary(KVNamespace(self.world), self.world, 1)
        self._kv.holding = True
        self._isolate = self._process()
        self._runs = count(1)

    def boot(self) -> Unit:
        """A unit that nobody has written to."""
        run = next(self._runs)
        if run % _RUNS == 0:
            self._isolate.close()
            self._isolate = self._process()
        self._kv.namespace = self.kv
        return WorkerUnit(self._isolate, f"unit-{run}", self.instance)

    def close(self) -> None:
        """Kill the process as well. Closing twice is fine."""
        super().close()
        self._isolate.close()

    def _process(self) -> HeldIsolate:
        return HeldIsolate(_OPTIONS, self._kv, gates=True, edits=self._edits)


def _nothing() -> None:
    """The answer is on its way."""
