# SPDX-License-Identifier: Apache-2.0
"""Parts and a manifest behind the `System` interface, action by action, on the real parts of the pattern.

The config has one field, "part", or none: the part that the model follows is that field's. But for probing no location
keeps a copy of a part: what it would keep could only help.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve, frozen

from edgeproof.impl.driven.base import Linked, OverKV, first, raise_error_of
from edgeproof.impl.driven.content import Held, Texts
from edgeproof.impl.driven.puts import failure_of, need_due
from edgeproof.impl.driven.setup import UNSPACED, steady
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.front import Front, WriteRequest
from edgeproof.impl.durable.replicator import AlarmPlatform, Replicator, Timing
from edgeproof.impl.durable.store import ConfigStore, WriteResult
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVLocation, KVNamespace, LocationCache
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.manifest.blobs import Bucket, KVParts, R2Parts
from edgeproof.impl.manifest.collector import Collector, GraceTooShort, Pace
from edgeproof.impl.manifest.ledger import CountingStore, PartLedger
from edgeproof.impl.manifest.manifest import ManifestPublication, ManifestReader
from edgeproof.impl.manifest.observation import observe_manifest
from edgeproof.impl.manifest.parts import PartGone
from edgeproof.impl.manifest.place import Place
from edgeproof.impl.manifest.setup import ManifestChoices, manifest_choices
from edgeproof.impl.runtime import NetworkError, Pending, SimulatedRuntime
from edgeproof.impl.snapshot import REMOVED
from edgeproof.impl.system import ActionImpossible, Contents, Observation, Setup, Spent, Writes

__all__ = ["ManifestParts", "ManifestSystem"]

CONTENT = "followed"
"""What the field holds that the followed part is made of, unless the run says what it is to hold."""


@frozen
class ManifestParts:
    """What the system is built of. Replace one to break it on purpose."""

    counting_store: Callable[..., ConfigStore] = CountingStore
    ledger: Callable[..., PartLedger] = PartLedger
    publication: Callable[..., ManifestPublication] = ManifestPublication
    replicator: Callable[..., Replicator] = Replicator
    collector: Callable[..., Collector] = Collector
    reader: Callable[..., ManifestReader] = ManifestReader


class ManifestSystem(OverKV, Linked):
    """The parts of one unit, driven by hand."""

    def __init__(self, parts: ManifestParts | None = None, *, storage: Storage | None = None, seed: int = 0) -> None:
        super().__init__(seed, storage)
        self._parts = parts or ManifestParts()

    # --- the System interface

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        self.choices: ManifestChoices = manifest_choices(setup)
        self.runtime = SimulatedRuntime(self._seed)
        self.storage.wipe()
        PartLedger(self.storage.connection, self.runtime).wipe()
        self.kv = KVNamespace(self.runtime, limits=UNSPACED, negative_caching=self.choices.negative_caching)
        self.bucket = Bucket(self.runtime.now)
        self.stray: Pending[Any] | None = None
        """A delete that has outlived its instance."""
        self.acked = 0
        """The newest version that the client was told its write made."""
        self.followed: Any = CONTENT
        self._writes: Writes | None = None
        self.held, self._texts = Held(), Texts()
        self._edge, self._sweeper = self.runtime.instance(), self.runtime.instance()
        self.places = [self._place() for _ in range(setup.sizes.get("Pop", 2))]
        self._home = self.places[0]
        self._boot(first=True)

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables."""
        return observe_manifest(self)

    def write_from(self, writes: Writes) -> None:
        """Write these from now on, with or without their field."""
        self._writes = writes

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables."""
        contents: dict[str, str | tuple[str | None, ...] | None] = {
            **self.held.shown(self.store, self.storage.connection),
        }
        # Where names do not last, a client may be told a part of another version.
        if self.choices.layout.names.lasting:
            contents["served"] = tuple(self._texts.of(place.told) for place in self.places)
        return contents

    def spent(self) -> Spent:
        """What the run has cost so far; a part that is in R2 is fetched from there."""
        spent, usage = super().spent(), self.bucket.usage
        return Spent(spent.hops + usage.fetches, spent.published + usage.written)

    # --- starting and dying

    def _place(self) -> Place:
        place = Place()
        place.reader = self._parts.reader(
            KVLocation(self.kv, self.runtime, lambda: place.cache, lambda: place.reachable),
            self._parts_at(lambda: place, lambda: place.reachable),
            self._edge,
            self.choices.layout,
            cache_ttl=self.choices.pace.cache_ttl,
            keeps=self.choices.keeps,
        )
        return place

    def _parts_at(self, place: Callable[[], Place], reachable: Callable[[], bool]) -> KVParts | R2Parts:
        if self.choices.parts == "r2":
            return R2Parts(self.bucket, reachable)

        def cache() -> LocationCache:
            return place().cache if self.choices.probe else LocationCache()

        location = KVLocation(self.kv, self.runtime, cache, reachable)
        return KVParts(self.kv, location, cache_ttl=self.choices.pace.cache_ttl)

    def _boot(self, first: bool = False) -> None:
        choices, pace, connection = self.choices, self.choices.pace, self.storage.connection
        self.instance = self.runtime.instance()
        parts = self._parts_at(lambda: self._home, lambda: True)
        if choices.from_write:
            layout = choices.layout
            self.store = self._parts.counting_store(connection, self.instance, names=layout.names, target=layout.target)
        else:
            self.store = ConfigStore(connection, self.instance)
        self.ledger = self._parts.ledger(connection, self.instance)
        publication = self._parts.publication(
            choices.layout,
            parts,
            self.ledger,
            upload=pace.upload,
            put=pace.put,
            probe=choices.probe,
            release=not choices.from_write,
        )
        timing = Timing(pace.upload + pace.put, steady(pace.retry), sync_delay=self._latest(pace))
        replicator = self._parts.replicator(self.store, self.kv, self.instance, publication, timing=timing)
        replicator.rearm()
        self._front = Front(self.store, self.instance, replicator=replicator)
        self.alarms = AlarmPlatform(self.store, self.instance, replicator.on_alarm, attempts=None)
        if choices.in_turn or first:
            self.collector = self._collector(parts)

    def _latest(self, pace: Pace) -> float:
        """How late an alarm may be: one that takes turns with the collector may have to wait for a delete first."""
        return pace.sync_delay + (pace.put if self.choices.in_turn else 0)

    def _collector(self, parts: KVParts | R2Parts) -> Collector | None:
        choices = self.choices
        if choices.collector == "none":
            return None
        try:
            return self._parts.collector(
                self.store,
                self.ledger,
                parts,
                self.instance if choices.in_turn else self._sweeper,
                grace=None if choices.collector == "eager" else choices.grace,
                least=choices.least_grace if choices.collector == "checked" else None,
                platform=self.alarms if choices.in_turn else None,
                timeout=choices.pace.put,
                prefix=choices.layout.prefix,
            )
        except GraceTooShort:
            return None

    def _do_crash(self) -> None:
        self._crash()

    def _crash(self) -> None:
        self.instance.kill()
        self.storage.crash()
        self._boot()

    # --- writing

    def _do_write(self) -> None:
        request = self._request()
        if self.choices.layout.names.lasting:
            self.followed = request.changes["part"]
        self._write(request)

    def _do_write_without(self) -> None:
        self._write(evolve(self._request(), changes={"part": REMOVED}))

    def _request(self) -> WriteRequest:
        """The next write, of a config that has the part."""
        if self._writes is not None:
            write = self._writes.made()
            return WriteRequest(write.changes, write.actor, write.expected_version, write.key)
        version = self.store.version()
        content = CONTENT if self.choices.layout.names.lasting else version + 1
        return WriteRequest({"part": content}, "client", expected_version=version)

    def _write(self, request: WriteRequest) -> None:
        raise_error_of(self.instance.spawn(self._front.write(request, self._hear)))
        self.runtime.resolve(self.instance.pending[-1])

    def _hear(self, result: WriteResult) -> None:
        self.acked = max(self.acked, result.version)

    # --- publishing

    def _do_fire(self, pop: int) -> None:
        need_due(self.alarms)
        self._home = self.places[pop]
        self.instance.spawn(self.alarms.fire())
        for op in self.under_way("part.has"):
            self.runtime.resolve(op)

    def _do_part_stored(self) -> None:
        self._settle(self._one("part.put", applied=False))

    def _do_manifest_put(self) -> None:
        self.runtime.resolve(self._one("gate", applied=False))

    def _do_put_lands(self) -> None:
        self._land(self._one("kv.put", applied=False))

    def _do_put_confirmed(self) -> None:
        self.runtime.resolve(self._one("kv.put", applied=True))

    def _do_put_fails(self) -> None:
        if self.under_way("part.put"):
            self._fail(self._one("part.put", applied=False), self.choices.pace.upload)
        else:
            self._fail(self._one("kv.put", applied=False), self.choices.pace.put)

    def _do_put_ambiguous(self) -> None:
        if self.under_way("part.put"):
            op = self._one("part.put", applied=False)
            op.apply()
        else:
            op = self._one("kv.put", applied=True)
        self.runtime.fail(op, NetworkError("the connection broke"))

    # --- collecting

    def _do_collect(self) -> None:
        if self.collector is None or not self.collector.may_begin():
            raise ActionImpossible("there is no part to delete now, or somebody is at work")
        (self.instance if self.choices.in_turn else self._sweeper).spawn(self.collector.collect())

    def _do_collect_nothing(self) -> None:
        if self.collector is not None:
            (self.instance if self.choices.in_turn else self._sweeper).spawn(self.collector.collect())

    def _do_delete_lands(self) -> None:
        self._settle(self._one("part.delete", applied=False))

    def _do_delete_fails(self) -> None:
        self._fail(self._one("part.delete", applied=False), self.choices.pace.put)

    def _do_delete_ambiguous(self) -> None:
        op = self._one("part.delete", applied=False)
        op.apply()
        self.runtime.fail(op, NetworkError("the connection broke"))

    def _do_delete_late(self) -> None:
        op = self._one("part.delete", applied=False)
        if self.stray is not None or not self.choices.in_turn:
            raise ActionImpossible("a superseded instance's delete is under way, or the collector is none")
        self.runtime.orphan(op)
        self.stray = op
        self._crash()

    def _do_stray_lands(self) -> None:
        self._settle(self._stray())

    def _do_stray_vanishes(self) -> None:
        self.runtime.drop(self._stray())

    def _fail(self, op: Pending[Any], within: float) -> None:
        self.runtime.fail(op, failure_of(op, self.runtime.time, within))

    def _stray(self) -> Pending[Any]:
        op, self.stray = self.stray, None
        if op is None:
            raise ActionImpossible("no delete outlived its instance")
        return op

    def under_way(self, label: str) -> list[Pending[Any]]:
        """The operations of this name that the object or the collector waits for."""
        return [*self.instance.under_way(label), *self._sweeper.under_way(label)]

    def _one(self, label: str, applied: bool) -> Pending[Any]:
        found = (op for op in self.under_way(label) if op.applied == applied)
        return first(found, f"no {label} is {'applied' if applied else 'on its way'}")

    # --- reading

    def _do_lookup(self, pop: int) -> None:
        place = self.places[pop]
        if place.request is not None:
            raise ActionImpossible("the request there is not answered yet")
        request = self._ask(place)
        request.apply()
        if request.error is not None:
            self.runtime.resolve(request)
            raise ActionImpossible(str(request.error))
        place.request = request

    def _do_read(self, pop: int) -> None:
        place = self.places[pop]
        request, place.request = place.request, None
        if request is None:
            if self._can_look_up(place):
                raise ActionImpossible("the manifest can be had: look it up first")
            request = self._ask(place)
        task = request.task
        assert task is not None
        self.runtime.resolve(request)
        for op in [op for op in self._edge.pending if op.task is task]:
            self.runtime.resolve(op)
        place.failed = place.gone = False
        try:
            place.told = task.outcome()
        except ConfigUnavailable:
            place.failed = True
        except PartGone:
            place.failed = place.gone = True

    def _can_look_up(self, place: Place) -> bool:
        """Whether a location gets its manifest: from the centre, or from its cache."""
        choices = self.choices
        copy = place.cache.fresh(choices.layout.key, self.runtime.now(), choices.pace.cache_ttl)
        return place.reachable or copy is not None

    def _ask(self, place: Place) -> Pending[KVEntry | None]:
        """Start a request; it asks for its manifest."""
        self._edge.spawn(place.reader.read())
        return self._edge.pending[-1]

    @property
    def links(self) -> Sequence[Place]:
        """Whose way to KV's centre and to the part store can be cut."""
        return self.places
