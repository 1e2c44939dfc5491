# SPDX-License-Identifier: Apache-2.0
"""Reads that passed a moment: found among the spans of what readers were told, then fetched one by one."""

from __future__ import annotations

import ibis.expr.types as ir

from edgeproof.properties.traffic.check import event_columns
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.keeping import keep
from edgeproof.properties.traffic.labels import SEEN, later_than

__all__ = ["going_back", "late_reads", "past", "versions_told"]


def past(told: ir.Table, thresholds: ir.Table, allowed: float) -> ir.Table:
    """The versions that were told later than `allowed` seconds after their moment `because_at`."""
    joined = told.inner_join(thresholds.select(*SEEN, "because_at"), list(SEEN))
    joined = joined.mutate(latest=joined.because_at + allowed)
    return joined.filter(joined.last_invoke > joined.latest)


def late_reads(facts: Facts, suspects: ir.Table, keys: tuple[str, ...] = SEEN) -> ir.Table:
    """The reads among suspects that began after `latest`."""
    # All reads are held against them: that takes a fraction of the time if it need not be worked out what they are.
    theirs = keep(suspects.select(*keys, "latest", "because_at"))
    joined = facts.reads.inner_join(theirs, list(keys))
    late = joined.filter(joined.invoke > joined.latest)
    return event_columns(late, late.because_at)


def going_back(told: ir.Table, by: tuple[str, ...], allowed: float) -> ir.Table:
    """The versions that were still told after something newer had been: one row per version of `by` goes in.

    A version is told in `by` from `first_returned` on at the latest, and until `last_invoke` at least. So it comes back
    for certain if and only if a newer one's `first_returned` lies before its `last_invoke`.
    """
    seen = told.mutate(because_at=told.first_returned.min().over(later_than(by)))
    seen = seen.mutate(latest=seen.because_at + allowed)
    return seen.filter(seen.last_invoke > seen.latest)


def versions_told(tellings: ir.Table, by: tuple[str, ...]) -> ir.Table:
    """Tellings with one row per version of `by`."""
    return tellings.group_by([*by, "era", "version"]).agg(
        first_returned=tellings.first_returned.min(), last_invoke=tellings.last_invoke.max(), n=tellings.n.sum()
    )
