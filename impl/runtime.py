# SPDX-License-Identifier: Apache-2.0
"""Time, network and scheduling as ports, with two runtimes behind them: a simulated one and a real one.

Code under test awaits `call` and `sleep` and knows nothing else about where it runs. In the simulated runtime every
such operation is parked as a `Pending` until the driver applies it, answers it, fails it or drops it: one by one and in
any order (lockstep), or in the order of their seeded latencies (`run_until`). Nothing there reads a wall clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from attrs import frozen

__all__ = [
    "Clock",
    "Instance",
    "Network",
    "NetworkError",
    "Pending",
    "RealRuntime",
    "Runtime",
    "Scheduler",
    "SimulatedRuntime",
    "Task",
    "Weather",
]

T = TypeVar("T")


class NetworkError(OSError):
    """A call did not come back well; whether it took effect is not known to the caller."""


class Clock(Protocol):
    """What time it is."""

    def now(self) -> float:
        """Seconds since the clock's origin; never goes back."""


class Network(Protocol):
    """Calls that leave the process: they take time, fail, or take effect although they seemed to fail."""

    def call(
        self, label: str, effect: Callable[[], T], *, payload: object = None, timeout: float | None = None
    ) -> Awaitable[T]:
        """Start a call now; awaiting it gives what `effect` gives or raises.

        `label` and `payload` say what is under way, for whoever watches. After `timeout` seconds it raises
        TimeoutError, and the effect may come about all the same.
        """


