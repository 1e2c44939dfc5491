# SPDX-License-Identifier: Apache-2.0
"""What a design costs under a load: one schedule of writes and reads, run on the model and on an implementation alike.

A tick is a second. In every tick the design does all that it can do by itself, then every location reads. From some
tick on the truth (the Durable Object, or whatever a design has in its place) is out of reach, and nothing happens but
reads. What is counted on the model is counted on the implementation of the same run, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.system import Metered
from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, State, apply, evaluate, initial_states, successors
from edgeproof.model.machine import TICK, Instance
from edgeproof.properties.designs.dossier import Costing
from edgeproof.properties.engines.fuzz.run import setup_of

__all__ = ["Bill", "Load", "Run", "charge", "charged"]


_QUIET: Final = 10
"""Seconds without writes before the outage: what is under way comes to its end, as all else would be another run."""


@frozen
class Load:
    """Reads per location and second, seconds between writes, and how long the run and the outage at its end are."""

    reads: int = 5
    write_every: int = 30
    seconds: int = 240
    outage: int = 60


@frozen
class Bill:
    """What a run came to: reads, requests that left a location for them, reads in the outage and how many of them
    failed; `measured_hops` and `measured_failures` are those of the implementation, None where none was driven.
    """

    reads: int
    hops: int
    outage_reads: int
    failures: int
    measured_hops: int | None = None
    measured_failures: int | None = None


def charged(design: str, costing: Costing, **numbers: int) -> Instance:
    """The configuration of a design that is charged, with those of the numbers that it has."""
    machine = load(design)
    known = {name: number for name, number in numbers.items() if name in machine.rigids}
    return Instance.of(machine, **{**costing.constants, **known})


def charge(instance: Instance, costing: Costing, load: Load, system: Metered | None = None) -> Bill:
    """Run the load on the model, and on `system` beside it where there is one.

    Raises what the system raises where it cannot do what the model does.
    """
    run = Run(instance, costing, system)
    for second in range(load.seconds):
        silent = second >= load.seconds - load.outage
        if second == load.seconds - load.outage:
            run.cut_off()
        if not silent:
            if second % load.write_every == 0 and second + _QUIET <= load.seconds - load.outage:
                run.write()
            run.settle()
        run.read(load.reads, silent)
        run.tick()
    return run.bill()


class Run:
    """A run of a design, on the model and on `system` beside it, so far and with what it has come to."""

    def __init__(self, instance: Instance, costing: Costing, system: Metered | None) -> None:
        self.instance, self.costing, self.system = instance, costing, system
        self.state: State = next(iter(initial_states(instance)))
        self.reads = self.hops = self.outage_reads = self.failures = self.measured_failures = 0
        machine = instance.machine
        pop = machine.action(costing.reads[-1]).arguments[0]
        self._hops = costing.hops(machine.state(), pop)
        self._failed = machine.state().failed[pop]
        self._pop, self._places = pop.name, instance.number("Pop")
        self._alone = [a.name for a in machine.actions if a.fair and a.name not in (*costing.reads, TICK)]
        self._before = 0
        if system is not None:
            system.start(setup_of(instance))
            self._before = system.spent().hops
        for event in costing.prepared(instance):
            self._do(event)

    def cut_off(self) -> None:
        """The truth gets out of reach, by the hazards of the design."""
        for name in self.costing.outage:
            for event in list(self._enabled(name)):
                self._do(event)

    def write(self) -> bool:
        """A write begins, if one can; whether it could."""
        begun = False
        for name in self.costing.write:
            if (event := next(self._enabled(name), None)) is not None:
                self._do(event)
                begun = True
        return begun

    def could_write(self) -> bool:
        """Whether a write can begin now."""
        return next(self._enabled(*self.costing.write), None) is not None

    def settle(self) -> None:
        """Everything happens that the design does by itself."""
        while (event := next(self._enabled(*self._alone), None)) is not None:
            self._do(event)

    def read(self, times: int, silent: bool) -> None:
        """Every location reads so many times.

        A round of reads after which the model is where it was before is not run on it again: the next one is the same.
        """
        for done in range(times):
            before, came_to = self.state, (self.hops, self.failures)
            events = self._round(silent)
            if self.state == before:
                left = times - done - 1
                self.hops += left * (self.hops - came_to[0])
                self.failures += left * (self.failures - came_to[1])
                for _ in range(left):
                    self._repeat(events, silent)
                break
        self.reads += times * self._places
        self.outage_reads += times * self._places * silent

    def _round(self, silent: bool) -> list[Event]:
        """Every location reads once."""
        events = []
        for name in self.costing.reads:
            for event in list(self._enabled(name)):
                if len(set(dict(event.arguments).values())) == 1:
                    self._read(event, silent)
                    events.append(event)
        return events

    def _read(self, event: Event, silent: bool) -> None:
        """One step of a read; the last one answers."""
        self.hops += int(evaluate(self.instance, self._hops, self.state, dict(event.arguments)))
        self._do(event)
        if silent and event.action == self.costing.reads[-1]:
            self.failures += bool(evaluate(self.instance, self._failed, self.state, dict(event.arguments)))
            self._measure(event)

    def _repeat(self, events: list[Event], silent: bool) -> None:
        """The same reads once more, on the implementation alone."""
        if self.system is None:
            return
        for event in events:
            self.system.perform(event.action, dict(event.arguments))
            if silent and event.action == self.costing.reads[-1]:
                self._measure(event)

    def _measure(self, event: Event) -> None:
        """Whether the implementation's read failed; one that never fails does not show it."""
        if self.system is not None:
            shown: Any = self.system.observe().get("failed")
            self.measured_failures += shown is not None and bool(shown[dict(event.arguments)[self._pop]])

    def tick(self) -> None:
        """A second passes."""
        self._do(Event(TICK))

    def bill(self) -> Bill:
        """What it came to."""
        seen = (
            (None, None) if self.system is None else (self.system.spent().hops - self._before, self.measured_failures)
        )
        return Bill(self.reads, self.hops, self.outage_reads, self.failures, *seen)

    def _enabled(self, *names: str) -> Iterator[Event]:
        return (event for event, _ in successors(self.instance, self.state, names))

    def _do(self, event: Event) -> None:
        self.state = apply(self.instance, self.state, event)
        if self.system is not None:
            self.system.perform(event.action, dict(event.arguments))
