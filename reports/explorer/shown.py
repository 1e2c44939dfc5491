# SPDX-License-Identifier: Apache-2.0
"""What the page of a place shows: what can happen, what cannot and why, the way here, the state, and the properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from edgeproof.model.interpret import initial_count, initial_state
from edgeproof.model.machine import TICK, Instance
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.replay import truth_table
from edgeproof.properties.walk import Walk, as_trace, choices
from edgeproof.reports.changes import TraceStep, settling, trace_steps
from edgeproof.reports.explorer.place import Place, address
from edgeproof.reports.html.lanes import OBSERVER, Lane, lane_of
from edgeproof.reports.html.spacetime import Diagram, diagram_of

__all__ = ["Shown", "shown"]


_BEGINNINGS: Final = 12
"""Initial states that are offered; an address may name any."""


@frozen
class Possible:
    """An event that can happen: where it leads, what it says, and whether it is a fault."""

    text: str
    link: str
    doc: str
    hazard: bool


@frozen
class Blocked:
    """An action's event that cannot happen, and the parts of its guard that keep it from that."""

    text: str
    needs: tuple[str, ...]


@frozen
class Taken:
    """A step of the way here: its number, the link back to it, what it changed, and which properties it broke."""

    number: int
    link: str
    text: str
    changes: str
    broken: tuple[str, ...]
    hazard: bool


@frozen
class Value:
    """A variable, or an element of an array: what it is, and whether the last step changed it."""

    name: str
    value: str
    doc: str
    changed: bool


@frozen
class Stand:
    """A property here: holds, broken, not yet, or nothing said; `find` is the link to where it is broken next."""

    name: str
    says: str
    mark: str
    find: str


@frozen
class Setting:
    """A constant and its choices: what each is called, the link to the same steps with it, and whether it is chosen."""

    name: str
    doc: str
    choices: tuple[tuple[str, str, bool], ...]


@frozen
class Shown:
    """A page. `problem` says what could not be done of what the address asks for."""

    design: str
    here: str
    problem: str
    place: Place
    diagram: Diagram
    possible: tuple[Possible, ...]
    blocked: tuple[Blocked, ...]
    way: tuple[Taken, ...]
    state: tuple[tuple[str, tuple[Value, ...]], ...]
    stands: tuple[Stand, ...]
    settings: tuple[tuple[str, tuple[Setting, ...]], ...]


def shown(walk: Walk, place: Place, problem: str = "") -> Shown:
    """The page of a place that a walk has come to."""
    place = place.back(len(walk.events))
    instance, trace = walk.instance, as_trace(walk)
    truth = truth_table(trace, instance.machine)
    steps = trace_steps(instance.machine, trace, truth)
    broken = next((one.number for one in steps if _broken(one)), None)
    every = [*choices(walk)]
    return Shown(
        instance.machine.name,
        address(place),
        problem,
        place,
        diagram_of(instance, trace, steps, broken),
        tuple(
            Possible(str(one.event), address(place.then(one.event)), one.action.doc, bool(one.action.hazard))
            for one in every
            if not one.blocked
        ),
        tuple(Blocked(str(one.event), one.blocked) for one in every if one.blocked),
        tuple(_taken(one, place) for one in steps),
        tuple(_state(walk, steps[-1])),
        tuple(_stand(name, holds, place) for name, holds in truth[-1].items()),
        tuple(_settings(instance, place)),
    )


def _broken(step: TraceStep) -> tuple[str, ...]:
    return tuple(name for name, holds in step.truth.items() if holds is False and name not in settling())


def _taken(step: TraceStep, place: Place) -> Taken:
    if step.event is None:
        text = "start"
    elif step.event.action == TICK:
        text = "1 tick passes" if step.event.delay == 1 else f"{step.event.delay} ticks pass"
    else:
        text = str(step.event)
    changes = ", ".join(str(change) for change in step.changes if not change.clock)
    return Taken(step.number, address(place.back(step.number)), text, changes, _broken(step), bool(step.hazard))


def _state(walk: Walk, last: TraceStep) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """The state, by who holds it."""
    instance, changed = walk.instance, {change.name for change in last.changes} if walk.events else set()
    lanes: dict[Lane, list[Value]] = {}
    for name, value in walk.here.items():
        doc = instance.machine.variables[name].doc
        elements = (
            [(f"{name}[{n}]", one) for n, one in enumerate(value)] if isinstance(value, tuple) else [(name, value)]
        )
        for element, one in elements:
            text = ("yes" if one else "no") if isinstance(one, bool) else str(one)
            lanes.setdefault(lane_of(instance, element), []).append(Value(element, text, doc, element in changed))
    for lane in sorted(lanes, key=lambda lane: (lane == OBSERVER, lane)):
        yield lane.title, tuple(lanes[lane])


def _stand(name: str, holds: bool | None, place: Place) -> Stand:
    mark = {True: "holds", None: "open", False: "open" if name in settling() else "wrong"}[holds]
    find = "" if name in settling() else f"{address(place)}&find={name}".removeprefix("&")
    return Stand(name, CATALOGUE[name].says, mark, find)


_KINDS: Final[Mapping[str, str]] = {
    "option": "choices",
    "hazard": "faults",
    "count": "sizes",
    "duration": "delays",
    "sort": "many",
}


def _settings(instance: Instance, place: Place) -> Iterator[tuple[str, tuple[Setting, ...]]]:
    """Where the walk begins, and the constants by their kind, each with the same steps under its other choices."""
    beginnings = min(initial_count(instance), _BEGINNINGS)
    if beginnings > 1:
        links = tuple(
            (_free(instance, number), address(evolve(place, start=number)), number == place.start)
            for number in range(beginnings)
        )
        yield "beginning", (Setting("begin", "one of the initial states", links),)
    for role, title in _KINDS.items():
        found = []
        for name, value in instance.of_role(role).items():
            rigid = instance.machine.rigids[name]
            if role == "option":
                labels: Sequence[str] = rigid.type.labels
            elif role == "hazard":
                labels = ("off", "on")
            else:
                number = int(value)
                labels = [str(n) for n in (number - 1, number, number + 1) if n >= (1 if role == "sort" else 0)]
            chosen = ("on" if value else "off") if role == "hazard" else str(value)
            links = tuple((label, address(place.with_(name, label)), label == chosen) for label in labels)
            found.append(Setting(name, rigid.doc, links))
        if found:
            yield title, tuple(found)


def _free(instance: Instance, number: int) -> str:
    """What an initial state chose among several values."""
    state = initial_state(instance, number)
    free = [name for name, variable in instance.machine.variables.items() if variable.initial is None]
    return ", ".join(f"{name} = {state[name]}" for name in free)
