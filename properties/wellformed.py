# SPDX-License-Identifier: Apache-2.0
"""Whether what somebody says of a design can be asked: properties, lemmas, cases, room and the terms of a bound.

Each form is called once, over symbols, before any engine begins. What is wrong with it is a DesignError in one line
that says which one it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, Final

from edgeproof.model.expr import BOOL, Expr
from edgeproof.model.machine import Action, DesignError, Instance, Machine
from edgeproof.properties.catalogue import CATALOGUE, Property, Step
from edgeproof.properties.designs.dossier import Dossier, Term

__all__ = ["check_design", "check_dossier", "check_lemmas", "check_properties"]

_FORMS: Final = ("state", "step", "settles")
_OF_STATES: Final = ("state", "settles", "tested")
_OF_STEPS: Final = ("step", "within", "tested_step")
_DEEPEST: Final = 160
"""Levels of an expression. Those of our designs have 23 at most, and every walk over them is recursive."""
_LARGEST: Final = 100_000
"""Parts of an expression; ours have up to 2,600."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""The name of a case, which is part of the names of files."""


def check_design(instance: Instance) -> None:
    """Raise DesignError where there is nothing to look at, and where something begins outside of its range."""
    machine = instance.machine
    if not machine.variables:
        raise DesignError(f"{machine.name} declares no variable, such as on = boolean()")
    if not machine.actions:
        raise DesignError(f"{machine.name} has no action: nothing can happen in it")
    for name, one in machine.variables.items():
        if one.limit and not 0 <= int(one.initial or 0) <= instance.number(one.limit):
            of = f"from 0 to {one.limit}, which is {instance.number(one.limit)}"
            raise DesignError(f"{name} begins with {one.initial!r}, and its values are {of}")
    for action in machine.actions:
        _check_size(f"what {action.name} does", (action.guard, *_values(action)))
    _check_size("a deadline", (condition for _, condition in machine.deadlines))


def check_properties(machine: Machine, properties: Iterable[Property]) -> None:
    """Raise DesignError for a property that says nothing that can be asked. Ours are known to say something."""
    for one in properties:
        if CATALOGUE.get(one.id) is not one:
            _check_property(machine, one)


def check_lemmas(machine: Machine, lemmas: Mapping[str, Callable[..., Any]]) -> None:
    """Raise DesignError for candidate invariants that are no conditions over the state of the design."""
    if not isinstance(lemmas, Mapping):
        raise DesignError("lemmas are given by name: {'a name': lambda s: ...}")
    for name, lemma in lemmas.items():
        _condition(f"the lemma {name}", lemma, machine.state())


def check_dossier(machine: Machine, dossier: Dossier, properties: Iterable[Property]) -> None:
    """Raise DesignError for what is said of a design and cannot be meant of it; `properties` are those beside it."""
    own = list(properties)
    _instance("the design as it comes", machine, {})
    check_lemmas(machine, dossier.lemmas)
    seen = set[str]()
    for row in dossier.cases if isinstance(dossier.cases, list | tuple) else [dossier.cases]:
        name = _check_case(machine, row, own)
        if name in seen:
            raise DesignError(f"there are two cases called {name}")
        seen.add(name)
    if not isinstance(dossier.room, Mapping):
        raise DesignError("ROOM gives counts by name: {'writes': 12}")
    _instance("ROOM", machine, dossier.room)
    if dossier.terms is not None:
        with _of("TERMS"):
            terms = dossier.terms(machine.state())
        if not (isinstance(terms, list | tuple) and all(isinstance(one, Term) for one in terms)):
            raise DesignError("TERMS is a function from the state to the terms of a bound, each a Term")


def _values(action: Action) -> Iterator[Expr]:
    for change in action.post.values():
        yield from (change,) if isinstance(change, Expr) else (update.value for update in change)


