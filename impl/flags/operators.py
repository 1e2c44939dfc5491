# SPDX-License-Identifier: Apache-2.0
"""The thirteen operators: what a condition asks of an attribute that is there.

Texts are compared as JavaScript writes them, letter by letter. An attribute that is null is unlike everything: it
satisfies `not_equals` and `not_in` alone. What a condition compares with is looked at once, when its test is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final

from edgeproof.impl.flags.coercion import is_scalar, number_of, text_of
from edgeproof.impl.flags.instants import instant_of, is_timestamp

__all__ = ["OPERATORS", "Test", "never"]

Test = Callable[[Any], bool]
"""Whether an attribute of the context is what is asked for. It never raises."""


def never(value: Any) -> bool:
    """The test of a condition that nothing satisfies."""
    return False


def _equals(wanted: Any) -> Test:
    text = _text(wanted)
    if text is None:
        return never
    return lambda value: value == text if type(value) is str else is_scalar(value) and text_of(value) == text


def _not_equals(wanted: Any) -> Test:
    text = _text(wanted)
    if text is None:
        return lambda value: value is None

    def test(value: Any) -> bool:
        if type(value) is str:
            return value != text
        return value is None or (is_scalar(value) and text_of(value) != text)

    return test


def _by_text(compare: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    def make(wanted: Any) -> Test:
        text = _text(wanted)
        return never if text is None else lambda value: is_scalar(value) and compare(text_of(value), text)

    return make


def _by_order(compare: Callable[[float, float], bool]) -> Callable[[Any], Test]:
    """As instants where the condition names one, else as numbers."""

    def make(wanted: Any) -> Test:
        if is_timestamp(wanted):
            return _by_instant(compare, instant_of(wanted))
        number = number_of(wanted) if is_scalar(wanted) else float("nan")
        return lambda value: is_scalar(value) and compare(number_of(value), number)

    return make


def _by_instant(compare: Callable[[float, float], bool], wanted: int | None) -> Test:
    def test(value: Any) -> bool:
        found = instant_of(value) if isinstance(value, str) else None
        return found is not None and wanted is not None and compare(found, wanted)

    return test


def _in(wanted: Any) -> Test:
    if not isinstance(wanted, list):
        return never
    texts = _texts(wanted)
    return lambda value: value in texts if type(value) is str else is_scalar(value) and text_of(value) in texts


def _not_in(wanted: Any) -> Test:
    if not isinstance(wanted, list):
        return never
    texts = _texts(wanted)
    return lambda value: value is None or (is_scalar(value) and text_of(value) not in texts)


def _has(wanted: Any) -> Test:
    text = _text(wanted)
    return never if text is None else lambda value: isinstance(value, list) and text in _texts(value)


def _not_has(wanted: Any) -> Test:
    text = _text(wanted)
    return never if text is None else lambda value: isinstance(value, list) and text not in _texts(value)


def _text(wanted: Any) -> str | None:
    """What a text is compared with; None where a condition's value is no text in any way. Null is written "null"."""
    if wanted is None:
        return "null"
    return text_of(wanted) if is_scalar(wanted) else None


def _texts(values: list[Any]) -> frozenset[str]:
    return frozenset(text_of(value) for value in values if is_scalar(value))


OPERATORS: Final[Mapping[str, Callable[[Any], Test]]] = {
    "equals": _equals,
    "not_equals": _not_equals,
    "contains": _by_text(str.__contains__),
    "starts_with": _by_text(str.startswith),
    "ends_with": _by_text(str.endswith),
    "greater_than": _by_order(gt),
    "less_than": _by_order(lt),
    "greater_than_or_equals": _by_order(ge),
    "less_than_or_equals": _by_order(le),
    "in": _in,
    "not_in": _not_in,
    "has": _has,
    "not_has": _not_has,
}
"""By name: what makes the test of a condition's value."""
