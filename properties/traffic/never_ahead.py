# SPDX-License-Identifier: Apache-2.0
"""`never-ahead`: reads and puts of versions whose commit was asked for later, or never."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns, what
from edgeproof.properties.traffic.facts import VERSION, Facts
from edgeproof.properties.traffic.promise import Promise

__all__ = ["NEVER_AHEAD"]


def _allowed(facts: Facts) -> ir.Table:
    """Since when a version may be known: when its commit was asked for, or one that nobody learnt the version of."""
    v = facts.versions.filter((facts.versions.era > 0) | (facts.versions.version > 0))
    return v.select(*VERSION, "asked", earliest=ibis.coalesce(v.asked, v.unnamed))


def _told(facts: Facts, promise: Promise) -> ir.Table:
    # A read has its content when it returns.
    told = facts.told.inner_join(_allowed(facts), list(VERSION))
    return told.filter(_too_early(told.first_returned, told, promise))


def _put(facts: Facts, promise: Promise) -> ir.Table:
    # A put has its content when it is invoked.
    put = facts.publishes.inner_join(_allowed(facts), list(VERSION))
    return put.filter(_too_early(put.invoke, put, promise))


def _too_early(known_by: ir.Value, table: ir.Table, promise: Promise) -> ir.BooleanValue:
    return table.earliest.isnull() | (known_by + promise.slack < table.earliest)


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    return ibis.union(_told(facts, promise).select(*VERSION), _put(facts, promise).select(*VERSION))


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    suspects = _told(facts, promise).select(*VERSION, "asked", "earliest")
    reads = facts.reads.inner_join(suspects, list(VERSION))
    reads = reads.filter(_too_early(reads.returned, reads, promise))
    puts = _put(facts, promise)
    return ibis.union(event_columns(puts, puts.asked), event_columns(reads, reads.asked))


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    told, put = facts.told, facts.publishes
    reads = told.filter((told.era > 0) | (told.version > 0)).n.sum().fill_null(0)
    return reads + put.count(where=(put.era > 0) | (put.version > 0)).as_scalar()


def _measures(facts: Facts, promise: Promise) -> dict[str, ir.Scalar]:
    """How many reads and puts only a commit of unknown outcome accounts for."""
    unnamed = _allowed(facts)
    unnamed = unnamed.filter(unnamed.asked.isnull() & unnamed.earliest.notnull())
    told = facts.told.inner_join(unnamed, list(VERSION))
    put = facts.publishes.inner_join(unnamed, list(VERSION))
    reads = told.filter(~_too_early(told.first_returned, told, promise)).n.sum().fill_null(0)
    return {"of_unknown_commits": reads + put.filter(~_too_early(put.invoke, put, promise)).count().as_scalar()}


def _say(row: Row, promise: Promise) -> str:
    if row["because"] is None:
        return f"{what(row)}, which was never committed"
    return f"{what(row)}, before {row['because']} asked for its commit"


NEVER_AHEAD = Check(
    id="never-ahead",
    suspects=_suspects,
    broken=_broken,
    causes=lambda facts: causes_at(ibis.union(facts.commits.drop("life"), facts.restores), "invoke"),
    explains=lambda cause, row: (cause.era == row.era) & (cause.version == row.version),
    tested=_tested,
    untested=lambda promise: "nobody put or read any version",
    say=_say,
    measures=_measures,
)
