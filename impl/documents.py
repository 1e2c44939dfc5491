# SPDX-License-Identifier: Apache-2.0
"""Flag documents that look real: whole configs, and the changes that people make to them.

The shape is that of Flagship's flags (REST API and documentation): every flag is one field of the store's config. The
same seed gives the same documents. Sizes are in bytes of canonical JSON text.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.snapshot import REMOVED, Changes, Config, to_json

__all__ = ["MAX_BYTES", "MAX_FLAGS", "Change", "check_size", "draw_change", "flag_documents", "new_flag"]

MAX_FLAGS: Final = 5_000
"""Flags of one app (Flagship limits page)."""

MAX_BYTES: Final = 25_000_000
"""Bytes of one app's config (Flagship limits page); below the 25 MiB that a KV value may have."""

Flag = dict[str, Any]

_FIRST: Final = ("beta", "dark", "express", "fast", "guest", "inline", "legacy", "mobile", "new", "smart")
_SECOND: Final = ("banner", "billing", "checkout", "editor", "invoice", "mode", "pricing", "search", "signup", "upload")
_PEOPLE: Final = ("ana@example.com", "bo@example.com", "chris@example.com", "dee@example.com")
_COUNTRIES: Final = ("AT", "BR", "DE", "ES", "FR", "IN", "JP", "PT", "US")
_LADDER: Final = (1, 5, 10, 25, 50, 75, 100)
"""Percentages of a ramp, as people raise them."""
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_ALLOWED: Final = ',"user-0000000"'
"""One more entry in a list of users."""


@frozen(slots=True)
class Change:
    """What somebody does to a config: its name (toggle, ramp, add, delete), and what it comes to."""

    name: str
    changes: Changes


def flag_documents(seed: int, count: int, size: int | None = None) -> dict[str, Flag]:
    """So many flags by key; with `size`, made as large as that by long lists of users (within 20 bytes per flag).

    Raises ValueError for more flags or bytes than the platform takes, and for fewer bytes than the flags need.
    """
    if not 1 <= count <= MAX_FLAGS:
        raise ValueError(f"a config has 1 to {MAX_FLAGS} flags, not {count}")
    random = Random(f"{seed}/documents")
    flags: dict[str, Flag] = {}
    while len(flags) < count:
        key = _key(random)
        if key not in flags:
            flags[key] = new_flag(random, key)
    if size is not None:
        _fill(random, flags, _room(flags, size))
    return flags


def check_size(seed: int, count: int, size: int) -> None:
    """Raise ValueError where `flag_documents` would; quicker than making them."""
    _room(flag_documents(seed, count), size)


def draw_change(random: Random, config: Config, *, actor: str, limit: int = MAX_FLAGS) -> Change:
    """One change to a config that is not empty; it has at most `limit` flags afterwards, and at least one."""
    luck = random.random()
    if luck < 0.1 and len(config) < limit:
        key = _key(random)
        if key not in config:
            return Change("add", {key: new_flag(random, key)})
    keys = sorted(config)
    if luck < 0.2 and len(keys) > 1:
        return Change("delete", {random.choice(keys): REMOVED})
    if luck < 0.6:
        for key in random.sample(keys, min(20, len(keys))):
            ramped = _ramp(config[key])
            if ramped is not None:
                return Change("ramp", {key: _touched(random, ramped, actor)})
    key = random.choice(keys)
    return Change("toggle", {key: _touched(random, {**config[key], "enabled": not config[key]["enabled"]}, actor)})


def new_flag(random: Random, key: str) -> Flag:
    """A flag as somebody would set it up."""
    kind = random.choices(("boolean", "string", "number", "json"), (6, 2, 1, 1))[0]
    variations = _variations(random, kind)
    names = list(variations)
    flag: Flag = {
        "key": key,
        "type": kind,
        "description": f"Controls {key.replace('-', ' ')}." if random.random() < 0.7 else None,
        "enabled": random.random() < 0.8,
        "default_variation": random.choice(names),
        "variations": variations,
        "rules": _rules(random, names),
    }
    return _touched(random, flag, random.choice(_PEOPLE))


def _key(random: Random) -> str:
    return f"{random.choice(_FIRST)}-{random.choice(_SECOND)}-{random.randrange(100_000):05}"


def _touched(random: Random, flag: Flag, actor: str) -> Flag:
    at = _EPOCH + timedelta(minutes=random.randrange(300_000))
    return {**flag, "updated_at": at.isoformat().replace("+00:00", "Z"), "updated_by": actor}


def _variations(random: Random, kind: str) -> dict[str, Any]:
    if kind == "boolean":
        return {"on": True, "off": False}
    names = [f"variant_{letter}" for letter in "abcd"[: random.randint(2, 4)]]
    match kind:
        case "string":
            return {name: f"{random.choice(_SECOND)}-{random.randrange(10)} – {name}" for name in names}
        case "number":
            return {name: random.choice((random.randrange(1000), round(random.random(), 3))) for name in names}
    return {name: _payload(random) for name in names}


