# SPDX-License-Identifier: Apache-2.0
"""Reading a design: every method is run once over symbolic variables, and what it did becomes data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import Parameter, signature
from types import FunctionType
from typing import Any

from attrs import evolve

from edgeproof.model.declare import TICK, Declarations, DesignError, Later, Marked, Rigid, Variable
from edgeproof.model.expr import BOOL, TIME, TRUE, Expr, Type, all_of, ite, lift, rewrite, same, walk
from edgeproof.model.parts import Design, Part, count_name, statements
from edgeproof.model.post import Each, Post, Store, after
from edgeproof.model.state import State
from edgeproof.model.structure import Action, Clock, Machine, advance

__all__ = ["passing_of_time", "read_design"]


def read_design(design: type[Design], name: str = "") -> Machine:
    """Run every method of the design once over symbolic variables; `name` is what the machine is called.

    Raises DesignError, TypeError or SymbolicTruthError where a method cannot be read.
    """
    if not issubclass(design, Design):
        raise DesignError(f"{design.__name__} is a part: derive a design from it, and read that")
    _refuse_unmarked(design)
    body = statements(design)
    rigids = {name: value for name, value in body.items() if isinstance(value, Rigid)}
    marked = {name: value for name, value in body.items() if isinstance(value, Marked)}
    rigids |= {
        name: Rigid("hazard", BOOL, False, m.doc) for name, m in marked.items() if m.kind == "hazard" and not m.under
    }
    for method, one in marked.items():
        if one.under and one.under not in rigids:
            raise DesignError(f"{method} is under the hazard {one.under!r}, which the design does not have")
    variables = {n: _named_limit(design, v) for n, v in body.items() if isinstance(v, Variable)}
    _refuse_one_sort_for_two(rigids)
    definitions = {n: m for n, m in marked.items() if m.kind == "definition"}
    declared = Declarations(name or design.__name__, rigids, variables, definitions)
    clocks = tuple(_read_clock(declared, n) for n, v in variables.items() if v.type.kind == "time")
    actions = tuple(_read_action(declared, clocks, n, m) for n, m in marked.items() if m.kind in ("action", "hazard"))
    deadlines = tuple((n, _read_deadline(declared, n, m)) for n, m in marked.items() if m.kind == "deadline")
    machine = Machine(declared, (design.__doc__ or "").strip(), actions, clocks, deadlines)
    return evolve(machine, actions=(*machine.actions, passing_of_time(machine))) if clocks else machine


def _refuse_one_sort_for_two(rigids: Mapping[str, Rigid]) -> None:
    """Raise DesignError where two sorts have one name: what is said of the elements of one would be said of both."""
    sorts: dict[str, str] = {}
    for name, one in rigids.items():
        if one.role == "sort" and sorts.setdefault(one.type.sort, name) != name:
            raise DesignError(f"{sorts[one.type.sort]} and {name} are both called the sort {one.type.sort!r}")


def _refuse_unmarked(design: type[Design]) -> None:
    """Raise DesignError for a method that no decorator marks: it would be no part of the design."""
    for base in design.__mro__:
        if base not in (Design, Part) and issubclass(base, Part):
            for name, one in vars(base).items():
                if isinstance(one, FunctionType) and not name.startswith("__"):
                    raise DesignError(
                        f"nothing marks {base.__name__}.{name}: put @action() above it (or @hazard(), @deadline, "
                        "@definition()), or make it a function outside of the class"
                    )


@contextmanager
def _in(name: str) -> Iterator[None]:
    """Whatever cannot be read in here is said to be in the method of that name."""
    try:
        yield
    except (TypeError, ValueError, AttributeError) as error:
        raise type(error)(f"in {name}: {error}") from error


def _check_parameters(name: str, marked: Marked) -> None:
    """Raise DesignError where a method's parameters are not what its decorator declares."""
    parameters = list(signature(marked.body).parameters.values())[1:]
    if any(one.kind is not Parameter.POSITIONAL_OR_KEYWORD for one in parameters):
        return
    takes, declared = [one.name for one in parameters], [argument for argument, _ in marked.arguments]
    if takes != declared:
        raise DesignError(
            f"{name} takes ({', '.join(takes)}) after the state, and its decorator declares ({', '.join(declared)}): "
            "they have to be the same, in the same order"
        )


