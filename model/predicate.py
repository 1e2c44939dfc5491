# SPDX-License-Identifier: Apache-2.0
"""A condition on states that somebody typed: `kv < config and request == stored`, over the names of a design.

It is read as a Python expression, and never run. Names are the design's variables, definitions and constants; any
other is a value of an enum. Of an array all elements are spoken of at once: `some(cached and age > T)`,
`every(served == kv)`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import reduce
from typing import Any, Final, TypeAlias

from attrs import frozen

from edgeproof.model.declare import MOST, DesignError
from edgeproof.model.expr import BOOL, NAT, Expr, Type, exists, for_all, lift
from edgeproof.model.state import State
from edgeproof.model.structure import Machine

__all__ = ["LONGEST", "predicate"]

LONGEST: Final = 1_000
"""Letters of a condition."""

_EXAMPLE: Final = "kv < config and some(cached)"

_Read: TypeAlias = Expr | int | bool | str
"""What a part is: an expression, a literal number or truth, or the name of a value."""

_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}

_QUANTIFIERS: Final[Mapping[str, Callable[[Type, Callable[[Expr], Expr | bool]], Expr]]] = {
    "some": exists,
    "every": for_all,
}


def predicate(machine: Machine, text: str) -> Expr:
    """What the text says of a state of the machine. Raises DesignError with what is wrong, and with what there is."""
    if len(text) > LONGEST:
        raise DesignError(f"a condition has at most {LONGEST:,} letters, not {len(text):,}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        _check_names(machine, tree)
        return _condition(_read(_Scope(machine), tree), tree)
    except DesignError:
        raise
    except TypeError as error:
        raise DesignError(f"`{text}`: {error}") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DesignError(f"`{text}` cannot be read; a condition is like this: {_EXAMPLE}") from error


def _check_names(machine: Machine, tree: ast.expr) -> None:
    """Raise DesignError for a name that is neither the design's, nor a value of one of its enums."""
    declared, state = machine.declared, machine.state()
    types = [*(one.type for one in declared.variables.values()), *(one.type for one in declared.rigids.values())]
    values = {label for one in types for label in one.labels}
    for name in _names(tree):
        if name not in state and name not in values and name not in _QUANTIFIERS:
            known = [*declared.variables, *declared.definitions, *declared.rigids]
            close = get_close_matches(name, [*known, *values], n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise DesignError(f"there is no {name!r} in {machine.name}; {hint}it has {', '.join(known)}")


@frozen
class _Scope:
    """Where names are looked up; inside of `some` and `every` arrays are read at the element `at`."""

    machine: Machine
    at: Expr | None = None

    @property
    def state(self) -> State:
        return self.machine.state()

    def sort_of(self, name: str) -> Type | None:
        """The sort over which a variable or a definition is an array; None of what is none."""
        declared = self.machine.declared
        if name in declared.variables and (over := declared.variables[name].over):
            return Type("index", sort=over)
        arguments = declared.definitions[name].arguments if name in declared.definitions else ()
        return arguments[0][1].type if arguments else None


def _read(scope: _Scope, node: ast.expr) -> _Read:
    match node:
        case ast.Name(id=name):
            return _named(scope, name)
        case ast.Constant(value=bool() | str() as value):
            return value
        case ast.Constant(value=int() as value):
            if value > MOST:
                raise DesignError(f"numbers go up to {MOST:,}")
            return value
        case ast.BoolOp(op=op, values=values):
            join = operator.and_ if isinstance(op, ast.And) else operator.or_
            return reduce(join, [_condition(_read(scope, value), value) for value in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_condition(_read(scope, operand), operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _joined(_ARITHMETIC[type(op)], _read(scope, left), _read(scope, right))
        case ast.Compare(left=first, ops=ops, comparators=rest) if all(type(op) in _COMPARISONS for op in ops):
            steps = zip(ops, (first, *rest), rest, strict=False)
            return reduce(operator.and_, [_joined(_COMPARISONS[type(o)], *_sides(scope, a, b)) for o, a, b in steps])
        case ast.Call(func=ast.Name(id=name), args=[body], keywords=[]) if name in _QUANTIFIERS:
            return _quantified(scope, name, body)
    raise DesignError(f"`{ast.unparse(node)}` is nothing that a condition can say; one is like this: {_EXAMPLE}")


def _sides(scope: _Scope, left: ast.expr, right: ast.expr) -> tuple[_Read, _Read]:
    """Both sides of a comparison: beside an enum the name of one of its values is that value, whatever else it is."""
    read = _read(scope, left), _read(scope, right)
    for one, other in ((0, 1), (1, 0)):
        found, node = read[one], (left, right)[other]
        if isinstance(found, Expr) and isinstance(node, ast.Name) and node.id in found.type.labels:
            return (found, node.id) if one == 0 else (node.id, found)
    return read


def _named(scope: _Scope, name: str) -> _Read:
    if name not in scope.state:
        return name
    if scope.sort_of(name) is None:
        found: _Read = getattr(scope.state, name)
        return found
    if scope.at is None:
        raise DesignError(f"{name} has many elements: some({name} ...) or every({name} ...)")
    element: Expr = getattr(scope.state, name)[scope.at]
    return element


def _quantified(scope: _Scope, name: str, body: ast.expr) -> Expr:
    sorts = {sort for one in _names(body) if (sort := scope.sort_of(one)) is not None}
    if scope.at is not None or len(sorts) != 1:
        among = ", ".join(sorted(str(sort) for sort in sorts)) or "none"
        raise DesignError(f"{name}(...) speaks of arrays over one sort; `{ast.unparse(body)}` has {among} in it")
    (sort,) = sorts
    return _QUANTIFIERS[name](sort, lambda at: _condition(_read(_Scope(scope.machine, at), body), body))


def _names(node: ast.expr) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def _joined(join: Callable[[Any, Any], Any], left: _Read, right: _Read) -> Expr:
    """What an operator of two sides gives, of which one at least has a type."""
    if not isinstance(left, Expr) and not isinstance(right, Expr):
        if isinstance(left, str) or isinstance(right, str):
            raise DesignError(f"neither {left!r} nor {right!r} says what it is a value of")
        left = lift(left, BOOL if isinstance(left, bool) else NAT)
    like = next(side.type for side in (left, right) if isinstance(side, Expr))
    found: Expr = join(lift(left, like), lift(right, like))
    return found


def _condition(found: _Read, node: ast.expr) -> Expr:
    if isinstance(found, bool):
        return lift(found, BOOL)
    if isinstance(found, Expr) and found.type == BOOL:
        return found
    raise DesignError(f"`{ast.unparse(node)}` is no condition: it is true of nothing and false of nothing")
