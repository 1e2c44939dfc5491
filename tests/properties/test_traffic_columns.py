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
from edgeproof.properties.traffic import batches, merging, packing, tellings
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import gather
from edgeproof.properties.traffic.firsts import Firsts
from edgeproof.properties.traffic.groups import (
    alike,
    counted,
    earlier_max,
    group,
    later_min,
    least_of_others,
    matched,
    ordered,
    packed,
    pairs,
)
from edgeproof.properties.traffic.ranges import Ranges
from edgeproof.properties.traffic.table import constant
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


@pytest.mark.parametrize("keys", KEYS)
def test_rows_are_put_together_as_plain_python_does(keys: str) -> None:
    random = Random(3)
    for size in (*range(6), 40, 200):
        a, b, c, d = (column(random, size, KEYS[keys]).astype(np.int64) for _ in range(4))
        rows, others, at = list(zip(a, b, strict=True)), list(zip(c, d, strict=True)), times(random, size)
        wide = list(zip(a, b, c, d, b, a, d, strict=True))
        assert [wide[i] for i in np.argsort(packed(a, b, c, d, b, a, d), kind="stable")] == sorted(wide)
        assert [rows[i] for i in group(a, b).first] == sorted(set(rows))
        each = group(a, b)
        assert [rows[each.first[i]] for i in each.of] == rows
        of, first = alike(a, b)
        assert [rows[first[i]] for i in of] == rows
        assert [rows[i] for i in first] == list(dict.fromkeys(rows))
        for moments in (at, np.nan_to_num(at)):
            own = [[moments[i] for i in range(size) if rows[i] == rows[first]] for first in each.first]
            assert same(each.min(moments), [least(one) for one in own])
            assert same(each.max(moments), [least(one, max) for one in own])
        assert each.sum(a).tolist() == [sum(a[i] for i in range(size) if rows[i] == rows[j]) for j in each.first]
        order, in_order = ordered(packed(a, b))
        assert [rows[i] for i in order] == sorted(rows)
        assert in_order.tolist() == packed(a, b)[order].tolist()
        found = matched((a, b), (c, d))
        assert found.tolist() == [others.index(row) if row in others else -1 for row in rows]
        expected = {(i, j) for i in range(size) for j in range(size) if rows[i] == others[j]}
        assert set(zip(*pairs((a, b), (c, d)), strict=True)) == expected


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


def test_the_first_row_that_has_enough_is_found_in_each_part() -> None:
    random = Random(8)
    for size in (*range(6), 17, 100):
        high, at = column(random, size, lambda random: random.randrange(5)).astype(np.int64), times(random, size)
        at = np.nan_to_num(at, nan=np.inf)
        firsts = Firsts.of(high, at)
        start, stop = np.sort(np.array([random.choices(range(size + 1), k=2) for _ in range(60)]), axis=1).T
        least, since = column(random, 60, lambda random: random.randrange(-1, 6)), times(random, 60)
        asked = list(zip(start, stop, least, since, strict=True))
        rows = [[n for n in range(a, b) if high[n] >= x and at[n] >= y] for a, b, x, y in asked]
        assert firsts.at_least(start, stop, least, since).tolist() == [min(fit, default=-1) for fit in rows]


def column_of(tables: list[dict[str, Any]], batch: int, name: str) -> Any:
    return tables[batch][name]


@pytest.mark.parametrize("keys", KEYS)
def test_columns_that_were_packed_come_back_and_keep_their_order(keys: str) -> None:
    random = Random(7)
    names = "abcdefgh"
    for sizes in ((0,), (1,), (5, 0, 40), (200, 3)):
        own = [{name: column(random, size, KEYS[keys]).astype(np.int64) for name in names} for size in sizes]
        own = [{**one, "c": constant(7, size)} for one, size in zip(own, sizes, strict=True)]
        bounds = {name: packing.bounds_of([one[name] for one in own]) for name in names}
        packed_as, numbers = packing.pack(bounds, partial(column_of, own), len(own))
        assert (len(packed_as.stages) > 1) == (keys == "many" and len(np.concatenate(numbers)) > 1)
        for one, number in zip(own, numbers, strict=True):
            assert {name: found.tolist() for name, found in packed_as.columns(number)} == {
                name: found.tolist() for name, found in one.items()
            }
        rows = [row for one in own for row in zip(*(one[name].tolist() for name in names), strict=True)]
        places = np.argsort(np.concatenate(numbers), kind="stable")
        assert [rows[place] for place in places] == sorted(rows)
        assert np.concatenate(numbers).max(initial=0) < 2**packed_as.bits


def test_a_history_in_many_batches_is_the_same_as_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tellings are put together at a time, and however few columns one number has room for."""
    random = Random(6)
    lines = [line for n in range(200) for line in random_unit(random, f"u{n:03}")]
    # Rows of a unit lie in several batches, and so do the evictions and restores that they are to be told apart by.
    table = as_table(lines).drop(["file", "line"])
    for number, half in enumerate((table.slice(0, len(table) // 2), table.slice(len(table) // 2))):
        pq.write_table(half, tmp_path / f"{number}.parquet", row_group_size=30)
    at_once = gather(load(open_duckdb(), [tmp_path]).events)
    assert len(list(at_once.reads())) == 1
    expected = {
        name: (check.violations(at_once, PROMISES[1]), check.tested(at_once, PROMISES[1]))
        for name, check in CHECKS.items()
    }
    monkeypatch.setattr(batches, "groups_of", partial(groups_of, most=50))
    # In the last two, each read is a telling by itself, until they are all put together.
    for part, bits, different in ((10**6, packing.MOST, 1.0), (1, packing.MOST, 0.0), (30, 24, 0.0)):
        monkeypatch.setattr(merging, "PART", part)
        monkeypatch.setattr(packing, "MOST", bits)
        monkeypatch.setattr(packing, "RANKED", bits // 2)
        monkeypatch.setattr(tellings, "_SAMPLE", 1)
        monkeypatch.setattr(tellings, "_DIFFERENT", different)
        in_batches = gather(load(open_duckdb(), [tmp_path]))
        assert len(list(in_batches.reads())) >= 40
        for name, check in CHECKS.items():
            assert check.violations(in_batches, PROMISES[1]) == expected[name][0], (part, name)
            assert check.tested(in_batches, PROMISES[1]) == expected[name][1], (part, name)


def test_versions_order_by_era_however_large_eras_are() -> None:
    lines = [
        {"kind": "read", "unit": "u", "invoke": float(n), "return": n + 0.1, "outcome": "ok", "version": version}
        | {"era": era, "digest": None, "pop": "lis", "reader": "r", "source": "memo", "note": None}
        for n, (era, version) in enumerate(((0, 5), (LARGE - 1, LARGE), (LARGE, 0), (LARGE - 1, 7), (LARGE, 1)))
    ]
    (back,) = CHECKS["monotonic-reads"].violations(gather(as_table(lines)), PROMISES[2])
    assert (back["line"], back["because_line"]) == (4, 2)
    assert back["because_at"] < inf
