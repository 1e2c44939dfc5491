# SPDX-License-Identifier: Apache-2.0
"""One isolate that reads manifests and parts, and somebody who publishes them."""

from __future__ import annotations

from edgeproof.impl.edge.kv import KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.edge.reader import Reading
from edgeproof.impl.manifest.blobs import Bucket, R2Parts
from edgeproof.impl.manifest.manifest import Layout, ManifestReader
from edgeproof.impl.manifest.parts import split
from edgeproof.impl.runtime import SimulatedRuntime, Task
from edgeproof.impl.snapshot import EMPTY, Snapshot

__all__ = ["LAYOUT", "Isolate"]

LAYOUT = Layout("config", target=1)


class Isolate:
    """An isolate, its location, and a publisher without faults; nothing is answered before it is told to be."""

    def __init__(self, keeps: bool, policy: str = "plain") -> None:
        self.world = SimulatedRuntime()
        self.kv, self.bucket = KVNamespace(self.world, limits=Limits(write_spacing=0)), Bucket(self.world.now)
        self.cache, self.reachable, self.parts_reachable = LocationCache(), True, True
        location = KVLocation(self.kv, self.world, lambda: self.cache, lambda: self.reachable)
        parts = R2Parts(self.bucket, lambda: self.parts_reachable)
        self.instance = self.world.instance()
        self.reader = ManifestReader(location, parts, self.instance, LAYOUT, keeps=keeps, policy=policy)
        self.published = [EMPTY]

    def publish(self) -> None:
        """The next version; every other field stays as it is."""
        version = len(self.published)
        config = {**self.published[-1].config, "abc"[version % 3]: version}
        self.published.append(Snapshot(version, 0, config))
        manifest, values = split(self.published[-1], target=LAYOUT.target)
        for name, value in values.items():
            self.bucket.put(LAYOUT.prefix + name, value)
        self.holds(manifest.to_kv()[0])

    def holds(self, value: bytes) -> None:
        """Let KV have this in the manifest's place, whatever the location has cached."""
        self.kv.put(LAYOUT.key, value)
        self.cache.copies.clear()

    def ask(self) -> Task:
        return self.instance.spawn(self.reader.read())

    def find(self) -> Reading:
        """What a request is told that is alone, and how. Raises what the reader raises."""
        task = self.instance.spawn(self.reader.find())
        while not task.done:
            self.step(0)
        reading: Reading = task.outcome()
        return reading

    def step(self, which: int) -> None:
        """Answer one of the questions that are under way."""
        pending = self.world.pending
        if pending:
            self.world.resolve(pending[which % len(pending)])
