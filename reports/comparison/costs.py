# SPDX-License-Identifier: Apache-2.0
"""What designs cost, for reading: a row each, and a sentence that puts one beside another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from edgeproof.properties.costs.table import SYNC_DELAY, Cost, Parameters
from edgeproof.reports.durations import in_seconds
from edgeproof.reports.errors import counted

__all__ = ["COLUMNS", "MEASURED", "cost_document", "cost_row", "parameters_text", "set_beside"]

COLUMNS: Final = (
    "hops per read",
    "reads that fail without the DO",
    "writes/s",
    "limited by",
    "stale at most",
    "bytes per change",
)
"""What the cells of a row are."""

MEASURED: Final = (
    "Computed on the model and, in brackets, measured on the implementation; a hop leaves its location; where an alarm "
    "publishes, writes that come faster than KV takes puts, one a second, share a put, and the bound is theirs, too"
)
"""What the figures are."""


def cost_row(cost: Cost) -> tuple[str, ...]:
    """The cells, computed on the model; in brackets, what the implementation of the design did in the same run."""
    bill = cost.bill
    staleness = "no bound"
    if cost.staleness is not None:
        formula, seconds = cost.staleness
        staleness = in_seconds(seconds) + (f" = {formula}" if seconds else "")
    return (
        _computed_and_measured(bill.hops, bill.measured_hops, bill.reads, _per_read),
        _computed_and_measured(bill.failures, bill.measured_failures, bill.outage_reads, _share),
        f"{cost.writes_per_second:g}",
        cost.writer,
        staleness,
        f"{cost.published:,}",
    )


def set_beside(cost: Cost, yardstick: Cost) -> str:
    """Where a design costs something else than the yardstick, whose figure is in brackets."""
    both = zip(_figures(cost).items(), _figures(yardstick).values(), strict=True)
    return "; ".join(f"{name}: {mine} ({its})" for (name, mine), its in both if mine != its)


def _figures(cost: Cost) -> dict[str, str]:
    """What can be compared, without what was measured."""
    bill = cost.bill
    return {
        "hops per read": _per_read(bill.hops, bill.reads),
        "reads that fail without the DO": _share(bill.failures, bill.outage_reads),
        "writes/s": f"{cost.writes_per_second:g}",
        "stale at most": "no bound" if cost.staleness is None else in_seconds(cost.staleness[1]),
        "bytes per change": f"{cost.published:,}",
    }


def parameters_text(parameters: Parameters) -> str:
    """Under what costs were charged."""
    load, sizes = parameters.load, parameters.sizes
    return (
        f"{counted(sizes.locations, 'location')} with {load.reads} reads/s each, a write every {load.write_every} s, "
        f"for {load.seconds} s of which the Durable Object is out of reach for the last {load.outage}; cacheTtl "
        f"{parameters.cache_ttl} s, S {SYNC_DELAY} s (an alarm, and the second between two puts of a KV key), every "
        f"other delay 1 s; a config of {sizes.config:,} bytes, in parts of {sizes.part:,}, of which a change touches "
        f"{sizes.change:,}"
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
