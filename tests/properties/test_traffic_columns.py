# SPDX-License-Identifier: Apache-2.0
"""What columns of recorded traffic are asked for is what plain Python says of their rows, whatever keys are like."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, isnan
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
import pytest

from edgeproof.properties.intake import load
from edgeproof.properties.intake.plain import groups_of
from edgeproof.properties.traffic import batches, groups, tellings
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import gather
from edgeproof.properties.traffic.groups import (
    counted,
    earlier_max,
    group,
    later_min,
    least_of_others,
    matched,
    numbered,
    packed,
    pairs,
)
from edgeproof.properties.traffic.ranges import Ranges
from tests.properties.held_histories import PROMISES
from tests.properties.random_traffic import as_table, random_unit

LARGE: Final = 2**53 - 1
KEYS: Final[dict[str, Callable[[Random], int]]] = {
    "few": lambda random: random.randrange(-1, 3),
    "many": lambda random: random.randrange(10**6),
    "too large to stand side by side": lambda random: random.choice((0, 1, LARGE - 1, LARGE)),
}


def column(random: Random, size: int, draw: Callable[[Random], Any]) -> Any:
    return np.array([draw(random) for _ in range(size)])


def times(random: Random, size: int) -> Any:
    return column(random, size, lambda random: random.choice((np.nan, 0.0, 0.5, 1.0, 2.0)))


def same(found: Any, expected: list[float]) -> bool:
    return np.array_equal(found, np.array(expected, float), equal_nan=True)


def least(values: list[float], fold: Callable[[list[float]], float] = min) -> float:
    there = [value for value in values if not isnan(value)]
    return fold(there) if there else np.nan


@pytest.fixture(params=[False, True], ids=["few rows", "as if they were many"])
def compiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled is worth its start for many rows only; here it has to do the same for few."""
    if request.param:
        for module in (groups, tellings):
            monkeypatch.setattr(module, "LARGE", 1)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("keys", KEYS)
def test_rows_are_put_together_as_plain_python_does(keys: str) -> None:
    random = Random(3)
    for size in (*range(6), 40, 200):
        a, b, c, d = (column(random, size, KEYS[keys]).astype(np.int64) for _ in range(4))
        rows, others, at = list(zip(a, b, strict=True)), list(zip(c, d, strict=True)), times(random, size)
        wide = list(zip(a, b, c, d, b, a, d, strict=True))
        assert [wide[i] for i in np.argsort(packed(a, b, c, d, b, a, d), kind="stable")] == sorted(wide)
        assert [rows[i] for i in group(a, b).first] == sorted(set(rows))
        for put_together in (group, numbered):
            each = put_together(a, b)
            assert sorted(rows[i] for i in each.first) == sorted(set(rows))
            assert [rows[each.first[i]] for i in each.of] == rows
            own = [least([at[i] for i in range(size) if rows[i] == rows[first]]) for first in each.first]
            assert same(each.min(at), own)
            assert each.sum(a).tolist() == [sum(a[i] for i in range(size) if rows[i] == rows[j]) for j in each.first]
        found = matched((a, b), (c, d))
        assert found.tolist() == [others.index(row) if row in others else -1 for row in rows]
        expected = {(i, j) for i in range(size) for j in range(size) if rows[i] == others[j]}
        assert set(zip(*pairs((a, b), (c, d)), strict=True)) == expected


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("keys", KEYS)
def test_what_came_before_or_after_is_found_in_each_group(keys: str) -> None:
    random = Random(4)
    for size in (*range(6), 40, 200):
        of = column(random, size, lambda random: random.randrange(3))
        label, at = np.array(random.sample(range(size), size), np.int64) * 3, times(random, size)
        own = [[j for j in range(size) if of[j] == of[i]] for i in range(size)]
        newer = [least([at[j] for j in own[i] if label[j] > label[i]]) for i in range(size)]
        older = [least([at[j] for j in own[i] if label[j] < label[i]], max) for i in range(size)]
        assert same(later_min((of,), label, at), newer)
        order = np.lexsort((label, of))
        assert same(later_min((of[order],), label[order], at[order]), [newer[i] for i in order])
        assert same(earlier_max((of,), label, at), older)
        known = ~np.isnan(at)
        asking, moments = column(random, size, lambda random: random.randrange(4)), np.nan_to_num(times(random, size))
        events = [(of[j], at[j]) for j in range(size) if known[j]]
        before = [sum(o == q and t < m for o, t in events) for q, m in zip(asking, moments, strict=True)]
        until = [sum(o == q and t <= m for o, t in events) for q, m in zip(asking, moments, strict=True)]
        assert counted(of[known], at[known], asking, moments).tolist() == before
        assert counted(of[known], at[known], asking, moments, until=True).tolist() == until
        mark = column(random, size, KEYS[keys]).astype(np.int64)
        since, whose = least_of_others(of, mark, at)
        for i in range(size):
            rest = [(at[j], mark[j]) for j in own[i] if mark[j] not in (-1, mark[i]) and known[j]]
            first = min(rest, default=(np.nan, -1)) if mark[i] >= 0 else (np.nan, -1)
            assert same([since[i], whose[i]], list(first))