def _payload(random: Random) -> Any:
    return {
        "title": f"{random.choice(_FIRST)} {random.choice(_SECOND)}".title(),
        "timeout_ms": random.randrange(100, 10_000),
        "ratio": round(random.random(), 4),
        "regions": random.sample(_COUNTRIES, random.randint(0, 4)),
        "nested": {"enabled": random.random() < 0.5, "fallback": None},
    }


def _rules(random: Random, names: list[str]) -> list[dict[str, Any]]:
    """Rules in the order of their priorities; one without conditions only at the end."""
    rules = [
        _rule(random, priority, _conditions(random), random.choice(names))
        for priority in range(1, random.randint(1, 4))
    ]
    if random.random() < 0.4:
        rules.append(_rule(random, len(rules) + 1, [], random.choice(names)))
    return rules


def _rule(random: Random, priority: int, conditions: list[Any], serve: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"priority": priority, "conditions": conditions, "serve_variation": serve}
    if random.random() < 0.5:
        rule["rollout"] = {"percentage": random.choice(_LADDER)}
        if random.random() < 0.3:
            rule["rollout"]["attribute"] = random.choice(("accountId", "targetingKey"))
    return rule


def _conditions(random: Random) -> list[Any]:
    return [_condition(random, random.choices((1, 2, 3, 6), (16, 2, 1, 1))[0]) for _ in range(random.randint(1, 3))]


def _condition(random: Random, depth: int) -> dict[str, Any]:
    """A condition nested `depth` deep; one that compares has depth 1."""
    if depth > 1:
        clauses = [_condition(random, depth - 1), *(_comparison(random) for _ in range(random.randint(0, 2)))]
        return {"logical_operator": random.choice(("AND", "OR")), "clauses": clauses}
    return _comparison(random)


def _comparison(random: Random) -> dict[str, Any]:
    attribute, operators, value = random.choice(
        (
            ("plan", ("equals", "not_equals"), random.choice(("free", "pro", "enterprise"))),
            ("country", ("in", "not_in"), random.sample(_COUNTRIES, random.randint(1, 5))),
            ("email", ("contains", "starts_with", "ends_with"), random.choice(("@example.com", "qa+", "test"))),
            (
                "accountAge",
                ("greater_than", "less_than", "greater_than_or_equals", "less_than_or_equals"),
                random.choice((random.randrange(1000), "2026-03-01T00:00:00Z")),
            ),
        )
    )
    return {"attribute": attribute, "operator": random.choice(operators), "value": value}


def _ramp(flag: Flag) -> Flag | None:
    """The flag with its first unfinished rollout one step further; None if it has none."""
    for index, rule in enumerate(flag["rules"]):
        percentage = rule.get("rollout", {}).get("percentage", 100)
        if percentage < 100:
            step = next(p for p in _LADDER if p > percentage)
            ramped = {**rule, "rollout": {**rule["rollout"], "percentage": step}}
            return {**flag, "rules": [*flag["rules"][:index], ramped, *flag["rules"][index + 1 :]]}
    return None


def _room(flags: dict[str, Flag], size: int) -> int:
    lean = len(to_json(flags))
    if not lean <= size <= MAX_BYTES:
        raise ValueError(f"{len(flags)} flags take {lean} to {MAX_BYTES} bytes, not {size}")
    return size - lean


def _fill(random: Random, flags: dict[str, Flag], room: int) -> None:
    """Put a rule that serves a list of users in front of the others, here a long one, there a short one."""
    weights = {key: 0.2 + random.random() ** 3 for key in flags}
    left, weight_left = room, sum(weights.values())
    for key, flag in flags.items():
        share = int(left * weights[key] / weight_left) if weight_left > 0 else left
        grown = _with_users(random, flag, share)
        left -= len(to_json(grown)) - len(to_json(flag))
        weight_left -= weights[key]
        flags[key] = grown


def _with_users(random: Random, flag: Flag, room: int) -> Flag:
    users: list[str] = []
    rule = {
        "priority": 1,
        "conditions": [{"attribute": "targetingKey", "operator": "in", "value": users}],
        "serve_variation": flag["default_variation"],
    }
    later = [{**one, "priority": one["priority"] + 1} for one in flag["rules"]]
    grown = {**flag, "rules": [rule, *later]}
    room -= len(to_json(grown)) - len(to_json(flag))
    if room < len(_ALLOWED):
        return flag
    users += [f"user-{random.randrange(10_000_000):07}" for _ in range(room // len(_ALLOWED))]
    return grown
