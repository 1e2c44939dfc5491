# SPDX-License-Identifier: Apache-2.0
"""The meaning of a machine, as directly as it can be said: every other back end is tested against this one.

A state is a mapping from variable names to values: booleans, integers, enum labels, and tuples of these for arrays.
Clocks count from 0 without a cut-off, in whole ticks or in fractions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, product
from math import prod
from typing import Any, assert_never

from attrs import frozen

from edgeproof.model.expr import TIME, Expr, Type, all_of
from edgeproof.model.machine import TICK, Action, Each, Instance, Machine, Post, Store, Variable, advance, after

__all__ = [
    "Event",
    "NotEnabledError",
    "OutOfRangeError",
    "State",
    "Value",
    "apply",
    "evaluate",
    "initial_count",
    "initial_state",
    "initial_states",
    "is_initial",
    "successors",
]

Scalar = bool | int | str | Fraction
Value = Scalar | tuple[Scalar, ...]
State = Mapping[str, Value]


class NotEnabledError(ValueError):
    """The action cannot happen in this state."""


class OutOfRangeError(ValueError):
    """A natural left its declared range: the design, or the size of the search, is at fault."""


@frozen
class Event:
    """An action with its arguments: what happened in one step. `delay` is the length of a `tick`."""

    action: str
    arguments: tuple[tuple[str, int], ...] = ()
    delay: int | Fraction = 1

    def __str__(self) -> str:
        if self.action == TICK:
            return TICK if self.delay == 1 else f"{TICK}({self.delay})"
        inside = ", ".join(f"{name}={value}" for name, value in self.arguments)
        return f"{self.action}({inside})" if inside else self.action


def initial_states(instance: Instance) -> Iterator[dict[str, Value]]:
    """Every initial state; a variable without an initial value takes each of its values, the first ones first."""
    for values in product(*_initial_values(instance)):
        yield _grouped(instance, values)


def initial_count(instance: Instance) -> int:
    """How many initial states there are, told without listing them."""
    return prod(len(values) for values in _initial_values(instance))


def initial_state(instance: Instance, number: int) -> dict[str, Value]:
    """The initial state that `initial_states` gives after so many others."""
    chosen = []
    for values in reversed(_initial_values(instance)):
        number, place = divmod(number, len(values))
        chosen.append(values[place])
    return _grouped(instance, chosen[::-1])


def is_initial(instance: Instance, state: State) -> bool:
    """Whether a run may begin in `state` (told without listing the initial states, which may be many)."""
    variables = instance.machine.variables
    return list(state) == list(variables) and all(_may_begin(instance, v, state[n]) for n, v in variables.items())


def _may_begin(instance: Instance, variable: Variable, value: Value) -> bool:
    values = value if isinstance(value, tuple) else (value,)
    sort = Type("index", sort=variable.over)
    if isinstance(value, tuple) != bool(variable.over) or (variable.over and len(values) != len(instance.domain(sort))):
        return False
    if variable.initial is not None:
        return all(type(v) is type(variable.initial) and v == variable.initial for v in values)
    if variable.type.kind == "nat":
        return all(type(v) is int and 0 <= v <= instance.number(variable.limit) for v in values)
    return all(v in instance.domain(variable.type) for v in values)


def successors(
    instance: Instance, state: State, among: Collection[str] | None = None
) -> Iterator[tuple[Event, dict[str, Value]]]:
    """Every event that can happen in `state`, with the state it leads to: actions and arguments in declared order.

    With `among`, the events of these actions only.
    """
    for action in instance.machine.actions:
        if among is not None and action.name not in among:
            continue
        domains = [instance.domain(argument.type) for argument in action.arguments]
        for values in product(*domains):
            event = Event(action.name, tuple((a.name, int(v)) for a, v in zip(action.arguments, values, strict=True)))
            if evaluate(instance, action.guard, state, dict(event.arguments)):
                yield event, _leave(instance, action.post, state, dict(event.arguments))


def apply(instance: Instance, state: State, event: Event) -> dict[str, Value]:
    """The state after `event`. Raises NotEnabledError where it cannot happen, OutOfRangeError on leaving a range."""
    action = instance.machine.action(event.action)
    if event.action == TICK and event.delay != 1:
        action = _tick_by(instance.machine, action, event.delay)
    arguments = dict(event.arguments)
    _check_arguments(instance, action, event)
    if not evaluate(instance, action.guard, state, arguments):
        raise NotEnabledError(f"{event} cannot happen here: its guard is `{action.guard}`")
    return _leave(instance, action.post, state, arguments)


def evaluate(instance: Instance, node: Expr, state: State, arguments: Mapping[str, Any] = {}) -> Any:
    """The value of an expression in a state; `arguments` gives the values of `arg` nodes by name."""

    def value(child: Expr) -> Any:
        return evaluate(instance, child, state, arguments)

    match node.op:
        case "lit":
            return node.value
        case "var":
            whole: Any = state[node.name]
            return whole[value(node.args[0])] if node.args else whole
        case "prm":
            return instance.values[node.name]
        case "arg":
            return arguments[node.name]
        case "home":
            return value(node.args[0]) % len(instance.domain(node.type))
        case "add":
            return value(node.args[0]) + value(node.args[1])
        case "sub":
            return value(node.args[0]) - value(node.args[1])
        case "mul":
            return value(node.args[0]) * value(node.args[1])
        case "eq":
            return value(node.args[0]) == value(node.args[1])
        case "lt":
            return value(node.args[0]) < value(node.args[1])
        case "le":
            return value(node.args[0]) <= value(node.args[1])
        case "not":
            return not value(node.args[0])
        case "and":
            return all(value(child) for child in node.args)
        case "or":
            return any(value(child) for child in node.args)
        case "ite":
            return value(node.args[1] if value(node.args[0]) else node.args[2])
        case "forall" | "exists":
            bound, body = node.args
            every = all if node.op == "forall" else any
            return every(
                evaluate(instance, body, state, {**arguments, bound.name: element})
                for element in instance.domain(bound.type)
            )
        case never:
            assert_never(never)


def _check_arguments(instance: Instance, action: Action, event: Event) -> None:
    wanted = {a.name: instance.domain(a.type) for a in action.arguments}
    if sorted(name for name, _ in event.arguments) != sorted(wanted):
        raise NotEnabledError(f"{event} needs the arguments ({', '.join(wanted)})")
    for name, value in event.arguments:
        if value not in wanted[name]:
            raise NotEnabledError(f"{event} cannot happen: {name} is one of {', '.join(map(str, wanted[name]))}")


def _leave(instance: Instance, post: Post, state: State, arguments: Mapping[str, Any]) -> dict[str, Value]:
    result = dict(state)
    for name, change in post.items():
        variable = instance.machine.variables[name]
        if isinstance(change, Expr):
            result[name] = _in_range(instance, name, variable, evaluate(instance, change, state, arguments))
            continue
        # Later assignments speak of the state before the action plus the earlier assignments, which their
        # expressions already contain; so each is evaluated in the state before, and the last one wins.
        whole = list(state[name])  # type: ignore[arg-type]
        for update in change:
            for index, value in _assigned(instance, update, state, arguments):
                whole[index] = _in_range(instance, name, variable, value)
        result[name] = tuple(whole)
    return result


def _assigned(
    instance: Instance, update: Store | Each, state: State, arguments: Mapping[str, Any]
) -> Iterator[tuple[int, Any]]:
    if isinstance(update, Store):
        yield evaluate(instance, update.index, state, arguments), evaluate(instance, update.value, state, arguments)
        return
    for element in instance.domain(update.bound.type):
        yield int(element), evaluate(instance, update.value, state, {**arguments, update.bound.name: element})


def _in_range(instance: Instance, name: str, variable: Variable, value: Any) -> Any:
    if variable.limit and not 0 <= value <= instance.number(variable.limit):
        raise OutOfRangeError(
            f"{name} would become {value}, outside 0..{instance.number(variable.limit)} ({variable.limit})"
        )
    return value


def _initial_values(instance: Instance) -> list[Sequence[Any]]:
    """The values that each variable may begin with, and each element of an array by itself."""
    found: list[Sequence[Any]] = []
    for name, variable in instance.machine.variables.items():
        values: Sequence[Any] = (variable.initial,)
        if variable.initial is not None:
            _in_range(instance, name, variable, variable.initial)
        elif variable.limit:
            values = range(instance.number(variable.limit) + 1)
        else:
            values = instance.domain(variable.type)
        found += [values] * _size(instance, variable)
    return found


def _grouped(instance: Instance, values: Iterable[Any]) -> dict[str, Value]:
    """A state of such values."""
    left = iter(values)
    return {
        name: tuple(islice(left, _size(instance, variable))) if variable.over else next(left)
        for name, variable in instance.machine.variables.items()
    }


def _size(instance: Instance, variable: Variable) -> int:
    return len(instance.domain(Type("index", sort=variable.over))) if variable.over else 1


def _tick_by(machine: Machine, tick: Action, delay: int | Fraction) -> Action:
    """A tick of another length; deadlines bound clocks from above only, so holding at the end is holding throughout."""
    post = advance(machine, Expr("lit", TIME, value=delay))
    guard = all_of(after(condition, post) for _, condition in machine.deadlines)
    return Action(tick.name, (), guard, post, tick.fair, tick.hazard, tick.doc)
