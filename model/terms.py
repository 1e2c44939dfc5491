# SPDX-License-Identifier: Apache-2.0
"""Z3 terms made of terms, by Z3's own functions.

The operators of z3's Python classes first find out the sorts of their operands, and how to convert them: most of what
making a term costs. Here the operands already have the sorts that their operator needs; Z3 refuses others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import z3

__all__ = ["BINARY", "all_hold", "at_least", "choice", "function", "implication", "negation", "some_hold"]

_CONTEXT: Final = z3.main_ctx()


def all_hold(parts: Sequence[Any]) -> Any:
    """True where every part is."""
    return z3.BoolRef(z3.Z3_mk_and(_CONTEXT.ref(), len(parts), _array(parts)), _CONTEXT)


def some_hold(parts: Sequence[Any]) -> Any:
    """True where some part is."""
    return z3.BoolRef(z3.Z3_mk_or(_CONTEXT.ref(), len(parts), _array(parts)), _CONTEXT)


def negation(part: Any) -> Any:
    """True where the part is not."""
    return z3.BoolRef(z3.Z3_mk_not(_CONTEXT.ref(), part.ast), _CONTEXT)


def implication(condition: Any, consequence: Any) -> Any:
    """True where the consequence is, or the condition is not."""
    return z3.BoolRef(z3.Z3_mk_implies(_CONTEXT.ref(), condition.ast, consequence.ast), _CONTEXT)


def choice(test: Any, then: Any, otherwise: Any) -> Any:
    """One of two terms of one sort."""
    return _like(then)(z3.Z3_mk_ite(_CONTEXT.ref(), test.ast, then.ast, otherwise.ast), _CONTEXT)


def function(name: str, domain: Any, values: Any) -> Callable[[Any], Any]:
    """An unknown function from one sort to another."""
    declared, kind = z3.Function(name, domain, values), _like(z3.Const("", values))
    return lambda argument: kind(z3.Z3_mk_app(_CONTEXT.ref(), declared.ast, 1, _array((argument,))), _CONTEXT)


def _arithmetic(make: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: z3.ArithRef(make(_CONTEXT.ref(), 2, _array((left, right))), _CONTEXT)


def _order(make: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: z3.BoolRef(make(_CONTEXT.ref(), left.ast, right.ast), _CONTEXT)


BINARY: Final[Mapping[Literal["add", "sub", "mul", "lt", "le", "eq"], Callable[[Any, Any], Any]]] = {
    "add": _arithmetic(z3.Z3_mk_add),
    "sub": _arithmetic(z3.Z3_mk_sub),
    "mul": _arithmetic(z3.Z3_mk_mul),
    "lt": _order(z3.Z3_mk_lt),
    "le": _order(z3.Z3_mk_le),
    "eq": _order(z3.Z3_mk_eq),
}
"""The operators of two operands; those of arithmetic take both as integers or both as reals."""


at_least: Final = _order(z3.Z3_mk_ge)
"""Of two numbers: true where the first is no less than the second."""


def _array(parts: Sequence[Any]) -> Any:
    return (z3.Ast * len(parts))(*[part.ast for part in parts])


def _like(term: Any) -> Any:
    """The class of Python for terms of the same sort."""
    return next((kind for kind in (z3.BoolRef, z3.ArithRef) if isinstance(term, kind)), z3.ExprRef)
