# SPDX-License-Identifier: Apache-2.0
"""The reference implementation on the real clock: processes over real SQLite files, and a history of what they did.

A control plane, the store with its replicator, and every location are processes of their own. What they recorded is
merged when they have stopped; what a version contained, and what became of a write that nobody saw answered, is taken
from the store's changelog.
"""

from __future__ import annotations

import hashlib
import signal
import tempfile
import threading
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from attrs import define, evolve, field, frozen

from impl.centre import SqliteCentre
from impl.database import connect
from impl.documents import check_size
from impl.history import Event, Recorder, merge, now
from impl.live_options import FAULTS, UNIT, LiveOptions, Paths
from impl.live_pop import PopAssignment, pop_main
from impl.live_process import Child, LiveError, Main, start, stop
from impl.live_store import StoreAssignment, store_main
from impl.live_writers import WritersAssignment, writers_main
from impl.snapshot import REMOVED, to_json
from impl.store import ConfigStore

__all__ = ["FAULTS", "LiveError", "LiveOptions", "LiveResult", "run_live"]

STARTUP = 60.0
"""Seconds for everything to come up, the first write of a large config included."""

GRACE = 10.0
"""Seconds for a process to end by itself."""


@frozen
class LiveResult:
    """What a run came to. `counts` are events by kind and outcome, such as "read ok"."""

    history: Path
    seconds: float
    interrupted: bool
    counts: Mapping[str, int]
    remarks: tuple[str, ...]
    config_bytes: int
    """Of the last config."""
    reads_per_second: float
    """Of all locations together, once everything was up."""