def _check_size(what: str, expressions: Iterable[Expr]) -> None:
    """Raise DesignError for an expression that no engine would come to the end of, however little was written."""
    known: dict[int, tuple[int, int]] = {}
    for one in expressions:
        deep, large = _size(one, known)
        if deep > _DEEPEST or large > _LARGEST:
            said = f"{deep} levels deep" if deep > _DEEPEST else f"{large:,} parts large, when it is written out"
            raise DesignError(f"{what} is {said}; {_DEEPEST} levels and {_LARGEST:,} parts are the most")


def _size(whole: Expr, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many levels an expression has, and how many parts where what it shares is counted each time."""
    left = [whole]
    while left:
        one = left[-1]
        parts = [part for part in one.args if isinstance(part, Expr)]
        if new := [part for part in parts if id(part) not in known]:
            left.extend(new)
            continue
        left.pop()
        sizes = [known[id(part)] for part in parts]
        known[id(one)] = (1 + max((deep for deep, _ in sizes), default=0), 1 + sum(large for _, large in sizes))
    return known[id(whole)]


def _check_property(machine: Machine, one: Property) -> None:
    said = [name for name in _FORMS if getattr(one, name) is not None]
    if len(said) != 1:
        what = " and ".join(said) or "none of them"
        raise DesignError(f"the property {one.id} has exactly one of {', '.join(_FORMS)}, and not {what}")
    if any(name not in machine.state() for name in one.needs):
        return  # it does not speak of this design
    for name in _OF_STATES:
        if (form := getattr(one, name)) is not None:
            _condition(f"{name} of the property {one.id}", form, machine.state())
    for name in _OF_STEPS:
        if (form := getattr(one, name)) is not None:
            for action in machine.actions:
                arguments = {argument.name: argument for argument in action.arguments}
                step = Step(machine.state(), machine.state(action.post), action.name, arguments)
                _condition(f"{name} of the property {one.id}, at {action.name}", form, step)


def _condition(what: str, form: Callable[[Any], Any], of: Any) -> None:
    """Raise DesignError where a form is no condition over symbols."""
    if not callable(form):
        raise DesignError(f"{what} is a function, such as lambda s: s.x == 0, and not {form!r}")
    with _of(what):
        said = form(of)
    if isinstance(said, bool):
        name = str(said).upper()
        raise DesignError(
            f"{what} is Python's {said}, whatever the state: if that is meant, edgeproof.model has {name}"
        )
    if not isinstance(said, Expr) or said.type != BOOL:
        kind = said.type if isinstance(said, Expr) else type(said).__name__
        raise DesignError(f"{what} is no condition, but of type {kind}: compare it with something")
    _check_size(what, (said,))


@contextmanager
def _of(what: str) -> Iterator[None]:
    """Whatever goes wrong in here is somebody's, who is told where."""
    try:
        yield
    except (DesignError, TypeError, AttributeError) as error:
        raise DesignError(f"{what}: {error}") from error
    except Exception as error:
        raise DesignError(f"{what}: {type(error).__name__}: {error}") from error


def _check_case(machine: Machine, row: Any, own: Iterable[Property]) -> str:
    """The name of a case that is one."""
    shape = isinstance(row, list | tuple) and len(row) == 4
    if not (shape and isinstance(row[1], Mapping) and isinstance(row[2], list | tuple) and isinstance(row[3], str)):
        raise DesignError("a case is a name, constants by name, the properties that must be violated, and why: "
                          f"('stormy', {{'surge': True}}, ('calm',), 'it surges'), and not {row!r}")  # fmt: skip
    name, constants, violated, _ = row
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise DesignError(f"a case is called by letters, digits, and . _ - between them, and not {name!r}")
    _instance(f"the case {name}", machine, constants)
    known = {*CATALOGUE, *(one.id for one in own)}
    if unknown := [one for one in violated if one not in known]:
        close = get_close_matches(str(unknown[0]), known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise DesignError(f"the case {name} says that {unknown[0]} is violated, and there is no such property{hint}")
    return name


def _instance(what: str, machine: Machine, constants: Mapping[str, Any]) -> Instance:
    try:
        instance = Instance.of(machine, **constants)
        check_design(instance)
        return instance
    except (DesignError, TypeError) as error:
        raise DesignError(f"{what}: {error}") from error
