# SPDX-License-Identifier: Apache-2.0
"""Where our evaluator and Cloudflare's published one (PyPI cloudflare-flagship 0.6) differ, and who is right.

A class of differences comes with a repair: what it makes of a case means the same to us, and has nothing of the class
left. A difference is explained if the repairs of the classes take it away and leave our own result as it was; one that
stays is a bug on one side, or a class of its own. (Without that second half, a repair of something else altogether
explains a difference by luck: it changes the case until both agree.)

"Right" is what the documentation says, and where it says no more than "as JavaScript": what ECMA-262 says, since the
data plane is JavaScript. Where neither speaks, an unknown shape must not match (`shape`): ours is the choice, not a
mistake of theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.flags.coercion import is_scalar
from edgeproof.impl.flags.conditions import MISSING, look_up, predicate_of
from edgeproof.impl.flags.instants import instant_of, is_timestamp
from tests.impl.flags.examples import flag, rule
from tests.impl.flags.generate import ORDERS

__all__ = ["DIFFERENCES", "Case", "Difference"]

Case = tuple[Any, dict[str, Any]]
"""A flag and a context."""


@frozen
class Difference:
    """A class of differences."""

    name: str
    about: str
    right: str
    """ours or theirs by the documentation, or choice where it says nothing."""
    repair: Callable[[Any, dict[str, Any]], Case]
    example: Case
    """A case that differs for this reason alone."""


def _everywhere(change: Callable[[Any], Any]) -> Callable[[Any, dict[str, Any]], Case]:
    """A repair that changes scalars wherever they stand."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(one) for name, one in value.items()}
        return [walk(one) for one in value] if isinstance(value, list) else change(value)

    return lambda flag, context: (walk(flag), walk(context))


def _as_double(value: Any) -> Any:
    if type(value) is int and abs(value) > 2**53:
        return float(value) if abs(value) < 10**300 else inf if value > 0 else -inf
    return value


def _decided(odd: Callable[[Any, Any], bool]) -> Callable[[Any, dict[str, Any]], Case]:
    """A repair that replaces every comparison by order of an odd attribute and value by what we say of it."""

    def walk(value: Any, context: dict[str, Any]) -> Any:
        if isinstance(value, list):
            return [walk(one, context) for one in value]
        if not isinstance(value, dict):
            return value
        if value.get("operator") in ORDERS and isinstance(value.get("attribute"), str):
            found = look_up(value["attribute"])(context)
            if found is not MISSING and odd(found, value.get("value")):
                return {"logical_operator": "AND" if predicate_of(value)(context) else "OR", "clauses": []}
        return {name: walk(one, context) for name, one in value.items()}

    return lambda flag, context: (walk(flag, context), context)


def _is_foreign_number(text: Any) -> bool:
    """Whether Python's `float`, or its `int`, takes the text for another number than JavaScript's `Number`."""
    if not isinstance(text, str):
        return False
    bare = text.strip("+-").lower()
    return not text.isascii() or text.strip("\x1c\x1d\x1e\x1f") != text or bare == "infinity"


def _is_foreign_instant(text: Any, wanted: Any) -> bool:
    """Whether Python's `fromisoformat` may take the text for an instant, although it is none in the extended format."""
    return is_timestamp(wanted) and isinstance(text, str) and text[:4].isdigit() and instant_of(text) is None


def _enabled(flag: Any, context: dict[str, Any]) -> Case:
    return ({**flag, "enabled": flag.get("enabled") is True}, context) if isinstance(flag, dict) else (flag, context)


def _object(flag: Any, context: dict[str, Any]) -> Case:
    return (flag if isinstance(flag, dict) else {}), context


def _only(keep: Callable[[dict[str, Any]], bool]) -> Callable[[Any, dict[str, Any]], Case]:
    """A repair that makes a rule which is not kept one that never matches."""

    def repair(flag: Any, context: dict[str, Any]) -> Case:
        if not isinstance(flag, dict) or not isinstance(flag.get("rules"), list):
            return flag, context
        rules = [rule if not isinstance(rule, dict) or keep(rule) else "never matches" for rule in flag["rules"]]
        return {**flag, "rules": rules}, context

    return repair


def _rollout_is_known(rule: dict[str, Any]) -> bool:
    rollout = rule.get("rollout")
    if not isinstance(rollout, dict):
        return rollout is None
    percentage, attribute = rollout.get("percentage"), rollout.get("attribute")
    return type(percentage) in (int, float) and isinstance(attribute, str | None)


def _lists_of_scalars(flag: Any, context: dict[str, Any]) -> Case:
    def walk(value: Any) -> Any:
        if not isinstance(value, dict):
            return [walk(one) for one in value] if isinstance(value, list) else value
        if value.get("operator") in ("in", "not_in") and isinstance(value.get("value"), list):
            return {**value, "value": [one for one in value["value"] if is_scalar(one)]}
        return {name: walk(one) for name, one in value.items()}

    return walk(flag), context


def _asked(operator: str, value: Any, attribute: Any) -> Case:
    return flag(rule([{"attribute": "a", "operator": operator, "value": value}])), {"a": attribute}


DIFFERENCES: Final = (
    Difference(
        "huge",
        "a whole number beyond 2^53 is a double: its text, its order, its hash",
        "ours",
        _everywhere(_as_double),
        _asked("equals", 2**53, 2**53 + 1),
    ),
    Difference(
        "number texts",
        "infinity in small letters, digits of other scripts, control characters around: numbers for Python alone",
        "ours",
        _decided(lambda found, wanted: _is_foreign_number(found) or _is_foreign_number(wanted)),
        _asked("greater_than", 0, "infinity"),
    ),
    Difference(
        "instant forms",
        "basic format, week dates, any separator: Python's fromisoformat takes them; no timestamp has these forms",
        "choice",
        _decided(_is_foreign_instant),
        _asked("greater_than", "2000-01-01T00:00:00Z", "20260101T000000Z"),
    ),
    Difference(
        "shape: flag",
        "a flag that is no object raises there, and is PARSE_ERROR here",
        "ours",
        _object,
        ("on", {}),
    ),
    Difference(
        "shape: enabled",
        "anything truthy enables there; only true does here",
        "choice",
        _enabled,
        (flag(enabled="no"), {}),
    ),
    Difference(
        "shape: conditions",
        "conditions that are no list are none at all there, so everybody matches; nobody matches here",
        "choice",
        _only(lambda rule: isinstance(rule.get("conditions"), list | None)),
        (flag(rules=[{**rule([]), "conditions": {"attribute": "a"}}]), {}),
    ),
    Difference(
        "shape: rollout",
        "a rollout that is no object, or has no percentage, is none at all there (or raises); nobody matches here",
        "choice",
        _only(_rollout_is_known),
        (flag(rules=[{**rule([]), "rollout": 5}]), {}),
    ),
    Difference(
        "shape: list",
        "lists in the list of an `in` have Python's text there, none here",
        "ours",
        _lists_of_scalars,
        _asked("in", [[1]], "[1]"),
    ),
)
