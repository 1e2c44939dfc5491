# SPDX-License-Identifier: Apache-2.0
"""Flags and contexts drawn at random: within the schema, at its edges, and beyond it.

Everything is JSON as `json.loads` gives it, and finite. The values are those that comparisons trip over.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from edgeproof.impl.documents import flag_documents

__all__ = ["CONFIG", "OPERATORS", "account", "beyond", "case", "context_for"]

CONFIG: Final = flag_documents(6, 12)
"""A whole config that looks real."""

OPERATORS: Final = (
    "equals", "not_equals", "greater_than", "less_than", "greater_than_or_equals", "less_than_or_equals", "contains",
    "starts_with", "ends_with", "in", "not_in", "has", "not_has",
)  # fmt: skip

TEXTS: Final = (
    "", " ", "1", "01", "1.0", "-1", "+1", ".5", "5.", "1e3", "1E+3", "0x10", "0b11", "0o7", "0x", "-0x1", "1_000",
    "-0", "Infinity", "-Infinity", "+Infinity", "NaN", "nan", "inf", "true", "false", "null", "undefined",
    "[object Object]", "[1]", "\t12\n", "\xa012", "user-42", "User-42", "user", "ser", "é", "e\u0301", "ß",
    "\U0001f600", "9007199254740993", "1e21", "1e400", "pro", "free", "@example.com", "ana@example.com", "infinity",
    "-INFINITY",
    "\uff11\uff12", "0x\u0661", "\u20037", "\x1c7", "\x857",
)  # fmt: skip

INSTANTS: Final = (
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.123456Z", "2026-01-01T01:00:00+01:00",
    "2025-12-31T23:59:59.999Z", "1969-12-31T23:59:59.9999Z", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00-00:00",
    "2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.003Z", "2026-01-01T00:00:00.0039Z", "2025-06-15T08:30:21.017Z",
    "2025-06-15T08:30:21.0170Z", "2025-06-15T10:30:21.017+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "2024-02-29T12:00:00Z", "2026-06-30T23:59:59+14:00",
)  # fmt: skip
"""Timestamps with seconds and an offset."""

NEAR_INSTANTS: Final = (
    "2026-01-01", "2026-01-01T00:00", "2026-01-01T00:00Z", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01t00:00:00z", "2026-01-01 00:00:00Z", "20260101T000000Z", "2026-13-01T00:00:00Z",
    "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+0100", "2026-W01-1", "2026-1-1", "0000-01-01T00:00:00Z",
)  # fmt: skip
"""What is another form of a timestamp, or looks like one."""

NUMBERS: Final = (
    0, 1, -1, 2, 7, 12, 42, 100, 1000, 0.5, -0.0, 1.0, 0.1, 1e21, 1e20, 123456789012345680000.0, 1e-6, 1e-7, 1.5e-9,
    2**53, 2**53 - 1, -(2**53), 1e300, 5e-324, 0.30000000000000004, 3.14,
)  # fmt: skip

HUGE: Final = (2**53 + 1, 2**63, -(2**64) - 1, 10**21, 10**400, -(10**400))
"""Whole numbers that are no doubles."""

NAMES: Final = (
    "targetingKey",
    "plan",
    "age",
    "a",
    "a.b",
    "user.name",
    "deep.b.c.d.e",
    "deep.b.c.d.e.f",
    "x.",
    "tags",
)

ORDERS: Final = OPERATORS[2:6]

PERCENTAGES: Final = (0, 0.01, 1, 5, 10, 12.5, 25.0, 30, 33.33, 50, 70, 75, 90, 99, 99.99, 99.99999998, 100, 100.0)


def account(random: Random) -> str:
    """One of a few accounts."""
    return random.choice(("acct-1", "acct-2", "", "konto-é"))


def case(random: Random, *, garbage: float = 0.1) -> tuple[str, Any, dict[str, Any]]:
    """A flag's key, the flag, and a context. A share of the flags and contexts is `garbage`: beyond the schema."""
    key = f"{random.choice(('new-checkout', 'dark-mode', 'f', 'a_b'))}-{random.randrange(50)}"
    wild = random.random() < garbage
    flag = _flag(random, key, wild)
    return key, flag, context_for(random, wild)


def context_for(random: Random, wild: bool = False) -> dict[str, Any]:
    """Attributes that the conditions of `case` ask for, some of them."""
    context: dict[str, Any] = {}
    if random.random() < 0.7:
        context["targetingKey"] = f"user-{random.randrange(100_000)}"
    for name in random.sample((*NAMES, ""), random.randint(0, 6)):
        context[name] = _attribute(random, wild)
    if random.random() < 0.5:
        context["since"] = random.choice((*INSTANTS, *(NEAR_INSTANTS if wild else ())))
    if random.random() < 0.3:
        context["deep"] = {"b": {"c": {"d": {"e": _scalar(random, wild)}, "e": 1}}}
    if random.random() < 0.3:
        context["user"] = {"name": _attribute(random, wild), "age": 7}
    if random.random() < 0.3:
        context["a"] = {"b": _scalar(random, wild), "": None}
    return context


