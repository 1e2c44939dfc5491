# SPDX-License-Identifier: Apache-2.0
"""A walk through a design, one chosen step after the other: what can happen now, and what cannot and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from attrs import evolve, frozen

from edgeproof.model.declare import MOST
from edgeproof.model.expr import Expr
from edgeproof.model.interpret import Event, State, apply, evaluate, initial_count, initial_state
from edgeproof.model.machine import TICK, Action, DesignError, Instance, after
from edgeproof.model.trace import Trace

__all__ = ["Choice", "Walk", "as_trace", "begin", "choices", "event_named", "step", "undo"]

ORIGIN: Final = "walk"


@frozen
class Walk:
    """Where somebody has come to, and how: `states` has one element more than `events`."""

    instance: Instance
    states: tuple[State, ...]
    events: tuple[Event, ...] = ()

    @property
    def here(self) -> State:
        """The state that the walk has come to."""
        return self.states[-1]


@frozen
class Choice:
    """An event, and what keeps it from happening: the parts of its guard that do not hold, or of time the deadlines
    that it would break; nothing where it can happen.
    """

    event: Event
    action: Action
    blocked: tuple[str, ...]


def begin(instance: Instance, number: int = 0) -> Walk:
    """A walk that has not begun, in the initial state of that number. Raises DesignError where there are fewer."""
    if not 0 <= number < (count := initial_count(instance)):
        raise DesignError(f"a run begins in one of {count:,} states, from 0; there is no {number}")
    return Walk(instance, (initial_state(instance, number),))


def step(walk: Walk, event: Event) -> Walk:
    """One step further. Raises NotEnabledError where the event cannot happen, OutOfRangeError on leaving a range."""
    reached = apply(walk.instance, walk.here, event)
    return evolve(walk, states=(*walk.states, reached), events=(*walk.events, event))


def undo(walk: Walk, steps: int = 1) -> Walk:
    """So many steps back, at most to where the walk began."""
    left = max(0, len(walk.events) - steps)
    return evolve(walk, states=walk.states[: left + 1], events=walk.events[:left])


def choices(walk: Walk) -> Iterator[Choice]:
    """Every event of the configuration, in the order of the design, with what keeps it from happening here."""
    instance = walk.instance
    for action in instance.specialised.actions:
        for values in product(*(instance.domain(argument.type) for argument in action.arguments)):
            named = zip((argument.name for argument in action.arguments), map(int, values), strict=True)
            event = Event(action.name, tuple(named))
            yield Choice(event, action, tuple(_blocked(walk, action, event)))


def event_named(walk: Walk, text: str) -> Event:
    """The event that is written like this: `write`, `read(pop=0, cache=1)`, `read 0 1`, `tick 3`.

    Raises DesignError with what there is.
    """
    name, *rest = text.replace("(", " ").replace(")", " ").replace(",", " ").split() or [""]
    action = walk.instance.machine.action(name)
    if name == TICK:
        return Event(TICK, (), _number(rest[0], "a tick's length") if rest else 1)
    wanted = [argument.name for argument in action.arguments]
    if len(rest) != len(wanted):
        says = f"{name} takes {', '.join(wanted)}" if wanted else f"{name} takes nothing"
        raise DesignError(f"{says}, such as: {_example(action)}")
    given = dict(_argument(one, place) for one, place in zip(rest, wanted, strict=True))
    if set(given) != set(wanted):
        raise DesignError(f"{name} takes {', '.join(wanted)}, not {', '.join(given)}")
    return Event(name, tuple((one, given[one]) for one in wanted))


def as_trace(walk: Walk, about: str = "") -> Trace:
    """The walk as a trace that can be kept, shown and replayed."""
    return Trace(walk.instance.machine.name, walk.instance.values, walk.states, walk.events, about, None, ORIGIN)


def _blocked(walk: Walk, action: Action, event: Event) -> Iterator[str]:
    instance, arguments = walk.instance, dict(event.arguments)
    if action.name == TICK:
        kept = {name: after(condition, action.post) for name, condition in instance.specialised.deadlines}
        return (name for name, condition in kept.items() if not evaluate(instance, condition, walk.here))
    return (str(part) for part in _parts(action.guard) if not evaluate(instance, part, walk.here, arguments))


def _parts(guard: Expr) -> Iterator[Expr]:
    if guard.op == "and":
        for part in guard.args:
            yield from _parts(part)
    else:
        yield guard


def _argument(text: str, place: str) -> tuple[str, int]:
    """An argument by its name, or by its place alone."""
    name, equals, value = text.rpartition("=")
    name = name if equals else place
    return name, _number(value, name)


def _number(text: str, what: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)):
        return int(text)
    raise DesignError(f"{what} is a whole number, not {text!r}")


def _example(action: Action) -> str:
    return str(Event(action.name, tuple((argument.name, 0) for argument in action.arguments)))