def run_live(options: LiveOptions, notify: Callable[[str], None] = lambda line: None) -> LiveResult:
    """Run for as long as the options say, or until Ctrl-C or SIGTERM, and write the history.

    `notify` is told how it goes. Raises LiveError if a process dies or does not come up, OSError for files that cannot
    be written, ValueError for a config that does not fit into its size; a second Ctrl-C raises KeyboardInterrupt. No
    process and no temporary file is left behind in any case.
    """
    if options.size is not None:
        check_size(options.seed, options.flags, options.size)
    with ExitStack() as stack:
        data = _data_directory(options, stack)
        paths = Paths(data, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeproof-"))) / "store")
        crew = Crew(options, paths, notify)
        with _signals() as asked_to_stop:
            try:
                crew.bring_up(asked_to_stop)
                began = now()
                crew.watch(began, asked_to_stop)
                seconds = now() - began
            finally:
                crew.stop()
        truth = Truth.of(paths.store)
        reads = 0

        def complete(event: Event) -> Event:
            nonlocal reads
            reads += event.kind == "read" and event.invoke >= began
            return truth.complete(event)

        counts = merge(paths.parts(), complete, options.history, crew.origin)
    remarks = (*options.remarks, *crew.bad_ends())
    rate = reads / max(seconds, 0.001)
    return LiveResult(options.history, seconds, bool(asked_to_stop), counts, remarks, truth.config_bytes, rate)


@define
class Crew:
    """The processes of a run."""

    options: LiveOptions
    paths: Paths
    notify: Callable[[str], None]
    origin: float = field(factory=now)
    store: Child | None = None
    others: list[Child] = field(factory=list)
    lives: int = 0
    crashes: int = 0

    def bring_up(self, asked_to_stop: list[int]) -> None:
        """Start everything, and wait until it is ready."""
        # Two processes that open a new database at once might each want to set it up.
        connect(self.paths.store).close()
        SqliteCentre(self.paths.kv).close()
        self._start_store()
        self._start("writers", writers_main, WritersAssignment(self.options, self.paths))
        for index in range(1, self.options.pops + 1):
            name = f"pop-{index}"
            self._start(name, pop_main, PopAssignment(self.options, self.paths, name))
        self._await(asked_to_stop)

    def watch(self, began: float, asked_to_stop: list[int]) -> None:
        """Let it run, and kill the store now and then if that was asked for."""
        options = self.options
        random = Random(f"{options.seed}/crashes")
        recorder = Recorder(self.paths.part("supervisor"))
        crash_at = self._next_crash(random, began, first=True)
        said = 0
        while not asked_to_stop and now() - began < options.seconds:
            until = min(began + options.seconds, crash_at, now() + 0.1)
            wait([child.process.sentinel for child in self.everyone], max(0.0, until - now()))
            self._check()
            if now() >= crash_at and self.paths.calm.exists():
                self._crash(recorder)
                crash_at = self._next_crash(random, now())
            if int(now() - began) > said:
                said = int(now() - began)
                self.notify(
                    f"{said} s of {options.seconds:g} s" + (f", {self.crashes} crashes" if self.crashes else "")
                )
        recorder.close()

    def stop(self) -> None:
        """Stop everything: who writes, who reads, and the store last, so that every request has an answer."""
        # A put that is under way sleeps in a thread, which the process waits for.
        grace = GRACE + self.options.put_timeout + self.options.zombie_window
        stop(self.others, grace)
        stop(self.everyone, grace)

    def bad_ends(self) -> list[str]:
        """The processes that did not end when they were told to, or not well."""
        fine = (0, -signal.SIGTERM)  # the latter if it was too early to listen
        return [child.obituary() for child in self.everyone if child.process.exitcode not in fine]

    @property
    def everyone(self) -> list[Child]:
        """Every process, the store first."""
        return ([] if self.store is None else [self.store]) + self.others

    def _start(self, name: str, main: Main[Any], assignment: object) -> None:
        self.others.append(start(name, self.paths.error(name), main, assignment))

    def _start_store(self) -> None:
        name = f"store-{self.lives}"
        assignment = StoreAssignment(self.options, self.paths, self.lives)
        self.store = start("store", self.paths.error(name), store_main, assignment)
        self.lives += 1

    def _await(self, asked_to_stop: list[int]) -> None:
        give_up = now() + STARTUP
        waiting = self.everyone
        while waiting and not asked_to_stop:
            if now() > give_up:
                raise LiveError(f"{waiting[0].name} was not ready within {STARTUP:g} s")
            for one in wait([child.ready for child in waiting], 0.1):
                waiting = [child for child in waiting if child.ready is not one]
            self._check()

    def _check(self) -> None:
        for child in self.everyone:
            if not child.process.is_alive():
                raise LiveError(child.obituary())

    def _crash(self, recorder: Recorder) -> None:
        assert self.store is not None
        invoke = now()
        self.store.process.kill()
        self.store.process.join()
        self.store.ready.close()
        recorder.record(Event("fault", UNIT, invoke, now(), "ok", note="crash"))
        self.paths.calm.unlink(missing_ok=True)
        self.crashes += 1
        self._start_store()

    def _next_crash(self, random: Random, since: float, first: bool = False) -> float:
        if "crash" not in self.options.faults:
            return float("inf")
        return since + self.options.fault_every * random.uniform(0.25 if first else 0.5, 0.75 if first else 1.5)


@frozen
class Truth:
    """What the store says in the end: which version each idempotency key made, and the digest of every version."""

    versions: Mapping[str, int]
    digests: Mapping[int, str]
    config_bytes: int

    @classmethod
    def of(cls, database: Path) -> Truth:
        """Read it from a store's database."""
        connection = connect(database)
        try:
            return cls.read(ConfigStore(connection, _NoClock()))
        finally:
            connection.close()

    @classmethod
    def read(cls, store: ConfigStore) -> Truth:
        """Read it from the changelog, version by version."""
        entries = store.changelog()
        versions = {entry.idempotency_key: entry.version for entry in entries if entry.idempotency_key is not None}
        texts: dict[str, str] = {}
        names: list[str] = []
        digests: dict[int, str] = {}
        size = 0
        for index, entry in enumerate(entries):
            if entry.new is REMOVED:
                if texts.pop(entry.field, None) is not None:
                    names.remove(entry.field)
            else:
                if entry.field not in texts:
                    insort(names, entry.field)
                texts[entry.field] = f"{to_json(entry.field)}:{to_json(entry.new)}"
            if index + 1 == len(entries) or entries[index + 1].version != entry.version:
                text = ("{" + ",".join([texts[name] for name in names]) + "}").encode()
                digests[entry.version], size = hashlib.sha256(text).hexdigest(), len(text)
        return cls(versions, digests, size)

    def complete(self, event: Event) -> Event:
        """A commit with its version, if the store has it, and the digest of that version."""
        if event.kind != "commit" or event.outcome == "fail":
            return event
        version = event.version if event.version is not None or event.key is None else self.versions.get(event.key)
        if version is None:
            return event
        return evolve(event, version=version, era=0, digest=self.digests.get(version))


class _NoClock:
    def now(self) -> float:
        return 0.0


def _data_directory(options: LiveOptions, stack: ExitStack) -> Path:
    if options.keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeproof-")))
    options.keep.mkdir(parents=True, exist_ok=True)
    if any(options.keep.iterdir()):
        raise FileExistsError(f"{options.keep} is not empty")
    return options.keep


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect the first SIGINT or SIGTERM; the second one raises KeyboardInterrupt."""
    got: list[int] = []

    def take(number: int, frame: FrameType | None) -> None:
        if got:
            raise KeyboardInterrupt
        got.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield got
        return
    old = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield got
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