def beyond(random: Random) -> Any:
    """Any JSON."""
    return random.choice(
        (
            None,
            True,
            False,
            0,
            1,
            "",
            "x",
            [],
            {},
            [1],
            [1, None, "1", [2], {"a": 1}],
            {"a": {"b": []}},
            2.5,
            HUGE[0],
            "AND",
        )
    )


def _scalar(random: Random, wild: bool) -> Any:
    luck = random.random()
    if luck < 0.45:
        return random.choice(TEXTS)
    if luck < 0.65:
        return random.choice(INSTANTS)
    if luck < 0.9:
        return random.choice(NUMBERS)
    if wild and luck < 0.97:
        return random.choice(HUGE if random.random() < 0.3 else NEAR_INSTANTS)
    return random.random() < 0.5


def _attribute(random: Random, wild: bool) -> Any:
    luck = random.random()
    if luck < 0.05:
        return None
    if luck < 0.2:
        return [_scalar(random, wild) for _ in range(random.randint(0, 4))] + ([None] if luck < 0.08 else [])
    if luck < 0.25:
        return {"b": _scalar(random, wild)}
    return _scalar(random, wild)


def _flag(random: Random, key: str, wild: bool) -> Any:
    if wild and random.random() < 0.03:
        return beyond(random)
    variations: dict[str, Any] = {"off": False, "on": True, "third": random.random() < 0.5}
    if random.random() < 0.5:
        variations = {"off": "a", "on": "b", "third": "c"}
    names = list(variations)
    flag: dict[str, Any] = {
        "key": key,
        "enabled": random.random() < 0.9,
        "default_variation": "off",
        "variations": variations,
        "rules": _rules(random, names, wild),
    }
    if wild and random.random() < 0.15:
        flag[random.choice(("enabled", "default_variation", "variations", "rules"))] = beyond(random)
    if wild and random.random() < 0.05:
        del flag[random.choice(("enabled", "default_variation", "variations", "rules"))]
    return flag


def _rules(random: Random, names: list[str], wild: bool) -> list[Any]:
    rules = [_rule(random, number, names, wild) for number in range(1, random.randint(1, 5))]
    if not wild:
        # The schema has rules without conditions at the end.
        rules.sort(key=lambda one: not one["conditions"])
        rules = [{**one, "priority": number} for number, one in enumerate(rules, 1)]
    return rules


def _rule(random: Random, priority: int, names: list[str], wild: bool) -> Any:
    if wild and random.random() < 0.03:
        return beyond(random)
    conditions = [_condition(random, random.choice((1, 1, 1, 2, 3)), wild) for _ in range(random.choice((0, 1, 1, 2)))]
    rule: dict[str, Any] = {"priority": priority, "conditions": conditions, "serve_variation": random.choice(names)}
    if random.random() < 0.5:
        rule["rollout"] = {"percentage": random.choice((*PERCENTAGES, round(100 * random.random(), 2)))}
        if random.random() < 0.3:
            rule["rollout"]["attribute"] = random.choice(NAMES)
    if wild and random.random() < 0.1:
        rule[random.choice(("conditions", "serve_variation", "rollout"))] = beyond(random)
    if wild and "rollout" in rule and isinstance(rule["rollout"], dict) and random.random() < 0.15:
        rule["rollout"][random.choice(("percentage", "attribute"))] = beyond(random)
    return rule


def _condition(random: Random, depth: int, wild: bool) -> Any:
    if wild and random.random() < 0.05:
        return beyond(random)
    if depth > 1:
        clauses = [_condition(random, depth - 1, wild) for _ in range(random.randint(0 if wild else 1, 3))]
        return {"logical_operator": random.choice(("AND", "OR")), "clauses": clauses}
    if random.random() < 0.2:
        return {"attribute": "since", "operator": random.choice(ORDERS), "value": random.choice(INSTANTS)}
    operator = random.choice(OPERATORS)
    condition = {"attribute": random.choice(NAMES), "operator": operator, "value": _scalar(random, wild)}
    if operator in ("in", "not_in"):
        condition["value"] = [_scalar(random, wild) for _ in range(random.randint(0, 4))]
        if wild and random.random() < 0.2:
            condition["value"].append(random.choice(([1], beyond(random))))
    if operator in ("has", "not_has"):
        condition["attribute"] = random.choice(("tags", "plan"))
    if wild and random.random() < 0.2:
        condition[random.choice(("attribute", "operator", "value"))] = beyond(random)
    return condition
