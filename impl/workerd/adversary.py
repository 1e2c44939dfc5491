# SPDX-License-Identifier: Apache-2.0
"""KV as bad as its documentation allows: the same KV as `impl.edge.kv`, with somebody's hand on every request.

Reads go through the caches of the location that asks, and which cache serves is chosen from outside. Writes go to the
centre: at once, or parked as a `Held` that the suite lands, answers, fails or drops in whatever order it likes. A
`Fault` awaits the next request. Nothing here knows HTTP: `impl.workerd.adversary_http` is the door for the real
runtime.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import Empty, Queue
from threading import Event, Lock
from typing import Any, Final

from attrs import define, field, frozen

from edgeproof.impl.edge.kv import KVError, KVLocation, KVNamespace, LocationCache
from edgeproof.impl.runtime import Clock

__all__ = ["Adversary", "Answer", "Fault", "Held", "Place", "SuiteClock"]

PATIENCE: Final = 30.0
"""Seconds of real time to wait for something that should come at once; what does not come then never will."""


class SuiteClock:
    """A clock that stands still until it is told to go on. Seconds; its origin is far ahead of the real time."""

    def __init__(self, origin: float = 4_102_444_800.0) -> None:
        self._now = origin

    def now(self) -> float:
        """What time it is."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


@frozen
class Answer:
    """What goes back to the runtime: a status, or nothing at all where the connection is `dropped`."""

    status: int = 200
    text: str = ""
    dropped: bool = False


@frozen
class Fault:
    """What happens to a request: it waits for `delay` real seconds, takes effect or not, and gets this answer.

    A refusal is `Fault(Answer(429))`; an ambiguous failure has `effect`; a hang is a long delay and a drop.
    """

    answer: Answer
    effect: bool = False
    delay: float = 0.0


@define(eq=False)
class Held:
    """A write that has arrived and waits. It is applied at most once, and answered at most once."""

    method: str
    key: str
    value: bytes
    act: Callable[[], None]
    since: float = 0.0
    """When it came, in seconds of the suite's clock."""
    applied: bool = False
    error: KVError | None = None
    answer: Answer | None = None
    _answered: Event = field(factory=Event)

    def land(self) -> None:
        """Let the centre apply it. What KV says against it is kept for the answer."""
        self.applied = True
        try:
            self.act()
        except KVError as error:
            self.error = error

    def reply(self) -> None:
        """Answer as KV would: it lands now if it has not yet."""
        if not self.applied:
            self.land()
        self.settle(Answer() if self.error is None else Answer(self.error.status, str(self.error)))

    def fail(self, status: int = 503) -> None:
        """Answer that it failed, whether or not it was applied."""
        self.settle(Answer(status, "refused by the suite"))

    def drop(self) -> None:
        """Break the connection."""
        self.settle(Answer(dropped=True))

    def settle(self, answer: Answer) -> None:
        """Answer it, unless it has been: a connection that broke carries no other answer."""
        if self.answer is None:
            self.answer = answer
            self._answered.set()

    def wait(self) -> Answer:
        """For the door: the answer, once there is one."""
        self._answered.wait()
        assert self.answer is not None
        return self.answer


class Place:
    """A location: its own cache, the cache that serves its next read, and a link to the centre."""

    def __init__(self, namespace: KVNamespace, clock: Clock) -> None:
        self.cache = LocationCache()
        self.serving = self.cache
        """Where a location has several caches, any of them may serve a read."""
        self.reachable = True
        self.location = KVLocation(namespace, clock, lambda: self.serving, lambda: self.reachable)


class Adversary:
    """One KV namespace, its locations, and what is being done to it."""

    def __init__(self, namespace: KVNamespace, clock: Clock, places: int) -> None:
        self.namespace = namespace
        self.places = [Place(namespace, clock) for _ in range(places)]
        self.holding = False
        """Whether writes are parked."""
        self.requests = 0
        self._clock = clock
        self._arrivals: Queue[Held] = Queue()
        self.park: Callable[[Held], None] = self._arrivals.put
        """Where writes that are parked go: to whoever asks for arrivals, or somewhere else."""
        self._faults: dict[str, deque[Fault]] = {}
        self._lock = Lock()

    def inject(self, method: str, *faults: Fault) -> None:
        """Let these happen to the next requests of an HTTP method, one each."""
        with self._lock:
            self._faults.setdefault(method, deque()).extend(faults)

    def fault_for(self, method: str) -> Fault | None:
        """For the door: what is to happen to a request that has just come in."""
        with self._lock:
            self.requests += 1
            waiting = self._faults.get(method)
            return waiting.popleft() if waiting else None

    def arrival(self, timeout: float = PATIENCE) -> Held:
        """The next write that was parked. Raises TimeoutError if none comes."""
        try:
            return self._arrivals.get(timeout=timeout)
        except Empty:
            raise TimeoutError(f"no write reached KV within {timeout:g} s") from None

    def arrivals(self) -> list[Held]:
        """The writes that were parked and that nobody has asked for yet."""
        found = []
        while True:
            try:
                found.append(self._arrivals.get_nowait())
            except Empty:
                return found

    def write(self, method: str, key: str, value: bytes, act: Callable[[], None]) -> Answer:
        """For the door: take a write, and give the answer when there is one."""
        held = Held(method, key, value, act, self._clock.now())
        if self.holding:
            self.park(held)
        else:
            held.reply()
        return held.wait()

    def put(self, key: str, value: bytes, **details: Any) -> None:
        """Write to the centre past all faults, as another client of the namespace does."""
        self.namespace.put(key, value, **details)
