# SPDX-License-Identifier: Apache-2.0
"""Everything that is measured about the staleness of a history's reads, as plain records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.facts import Ask, Facts
from edgeproof.properties.traffic.staleness import behind, freshness, quantiles, spread, staler
from edgeproof.properties.traffic.table import Column, Table
from edgeproof.properties.traffic.worst import Worst, worst_read

__all__ = ["Staleness", "measure", "quantile_rows"]

WHICH: Final = ("certain", "possible")


@frozen
class Staleness:
    """How stale reads were, in seconds.

    `overall` and each row of `by_location` (the stalest first) have the unit, location, number of reads, and the
    quantiles of `certain` and of `possible` staleness. `behind` counts reads by how many versions they were behind.
    `curve` says of the reads that came up to `age` after the last commit how many there were and how many were `fresh`.
    """

    overall: Mapping[str, Any]
    by_location: Sequence[Mapping[str, Any]]
    behind: Mapping[int, int]
    curve: Sequence[Mapping[str, Any]]
    worst: Worst | None


def measure(ask: Ask, skew: float = 0.0) -> Staleness:
    """Measure the staleness of all reads; clocks may differ by `skew` seconds."""
    parts = ask(partial(_measured, skew=skew))
    overall: dict[str, Any] = {"unit": None, "pop": None, "reads": 0}
    for which in WHICH:
        seconds, n = (np.concatenate([part.steps[which][name] for part in parts]) for name in ("seconds", "n"))
        row = next(iter(quantile_rows(Table({"seconds": seconds, "n": n}))), {"n": 0})
        overall |= {"reads": row["n"], which: _quantiles(row)}
    rows = [row for part in parts for row in part.by_location]
    rows.sort(key=lambda row: (-row["certain"]["max"], row["unit"], row["pop"]))
    behind: Counter[int] = Counter()
    curve: dict[float, tuple[int, int]] = {}
    for part in parts:
        behind.update(part.behind)
        for row in part.curve:
            before = curve.get(row["age"], (0, 0))
            curve[row["age"]] = before[0] + row["n"], before[1] + row["fresh"]
    ages = tuple({"age": age, "n": n, "fresh": fresh} for age, (n, fresh) in sorted(curve.items()))
    worst = min((part.worst for part in parts if part.worst), key=_of_worst, default=None)
    return Staleness(overall, tuple(rows), dict(sorted(behind.items())), ages, worst)


@frozen
class _Measured:
    """The same of some units; `steps` are the numbers of reads by how stale they were."""

    steps: Mapping[str, Mapping[str, Column]]
    by_location: Sequence[Mapping[str, Any]]
    behind: Mapping[int, int]
    curve: Sequence[Mapping[str, Any]]
    worst: Worst | None


def _measured(facts: Facts, skew: float) -> _Measured:
    places: dict[tuple[str, str], dict[str, Any]] = {}
    steps = {}
    for which in WHICH:
        table = spread(facts, which, skew)
        steps[which] = table.only("seconds", "n").columns
        for row in facts.rows(quantiles(table, ("unit", "pop"))):
            place = places.setdefault((row["unit"], row["pop"]), {"unit": row["unit"], "pop": row["pop"]})
            place |= {"reads": row["n"], which: _quantiles(row)}
    stale = staler(facts, skew)
    curve = facts.rows(freshness(facts, stale, skew))
    return _Measured(steps, tuple(places.values()), behind(facts, stale), curve, worst_read(facts, skew))


def _of_worst(worst: Worst) -> tuple[float, str, int, int]:
    return -worst.stale, worst.unit, worst.era, worst.version


def quantile_rows(steps: Table) -> list[dict[str, Any]]:
    """The quantiles of all reads, by how stale they were; none of no reads."""
    found = quantiles(steps)
    return [{name: column.item() for name, column in found.columns.items()}] if len(found) else []


def _quantiles(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: round(row.get(name) or 0.0, 6) for name in ("p50", "p90", "p99", "p999", "max")}
