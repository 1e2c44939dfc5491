# SPDX-License-Identifier: Apache-2.0
"""What designs cost, for reading: a row each, and a sentence that puts one beside another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from properties.costs.table import Cost, Parameters
from reports.durations import in_seconds
from reports.errors import counted

__all__ = ["COLUMNS", "MEASURED", "cost_document", "cost_row", "parameters_text", "set_beside"]

COLUMNS: Final = (
    "requests leave a location, per read",
    "reads that fail without the Durable Object",
    "writes/s at most",
    "which limits",
    "stale at most",
    "bytes published per change",
)
"""What the cells of a row are."""

MEASURED: Final = "Computed on the model, and measured on the implementation (in brackets)"
"""What the figures are."""


def cost_row(cost: Cost) -> tuple[str, ...]:
    """The cells, computed on the model; in brackets, what the implementation of the design did in the same run."""
    bill = cost.bill
    staleness = "no bound" if cost.staleness is None else f"{in_seconds(cost.staleness[1])} = {cost.staleness[0]}"
    return (
        _computed_and_measured(bill.hops, bill.measured_hops, bill.reads, _per_read),
        _computed_and_measured(bill.failures, bill.measured_failures, bill.outage_reads, _share),
        f"{cost.writes_per_second:g}",
        cost.writer,
        staleness,
        f"{cost.published:,}",
    )


def set_beside(cost: Cost, yardstick: Cost) -> str:
    """A sentence: where a design costs something else than the yardstick, whose figure is in brackets."""
    both = (cost.bill, yardstick.bill)
    said = [
        (f"{_per_read(b.hops, b.reads)} requests per read leave the location" for b in both),
        (f"{_share(b.failures, b.outage_reads)} of reads fail without the Durable Object" for b in both),
        (f"{one.writes_per_second:g} writes/s" for one in (cost, yardstick)),
        ("no bound" if s is None else f"{in_seconds(s[1])} stale" for s in (cost.staleness, yardstick.staleness)),
        (f"{one.published:,} bytes per change" for one in (cost, yardstick)),
    ]
    differing = [(mine, its) for mine, its in map(tuple, said) if mine != its]
    return "; ".join(f"{mine} ({its.split(' ')[0] if its != 'no bound' else its})" for mine, its in differing)


def parameters_text(parameters: Parameters) -> str:
    """Under what costs were charged."""
    load, sizes = parameters.load, parameters.sizes
    return (
        f"{counted(sizes.locations, 'location')} with {load.reads} reads/s each, a write every {load.write_every} s, "
        f"for {load.seconds} s of which the Durable Object is out of reach for the last {load.outage}; cacheTtl "
        f"{parameters.cache_ttl} s, every other delay 1 s; a config of {sizes.config:,} bytes, in parts of "
        f"{sizes.part:,}, of which a change touches {sizes.change:,}"
    )


def cost_document(cost: Cost) -> dict[str, Any]:
    """The same as JSON."""
    bill = cost.bill
    return {
        "reads": bill.reads,
        "hops": bill.hops,
        "measured_hops": bill.measured_hops,
        "reads_in_outage": bill.outage_reads,
        "failures_in_outage": bill.failures,
        "measured_failures_in_outage": bill.measured_failures,
        "without": cost.without,
        "writes_per_second": cost.writes_per_second,
        "writes_limited_by": cost.writer,
        "staleness": None if cost.staleness is None else {"formula": cost.staleness[0], "seconds": cost.staleness[1]},
        "bytes_per_change": cost.published,
    }


def _computed_and_measured(computed: int, measured: int | None, of: int, says: Callable[[int, int], str]) -> str:
    return says(computed, of) + ("" if measured is None else f" ({says(measured, of)})")


def _per_read(hops: int, reads: int) -> str:
    return f"{hops / reads:.2g}" if reads else "0"


def _share(failures: int, reads: int) -> str:
    return f"{failures / reads:.0%}" if reads else "0%"