def _read_action(declared: Declarations, clocks: tuple[Clock, ...], name: str, marked: Marked) -> Action:
    _check_parameters(name, marked)
    state = State(declared, {})
    arguments = tuple(Expr("arg", declared.type, (), n) for n, declared in marked.arguments)
    with _in(name):
        returned = marked.body(state, *arguments)
    if returned is not None:
        raise DesignError(f"{name} returns a value, which nothing reads: say what it needs with s.require(...)")
    if not state._required and not state._post:
        raise DesignError(f"{name} says nothing: if it is meant to change nothing, write s.require(True)")
    switch = (marked.under or name) if marked.kind == "hazard" else ""
    guard = Expr("prm", BOOL, (), switch) & state._guard if switch else state._guard
    post = _stop_idle_clocks(declared.variables, clocks, state._post)
    return Action(name, arguments, guard, post, marked.fair, switch, marked.doc, marked.place)


def _read_deadline(declared: Declarations, name: str, marked: Marked) -> Expr:
    with _in(name):
        return lift(marked.body(State(declared, {})), BOOL)


def _stop_idle_clocks(variables: Mapping[str, Variable], clocks: tuple[Clock, ...], post: dict[str, Any]) -> Post:
    """Make the meaning of `while_` part of every action: a clock whose condition does not hold afterwards shows 0."""
    result = dict(post)
    for one in clocks:
        running = after(one.running, post)
        if running is one.running:
            continue
        if one.bound is None:
            result[one.name] = _stopped(one, variables, post, ())
        else:
            touched = _touched(one, post)
            if touched is None:
                result[one.name] = (Each(one.bound, _stopped(one, variables, post, (one.bound,))),)
            else:
                result[one.name] = tuple(Store(i, _stopped(one, variables, post, (i,))) for i in touched)
    return result


def _stopped(one: Clock, variables: Mapping[str, Variable], post: Post, index: tuple[Expr, ...]) -> Expr:
    running = rewrite(one.running, lambda node: index[0] if node is one.bound else None)
    value = Expr("var", variables[one.name].type, index, one.name)
    return ite(after(running, post), after(value, post), lift(0, TIME))


def _touched(one: Clock, post: Post) -> list[Expr] | None:
    """The indices at which an array's clocks may be set, started or stopped; None if that may be anywhere."""
    assert one.bound is not None, f"{one.name} is no array"
    touched: list[Expr] = []
    for node in (Expr("var", TIME, (one.bound,), one.name), *walk(one.running)):
        if node.op != "var" or node.name not in post:
            continue
        change = post[node.name]
        # What the condition asks of other elements than the clock's own concerns every clock.
        if isinstance(change, Expr) or node.args[0] is not one.bound or any(isinstance(u, Each) for u in change):
            return None
        touched += [u.index for u in change if isinstance(u, Store) and not any(same(u.index, t) for t in touched)]
    return touched


def _read_clock(declared: Declarations, name: str) -> Clock:
    variable = declared.variables[name]
    bound = Expr("arg", Type("index", sort=variable.over), (), f"clock {variable.over}") if variable.over else None
    if variable.while_ is None:
        return Clock(name, TRUE, bound)
    state = State(declared, {})
    running = lift(variable.while_(state) if bound is None else variable.while_(state, bound), BOOL)
    if any(node.op == "var" and node.type == TIME for node in walk(running)):
        raise DesignError(f"the clock {name} cannot run while `{running}`: that asks a clock")
    return Clock(name, running, bound)


def passing_of_time(machine: Machine) -> Action:
    """The action `tick` of a machine with these clocks and deadlines: time passes by one unit, if it breaks none."""
    post = advance(machine, lift(1, TIME))
    guard = all_of(after(condition, post) for _, condition in machine.deadlines)
    return Action(TICK, (), guard, post, True, "", "Time passes, as far as no deadline is broken.")


def _named_limit(design: type[Design], variable: Variable) -> Variable:
    return (
        evolve(variable, limit=count_name(design, variable.limit.rigid))
        if isinstance(variable.limit, Later)
        else variable
    )
