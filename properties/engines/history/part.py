# SPDX-License-Identifier: Apache-2.0
"""What some units of a history show, in plain records: parts of one history add up to what the whole of it shows.

All that is asked is asked of a unit at a time, so units may be judged wherever they are, a part of them here and
another there. Only what concerns all units at once, such as clocks, is for whoever has all parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.assumptions import MONITORS
from edgeproof.properties.traffic.batches import side_by_side
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.check import Check
from edgeproof.properties.traffic.coded import SOURCE
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import Column, Flags, Table
from edgeproof.properties.traffic.tally import SHOWN, Tally, tallies

__all__ = ["Broken", "Measured", "Part", "excused", "part_of", "together"]

_MANY: Final = 100_000
"""Tellings that keep several processors busy."""

Rows = tuple[Mapping[str, Any], ...]


@frozen
class Broken:
    """What was found of a property: how often it was tested, by how much its subject is there at all, its measures, how
    many events broke it, and how many of those nothing in their units excuses; the first of either, explained.
    """

    tested: int
    subject: int
    measures: Mapping[str, int | float]
    count: int
    to_blame: int
    first: Rows
    first_to_blame: Rows


@frozen
class Measured:
    """What was measured of an assumption: how often, the largest value, how many were over the limit, and the row of
    the largest of those.
    """

    count: int
    largest: float
    over: int
    worst: Mapping[str, Any] | None


@frozen
class Part:
    """What some units show, by property and by assumption; and of how many reads, versions, puts and reads from caches,
    in which files.
    """

    reads: int
    versions: int
    puts: int
    cached: int
    files: frozenset[str]
    properties: Mapping[str, Broken]
    assumptions: Mapping[str, Measured]


def part_of(facts: Facts, promise: Promise, names: Sequence[str]) -> Part:
    """What these facts show of the named properties, and of all assumptions."""
    checks = [CHECKS[name] for name in names]
    watched = [one for one in MONITORS.values() if one.limit(promise) is not None]
    measured = {one.id: one.measure(facts, promise) for one in watched}
    over = {one.id: one.over(measured[one.id], promise) for one in watched}
    each = side_by_side if len(facts.tellings) >= _MANY else map
    broken = dict(zip(names, each(lambda check: check.broken(facts, promise), checks), strict=True))
    counted = tallies(facts, broken, {check.id: excused(check, facts, over) for check in checks})
    return Part(
        int(facts.told.n.sum()),
        int((~np.isnan(facts.versions.asked)).sum()),
        len(facts.publishes),
        int((facts.tellings.source == SOURCE["cache"]).sum()),
        frozenset(facts.vocabulary.of["file"].words.to_pylist()),
        dict(zip(names, each(lambda check: _broken(check, counted[check.id], facts, promise), checks), strict=True)),
        {name: _measured(facts, table.value, over[name]) for name, table in measured.items()},
    )


def excused(check: Check, facts: Facts, over: Mapping[str, Table]) -> Flags:
    """The units whose own environment broke something that the property assumes; `over` is what was over its limit."""
    units = np.zeros(len(facts.units), bool)
    for name, rows in over.items():
        if MONITORS[name].field in check.assumes and not MONITORS[name].duty and not MONITORS[name].everywhere:
            units[rows.unit] = True
    return units


def together(parts: Iterable[Part]) -> Part:
    """What parts of one history show that have no unit in common: at least one part."""
    every = list(parts)
    first = every[0]
    return Part(
        sum(part.reads for part in every),
        sum(part.versions for part in every),
        sum(part.puts for part in every),
        sum(part.cached for part in every),
        frozenset[str]().union(*(part.files for part in every)),
        {name: _all_broken(CHECKS[name], [part.properties[name] for part in every]) for name in first.properties},
        {name: _all_measured([part.assumptions[name] for part in every]) for name in first.assumptions},
    )


def _broken(check: Check, tally: Tally, facts: Facts, promise: Promise) -> Broken:
    rows = check.explained(facts, tally.first)
    to_blame = check.explained(facts, tally.first_to_blame) if tally.to_blame < tally.count else rows
    return Broken(
        check.tested(facts, promise),
        1 if check.subject is None else check.subject(facts),
        check.measures(facts, promise),
        tally.count,
        tally.to_blame,
        tuple(rows),
        tuple(to_blame),
    )


def _measured(facts: Facts, values: Column, over: Table) -> Measured:
    worst = facts.in_order(over.take(over.value == over.value.max(initial=0)))
    rows = facts.rows(worst.take(np.arange(min(1, len(worst)))))
    largest = np.fmax.reduce(values, initial=0).item() if len(values) else 0
    return Measured(len(values), largest, len(over), rows[0] if rows else None)


def _all_broken(check: Check, parts: Sequence[Broken]) -> Broken:
    return Broken(
        sum(part.tested for part in parts),
        sum(part.subject for part in parts),
        check.together([part.measures for part in parts]),
        sum(part.count for part in parts),
        sum(part.to_blame for part in parts),
        _first(row for part in parts for row in part.first),
        _first(row for part in parts for row in part.first_to_blame),
    )


def _first(rows: Iterable[Mapping[str, Any]]) -> Rows:
    return tuple(sorted(rows, key=lambda row: (row["file"], row["line"]))[:SHOWN])


def _all_measured(parts: Sequence[Measured]) -> Measured:
    worst = [part.worst for part in parts if part.worst is not None]
    return Measured(
        sum(part.count for part in parts),
        max(part.largest for part in parts),
        sum(part.over for part in parts),
        min(worst, key=lambda row: (-row["value"], row["file"] or "", row["line"] or 0), default=None),
    )
