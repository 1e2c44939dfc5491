# SPDX-License-Identifier: Apache-2.0
"""One unit with parts and a manifest on the simulated runtime, running by itself: its alarms fire when they are due."""

from __future__ import annotations

import sqlite3
from typing import Any

from attrs import frozen

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.replicator import AlarmPlatform, Replicator, Timing
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.kv import KVLocation, KVNamespace, LocationCache
from edgeproof.impl.manifest.blobs import Bucket, R2Parts
from edgeproof.impl.manifest.collector import Collector
from edgeproof.impl.manifest.ledger import PartLedger
from edgeproof.impl.manifest.manifest import Layout, ManifestPublication, ManifestReader
from edgeproof.impl.manifest.parts import TARGET
from edgeproof.impl.runtime import SimulatedRuntime, Weather
from edgeproof.impl.snapshot import Snapshot

__all__ = ["CountingParts", "LargeUnit", "large_unit"]

CACHE_TTL = 60.0
LOAD = 10.0
CALM = Weather()


class CountingParts(R2Parts):
    """A bucket that counts what is put into it."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(bucket)
        self.puts: list[tuple[str, int]] = []

    def put(self, name: str, value: bytes) -> None:
        self.puts.append((name, len(value)))
        super().put(name, value)


@frozen
class LargeUnit:
    """The parts of the unit, the world that they are in, and a reader at one location."""

    world: SimulatedRuntime
    connection: sqlite3.Connection
    store: ConfigStore
    kv: KVNamespace
    bucket: Bucket
    parts: CountingParts
    ledger: PartLedger
    collector: Collector
    reader: ManifestReader
    layout: Layout

    def write(self, changes: Any) -> int:
        """A write that is published, and all caches that are older than it expired."""
        version = self.store.write(changes, actor="ann").version
        self.run(5)
        return version

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.world.run_until(self.world.time + seconds)

    def read(self) -> Snapshot:
        """What a request at the location is evaluated against. Raises what the reader raises."""
        task = self.world.instance().spawn(self.reader.read())
        self.run(LOAD)
        found: Snapshot = task.outcome()
        return found

    def collect(self) -> int:
        """Let the collector do what is due; how many parts went."""
        task = self.world.instance().spawn(self.collector.collect())
        self.run(5)
        gone: int = task.outcome()
        return gone


def large_unit(
    *,
    grace: float = CACHE_TTL + LOAD,
    target: int = TARGET,
    weather: Weather = CALM,
    seed: int = 0,
    **reading: Any,
) -> LargeUnit:
    """A unit without config whose alarms fire. `reading` is what its reader is told beside where to read what."""
    world = SimulatedRuntime(seed, weather)
    instance, connection = world.instance(), connect()
    kv, bucket, cache = KVNamespace(world), Bucket(world.now), LocationCache()
    layout, parts = Layout("config:unit", target=target), CountingParts(bucket)
    store, ledger = ConfigStore(connection, instance), PartLedger(connection, instance)
    publication = ManifestPublication(layout, parts, ledger, upload=30, put=10)
    replicator = Replicator(store, kv, instance, publication, timing=Timing(40))  # type: ignore[arg-type]
    platform = AlarmPlatform(store, instance, replicator.on_alarm)
    collector = Collector(
        store, ledger, parts, instance, grace=grace, platform=platform, least=grace, prefix=layout.prefix
    )
    location = KVLocation(kv, world, lambda: cache)
    reader = ManifestReader(location, parts, world.instance(), layout, cache_ttl=CACHE_TTL, **reading)
    instance.spawn(platform.run(poll=1))
    return LargeUnit(world, connection, store, kv, bucket, parts, ledger, collector, reader, layout)