def test_parts_of_a_list_are_counted_and_sorted_however_long_they_are() -> None:
    random = Random(5)
    for size in (1, 2, 3, 17, 100):
        numbers = np.array(random.choices(range(size), k=size))
        numbers[random.randrange(size)] = size
        ranges = Ranges.of(numbers)
        for _ in range(50):
            start, stop = sorted(random.choices(range(size + 1), k=2))
            limit, part = random.randrange(size + 1), sorted(numbers[start:stop].tolist())
            asked = (np.array([start]), np.array([stop]))
            assert ranges.below(*asked, np.array([limit])).tolist() == [sum(n < limit for n in part)]
            found = [ranges.smallest(*asked, np.array([place])).item() for place in range(len(part))]
            assert found == part


def test_a_history_in_many_batches_is_the_same_as_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(6)
    lines = [line for n in range(400) for line in random_unit(random, f"u{n:03}")]
    # Rows of a unit lie in several batches, and so do the evictions and restores that they are to be told apart by.
    table = as_table(lines).drop(["file", "line"])
    for number, half in enumerate((table.slice(0, len(table) // 2), table.slice(len(table) // 2))):
        pq.write_table(half, tmp_path / f"{number}.parquet", row_group_size=70)
    at_once = gather(load(open_duckdb(), [tmp_path]).events)
    assert len(list(at_once.reads())) == 1
    monkeypatch.setattr(batches, "groups_of", partial(groups_of, most=100))
    for module in (groups, tellings):
        monkeypatch.setattr(module, "LARGE", 50)
    in_batches = gather(load(open_duckdb(), [tmp_path]))
    assert len(list(in_batches.reads())) >= 40
    for name, check in CHECKS.items():
        assert check.violations(in_batches, PROMISES[1]) == check.violations(at_once, PROMISES[1]), name
        assert check.tested(in_batches, PROMISES[1]) == check.tested(at_once, PROMISES[1]), name


def test_versions_order_by_era_however_large_eras_are() -> None:
    lines = [
        {"kind": "read", "unit": "u", "invoke": float(n), "return": n + 0.1, "outcome": "ok", "version": version}
        | {"era": era, "digest": None, "pop": "lis", "reader": "r", "source": "memo", "note": None}
        for n, (era, version) in enumerate(((0, 5), (LARGE - 1, LARGE), (LARGE, 0), (LARGE - 1, 7), (LARGE, 1)))
    ]
    (back,) = CHECKS["monotonic-reads"].violations(gather(as_table(lines)), PROMISES[2])
    assert (back["line"], back["because_line"]) == (4, 2)
    assert back["because_at"] < inf
