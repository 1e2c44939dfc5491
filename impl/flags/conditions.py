# SPDX-License-Identifier: Apache-2.0
"""Conditions of rules: comparisons with attributes of the context, joined by AND and OR.

A condition of an unknown shape is never satisfied, so that a config which says more than this code understands shows
nobody what they should not see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from edgeproof.impl.flags.operators import OPERATORS, Test

__all__ = ["MISSING", "Context", "LookUp", "Predicate", "both", "look_up", "nobody", "predicate_of"]

MISSING: Final = object()
"""The value of an attribute that is not there. It satisfies no operator, not even `not_equals` or `not_in`."""

SEGMENTS: Final = 5
"""Of a dotted path into the context, at most."""

Context = Mapping[str, Any]
"""Attributes of whoever asks: JSON values by name, of which objects are dicts and lists are lists."""

Predicate = Callable[[Context], bool]

LookUp = Callable[[Context], Any]


def nobody(context: Context) -> bool:
    """The predicate that holds of no context."""
    return False


def look_up(name: str) -> LookUp:
    """What finds the attribute of that name, or else the one that the name, read as a dotted path, leads to."""
    path = name.split(".")
    if not 2 <= len(path) <= SEGMENTS:
        return lambda context: context.get(name, MISSING)

    def find(context: Context) -> Any:
        if name in context:
            return context[name]
        found: Any = context.get(path[0], MISSING)
        for segment in path[1:]:
            if not isinstance(found, dict):
                return MISSING
            found = found.get(segment, MISSING)
        return found

    return find


def predicate_of(condition: Any) -> Predicate:
    """What decides whether a condition is satisfied. It never raises."""
    if not isinstance(condition, dict):
        return nobody
    if "logical_operator" in condition:
        return _group(condition["logical_operator"], condition.get("clauses"))
    name, operator = condition.get("attribute"), condition.get("operator")
    if not isinstance(name, str) or not isinstance(operator, str) or operator not in OPERATORS:
        return nobody
    return _comparison(name, OPERATORS[operator](condition.get("value")))


def both(clauses: tuple[Predicate, ...]) -> Predicate:
    """All of them; of none it holds as well."""
    if len(clauses) == 1:
        return clauses[0]

    def all_hold(context: Context) -> bool:
        for clause in clauses:  # noqa: SIM110 - all() with a generator takes three times as long
            if not clause(context):
                return False
        return True

    return all_hold


def _either(clauses: tuple[Predicate, ...]) -> Predicate:
    def one_holds(context: Context) -> bool:
        for clause in clauses:  # noqa: SIM110
            if clause(context):
                return True
        return False

    return one_holds


def _group(operator: Any, clauses: Any) -> Predicate:
    if not isinstance(clauses, list) or operator not in ("AND", "OR"):
        return nobody
    predicates = tuple(predicate_of(clause) for clause in clauses)
    return both(predicates) if operator == "AND" else _either(predicates)


def _comparison(name: str, test: Test) -> Predicate:
    if "." in name:
        find = look_up(name)

        def compare(context: Context) -> bool:
            found = find(context)
            return found is not MISSING and test(found)

        return compare

    def compare_directly(context: Context) -> bool:
        # Without a call in between: most attributes are named by one word.
        return name in context and test(context[name])

    return compare_directly
