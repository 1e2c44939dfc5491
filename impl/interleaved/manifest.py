# SPDX-License-Identifier: Apache-2.0
"""Reads of one isolate that follow a manifest to its parts, while a newer one is published.

When they begin, the isolate keeps version 1 and the location's cache has become too old; version 2 is at the centre.
Each version changes one of the two parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from edgeproof.impl.edge.kv import LocationCache
from edgeproof.impl.interleaved.base import CLOCK, Begin, Lines, Subject, Touch, touch
from edgeproof.impl.interleaved.place import CACHE, CACHE_TTL, CENTRE, ISOLATE, KEY, LOOK_UP, Place, label_of, published
from edgeproof.impl.interleaving import ALWAYS, Asked, Promise, Told
from edgeproof.impl.manifest.blobs import Bucket, R2Parts
from edgeproof.impl.manifest.manifest import Layout, ManifestReader
from edgeproof.impl.manifest.parts import split
from edgeproof.impl.runtime import Task
from edgeproof.impl.snapshot import Snapshot, to_json

__all__ = ["ManifestSubject"]

_BUCKET: Final = "the bucket"
_LAYOUT: Final = Layout(KEY, target=1)
_VERSIONS: Final = (
    Snapshot(1, 0, {"a": 1, "b": 1}),
    Snapshot(2, 0, {"a": 2, "b": 1}),
    Snapshot(3, 0, {"a": 2, "b": 3}),
)


class ManifestSubject(Subject):
    """An isolate that keeps the parts that it read last."""

    promise = Promise(ALWAYS, staleness=CACHE_TTL)

    def __init__(self, operations: int, *, reader: Callable[..., ManifestReader] = ManifestReader) -> None:
        super().__init__(operations)
        self._build = reader

    def set_up(self) -> None:
        """Version 1 is kept, and 2 published."""
        self.place, self.bucket = Place(self.world, LocationCache), Bucket(self.world.now)
        self.reader = self._build(
            self.place.location, R2Parts(self.bucket), self.instance, _LAYOUT, cache_ttl=CACHE_TTL
        )
        self._publish(_VERSIONS[0])
        self.instance.run(self.reader.read())
        self._publish(_VERSIONS[1])
        self.world.advance(CACHE_TTL + 1)

    def lines(self) -> Lines:
        """Reads, a publication, and a refresh of the manifest."""
        reads = [f"read {number}" for number in range(1, self.operations + 1)]
        return {
            "clients": [Begin(name, self._asking(name), touch([CLOCK], [ISOLATE]), ISOLATE) for name in reads],
            "publisher": [Begin("publication", lambda: self._publish(_VERSIONS[2]), touch([CLOCK], [_BUCKET, CENTRE]))],
            "location": [Begin("refresh", self._refresh, LOOK_UP)],
        }

    def far_side(self, label: str, home: str) -> Touch | None:
        """The location looks up the manifest, or the bucket a part."""
        return touch([_BUCKET]) if label == "part.get" else LOOK_UP

    def answered(self, operation: str, task: Task) -> None:
        """A read has been told a whole config."""
        snapshot: Snapshot = task.outcome()
        self.say(Told(operation, label_of(snapshot), to_json(snapshot.config), self.world.time))

    def memory(self) -> Mapping[str, Any]:
        """The parts that are kept, and the location's copy."""
        return {ISOLATE: sorted(self.reader.kept_names), CACHE: dict(self.place.cache.copies)}

    def _asking(self, name: str) -> Callable[[], Any]:
        def ask() -> Any:
            self.say(Asked(name, ISOLATE, self.world.time))
            return self.reader.read()

        return ask

    def _publish(self, snapshot: Snapshot) -> None:
        manifest, values = split(snapshot, target=_LAYOUT.target)
        for name, value in values.items():
            self.bucket.put(_LAYOUT.prefix + name, value)
        value, metadata = manifest.to_kv()
        self.place.kv.put(KEY, value, metadata=metadata)
        self.say(published(snapshot, self.world.time))

    def _refresh(self) -> None:
        self.place.location.refresh(KEY, self.place.cache)
