# SPDX-License-Identifier: Apache-2.0
"""What a flag may say: its schema and its limits. Whatever is wrong is found at once, each with its place.

Sources: Flagship's limits page (flags, bytes, nesting), REST schema (value size, names of variations, priorities),
wrangler page (syntax of keys, one type for all variations, the order of unconditional rules).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Final, TypeGuard

from attrs import frozen

from edgeproof.impl.documents import MAX_BYTES, MAX_FLAGS
from edgeproof.impl.flags.coercion import is_scalar, number_of
from edgeproof.impl.flags.operators import OPERATORS

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_FLAGS",
    "MAX_VALUE_BYTES",
    "Flag",
    "Problem",
    "in_order",
    "is_key",
    "problems",
]

MAX_VALUE_BYTES: Final = 10_240
"""Bytes of JSON in UTF-8 of one variation's value ("10 KB")."""

MAX_DEPTH: Final = 6
"""Levels of nested conditions; a flat list has one."""

Flag = Mapping[str, Any]
"""A flag document, as JSON has it."""

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY_RULE: Final = "1 to 64 letters, digits, - or _"
_TYPES: Final = ("boolean", "string", "number", "json")
_LISTED: Final = ("in", "not_in")
_MEMBERS: Final = (
    "key", "type", "description", "enabled", "default_variation", "variations", "rules", "updated_at", "updated_by",
)  # fmt: skip

_Path = tuple[str | int, ...]


@frozen(slots=True)
class Problem:
    """Something that is wrong with a document: where (a JSON Pointer, RFC 6901), and what would be right."""

    path: str
    message: str


def is_key(text: object) -> bool:
    """Whether this may be the key of a flag, or the name of a variation."""
    return isinstance(text, str) and _KEY.fullmatch(text) is not None


def problems(flag: object) -> tuple[Problem, ...]:
    """All that is wrong with a flag, the first of every place; nothing if it is as it should be."""
    checker = _Checker()
    checker.flag(flag)
    return tuple(Problem(path, message) for path, message in checker.found.items())


def in_order(flag: Flag) -> dict[str, Any]:
    """The flag with its rules by priority, as they are evaluated. It must be without problems."""
    return {**flag, "rules": sorted(flag["rules"], key=lambda rule: rule["priority"])}


