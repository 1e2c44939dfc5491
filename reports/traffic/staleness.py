# SPDX-License-Identifier: Apache-2.0
"""How stale the reads of a history were, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from edgeproof.reports.errors import one_line

if TYPE_CHECKING:
    from edgeproof.properties.traffic.measure import Staleness
    from edgeproof.properties.traffic.worst import Worst

__all__ = ["staleness_document", "staleness_tables"]

_SHOWN: Final = 10
"""Rows of a table by unit and location; `--json` has all of them."""


def staleness_tables(staleness: Staleness) -> Iterator[Table]:
    """Quantiles by unit and location, versions behind, the curve of freshness, and the stalest read, a table each."""
    yield _quantile_table(staleness)
    yield _behind_table(staleness)
    yield _curve_table(staleness)
    if staleness.worst is not None:
        yield _worst_table(staleness.worst)


def _quantile_table(staleness: Staleness) -> Table:
    table = Table(header_style="bold", title="staleness of reads, in seconds: certain (possible)", title_justify="left")
    for column in ("unit", "location"):
        table.add_column(column, overflow="fold")
    for column in ("reads", "half", "90 %", "99 %", "99.9 %", "all"):
        table.add_column(column, justify="right")
    rows = staleness.by_location
    for row in (staleness.overall, *rows[:_SHOWN]):
        cells = [f"{row['certain'][q]:.3f} ({row['possible'][q]:.3f})" for q in ("p50", "p90", "p99", "p999", "max")]
        table.add_row(one_line(row["unit"] or "all"), one_line(row["pop"] or "all"), f"{row['reads']:,}", *cells)
    if len(rows) > _SHOWN:
        table.caption = f"the {_SHOWN} stalest of {len(rows):,}; --json has them all"
    return table


def _behind_table(staleness: Staleness) -> Table:
    table = Table(header_style="bold", title="versions behind", title_justify="left")
    for column in ("versions", "reads", "share"):
        table.add_column(column, justify="right")
    every = sum(staleness.behind.values())
    for k, n in list(staleness.behind.items())[:_SHOWN]:
        table.add_row(str(k), f"{n:,}", f"{n / every:.4%}")
    if len(staleness.behind) > _SHOWN:
        table.caption = f"and up to {max(staleness.behind)}"
    return table


def _curve_table(staleness: Staleness) -> Table:
    table = Table(header_style="bold", title="how likely a read is fresh after a commit", title_justify="left")
    for column in ("up to", "reads", "fresh"):
        table.add_column(column, justify="right")
    for row in staleness.curve:
        upto = "later" if row["age"] == inf else f"{row['age']:g} s"
        table.add_row(upto, f"{row['n']:,}", f"{row['fresh'] / row['n']:.2%}")
    return table


def _worst_table(worst: Worst) -> Table:
    of = f"version {worst.version} of {one_line(worst.unit)}"
    table = Table(header_style="bold", title=f"the stalest read: {of}, {worst.stale:.3f} s", title_justify="left")
    table.add_column("term", no_wrap=True)
    table.add_column("time", justify="right")
    table.add_column("why")
    table.add_column("")
    for stage in worst.stages:
        first = stage is worst.dominant
        table.add_row(stage.term, f"{stage.seconds:.3f} s", stage.meaning, "dominates" if first else "")
    return table


def staleness_document(staleness: Staleness) -> dict[str, Any]:
    """All of it; times are in seconds."""
    worst = staleness.worst
    return {
        "overall": staleness.overall,
        "by_location": list(staleness.by_location),
        "versions_behind": {str(k): n for k, n in staleness.behind.items()},
        "fresh_after": [{**row, "age": None if row["age"] == inf else row["age"]} for row in staleness.curve],
        "stalest": None if worst is None else _worst_document(worst),
    }


def _worst_document(worst: Worst) -> Mapping[str, Any]:
    stages = [{"term": s.term, "meaning": s.meaning, "seconds": round(s.seconds, 6)} for s in worst.stages]
    place = {"unit": worst.unit, "era": worst.era, "version": worst.version}
    return {**place, "seconds": round(worst.stale, 6), "stages": stages, "dominant": worst.dominant.term}
