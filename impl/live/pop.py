# SPDX-License-Identifier: Apache-2.0
"""A location's process in a run on the real clock: a cache, an isolate, and requests that read the config."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Protocol

from attrs import evolve, frozen

from edgeproof.impl.edge.centre import SqliteCentre
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.history import Digests, Event, Recorder, now
from edgeproof.impl.live.network import WatchedCentre
from edgeproof.impl.live.options import UNIT, LiveOptions, Paths
from edgeproof.impl.live.process import serve
from edgeproof.impl.pattern.deployment import Location
from edgeproof.impl.runtime import RealRuntime
from edgeproof.impl.snapshot import Snapshot

__all__ = ["Isolate", "LocationIsolate", "PopAssignment", "Told", "pop_main"]


@frozen
class Told:
    """What a request was told; where that was served from, and why it was not from KV, if that is known."""

    snapshot: Snapshot
    source: str | None = None
    note: str | None = None


class Isolate(Protocol):
    """What answers requests at a location."""

    async def read(self) -> Told | None:
        """What a request is told; None if the isolate went meanwhile.

        Raises ConfigUnavailable, ValueError and OSError where it is told nothing.
        """

    def evict(self) -> bool:
        """Lose the memory; False where that is not done from here."""


@frozen
class PopAssignment:
    """Which location the process is, and what makes its isolate of its name."""

    options: LiveOptions
    paths: Paths
    name: str
    isolate: Callable[[str], Isolate]
    life: int = 0
    """The processes that it follows at the same location."""

    @property
    def part(self) -> str:
        """What it records goes by this name."""
        return self.name if self.life == 0 else f"{self.name}-{self.life}"


async def pop_main(assignment: PopAssignment, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """Read at the rate that was asked for, or as often as it goes, until it is time to stop."""
    pop = Pop(assignment)
    ready()
    work = [pop.read_for_ever()]
    if "evict" in assignment.options.faults:
        work.append(pop.evict_now_and_then())
    await serve(stopping, *work)


class LocationIsolate:
    """The reference implementation's: a cache, an isolate's memory, and KV's centre in its file."""

    def __init__(self, options: LiveOptions, paths: Paths, name: str) -> None:
        self._centre = WatchedCentre(SqliteCentre(paths.kv))
        runtime, choices = RealRuntime(), options.choices()
        kv = choices.namespace(runtime, self._centre, options.parts)
        self._location = Location(choices, runtime, kv, parts=options.parts)

    async def read(self) -> Told | None:
        """Through the reader, noting whether the centre was asked."""
        reader, reads = self._location.reader, self._centre.reads
        reading = await reader.find()
        if self._location.reader is not reader:
            return None  # its isolate is gone, and the answer with it
        # Requests here come one after the other: nobody else has asked the centre meanwhile.
        from_cache = reading.source == "kv" and self._centre.reads == reads
        return Told(reading.snapshot, "cache" if from_cache else reading.source, reading.note or None)

    def evict(self) -> bool:
        """Another isolate takes over."""
        self._location.evict()
        return True


class Pop:
    """One location and what is recorded there."""

    def __init__(self, assignment: PopAssignment) -> None:
        options = self._options = assignment.options
        self._name = assignment.name
        self._recorder = Recorder(assignment.paths.part(assignment.part))
        self._digests = Digests()
        self._isolate = assignment.isolate(assignment.name)
        self._random = Random(f"{options.seed}/{assignment.name}")

    async def read_for_ever(self) -> None:
        """Read, record, wait; a read that is late is not made up for."""
        period = 1 / self._options.reads_per_second
        while True:
            began = now()
            await self._read()
            await asyncio.sleep(max(0.0, began + period - now()))

    async def evict_now_and_then(self) -> None:
        """Take the isolate's memory away every so often."""
        while True:
            await asyncio.sleep(self._options.fault_every * self._random.uniform(0.5, 1.5))
            invoke = now()
            if self._isolate.evict():
                self._record(Event("fault", UNIT, invoke, now(), "ok", note="evict"))

    async def _read(self) -> None:
        invoke = now()
        try:
            found = await self._isolate.read()
        except (ConfigUnavailable, ValueError, OSError) as error:
            self._record(Event("read", UNIT, invoke, now(), "fail", note=str(error)))
            return
        returned = now()
        if found is None:
            return
        told = found.snapshot
        digest = self._digests.of(told.config)
        event = Event("read", UNIT, invoke, returned, "ok", told.version, told.era, digest)
        self._record(evolve(event, source=found.source, note=found.note))

    def _record(self, event: Event) -> None:
        self._recorder.record(evolve(event, pop=self._name, reader=self._name))
