# SPDX-License-Identifier: Apache-2.0
"""Reads of one isolate under way together, while a restore is published and the location refreshes its copy.

When they begin, the location has a copy that is as old as may be, of a version that was superseded at once. The restore
takes the era up and the version back, and time goes on past that of the isolate's copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from edgeproof.impl.edge.kv import LocationCache
from edgeproof.impl.edge.reader import ConfigUnavailable, EdgeReader, Reading
from edgeproof.impl.interleaved.base import CLOCK, Begin, Lines, Subject, Touch, touch
from edgeproof.impl.interleaved.place import CACHE, CACHE_TTL, CENTRE, ISOLATE, KEY, LOOK_UP, Place, label_of, wait
from edgeproof.impl.interleaving import ALWAYS, Asked, Label, Promise, Told
from edgeproof.impl.runtime import Task
from edgeproof.impl.snapshot import Snapshot, to_json

__all__ = ["MEMO_TTL", "Reader", "ReaderSubject", "guarded", "memo", "plain"]

MEMO_TTL: Final = 10.0

_FIRST, _SECOND, _RESTORED = Snapshot(1, 0, {"n": 1}), Snapshot(2, 0, {"n": 2}), Snapshot(1, 1, {"n": 3})


class Reader(Protocol):
    """What reads one unit for an isolate, as `EdgeReader` does."""

    @property
    def kept(self) -> Snapshot | None:
        """The copy in its memory."""

    def age(self) -> float:
        """How many seconds old that is."""

    async def find(self) -> Reading:
        """What a request is told. Raises ConfigUnavailable."""


class ReaderSubject(Subject):
    """An isolate and its location, which have version 1 when the program begins."""

    faults = 1

    def __init__(
        self,
        operations: int,
        policy: str,
        *,
        reader: Callable[..., Reader] = EdgeReader,
        cache: Callable[[], LocationCache] = LocationCache,
    ) -> None:
        super().__init__(operations)
        self._policy, self._build, self._cache = policy, reader, cache
        memo_ttl = MEMO_TTL if policy == "memo" else 0.0
        remembers = ("kept-goes-forward",) if policy != "plain" else ()
        self.promise = Promise(
            (*ALWAYS, "age-is-honest", *remembers),
            staleness=CACHE_TTL + memo_ttl,
            ageing=CACHE_TTL,
        )

    def set_up(self) -> None:
        """The location's copy is as old as may be, and was superseded at once; the isolate's is too old."""
        self.place = Place(self.world, self._cache)
        self.reader = self._build(
            self.place.location, self.instance, KEY, policy=self._policy, cache_ttl=CACHE_TTL, memo_ttl=MEMO_TTL
        )
        self.say(self.place.put(_FIRST))
        self.instance.run(self.reader.find())
        self.say(self.place.put(_SECOND))
        self.world.advance(CACHE_TTL)

    def lines(self) -> Lines:
        """Reads, publications, a refresh, and time."""
        reads = [f"read {number}" for number in range(1, self.operations + 1)]
        return {
            "clients": [Begin(name, self._asking(name), touch([CLOCK], [ISOLATE]), ISOLATE) for name in reads],
            "publisher": [Begin("restore", self._restore, touch([CLOCK], [CENTRE]))],
            "location": [Begin("refresh", self._refresh, LOOK_UP)],
            "time": [wait(lambda: self.world, 1, MEMO_TTL + 1)],
        }

    def far_side(self, label: str, home: str) -> Touch | None:
        """The location looks it up."""
        return LOOK_UP

    def can_be_lost(self, label: str) -> bool:
        """Any answer of KV's."""
        return True

    def answered(self, operation: str, task: Task) -> None:
        """A read has been told something, or that there is nothing to be had."""
        try:
            reading: Reading = task.outcome()
        except ConfigUnavailable:
            return
        label, content = label_of(reading.snapshot), to_json(reading.snapshot.config)
        stands_in = reading.source in ("fallback", "last_good")
        self.say(Told(operation, label, content, self.world.time, reading.age, stands_in))

    def kept(self) -> Iterable[tuple[str, Label]]:
        """The isolate's copy, where it is ever told."""
        if self._policy != "plain" and self.reader.kept is not None:
            yield ISOLATE, label_of(self.reader.kept)

    def memory(self) -> Mapping[str, Any]:
        """The isolate's copy and its age, and the location's."""
        return {ISOLATE: (self.reader.kept, self.reader.age()), CACHE: dict(self.place.cache.copies)}

    def _asking(self, name: str) -> Callable[[], Any]:
        def ask() -> Any:
            self.say(Asked(name, ISOLATE, self.world.time))
            return self.reader.find()

        return ask

    def _restore(self) -> None:
        self.say(self.place.put(_RESTORED))

    def _refresh(self) -> None:
        self.place.location.refresh(KEY, self.place.cache)


def plain(operations: int) -> ReaderSubject:
    """Reads that take KV as it comes."""
    return ReaderSubject(operations, "plain")


def guarded(operations: int) -> ReaderSubject:
    """Reads that never go back."""
    return ReaderSubject(operations, "guarded")


def memo(operations: int) -> ReaderSubject:
    """Reads of a copy that is kept for a while."""
    return ReaderSubject(operations, "memo")
