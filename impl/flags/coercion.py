# SPDX-License-Identifier: Apache-2.0
"""Texts and numbers out of scalars, as JavaScript's `String` and `Number` make them.

The data plane is JavaScript: 1 and "1" are the same text there, and all numbers are doubles. A scalar is a text, a
number or a truth value; null, lists and objects are none. (ECMA-262, Number::toString and StringToNumber.)
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf, isinf, nan
from typing import Final, TypeGuard

__all__ = ["Scalar", "is_scalar", "number_of", "text_of"]

Scalar = str | int | float | bool

_EXACT: Final = 2**53
"""Whole numbers up to here are doubles."""

_SPACE: Final = (
    "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f"
    "\u3000\ufeff"
)
_DECIMAL: Final = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_RADIX: Final = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_BASES: Final = {"x": 16, "o": 8, "b": 2}


def is_scalar(value: object) -> TypeGuard[Scalar]:
    """Whether this is a text, a number or a truth value."""
    return isinstance(value, str | int | float)


def text_of(value: Scalar) -> str:
    """The text that `String` makes of a scalar."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -_EXACT <= value <= _EXACT:
        return int.__repr__(value)
    return _text_of_double(_double(value))


def number_of(value: Scalar) -> float:
    """The number that `Number` makes of a scalar; NaN for a text that is none, and for a blank one (JavaScript's 0)."""
    if not isinstance(value, str):
        return _double(value)
    text = value.strip(_SPACE)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _RADIX.fullmatch(text):
        return _double(int(text[2:], _BASES[text[1].lower()]))
    return nan


def _double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def _text_of_double(number: float) -> str:
    if number != number:
        return "NaN"
    if isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    figures = "".join(map(str, digits))
    point = len(figures) + int(exponent)
    figures = figures.rstrip("0")
    return "0" if not figures else ("-" if sign else "") + _written(figures, point)


def _written(figures: str, point: int) -> str:
    """The number 0.`figures` times ten to the power of `point`."""
    if len(figures) <= point <= 21:
        return figures + "0" * (point - len(figures))
    if 0 < point <= 21:
        return f"{figures[:point]}.{figures[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + figures
    mantissa = figures if len(figures) == 1 else f"{figures[0]}.{figures[1:]}"
    return f"{mantissa}e{point - 1:+d}"
