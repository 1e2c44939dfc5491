# SPDX-License-Identifier: Apache-2.0
"""A system on the real clock: processes over real files, and a history of what they did.

A control plane, the store with its replicator, and every location are processes of their own; of what system, says
`impl.live.site`. What they recorded is merged when they have stopped; what a version contained, and what became of a
write that nobody saw answered, is taken from the store's changelog.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf
from multiprocessing.connection import wait
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from attrs import define, evolve, field

from edgeproof.impl.documents import check_size
from edgeproof.impl.history import Event, Recorder, now
from edgeproof.impl.live.options import FAULTS, UNIT, LiveOptions, Paths
from edgeproof.impl.live.pop import PopAssignment, pop_main
from edgeproof.impl.live.process import Child, LiveError, Main, start, stop
from edgeproof.impl.live.pulse import STALL, Pulse
from edgeproof.impl.live.recording import MakeSite, describe, merged, recording
from edgeproof.impl.live.result import LiveResult
from edgeproof.impl.live.site import ReferenceSite, Site
from edgeproof.impl.live.truth import Truth
from edgeproof.impl.live.writers import WritersAssignment, writers_main
from edgeproof.impl.scratch import OwnedDirectory, sweep

__all__ = ["FAULTS", "LiveError", "LiveOptions", "LiveResult", "Truth", "run_live"]

STARTUP = 60.0
"""Seconds for everything to come up, the first write of a large config included."""

PATIENT = 0.8
"""The share of kills after which the next one waits until the killed process is up again."""

UNHURT = 0.2
"""Seconds from then to the next kill, at most."""

GRACE = 10.0
"""Seconds for a process to end by itself."""


def run_live(
    options: LiveOptions,
    notify: Callable[[str], None] = lambda line: None,
    site: MakeSite = ReferenceSite,
) -> LiveResult:
    """Run for as long as the options say, or until Ctrl-C or SIGTERM, and write the history.

    `notify` is told how it goes; `site` makes what is run. Raises LiveError if a process dies or does not come up,
    OSError for files that cannot be written, ValueError for a config that does not fit into its size; a second Ctrl-C
    raises KeyboardInterrupt. No process and no temporary file is left behind, unless this process is killed: then
    `recover` makes the history of what was recorded, and the next run removes the rest.
    """
    if options.size is not None:
        check_size(options.seed, options.flags, options.size)
    sweep()
    with recording(options) as data, OwnedDirectory("run") as near:
        paths = Paths(data, Path(near) / "store")
        crew = Crew(options, paths, notify, site(options, paths))
        describe(data, options, crew.site)
        with _signals() as asked_to_stop:
            try:
                crew.bring_up(asked_to_stop)
                began = now()
                crew.watch(began, asked_to_stop)
                seconds = now() - began
            finally:
                crew.stop()
        result = merged(options, paths, crew.site.truth(), crew.origin)
    return evolve(
        result,
        seconds=seconds,
        remarks=(*result.remarks, *crew.bad_ends()),
        signal=asked_to_stop[0] if asked_to_stop else 0,
        slowest_answer=crew.slowest_answer,
        kills=crew.kills,
    )


@define
class Crew:
    """The processes of a run."""

    options: LiveOptions
    paths: Paths
    notify: Callable[[str], None]
    site: Site
    origin: float = field(factory=now)
    others: list[Child] = field(factory=list)
    crashes: int = 0
    kills: int = 0
    slowest_answer: float = 0.0
    _lives: Counter[str] = field(factory=Counter)

    def bring_up(self, asked_to_stop: list[int]) -> None:
        """Start everything, and wait until it is ready."""
        self.site.start()
        self._start("writers", writers_main, WritersAssignment(self.options, self.paths, self.site.wire))
        for index in range(1, self.options.pops + 1):
            self.others.append(self._location(f"pop-{index}"))
        self._await(asked_to_stop)

    def watch(self, began: float, asked_to_stop: list[int]) -> None:
        """Let it run, and let strike what was asked for and comes from here."""
        recorder = Recorder(self.paths.part("pulse"))

        def told(invoke: float, returned: float) -> None:
            if returned - invoke > self.options.sync_delay:
                recorder.record(Event("fault", UNIT, invoke, returned, "ok", note=STALL))

        pulse = Pulse(self.site.ask, told)
        pulse.start()
        try:
            if self.options.kills is None:
                self._watch(began, asked_to_stop)
            else:
                self._kill(began, asked_to_stop)
        finally:
            self.slowest_answer = pulse.end()
            recorder.close()

    def _watch(self, began: float, asked_to_stop: list[int]) -> None:
        options = self.options
        recorder = Recorder(self.paths.part("supervisor"))
        crashes = self._occasions("crash", Random(f"{options.seed}/crashes"), began, self._crash)
        evictions = [
            self._occasions("evict", Random(f"{options.seed}/pop-{n}"), began, partial(self.site.evict, f"pop-{n}"))
            for n in range(1, options.pops + 1)
            if self.site.evicts
        ]
        said = 0
        while not asked_to_stop and now() - began < options.seconds:
            occasions = [one for one in (crashes, *evictions) if one.at < inf]
            until = min(began + options.seconds, now() + 0.1, *(one.at for one in occasions))
            wait([child.process.sentinel for child in self.everyone], max(0.0, until - now()))
            self._check()
            for one in occasions:
                if now() >= one.at and (one.fault != "crash" or self.site.calm()):
                    one.strike(recorder)
            if int(now() - began) > said:
                said = int(now() - began)
                self.notify(
                    f"{said} s of {options.seconds:g} s" + (f", {self.crashes} crashes" if self.crashes else "")
                )
        recorder.close()

    def _kill(self, began: float, asked_to_stop: list[int]) -> None:
        """Kill the store, or a location, again and again."""
        recorder, random = Recorder(self.paths.part("supervisor")), Random(f"{self.options.seed}/kills")
        while self.kills != self.options.kills and not asked_to_stop and now() - began < self.options.seconds:
            self._check()
            if random.random() < 0.5:
                self.site.crash(recorder)
            else:
                self._kill_location(random.randrange(self.options.pops), recorder)
            self.kills += 1
            if random.random() < PATIENT:
                for child in self.everyone:
                    wait([child.ready, child.process.sentinel], STARTUP)
            time.sleep(random.uniform(0.0, UNHURT))
            if self.kills % 10 == 0:
                self.notify(f"{self.kills} of {self.options.kills} kills")
        recorder.close()

    def _kill_location(self, number: int, recorder: Recorder) -> None:
        name = f"pop-{number + 1}"
        if self.site.evicts:
            self.site.evict(name, recorder)
            return
        index = next(index for index, child in enumerate(self.others) if child.name == name)
        invoke = now()
        self.others[index].kill()
        recorder.record(Event("fault", UNIT, invoke, now(), "ok", pop=name, reader=name, note="evict"))
        self.others[index] = self._location(name)

    def stop(self) -> None:
        """Stop everything: who writes, who reads, and the store last, so that every request has an answer."""
        # A put that is under way sleeps in a thread, which the process waits for.
        grace = GRACE + self.options.put_timeout + self.options.zombie_window
        stop(self.others, grace)
        self.site.stop(grace)

    def bad_ends(self) -> list[str]:
        """The processes that did not end when they were told to, or not well."""
        fine = (0, -signal.SIGTERM)  # the latter if it was too early to listen
        return [child.obituary() for child in self.everyone if child.process.exitcode not in fine]

    @property
    def everyone(self) -> list[Child]:
        """Every process of ours, the store's first."""
        return self.site.children + self.others

    def _start(self, name: str, main: Main[Any], assignment: object) -> None:
        self.others.append(start(name, main, assignment))

    def _location(self, name: str) -> Child:
        life = self._lives[name]
        self._lives[name] += 1
        return start(name, pop_main, PopAssignment(self.options, self.paths, name, self.site.isolate, life))

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
        self.site.check()
        for child in self.everyone:
            if not child.process.is_alive():
                raise LiveError(child.obituary())

    def _crash(self, recorder: Recorder) -> None:
        self.site.crash(recorder)
        self.crashes += 1

    def _occasions(self, fault: str, random: Random, began: float, act: Callable[[Recorder], None]) -> Occasions:
        asked = fault in self.options.faults
        every = self.options.fault_every
        return Occasions(fault, random, every, act, began + every * random.uniform(0.25, 0.75) if asked else inf)


@define
class Occasions:
    """A fault that strikes every now and then; `at` is the next time."""

    fault: str
    random: Random
    every: float
    act: Callable[[Recorder], None]
    at: float

    def strike(self, recorder: Recorder) -> None:
        """Let it strike, and think of the next time."""
        self.act(recorder)
        self.at = now() + self.every * self.random.uniform(0.5, 1.5)


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
