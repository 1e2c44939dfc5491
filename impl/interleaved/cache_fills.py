# SPDX-License-Identifier: Apache-2.0
"""Reads through one location's cache that miss together: each asks the centre, and fills the cache once it is answered.

When they begin, the cache's copy is too old to be served. Meanwhile a config is put, its key is deleted, and the
location refreshes its copy in the background; time goes on past that of any copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import LocationCache
from edgeproof.impl.interleaved.base import CLOCK, Begin, Lines, Subject, Touch, touch
from edgeproof.impl.interleaved.beside import Beside
from edgeproof.impl.interleaved.place import CACHE, CACHE_TTL, CENTRE, KEY, Place, label_of, wait
from edgeproof.impl.interleaving import ALWAYS, Asked, Label, Promise, Published, Told
from edgeproof.impl.runtime import Task
from edgeproof.impl.snapshot import Snapshot, from_kv, to_json

__all__ = ["CacheFills"]

_LAST: Final = 2
"""The version that is deleted."""
_ABSENT: Final[Label] = (0, _LAST + 1)
"""How new it is that there is nothing: nothing is put after the deletion."""
_TOLD: Final = "what clients were told"


class CacheFills(Subject):
    """One location, whose fetches stand still before the centre has been read, and before the cache is filled."""

    promise = Promise((*ALWAYS, "kept-goes-forward"), staleness=CACHE_TTL)

    def __init__(self, operations: int, *, cache: Callable[[], LocationCache] = LocationCache) -> None:
        super().__init__(operations)
        self._cache = cache
        self._beside = Beside()

    def set_up(self) -> None:
        """The location's copy has just become too old."""
        self.place = Place(self.world, self._cache, self._fetch)
        self.say(self.place.put(Snapshot(1, 0, {"n": 1})))
        self.place.location.get(KEY, cache_ttl=CACHE_TTL)
        self.world.advance(CACHE_TTL + 1)

    def lines(self) -> Lines:
        """Reads, a put and a deletion, a refresh, and time."""
        reads = [f"read {number}" for number in range(1, self.operations + 1)]
        # Only an answer changes the cache; but a copy that it has by then is told at once.
        looks, told_at_once = touch([CLOCK, CACHE]), touch([CLOCK, CACHE], [_TOLD])
        return {
            "clients": [Begin(name, self._asking(name), told_at_once, CACHE) for name in reads],
            "publisher": [
                Begin("put", self._put, touch([CLOCK], [CENTRE])),
                Begin("deletion", self._delete, touch([CLOCK], [CENTRE])),
            ],
            "location": [Begin("refresh", self._refreshing, looks, CACHE)],
            "time": [wait(lambda: self.world, 1, CACHE_TTL + 1)],
        }

    def far_side(self, label: str, home: str) -> Touch | None:
        """The centre is read, whatever the time, as nothing that is put here expires."""
        return touch([CENTRE])

    def near_side(self, label: str, home: str) -> Touch:
        """The cache is filled, with what is as old as its question, and a client told."""
        return touch(writes=[home, _TOLD])

    def answered(self, operation: str, task: Task) -> None:
        """A read has been told what there is, or that there is nothing."""
        entry = task.outcome()
        if operation != "refresh":
            self.say(Told(operation, _label(entry), _content(entry)))

    def kept(self) -> Iterable[tuple[str, Label]]:
        """The cache's copy. It may give up a copy for none, as it then asks anew."""
        copy = self.place.cache.copies.get(KEY)
        if copy is not None:
            yield CACHE, _label(copy.entry)

    def memory(self) -> Mapping[str, Any]:
        """The cache's copy."""
        return {CACHE: self.place.cache.copies.get(KEY)}

    def _fetch(self, key: str) -> KVEntry | None:
        return self._beside.call_out("centre", lambda: self.place.kv.read_centre(key))

    def _asking(self, name: str) -> Callable[[], Any]:
        def ask() -> Any:
            self.say(Asked(name, CACHE, self.world.time))
            return self._beside.run(self.instance, lambda: self.place.location.get(KEY, cache_ttl=CACHE_TTL))

        return ask

    def _refreshing(self) -> Any:
        return self._beside.run(self.instance, self._refresh)

    def _refresh(self) -> None:
        with suppress(LookupError):
            self.place.location.refresh(KEY, self.place.cache)

    def _put(self) -> None:
        self.say(self.place.put(Snapshot(_LAST, 0, {"n": _LAST})))

    def _delete(self) -> None:
        self.place.kv.delete(KEY)
        self.say(Published(_ABSENT, _content(None), self.world.time))


def _label(entry: KVEntry | None) -> Label:
    return _ABSENT if entry is None else label_of(from_kv(entry.value))


def _content(entry: KVEntry | None) -> str:
    return "nothing" if entry is None else to_json(from_kv(entry.value).config)
