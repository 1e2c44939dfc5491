# SPDX-License-Identifier: Apache-2.0
"""Every system that is registered, with a design to be asked about and a random run of it; a new one is found here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from itertools import product
from random import Random

from attrs import frozen

from edgeproof.impl.references import REFERENCES, ReferenceSystems
from edgeproof.impl.system import Setup, System
from edgeproof.impl.workerd.http_system import HttpSystem
from edgeproof.impl.workerd.systems import worker_for
from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, State, initial_states, successors
from edgeproof.model.machine import Instance
from edgeproof.properties.cases import for_runs, scoreboard
from edgeproof.properties.engines.fuzz.run import setup_of
from edgeproof.reports.systems import ONLY
from tests.outside.front import BEARER, Front, served

__all__ = ["DOOR", "HTTP", "IN_LOCKSTEP", "Subject", "events_of", "impossible"]


@frozen
class Subject:
    """A system by name, and the configuration in which it is asked."""

    name: str
    instance: Instance
    opened: Callable[[], AbstractContextManager[System]]
    """A new one, and what it needs around it."""
    steps: int
    """How long its runs are."""

    @property
    def setup(self) -> Setup:
        """The configuration, as the system is told it."""
        return setup_of(self.instance)

    def run(self) -> Iterator[tuple[tuple[Event, ...], State]]:
        """A random run of the model: the events so far, and the state that they lead to."""
        random, events = Random(0), list[Event]()
        state: State = next(initial_states(self.instance))
        yield (), state
        while len(events) < self.steps:
            possible = list(successors(self.instance, state))
            # By action first, as some have many arguments.
            action = random.choice(sorted({event.action for event, _ in possible}))
            event, state = random.choice([pair for pair in possible if pair[0].action == action])
            events.append(event)
            yield tuple(events), state


def events_of(instance: Instance) -> list[Event]:
    """Everything that can ever happen: each action with all its arguments."""
    found = []
    for action in instance.machine.actions:
        names = [argument.name for argument in action.arguments]
        for values in product(*(instance.domain(argument.type) for argument in action.arguments)):
            found.append(Event(action.name, tuple((n, int(v)) for n, v in zip(names, values, strict=True))))
    return found


def impossible(instance: Instance, state: State) -> list[Event]:
    """What the model does not allow in a state."""
    possible = {event for event, _ in successors(instance, state)}
    return [event for event in events_of(instance) if event not in possible]


def _at_its_worst(design: str) -> Instance:
    """The case of a design in which most hazards may strike, with the room that runs get."""
    return max(map(for_runs, scoreboard(design)), key=lambda instance: len(instance.hazards))


def _alone(build: Callable[[], System]) -> Callable[[], AbstractContextManager[System]]:
    @contextmanager
    def opened() -> Iterator[System]:
        system = build()
        try:
            yield system
        finally:
            system.close()

    return opened


@contextmanager
def _at_a_front() -> Iterator[System]:
    with served(Front()) as address, _alone(lambda: HttpSystem(address, BEARER))() as system:
        yield system


def _implementations() -> Iterator[Subject]:
    for design, where in REFERENCES.items():
        module, name = where.split(":")
        build: Callable[[], System] = getattr(import_module(module), name)
        yield Subject(name, _at_its_worst(design), _alone(build), 40)
    for design in ONLY["workerd"]:
        yield Subject("workerd", _at_its_worst(design), _alone(worker_for(design)), 12)


IN_LOCKSTEP = tuple(_implementations())
"""Those that a model can be held against, step by step: the implementation of every design, and others of some."""

DOOR = Subject("ReferenceSystems", _at_its_worst(next(iter(REFERENCES))), _alone(ReferenceSystems), 40)
"""The one behind which the reference implementations are."""

HTTP = Subject("HttpSystem", Instance.of(load("do_kv"), Pop=1), _at_a_front, 0)
"""Any deployment, of which little can be done and seen."""