class Scheduler(Protocol):
    """Work that runs beside other work."""

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait."""

    def spawn(self, work: Coroutine[Any, Any, Any]) -> object:
        """Run beside what runs already."""


class Runtime(Clock, Network, Scheduler, Protocol):
    """Everything that a part may ask of the world."""


# --- simulated -------------------------------------------------------------------------------------------------------


class Pending(Generic[T]):
    """An operation under way: parked until the driver says what becomes of it."""

    __slots__ = (
        "due",
        "effect",
        "error",
        "expires",
        "finished",
        "label",
        "owner",
        "payload",
        "result",
        "settled",
        "task",
    )

    def __init__(
        self, label: str, effect: Callable[[], T], owner: Instance | None, payload: object, due: float
    ) -> None:
        self.label, self.effect, self.owner, self.due = label, effect, owner, due
        self.payload: Any = payload
        self.expires = float("inf")
        self.task: Task | None = None
        self.result: T | None = None
        self.error: BaseException | None = None
        self.settled = False
        """The far side has dealt with it; the caller does not know yet."""
        self.finished = False
        """The caller knows."""

    @property
    def applied(self) -> bool:
        """Whether it has taken effect at the far side."""
        return self.settled and self.error is None

    def apply(self) -> None:
        """Let it reach the far side, once; the caller learns nothing yet. What the far side raises is its answer."""
        if not self.settled:
            self.settled = True
            try:
                self.result = self.effect()
            except Exception as error:
                self.error = error

    def __await__(self) -> Generator[Pending[Any], None, T]:
        if not self.finished:
            yield self
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]


class Task:
    """A coroutine that is driven by hand, from one parked operation to the next."""

    __slots__ = ("_work", "done", "error", "owner", "result")

    def __init__(self, work: Coroutine[Any, Any, Any], owner: Instance) -> None:
        self._work, self.owner = work, owner
        self.done = False
        self.result: Any = None
        self.error: Exception | None = None

    def resume(self) -> None:
        """Run to the next operation that is not finished, or to the end."""
        try:
            parked = self._work.send(None)
        except StopIteration as stop:
            self.result = stop.value
        except Exception as error:
            self.error = error
        else:
            parked.task = self
            return
        self._end()

    def kill(self) -> None:
        """Stop where it stands, as a process does that dies."""
        self._work.close()
        self._end()

    def outcome(self) -> Any:
        """What it returned. Raises what it raised, and RuntimeError while it is still under way."""
        if self.error is not None:
            raise self.error
        if not self.done:
            raise RuntimeError("the task is still waiting for an operation")
        return self.result

    def _end(self) -> None:
        self.done = True
        if self in self.owner.tasks:
            self.owner.tasks.remove(self)


class Instance:
    """One running instance (of a Durable Object, of an isolate) in the simulated runtime; it is a `Runtime`.

    What it started dies with it.
    """

    __slots__ = ("_runtime", "tasks")

    def __init__(self, runtime: SimulatedRuntime) -> None:
        self._runtime = runtime
        self.tasks: list[Task] = []

    def now(self) -> float:
        """Virtual seconds."""
        return self._runtime.time

    def call(
        self, label: str, effect: Callable[[], T], *, payload: object = None, timeout: float | None = None
    ) -> Pending[T]:
        """Park a call. In lockstep it is the driver who decides that a time-out has struck."""
        runtime = self._runtime
        op = Pending(label, effect, self, payload, runtime.time + runtime.latency())
        if timeout is not None:
            op.expires = runtime.time + timeout
        runtime.pending.append(op)
        return op

    def sleep(self, seconds: float) -> Pending[None]:
        """Park a wait."""
        op: Pending[None] = Pending("sleep", _nothing, self, None, self._runtime.time + seconds)
        self._runtime.pending.append(op)
        return op

    def spawn(self, work: Coroutine[Any, Any, Any]) -> Task:
        """Run `work` to its first parked operation, or to its end."""
        task = Task(work, self)
        self.tasks.append(task)
        task.resume()
        return task

    def run(self, work: Coroutine[Any, Any, Any]) -> Task:
        """Run `work` to its end: whatever it waits for is answered at once."""
        task = self.spawn(work)
        while not task.done:
            self._runtime.resolve(self.pending[-1])
        return task

    @property
    def pending(self) -> list[Pending[Any]]:
        """What this instance has under way, oldest first."""
        return [op for op in self._runtime.pending if op.owner is self]

    def under_way(self, label: str) -> list[Pending[Any]]:
        """What this instance has under way by this name, oldest first."""
        return [op for op in self.pending if op.label == label]

    def kill(self) -> None:
        """Die: tasks stop where they stand, and what is under way is lost unless it was orphaned before."""
        for task in tuple(self.tasks):
            task.kill()
        self._runtime.pending[:] = [op for op in self._runtime.pending if op.owner is not self]


@frozen
class Weather:
    """How calls fare in `run_until`: seconds of latency from and to, and the share that goes wrong."""

    latency: tuple[float, float] = (0.0, 0.0)
    refused: float = 0.0
    """Calls that fail without taking effect, from 0 to 1."""
    ambiguous: float = 0.0
    """Calls that take effect and still fail, from 0 to 1."""


class SimulatedRuntime:
    """Virtual time and every operation under way. The same seed and the same driver give the same run."""

    def __init__(self, seed: int = 0, weather: Weather = Weather()) -> None:
        self.time = 0.0
        """Virtual seconds."""
        self.pending: list[Pending[Any]] = []
        """What is under way, oldest first."""
        self.weather = weather
        self._random = Random(seed)

    def now(self) -> float:
        """Virtual seconds."""
        return self.time

    def instance(self) -> Instance:
        """A new instance, with nothing under way."""
        return Instance(self)

    def advance(self, seconds: float) -> None:
        """Let time pass; nothing that is under way moves."""
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds}")
        self.time += seconds

    def resolve(self, op: Pending[Any]) -> None:
        """Let `op` take effect, unless it has, and tell the caller how it went."""
        op.apply()
        self._finish(op)

    def fail(self, op: Pending[Any], error: Exception) -> None:
        """Tell the caller that `op` failed; whether it has taken effect is another matter."""
        op.error = error
        self._finish(op)

    def give_up(self, op: Pending[Any], error: Exception) -> Pending[Any]:
        """Tell the caller that `op` failed, although it is still out there: the same without a caller, which may yet
        take effect.
        """
        late = Pending(op.label, op.effect, None, op.payload, op.due)
        self.pending.append(late)
        self.fail(op, error)
        return late

    def drop(self, op: Pending[Any]) -> None:
        """Forget `op`: it never takes effect, and nobody hears of it."""
        self.pending.remove(op)

    def orphan(self, op: Pending[Any]) -> None:
        """Let `op` outlive its caller: it may still take effect, and nobody hears of it."""
        op.owner = op.task = None

    def run_until(self, when: float) -> None:
        """Let time pass and answer what is under way in the order of its latency, as the weather has it."""
        while True:
            ready = [op for op in self.pending if min(op.due, op.expires) <= when]
            if not ready:
                break
            op = min(ready, key=lambda one: min(one.due, one.expires))
            self.time = max(self.time, min(op.due, op.expires))
            self._settle(op)
        self.time = max(self.time, when)

    def latency(self) -> float:
        """Seconds that the next call takes."""
        shortest, longest = self.weather.latency
        return shortest if shortest == longest else self._random.uniform(shortest, longest)

    def _settle(self, op: Pending[Any]) -> None:
        if op.expires < op.due:
            self.give_up(op, TimeoutError(f"{op.label} timed out"))
            return
        luck = 1.0 if op.label == "sleep" or op.owner is None else self._random.random()
        if luck < self.weather.refused:
            self.fail(op, NetworkError(f"{op.label} failed"))
        elif luck < self.weather.refused + self.weather.ambiguous:
            op.apply()
            self.fail(op, NetworkError(f"{op.label} failed"))
        else:
            self.resolve(op)

    def _finish(self, op: Pending[Any]) -> None:
        self.pending.remove(op)
        op.finished = True
        if op.task is not None:
            op.task.resume()


def _nothing() -> None:
    return None


# --- real ------------------------------------------------------------------------------------------------------------


class RealRuntime:
    """asyncio, threads for the far side, and the machine's clocks. Use it inside a running event loop."""

    def __init__(self) -> None:
        # Wall time tells instances of different processes the same story; the monotonic clock keeps it from going back.
        self._origin = time.time() - time.monotonic()
        self._tasks: set[asyncio.Task[Any]] = set()

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return self._origin + time.monotonic()

    def call(
        self, label: str, effect: Callable[[], T], *, payload: object = None, timeout: float | None = None
    ) -> asyncio.Task[T]:
        """Run `effect` in a thread. A time-out leaves the thread at work: the effect may still come about."""
        return self._keep(asyncio.create_task(_in_thread(effect, timeout), name=label))

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run beside what runs already."""
        return self._keep(asyncio.create_task(work))

    def _keep(self, task: asyncio.Task[T]) -> asyncio.Task[T]:
        # The event loop holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _in_thread(effect: Callable[[], T], timeout: float | None) -> T:
    # In Python 3.11 `wait_for` forgets that it was cancelled where that comes just when the thread has ended.
    async with asyncio.timeout(timeout):
        return await asyncio.to_thread(effect)
