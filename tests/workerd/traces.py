# SPDX-License-Identifier: Apache-2.0
"""Traces as the exhaustive search has found them, written as their events; the interpreter gives the states."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

from attrs import evolve

from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, State, initial_states, successors
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.engines.fuzz.shrink import run_events

__all__ = ["CRASHES", "DESIGNS", "PUBLISH", "case_instance", "trace_of", "walk"]

DESIGNS: Final = ("do_kv", "do_kv_in_flight")
"""Whose cases these are."""

PUBLISH = "write; acknowledge; fire; put_lands; put_confirmed"
"""A write, from the control plane to KV's centre."""


CRASHES: Final[Mapping[str, int | str | bool]] = {
    "publisher": "outbox", "reader": "guarded", "repair": "heartbeat", "epoch": "on", "Put": 1, "writes": 6, "F": 6,
    "crash": True, "put_late": True, "put_fails": True, "put_ambiguous": True,
}  # fmt: skip
"""What the results recommend, and the platform at its worst."""


def case_instance(name: str) -> Instance:
    """The instance of a case of the scoreboards."""
    return instance_of(next(case for design in DESIGNS for case in scoreboard(design) if case.name == name))


def trace_of(case: str, events: str, about: str = "", loop: int | None = None, **constants: int | str | bool) -> Trace:
    """The trace of `events`: `name argument=number ...; ...`, in the case, with some constants changed."""
    base = case_instance(case)
    instance = Instance.of(base.machine, **{**base.values, **constants})
    first = next(initial_states(instance))
    design = base.machine.name
    trace = Trace(design, instance.values, (first,), tuple(_event(text) for text in events.split(";")), about, loop)
    states = run_events(trace, load(design))
    assert states is not None, f"the model refuses {events!r}"
    return evolve(trace, states=states)


def walk(instance: Instance, random: Random, steps: int) -> Trace:
    """A random run of the model in which the object dies every few steps, whatever it is at."""
    states: list[State] = [next(initial_states(instance))]
    events: list[Event] = []
    while len(events) < steps:
        possible = list(successors(instance, states[-1]))
        crashes = [pair for pair in possible if pair[0].action in ("crash", "put_late")]
        others = [pair for pair in possible if pair not in crashes]
        event, state = random.choice(crashes if crashes and random.random() < 0.1 else others or possible)
        events.append(event)
        states.append(state)
    return Trace("do_kv", instance.values, tuple(states), tuple(events))


def _event(text: str) -> Event:
    name, *arguments = text.split()
    pairs = (argument.split("=") for argument in arguments)
    return Event(name, tuple((key, int(value)) for key, value in pairs))
