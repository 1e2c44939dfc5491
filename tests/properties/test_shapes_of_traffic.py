# SPDX-License-Identifier: Apache-2.0
"""Units that are restored again and again, reads in many batches: what is said of them, and how the work grows."""

from __future__ import annotations

from collections import Counter
from math import inf
from random import Random
from typing import Any

import numpy as np
import pytest

from edgeproof.properties.engines.history.part import part_of
from edgeproof.properties.traffic import batches, gone, groups, never_ahead, spans, table
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import Facts, at_once, gather
from edgeproof.properties.traffic.firsts import Firsts
from edgeproof.properties.traffic.measure import measure
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import Table
from tests.properties.held_histories import PROMISES, hold
from tests.properties.histories import Line, commit, fault, publish, read
from tests.properties.random_traffic import as_table, restored_unit

PROMISE = Promise(2.0, guarded=True, cache_ttl=1.0, sync_delay=1.0, failures=1, put_timeout=1.0, retry_delay=1.0)


def test_checks_find_what_breaks_their_definitions_and_nothing_else() -> None:
    broken: Counter[str] = Counter()
    for seed, promise in enumerate(PROMISES, 100):
        broken += hold(seed, 60, promise, restored_unit)
    assert [name for name in CHECKS if not broken[name]] == []


def rows_of(table: Table, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table.columns[name].tolist() for name in names), strict=True))


class Seen:
    """What had been made of the versions of a unit, of which some restores that were seen had taken none back."""

    def __init__(self, facts: Facts, unit: int, seen: int) -> None:
        made = rows_of(facts.made, "unit", "label", "era", "version", "invoke", "returned", "outcome")
        faults = facts.faults.take(facts.faults.unit == unit)
        restores = sorted(
            (invoke, inf if returned != returned else returned, era, version)
            for invoke, returned, era, version, note, outcome in rows_of(
                faults, "invoke", "returned", "era", "version", "note", "outcome"
            )
            if facts.vocabulary.of["note"].words[note].as_py() == "rollback"
        )
        self.ends: dict[int, float] = {}
        for of, label, era, version, invoke, returned, outcome in made:
            if of != unit or outcome != 0:
                continue
            if not any(era <= r[2] and invoke <= r[1] and version > r[3] for r in restores[:seen]):
                self.ends[label] = min(returned, self.ends.get(label, inf))

    def newer(self, label: int) -> list[tuple[int, float]]:
        return sorted((other, end) for other, end in self.ends.items() if other > label)


def test_a_version_is_superseded_by_what_no_restore_that_was_seen_had_taken_back() -> None:
    random = Random(3)
    facts = gather(as_table([line for n in range(60) for line in restored_unit(random, f"u{n:02}")]))
    told = rows_of(facts.told, "unit", "label", "seen")
    certain, superseded = facts.moments.at(facts.told, "certain"), facts.moments.at(facts.told, "superseded")
    asked = {(unit, seen): label for unit, label, seen in reversed(told)}
    until = [random.choice((3.0, inf)) for _ in asked]
    unit, seen = np.array(list(asked)).T
    newer = facts.moments.newer(
        Table({"unit": unit, "seen": seen, "label": np.array(list(asked.values())), "until": np.array(until)})
    )
    found = rows_of(newer, "unit", "seen", "label", "certain")
    for (of, label, restores), made, by in zip(told, certain, superseded, strict=True):
        known = Seen(facts, of, restores)
        assert known.ends.get(label, np.nan) == pytest.approx(made, nan_ok=True)
        assert min((end for _, end in known.newer(label)), default=np.nan) == pytest.approx(by, nan_ok=True)
    for ((of, restores), label), limit in zip(asked.items(), until, strict=True):
        expected = [(other, end) for other, end in Seen(facts, of, restores).newer(label) if end <= limit]
        assert sorted(row[2:] for row in found if row[:2] == (of, restores)) == expected
    assert max(seen) > 3


def restored_at_every_step(versions: int) -> list[Line]:
    """Every version is put, read, and read late; every second one is taken back, and committed again."""
    lines = []
    for n in range(1, versions + 1):
        at, again = 10.0 * n, n + n // 2
        lines += [commit(n, at, at + 0.1), publish(n, at + 1, at + 1.1), read(n, at + 2, at + 2.1)]
        lines += [
            read(max(n - 1, 0), at + 3, at + 3.1, reader="r2"),
            read(max(n - 9, 0), at + 4, at + 4.1, reader="r3"),
        ]
        if n % 2:
            lines += [fault("rollback", at + 5, at + 5.1, version=n - 1), commit(n, at + 6, at + 6.1)]
        lines += [commit(None, at + 7, key=f"k{again}"), fault("evict", at + 8, at + 8.1, pop="lis", reader="r3")]
    return lines


class Work:
    """Counts rows that are taken, put together or paired, and branches of trees that are looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows = 0
        taken, stretched, below = table.taken, groups.stretched, Firsts.at_least

        def count_taken(column: Any, places: Any) -> Any:
            self.rows += len(places)
            return taken(column, places)

        def count_stretched(start: Any, sizes: Any) -> Any:
            self.rows += int(sizes.sum())
            return stretched(start, sizes)

        def count_below(firsts: Firsts, *asked: Any) -> Any:
            looks = Firsts(tuple(tree.view(Looked) for tree in firsts.trees))
            for tree in looks.trees:
                tree.work = self  # type: ignore[attr-defined]
            return below(looks, *asked)

        monkeypatch.setattr(table, "taken", count_taken)
        monkeypatch.setattr(groups, "stretched", count_stretched)
        monkeypatch.setattr("edgeproof.properties.traffic.moments.stretched", count_stretched)
        monkeypatch.setattr(Firsts, "at_least", count_below)


class Looked(np.ndarray):
    """The branches of a tree, which count how many of them are looked at."""

    work: Work | None = None

    def __getitem__(self, places: Any) -> Any:
        if self.work is not None:
            self.work.rows += len(places)
        return self.view(np.ndarray)[places]


def test_four_times_the_restores_take_four_times_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(monkeypatch)
    taken = []
    for versions in (100, 400):
        events = as_table(restored_at_every_step(versions))
        work.rows = 0
        facts = gather(events)
        part = part_of(facts, PROMISE, tuple(CHECKS))
        assert part.properties["bounded-staleness"].count > versions / 2
        measure(at_once(facts))
        taken.append(work.rows)
    # The steps in a tree are as many as it is high, so a little more than four times.
    assert taken[0] * 3 < taken[1] < taken[0] * 5


def test_reads_in_many_batches_do_not_each_cost_a_look_at_all_that_is_suspected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_through = 0

    def count_matched(left: Any, right: Any) -> Any:
        nonlocal looked_through
        looked_through += len(right[0])
        return groups.matched(left, right)

    for module in (spans, gone, never_ahead):
        monkeypatch.setattr(module, "matched", count_matched)
    events = as_table(restored_at_every_step(200))
    found = []
    for size in (len(events), 20):
        monkeypatch.setattr(batches, "ROWS", size)
        facts = gather(events)
        looked_through = 0
        found.append((part_of(facts, PROMISE, tuple(CHECKS)), looked_through))
    (at_once, few), (in_batches, many) = found
    assert in_batches == at_once
    assert many == few > 200