class _Checker:
    """Walks through a document and keeps what it finds."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def flag(self, flag: Any) -> None:
        if not isinstance(flag, dict):
            return self._say((), "an object")
        self._members(flag, _MEMBERS, ())
        if not is_key(flag.get("key")):
            self._say(("key",), _KEY_RULE)
        if not isinstance(flag.get("enabled"), bool):
            self._say(("enabled",), "true or false")
        if not isinstance(flag.get("description"), str | None):
            self._say(("description",), "a text or null")
        self._variations(flag)
        variations = flag.get("variations")
        names = list(variations) if isinstance(variations, dict) else []
        self._name_of_variation(flag.get("default_variation"), names, ("default_variation",))
        self._rules(flag.get("rules"), names)
        return None

    def _variations(self, flag: Flag) -> None:
        variations = flag.get("variations")
        if "type" in flag and flag["type"] not in _TYPES:
            self._say(("type",), f"one of {', '.join(_TYPES)}")
        if not isinstance(variations, dict) or not variations:
            return self._say(("variations",), "an object with a value for at least one name")
        wanted = flag["type"] if flag.get("type") in _TYPES else _type(next(iter(variations.values())))
        for name, value in variations.items():
            path = ("variations", name)
            if not is_key(name):
                self._say(path, f"a name of {_KEY_RULE}")
            if value is None:
                self._say(path, "a value; null is none")
            elif "type" in flag and flag["type"] not in _TYPES:
                pass  # nothing is said about what nobody knows
            elif wanted is not None and _type(value) != wanted:
                self._say(path, f"a {wanted}, as the flag's type or its first variation says")
            self._size(value, path)
        return None

    def _size(self, value: Any, path: _Path) -> None:
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            json.loads(text, parse_int=_finite)
        except ValueError:
            return self._say(path, "numbers that are finite")
        size = len(text.encode(errors="backslashreplace"))
        if size > MAX_VALUE_BYTES:
            self._say(path, f"at most {MAX_VALUE_BYTES} bytes of JSON, not {size}")
        return None

    def _rules(self, rules: Any, names: Sequence[str]) -> None:
        if not isinstance(rules, list):
            return self._say(("rules",), "a list; empty if the default is for everybody")
        seen: set[float] = set()
        for at, rule in enumerate(rules):
            path = ("rules", at)
            if not isinstance(rule, dict):
                self._say(path, "an object")
                continue
            self._members(rule, ("priority", "conditions", "serve_variation", "rollout"), path)
            self._priority(rule.get("priority"), seen, (*path, "priority"))
            self._conditions(rule.get("conditions"), 1, (*path, "conditions"))
            self._name_of_variation(rule.get("serve_variation"), names, (*path, "serve_variation"))
            if "rollout" in rule:
                self._rollout(rule["rollout"], (*path, "rollout"))
        return self._order(rules)

    def _priority(self, priority: Any, seen: set[float], path: _Path) -> None:
        if not _is_priority(priority):
            return self._say(path, "a whole number from 1 on")
        if priority in seen:
            self._say(path, f"a number that no other rule has; {priority} is taken")
        seen.add(priority)
        return None

    def _order(self, rules: Iterable[Any]) -> None:
        """A rule without conditions matches everybody: one with conditions behind it would be without effect."""
        placed = [
            (rule["priority"], at, rule["conditions"])
            for at, rule in enumerate(rules)
            if isinstance(rule, dict)
            and isinstance(rule.get("conditions"), list)
            and _is_priority(rule.get("priority"))
        ]
        last = max((priority for priority, _, conditions in placed if conditions), default=0)
        for priority, at, conditions in placed:
            if not conditions and priority < last:
                self._say(("rules", at, "conditions"), "rules without conditions come after those that have some")

    def _conditions(self, conditions: Any, depth: int, path: _Path) -> None:
        if not isinstance(conditions, list):
            return self._say(path, "a list of conditions")
        for at, condition in enumerate(conditions):
            self._condition(condition, depth, (*path, at))
        return None

    def _condition(self, condition: Any, depth: int, path: _Path) -> None:
        if not isinstance(condition, dict):
            return self._say(path, "an object")
        if depth > MAX_DEPTH:
            return self._say(path, f"conditions are nested at most {MAX_DEPTH} deep")
        if "logical_operator" not in condition:
            return self._comparison(condition, path)
        self._members(condition, ("logical_operator", "clauses"), path)
        if condition["logical_operator"] not in ("AND", "OR"):
            self._say((*path, "logical_operator"), "AND or OR")
        clauses = condition.get("clauses")
        if clauses == []:
            self._say((*path, "clauses"), "at least one condition")
        return self._conditions(clauses, depth + 1, (*path, "clauses"))

    def _comparison(self, condition: Flag, path: _Path) -> None:
        self._members(condition, ("attribute", "operator", "value"), path)
        operator, value = condition.get("operator"), condition.get("value")
        self._attribute(condition.get("attribute"), (*path, "attribute"))
        if not isinstance(operator, str) or operator not in OPERATORS:
            self._say((*path, "operator"), f"one of {', '.join(OPERATORS)}")
        elif operator in _LISTED:
            if not isinstance(value, list) or not all(_comparable(one) for one in value):
                self._say((*path, "value"), f"for {operator}, a list of texts, numbers, true or false")
        elif not _comparable(value):
            self._say((*path, "value"), f"for {operator}, a text, a number, true or false")

    def _rollout(self, rollout: Any, path: _Path) -> None:
        if not isinstance(rollout, dict):
            return self._say(path, "an object")
        self._members(rollout, ("percentage", "attribute"), path)
        percentage = rollout.get("percentage")
        if not _is_number(percentage) or not 0 <= percentage <= 100:
            self._say((*path, "percentage"), "a number from 0 to 100")
        if "attribute" in rollout:
            self._attribute(rollout["attribute"], (*path, "attribute"))
        return None

    def _attribute(self, name: Any, path: _Path) -> None:
        if not isinstance(name, str) or not name:
            self._say(path, "the name of an attribute, or a dotted path to one")

    def _name_of_variation(self, name: Any, names: Sequence[str], path: _Path) -> None:
        if name not in names:
            self._say(path, f"the name of a variation: one of {', '.join(names[:20]) or 'those in variations'}")

    def _members(self, document: Flag, known: Sequence[str], path: _Path) -> None:
        for name in document:
            if name not in known:
                self._say((*path, name), f"there is no such member; there is {', '.join(known)}")

    def _say(self, path: _Path, message: str) -> None:
        self.found.setdefault("".join(f"/{_escaped(str(step))}" for step in path), message)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _type(value: Any) -> str | None:
    """The type of a variation's value; None for null."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return None if value is None else "json"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_priority(value: Any) -> bool:
    # JSON has one kind of number: 1.0 is a whole one.
    return _is_number(value) and 1 <= value < 2**53 and value == int(value)


def _finite(digits: str) -> float:
    # In JavaScript there are no whole numbers beyond the doubles.
    if not isfinite(float(digits)):
        raise ValueError("a number that is no double")
    return 0.0


def _comparable(value: Any) -> bool:
    return is_scalar(value) and (isinstance(value, str) or isfinite(number_of(value)))
