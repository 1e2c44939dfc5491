# SPDX-License-Identifier: Apache-2.0
"""The process that serves all runs of a subject on the real runtime, Worker and objects in one; every run has a unit of
its own there, and KV is the run's.

Whatever the Worker, or an object of it, waits for is held: KV's answers, and on both ways what an object is asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any, Final, TypeAlias

from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.runtime import Instance, SimulatedRuntime
from edgeproof.impl.workerd.adversary import Adversary, Held
from edgeproof.impl.workerd.client import Reply, asked
from edgeproof.impl.workerd.held_reads import GATE, HeldCall, HeldIsolate, HeldRead
from edgeproof.impl.workerd.processes import Edits

__all__ = ["ORIGIN", "Waits", "WorkerProcess", "passes", "to_its_end", "waits_at"]

ORIGIN: Final = 4_102_444_800.0
"""Seconds: when a run begins for the Worker, far ahead of the real time, where no alarm fires by itself."""
_RUNS: Final = 1000
"""Runs before the process is made anew: it grows by every unit that it has seen."""

Waits: TypeAlias = HeldRead | Held
"""What a request waits for: an answer of KV's, a gate, or that KV takes a put."""


class WorkerProcess:
    """A process with these options of the Worker; `edits` break its sources on purpose. Raises RuntimeMissingError."""

    def __init__(self, options: Mapping[str, str | float], edits: Edits | None = None) -> None:
        self._options, self._edits = options, edits
        self._runs = count(1)
        world = SimulatedRuntime()
        self._kv = Adversary(KVNamespace(world), world, 1)
        self._kv.holding = True
        self._isolate = self._made()

    def begin(self, kv: KVNamespace, runtime: Instance) -> str:
        """Begin a run: the name of a unit that nobody has asked for."""
        run = next(self._runs)
        if run % _RUNS == 0:
            self._isolate.close()
            self._isolate = self._made()
        self._kv.namespace, self._runtime = kv, runtime
        self._seen: dict[str, tuple[tuple[int, float], Any]] = {}
        return f"unit-{run}"

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> HeldCall:
        """Send a request, which goes as far as it can."""
        self._tell_time()
        return self._isolate.ask(path, method, body, headers)

    def get(self, path: str) -> Reply:
        """Send a request that waits for nothing."""
        self._tell_time()
        return self._isolate.get(path)

    def look(self, path: str) -> Any:
        """What is said there, which is asked again once a request has gone on, or time. Raises WorkerdError."""
        as_of = (self._isolate.steps, self._runtime.now())
        if self._seen.get(path, (None, None))[0] != as_of:
            self._seen[path] = (as_of, asked(self.get(path)))
        return self._seen[path][1]

    def close(self) -> None:
        """Kill it. Closing twice is fine."""
        self._isolate.close()

    def _tell_time(self) -> None:
        # With the request; whoever drives a run asks something after every move, so that time is known to go on.
        self._isolate.set_time(ORIGIN + self._runtime.now())

    def _made(self) -> HeldIsolate:
        return HeldIsolate(self._options, self._kv, gates=True, edits=self._edits)


async def to_its_end(call: HeldCall, answer: Callable[[HeldCall, Waits], Awaitable[None]]) -> Reply:
    """What a request is told in the end; `answer` sees that it goes on from whatever it waits for."""
    try:
        while call.asks is not None:
            await answer(call, call.asks)
    except BaseException:
        call.abandon()
        raise
    return call.reply()


def waits_at(waits: Waits) -> str:
    """The name of the gate at which it waits; "" if that is KV itself."""
    return waits.key.removeprefix(GATE) if isinstance(waits, HeldRead) and waits.key.startswith(GATE) else ""


async def passes(call: HeldCall, runtime: Instance, label: str, then: Callable[[], None] = lambda: None) -> bool:
    """Let what is asked of an object reach it, and `then` its answer come back; False if either is lost, and an error
    comes back instead.
    """

    def reach() -> None:
        call.answer()
        then()

    try:
        await runtime.call(label, reach)
    except OSError:
        call.lose()
        return False
    call.answer()
    return True
