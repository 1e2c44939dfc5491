# SPDX-License-Identifier: Apache-2.0
"""Writes and a unit's alarm under way together: a put takes its time, may be lost, and the config moves on meanwhile.

Once no move is left, the alarm goes on alone, as often as it is armed: in the end KV has to have the last write.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from attrs import frozen

from edgeproof.impl.driven.setup import steady
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.replicator import Timing
from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.interleaved.base import CLOCK, Begin, Lines, Subject, Touch, touch
from edgeproof.impl.interleaved.place import CENTRE, KEY, label_of, published
from edgeproof.impl.interleaving import Ended, Fact, Label, Promise
from edgeproof.impl.pattern.deployment import Choices, DurableObject, Parts, boot
from edgeproof.impl.snapshot import EMPTY, Snapshot, from_kv

__all__ = ["OBJECT", "PublicationSubject", "Unit"]

OBJECT: Final = "the object"
_ALARMS: Final = 2
_MOST: Final = 20
"""More alarms than it takes to publish anything, without faults."""
_PARTS: Final = Parts()
_CHOICES: Final = Choices(
    epoch=True, key=KEY, timing=Timing(retry=steady(1.0)), platform_retry=steady(1.0), limits=Limits(write_spacing=0)
)


class Unit(Protocol):
    """A unit's Durable Object, by what is done to it from outside."""

    def write(self, request: WriteRequest) -> Coroutine[Any, Any, Any]:
        """A client's write."""

    def fire(self) -> Coroutine[Any, Any, Any]:
        """Its alarm fires."""

    def due(self) -> bool:
        """Whether the alarm should fire now, and its handler is not at work."""

    def next_alarm(self) -> float | None:
        """When the alarm will fire, in seconds of the run's clock; None if it never will."""

    def snapshot(self) -> Snapshot:
        """What it holds."""

    def state(self) -> object:
        """All else that there is to be seen of it."""


@frozen
class _Reference:
    """The reference's."""

    inner: DurableObject

    def write(self, request: WriteRequest) -> Coroutine[Any, Any, Any]:
        return self.inner.front.write(request, lambda result: None)

    def fire(self) -> Coroutine[Any, Any, Any]:
        return self.inner.alarms.fire()

    def due(self) -> bool:
        return self.inner.alarms.due()

    def next_alarm(self) -> float | None:
        alarm = self.inner.store.alarm()
        return None if alarm is None or self.inner.alarms.stuck() else alarm.due

    def snapshot(self) -> Snapshot:
        return self.inner.store.snapshot()

    def state(self) -> object:
        return self.inner.store.status()


class PublicationSubject(Subject):
    """One Durable Object and KV's centre."""

    promise = Promise(("never-ahead", "kept-goes-forward", "convergence", "ends-well"))
    faults = 1

    def __init__(self, operations: int, *, parts: Parts = _PARTS) -> None:
        super().__init__(operations)
        self._parts = parts
        self._storage = Storage()

    def set_up(self) -> None:
        """Nothing was ever written."""
        self._storage.wipe()
        self._committed = 0
        self.kv: KVNamespace = _CHOICES.namespace(self.world, parts=self._parts)
        self.unit = self.boot()

    def boot(self) -> Unit:
        """The unit, which puts to `kv`."""
        return _Reference(boot(_CHOICES, self.instance, self._storage.connection, self.kv, parts=self._parts))

    def lines(self) -> Lines:
        """Writes, and alarms that fire if they are due."""
        writes = [f"write {number}" for number in range(1, self.operations + 1)]
        return {
            "client": [
                Begin(name, self._writing(number), touch([CLOCK], [OBJECT]), f"the client of {name}")
                for number, name in enumerate(writes, 1)
            ],
            "platform": [
                Begin(f"alarm {number}", self._fire, touch([CLOCK], [OBJECT]), OBJECT)
                for number in range(1, _ALARMS + 1)
            ],
            "time": [Begin("1 s passes", lambda: self.world.advance(1.0), touch(writes=[CLOCK]))],
        }

    def far_side(self, label: str, home: str) -> Touch | None:
        """The put lands; of the gate there is nothing to be seen."""
        return touch([CLOCK], [CENTRE]) if label == "kv.put" else None

    def can_be_lost(self, label: str) -> bool:
        """The answer to a put, whether or not it has landed."""
        return label == "kv.put"

    def kept(self) -> Iterable[tuple[str, Label]]:
        """What KV's centre holds: one put is under way at a time, so that it never goes back."""
        self._note_commits()
        yield CENTRE, label_of(self._published())

    def memory(self) -> Mapping[str, Any]:
        """What KV and the object hold."""
        return {CENTRE: self._published(), OBJECT: (self.unit.state(), self.unit.snapshot())}

    def end(self) -> Sequence[Fact]:
        """What KV holds once the alarm has nothing left to do."""
        for _ in range(_MOST):
            due = self.unit.next_alarm()
            if due is None:
                break
            self.world.advance(max(0.0, due - self.world.time))
            self.instance.run(self.unit.fire())
        return [Ended(CENTRE, label_of(self._published()), label_of(self.unit.snapshot()))]

    def close(self) -> None:
        """Close the object's storage."""
        super().close()
        self._storage.close()

    def _writing(self, number: int) -> Callable[[], Any]:
        request = WriteRequest({"n": number}, f"client {number}")

        return lambda: self.unit.write(request)

    def _note_commits(self) -> None:
        snapshot = self.unit.snapshot()
        if snapshot.version != self._committed:
            self._committed = snapshot.version
            self.say(published(snapshot, self.world.time))

    def _fire(self) -> Any:
        return self.unit.fire() if self.unit.due() else None

    def _published(self) -> Snapshot:
        entry = self.kv.read_centre(KEY)
        return EMPTY if entry is None else from_kv(entry.value)
