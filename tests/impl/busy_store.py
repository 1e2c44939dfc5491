# SPDX-License-Identifier: Apache-2.0
"""A store in a file while others are at work: writers, what publishes it, and a reader at the edge, each in a thread of
its own over connections of its own. All of them record what they do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Final

from attrs import evolve

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.replicator import Backoff, Timing
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.centre import SqliteCentre
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.history import Event, Recorder, digest_of, merge, now
from edgeproof.impl.live.network import ReplicatorRuntime, WatchedCentre
from edgeproof.impl.live.options import UNIT
from edgeproof.impl.pattern.deployment import Choices, Location, boot
from edgeproof.impl.runtime import RealRuntime
from edgeproof.impl.snapshot import Snapshot

__all__ = ["BusyStore"]

CHOICES: Final = Choices(
    reader="guarded",
    epoch=True,
    timing=Timing(2.0, Backoff(0.05, 0.05)),
    cache_ttl=0.01,
    limits=Limits(write_spacing=0, min_cache_ttl=0),
)
WRITERS: Final = 2
PAUSE: Final = 0.002
"""Seconds from one write of a writer to its next."""
PATIENCE: Final = 60.0
"""Seconds."""


class BusyStore:
    """It is at work as a context."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "store.sqlite"
        self.connection = connect(self._path)
        self._centre = SqliteCentre(folder / "kv.sqlite")
        self._recorder = Recorder(folder / "restores.events")
        self._enough, self._over = Flag(), Flag()
        self._writers: list[Thread] = []
        self._failed: list[BaseException] = []
        self.acknowledged: dict[str, tuple[int, int]] = {}
        """Of each key, the era and the version that its write was told."""
        self.told = Snapshot(0, 0, {})
        """What the reader was told last."""
        self.reads = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let everybody work meanwhile."""
        self._writers = [self._start(partial(self._write, f"writer-{n}")) for n in range(WRITERS)]
        edge = [self._start(lambda: asyncio.run(self._publish())), self._start(lambda: asyncio.run(self._read()))]
        try:
            yield
        finally:
            self.rest()
            self._over.set()
            for one in edge:
                one.join()

    def rest(self) -> Snapshot:
        """Nobody writes any more; gives what was written last."""
        self._enough.set()
        for one in self._writers:
            one.join()
        return self.store.snapshot()

    @property
    def store(self) -> ConfigStore:
        """The store, on the connection of whoever restores."""
        return ConfigStore(self.connection, RealRuntime())

    def wait(self, until: Callable[[], bool]) -> None:
        """Let them go on until something is so."""
        give_up = time.monotonic() + PATIENCE
        while not until():
            assert not self._failed, self._failed
            assert time.monotonic() < give_up, f"version {self.told.version} of era {self.told.era} was told last"
            time.sleep(0.001)

    def go_on(self, writes: int) -> None:
        """Until there are so many more writes, and readers are told of them or of what they would not give up."""
        before, acknowledged, reads = self.store.version(), len(self.acknowledged), self.reads
        self.wait(lambda: len(self.acknowledged) >= acknowledged + writes and self.reads > reads + 1)
        self.wait(lambda: self.told.version > before)

    def restored(self, restore: Callable[[], Snapshot]) -> None:
        """Restore it, and record that."""
        invoke = now()
        found = restore()
        began = Event("fault", UNIT, invoke, now(), "ok", found.version, found.era, digest_of(found.config))
        self._recorder.record(evolve(began, note="rollback"))

    def history(self) -> Path:
        """What everybody has recorded."""
        history = self._folder / "history.jsonl"
        merge(sorted(self._folder.glob("*.events")), lambda event: event, history)
        return history

    def _start(self, work: Callable[[], None]) -> Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                self._failed.append(error)

        thread = Thread(target=run)
        thread.start()
        return thread

    def _write(self, name: str) -> None:
        """Write all that there is, again and again: what a version holds does not depend on others."""
        recorder, eras = Recorder(self._folder / f"{name}.events"), list[int]()
        with closing(connect(self._path)) as connection:

            def look(step: str) -> None:
                # Within the write's own transaction.
                if step == "version":
                    eras[:] = connection.execute("SELECT era FROM meta").fetchone()

            store, count = ConfigStore(connection, RealRuntime(), fault=look), 0
            while not self._enough.is_set():
                key, count = f"{name}/{count}", count + 1
                config = {"one": key, "other": key}
                invoke = now()
                version = store.write(config, actor=name, idempotency_key=key).version
                event = Event("commit", UNIT, invoke, now(), "ok", version, eras[0], digest_of(config), key=key)
                recorder.record(event)
                self.acknowledged[key] = (eras[0], version)
                time.sleep(PAUSE)

    async def _publish(self) -> None:
        centre = WatchedCentre(self._centre)
        runtime = ReplicatorRuntime(Recorder(self._folder / "publisher.events"), centre, lambda: ("", 0.0))
        with closing(connect(self._path)) as connection:
            unit = boot(CHOICES, runtime, connection, CHOICES.namespace(runtime, centre))
            # Nothing is cancelled: asyncio may lose that where a put ends at the same moment.
            while not self._over.is_set():
                if unit.alarms.due():
                    await unit.alarms.fire()
                await asyncio.sleep(0.001)

    async def _read(self) -> None:
        recorder, runtime = Recorder(self._folder / "reader.events"), RealRuntime()
        location = Location(CHOICES, runtime, CHOICES.namespace(runtime, self._centre))
        while not self._over.is_set():
            invoke = now()
            with suppress(ConfigUnavailable):
                found = await location.reader.find()
                one = found.snapshot
                read = Event("read", UNIT, invoke, now(), "ok", one.version, one.era, digest_of(one.config))
                recorder.record(evolve(read, pop="edge", reader="edge", source=found.source))
                self.told, self.reads = one, self.reads + 1
            await asyncio.sleep(0.001)
