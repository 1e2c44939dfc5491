# SPDX-License-Identifier: Apache-2.0
"""`changelog-complete`: gaps between the versions of an era."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.promise import Promise

__all__ = ["CHANGELOG_COMPLETE"]

ERA = ["unit", "era"]


def _entries(facts: Facts) -> ir.Table:
    """The versions that were committed, or may have been, or were restored, with the one before in the same era.

    A history may begin anywhere, so nothing is missing before its first version.
    """
    made = facts.made
    made = made.filter(made.version.notnull())
    entries = made.group_by([*ERA, "version"]).agg(at=made.invoke.min(), until=made.returned.min())
    order = ibis.window(group_by=ERA, order_by="version")
    return entries.mutate(before=entries.version.lag().over(order))


def _gaps(facts: Facts) -> ir.Table:
    """Gaps that commits of unknown outcome, whose version nobody learnt, are too few to fill."""
    entries = _entries(facts)
    gaps = entries.mutate(missing=(entries.version - entries.before - 1).fill_null(0))
    so_far = ibis.cumulative_window(group_by="unit", order_by=["era", "version"])
    gaps = gaps.mutate(missing_so_far=gaps.missing.sum().over(so_far))
    gaps = gaps.filter(gaps.missing > 0)
    unnamed = facts.commits.filter(facts.commits.version.isnull()).select(of_unit="unit", begun="invoke")
    fills = gaps.left_join(
        unnamed,
        [gaps.unit == unnamed.of_unit, unnamed.begun <= ibis.coalesce(gaps.until, float("inf"))],
    )
    keys = [*ERA, "version", "at", "before", "missing_so_far"]
    filled = fills.group_by(keys).agg(fillers=fills.begun.count())
    return filled.filter(filled.missing_so_far > filled.fillers)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    gaps = _gaps(facts)
    commits = facts.commits.inner_join(gaps, [*ERA, "version", facts.commits.invoke == gaps.at])
    starts = _entries(facts).select("unit", "era", before="version", because_at="at")
    both = commits.left_join(starts, [*ERA, "before"])
    return event_columns(both, both.because_at)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    entries = _entries(facts)
    return entries.count(where=entries.before.notnull())


def _say(row: Row, promise: Promise) -> str:
    before = f", and {row['because']} committed {told_text(row, 'because_')}" if row["because"] else ""
    return f"{told_text(row)} was committed{before}: nothing is known of what is between them"


CHANGELOG_COMPLETE = Check(
    id="changelog-complete",
    suspects=_broken,
    broken=_broken,
    causes=lambda facts: causes_at(facts.made, "invoke"),
    explains=lambda cause, row: (cause.era == row.era) & (cause.version < row.version),
    tested=_tested,
    untested=lambda promise: "no unit has a second commit",
    say=_say,
    assumes=(),
)
