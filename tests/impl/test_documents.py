# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.documents import MAX_BYTES, MAX_FLAGS, draw_change, flag_documents
from edgeproof.impl.snapshot import REMOVED, apply_changes, to_json

NAME = re.compile(r"[A-Za-z0-9_-]+")
STRINGS = {"equals", "not_equals", "contains", "starts_with", "ends_with"}
ORDERS = {"greater_than", "less_than", "greater_than_or_equals", "less_than_or_equals"}
LISTS = {"in", "not_in"}
TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "number": (int, float),
    "json": (dict, list),
}


def wrong_condition(condition: Mapping[str, Any], depth: int) -> Iterator[str]:
    if depth > 6:
        yield "nested deeper than 6"
    if "logical_operator" in condition:
        if condition["logical_operator"] not in ("AND", "OR") or not condition["clauses"]:
            yield f"no connective: {condition}"
        for clause in condition["clauses"]:
            yield from wrong_condition(clause, depth + 1)
        return
    if not isinstance(condition["attribute"], str) or condition["operator"] not in STRINGS | ORDERS | LISTS:
        yield f"no comparison: {condition}"
    if condition["operator"] in LISTS and not isinstance(condition["value"], list):
        yield f"not a list: {condition}"
    if condition["operator"] in STRINGS and not isinstance(condition["value"], str):
        yield f"not a string: {condition}"
    if condition["operator"] in ORDERS and not isinstance(condition["value"], int | str):
        yield f"neither number nor date: {condition}"


def wrong_rules(flag: Mapping[str, Any]) -> Iterator[str]:
    priorities = [rule["priority"] for rule in flag["rules"]]
    if priorities != sorted(set(priorities)) or min(priorities, default=1) < 1:
        yield f"priorities {priorities}"
    unconditional = [not rule["conditions"] for rule in flag["rules"]]
    if unconditional != sorted(unconditional):
        yield "a rule without conditions before one with them"
    for rule in flag["rules"]:
        if rule["serve_variation"] not in flag["variations"]:
            yield f"serves {rule['serve_variation']}, which is no variation"
        if not 0 <= rule.get("rollout", {}).get("percentage", 0) <= 100:
            yield f"rollout {rule['rollout']}"
        for condition in rule["conditions"]:
            yield from wrong_condition(condition, 1)


def wrong_flag(key: str, flag: Mapping[str, Any]) -> Iterator[str]:
    if flag["key"] != key or not NAME.fullmatch(key):
        yield f"key {key}"
    if not isinstance(flag["enabled"], bool):
        yield "neither enabled nor disabled"
    if not flag["variations"] or flag["default_variation"] not in flag["variations"]:
        yield "no default variation"
    for name, value in flag["variations"].items():
        if not NAME.fullmatch(name) or not isinstance(value, TYPES[flag["type"]]) or len(to_json(value)) > 10_000:
            yield f"variation {name}: {value!r}"
        if flag["type"] == "number" and isinstance(value, bool):
            yield f"variation {name} is no number"
    yield from wrong_rules(flag)


def wrong(config: Mapping[str, Any]) -> list[str]:
    return [f"{key}: {problem}" for key, flag in config.items() for problem in wrong_flag(key, flag)]


@given(seed=st.integers(0, 2**32), count=st.integers(1, 60), padding=st.none() | st.integers(0, 50_000))
@settings(deadline=None)
def test_documents_meet_every_constraint_of_the_documented_shape(seed: int, count: int, padding: int | None) -> None:
    config = flag_documents(seed, count)
    if padding is not None:
        size = len(to_json(config)) + padding
        config = flag_documents(seed, count, size)
        assert size - 30 * count - 200 <= len(to_json(config)) <= size
    assert len(config) == count
    assert wrong(config) == []


@given(seed=st.integers(0, 2**32), count=st.integers(1, 20))
@settings(deadline=None)
def test_changes_keep_a_config_valid_and_within_its_limit(seed: int, count: int) -> None:
    config: dict[str, Any] = flag_documents(seed, count)
    random = Random(seed)
    for _ in range(30):
        change = draw_change(random, config, actor="ana@example.com", limit=count)
        assert change.changes
        config = apply_changes(config, change.changes)
        assert 1 <= len(config) <= count
    assert wrong(config) == []


def test_every_kind_of_change_is_drawn() -> None:
    random, config, seen = Random(1), dict[str, Any](flag_documents(1, 50)), set[str]()
    for _ in range(200):
        change = draw_change(random, config, actor="ana@example.com", limit=50)
        ((key, value),) = change.changes.items()
        assert (change.name == "add") == (key not in config)
        assert (change.name == "delete") == (value is REMOVED)
        seen.add(change.name)
        config = apply_changes(config, change.changes)
    assert seen == {"toggle", "ramp", "add", "delete"}


def test_a_ramp_only_raises_one_percentage() -> None:
    random, config = Random(2), dict[str, Any](flag_documents(2, 50))
    ramps = [draw_change(random, config, actor="x") for _ in range(50)]
    for change in (one for one in ramps if one.name == "ramp"):
        ((key, flag),) = change.changes.items()
        before = [rule.get("rollout", {}).get("percentage", 100) for rule in config[key]["rules"]]
        after = [rule.get("rollout", {}).get("percentage", 100) for rule in flag["rules"]]
        assert sum(b != a for b, a in zip(before, after, strict=True)) == 1
        assert all(b <= a for b, a in zip(before, after, strict=True))


def test_the_same_seed_gives_the_same_documents_and_another_seed_others() -> None:
    assert flag_documents(7, 30, 60_000) == flag_documents(7, 30, 60_000)
    assert flag_documents(7, 30) != flag_documents(8, 30)


def test_the_largest_config_of_the_platform_can_be_made() -> None:
    config = flag_documents(0, MAX_FLAGS, MAX_BYTES)
    assert len(config) == MAX_FLAGS
    assert 0.999 * MAX_BYTES < len(to_json(config)) <= MAX_BYTES


@pytest.mark.parametrize(("count", "size"), [(0, None), (MAX_FLAGS + 1, None), (10, 100), (10, MAX_BYTES + 1)])
def test_what_the_platform_does_not_take_is_refused(count: int, size: int | None) -> None:
    with pytest.raises(ValueError, match="flags"):
        flag_documents(0, count, size)
