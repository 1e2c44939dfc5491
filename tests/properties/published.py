# SPDX-License-Identifier: Apache-2.0
"""How many bytes the publishers of the designs put for one change of a config that looks real."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from edgeproof.impl.alternatives.kv_writer import KvWriter, Write
from edgeproof.impl.alternatives.per_key import PerKeyPublication
from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.replicator import Publication
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.manifest.blobs import Bucket, R2Parts
from edgeproof.impl.manifest.ledger import PartLedger
from edgeproof.impl.manifest.manifest import Layout, ManifestPublication
from edgeproof.impl.manifest.parts import split
from edgeproof.impl.push.push import ControlPlane, RolloutPlan
from edgeproof.impl.runtime import Instance, SimulatedRuntime
from edgeproof.impl.snapshot import Changes, Config, Snapshot, apply_changes, to_json

__all__ = ["LOCATIONS", "PUBLISHERS", "typical_change"]

LOCATIONS = 3
_KEY = "unit"


def _by(publication: Publication) -> Callable[[Config, Changes], int]:
    def published(config: Config, changes: Changes) -> int:
        runtime = SimulatedRuntime(1)
        kv = KVNamespace(runtime, limits=Limits(write_spacing=0))
        after = Snapshot(2, 0, apply_changes(config, changes))
        _run(runtime, lambda at: publication.put(after, kv, at, 60.0))
        return kv.usage.written

    return published


def _by_a_writer(config: Config, changes: Changes) -> int:
    runtime = SimulatedRuntime(1)
    kv = KVNamespace(runtime, limits=Limits(write_spacing=0))
    _run(runtime, lambda at: Publication(_KEY).put(Snapshot(1, 0, config), kv, at, 60.0))
    before = kv.usage.written
    _run(
        runtime,
        lambda at: KvWriter(kv, at, _KEY, lambda: kv.read_centre(_KEY)).write(Write("w", changes, "ann"), _heard),
    )
    return kv.usage.written - before


def _by_parts(config: Config, changes: Changes) -> int:
    runtime = SimulatedRuntime(1)
    kv, bucket = KVNamespace(runtime, limits=Limits(write_spacing=0)), Bucket(runtime.now)
    ledger = PartLedger(connect(), runtime)
    publication = ManifestPublication(Layout(_KEY), R2Parts(bucket), ledger, upload=60.0, put=60.0)
    first, after = Snapshot(1, 0, config), Snapshot(2, 0, apply_changes(config, changes))
    publication.begin(first)
    _run(runtime, lambda at: publication.put(first, kv, at, 60.0))
    before = kv.usage.written + bucket.usage.written
    publication.begin(after)
    _run(runtime, lambda at: publication.put(after, kv, at, 60.0))
    return kv.usage.written + bucket.usage.written - before


def _by_push(config: Config, changes: Changes) -> int:
    runtime = SimulatedRuntime(1)
    store = ConfigStore(connect(), runtime, outbox=False)
    store.write(config, actor="ann")
    sent: list[int] = []
    plan = RolloutPlan(staged=False)
    control = ControlPlane(store, runtime, plan, LOCATIONS, lambda _, file: sent.append(len(to_json(file.config))))
    control.release(apply_changes(config, changes), actor="ann")
    return sum(sent)


PUBLISHERS: dict[str, Callable[[Config, Changes], int]] = {
    "do_kv": _by(Publication(_KEY)),
    "do_kv_regional": _by(Publication(_KEY)),
    "do_kv_per_key": _by(PerKeyPublication(_KEY)),
    "do_kv_manifest": _by_parts,
    "do_only": lambda config, changes: 0,
    "kv_only": _by_a_writer,
    "global_push": _by_push,
    "flagship": _by(Publication(_KEY)),
}
"""Bytes that one change of a published config puts, by design. (Tokens are no config: each has keys of its own.)"""


def typical_change(config: Config) -> tuple[Changes, int]:
    """A switch that is thrown, of a flag in a part of about average size; and the bytes of that part."""
    _, parts = split(Snapshot(1, 0, config))
    average = sum(map(len, parts.values())) / len(parts)
    part = min(parts.values(), key=lambda value: abs(len(value) - average))
    key = next(name for name in config if to_json(name).encode() in part)
    return {key: {**config[key], "enabled": not config[key]["enabled"]}}, len(part)


def _heard(version: int) -> None:
    """Nobody waits for the reply."""


async def _await(work: Awaitable[Any]) -> None:
    await work


def _run(runtime: SimulatedRuntime, work: Callable[[Instance], Awaitable[Any]]) -> None:
    """Let a coroutine run to its end, whatever it waits for."""
    instance = runtime.instance()
    task = instance.spawn(_await(work(instance)))
    while not task.done:
        runtime.resolve(instance.pending[0])
    task.outcome()
