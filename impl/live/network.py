# SPDX-License-Identifier: Apache-2.0
"""The network of a run on the real clock: it records what crosses it, and does to puts what it is asked to.

What goes wrong goes wrong here, between the replicator and KV, so that the parts are those that run without faults.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from attrs import evolve, field, frozen

from edgeproof.impl.edge.centre import Centre, KVEntry
from edgeproof.impl.edge.kv import KVError
from edgeproof.impl.history import Event, Recorder, digest_of_value, now
from edgeproof.impl.live.options import UNIT, LiveOptions
from edgeproof.impl.runtime import NetworkError, RealRuntime
from edgeproof.impl.snapshot import Snapshot

__all__ = ["FaultPlan", "ReplicatorRuntime", "WatchedCentre"]

T = TypeVar("T")


class WatchedCentre:
    """A centre that tells what passes through it."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._local = threading.local()
        self.reads = 0
        """How often it was read."""

    @property
    def written(self) -> str | None:
        """The digest of the config that this thread was the last to write."""
        return getattr(self._local, "digest", None)

    def forget(self) -> None:
        """Let `written` be None until this thread writes again."""
        self._local.digest = None

    def read(self, key: str) -> KVEntry | None:
        """As the centre does."""
        self.reads += 1
        return self._centre.read(key)

    def write(self, key: str, entry: KVEntry | None, now: float, spacing: float) -> bool:
        """As the centre does."""
        done = self._centre.write(key, entry, now, spacing)
        if done and entry is not None:
            self._local.digest = digest_of_value(entry.value)
        return done

    def page(self, prefix: str, after: str, limit: int, now: float) -> Sequence[tuple[str, KVEntry]]:
        """As the centre does."""
        return self._centre.page(prefix, after, limit, now)


@frozen
class FaultPlan:
    """Which puts fare badly, drawn from a seed.

    `may_fail` says whether one more attempt may fail while so many puts are to land late.
    """

    options: LiveOptions
    random: Random
    may_fail: Callable[[int], bool]
    _late: list[float] = field(factory=list)
    """Until when KV refuses others for a put that was made to be late; nobody knows when it lands."""

    def draw(self) -> tuple[str, float]:
        """What happens to the next put, "" for nothing, and the seconds by which it is late."""
        faults, luck, share = self.options.put_faults, self.random.random(), self.random.random()
        if not faults or luck >= self.options.fault_share:
            return "", 0.0
        fault = self.random.choice(faults)
        if fault == "put-slow":
            return fault, self.options.put_timeout * (0.2 + 0.5 * share)
        late = sum(until > now() for until in self._late)
        if not self.may_fail(late + (fault == "put-late")):
            return "", 0.0
        if fault == "put-late":
            delay = self.options.put_timeout + self.options.zombie_window * (0.1 + 0.8 * share)
            self._late.append(now() + delay + self.options.write_spacing)
            return fault, delay
        return fault, 0.0


class ReplicatorRuntime(RealRuntime):
    """The real runtime as the store's process uses it: puts are recorded as they begin and as they end."""

    def __init__(self, recorder: Recorder, centre: WatchedCentre, begin: Callable[[], tuple[str, float]]) -> None:
        """`begin` is asked about every put before it is made, as `FaultPlan.draw` answers."""
        super().__init__()
        self._recorder, self._centre, self._begin = recorder, centre, begin

    def call(
        self, label: str, effect: Callable[[], T], *, payload: object = None, timeout: float | None = None
    ) -> asyncio.Task[T]:
        """As in the real runtime: a put whose time-out strikes may still be applied."""
        if label != "kv.put" or not isinstance(payload, Snapshot):
            return super().call(label, effect, payload=payload, timeout=timeout)
        fault, delay = self._begin()
        began = Event("publish", UNIT, now(), None, "unknown", payload.version, payload.era)
        number = self._recorder.record(began)
        answers: list[str | None] = []

        def put() -> T:
            return self._faulty(effect, fault, delay, began, answers)

        attempt = super().call(label, put, payload=payload, timeout=timeout)
        attempt.add_done_callback(lambda task: self._ended(task, began, number, answers))
        return attempt

    def _faulty(self, effect: Callable[[], T], fault: str, delay: float, began: Event, answers: list[str | None]) -> T:
        """The put as it fares, in its thread; what was applied is added to `answers`."""
        self._centre.forget()
        try:
            time.sleep(delay)
            if fault == "put-fails":
                raise NetworkError("the put was refused")
            result = effect()
            answers.append(self._centre.written)
            if fault == "put-ambiguous":
                raise NetworkError("the answer was lost")
            return result
        finally:
            if fault:
                outcome = "ok" if answers or fault == "put-fails" else "fail"
                self._recorder.record(
                    evolve(
                        began, kind="fault", returned=now(), outcome=outcome, digest=self._centre.written, note=fault
                    )
                )

    def _ended(self, task: asyncio.Task[T], began: Event, number: int, answers: list[str | None]) -> None:
        if task.cancelled():
            return  # the process is going down: how it ended is not known
        error = task.exception()
        if error is None:
            outcome, note = "ok", None
        elif isinstance(error, KVError):
            outcome, note = "fail", str(error)
        elif isinstance(error, TimeoutError):
            outcome, note = "unknown", "timed out"
        else:
            outcome, note = "unknown", str(error)
        digest = answers[0] if answers else None
        self._recorder.record(evolve(began, returned=now(), outcome=outcome, digest=digest, note=note), replaces=number)
