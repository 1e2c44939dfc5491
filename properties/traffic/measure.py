# SPDX-License-Identifier: Apache-2.0
"""Everything that is measured about the staleness of a history's reads, as plain records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.staleness import behind, freshness, quantiles, spread, staler
from edgeproof.properties.traffic.worst import Worst, worst_read

__all__ = ["Staleness", "measure"]


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


def measure(facts: Facts, skew: float = 0.0) -> Staleness:
    """Measure the staleness of all reads; clocks may differ by `skew` seconds."""
    overall: dict[str, Any] = {"unit": None, "pop": None, "reads": 0}
    places: dict[tuple[str, str], dict[str, Any]] = {}
    for which in ("certain", "possible"):
        table = spread(facts, which, skew)
        (whole,) = facts.rows(quantiles(table)) or [{}]
        overall |= {"reads": whole.get("n", 0), which: _quantiles(whole)}
        for row in facts.rows(quantiles(table, ("unit", "pop"))):
            place = places.setdefault((row["unit"], row["pop"]), {"unit": row["unit"], "pop": row["pop"]})
            place |= {"reads": row["n"], which: _quantiles(row)}
    stale = staler(facts, skew)
    rows = sorted(places.values(), key=lambda row: (-row["certain"]["max"], row["unit"], row["pop"]))
    curve = facts.rows(freshness(facts, stale, skew))
    return Staleness(overall, tuple(rows), behind(facts, stale), tuple(curve), worst_read(facts, skew))


def _quantiles(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: round(row.get(name) or 0.0, 6) for name in ("p50", "p90", "p99", "p999", "max")}
