# SPDX-License-Identifier: Apache-2.0
"""`local-reads`: reads without an answer by a loaded isolate, where its location was cut off or it fell back.

Loaded is who has been told a config since it started. That there is none yet is no config, an answer of the Durable
Object leaves none behind, and an eviction takes it away.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import SESSION
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.serves_last_good import copies, loaded_by

__all__ = ["LOCAL_READS"]


def _cuts(facts: Facts) -> ir.Table:
    """The times during which a location (all of them, if none is named) was cut off."""
    cuts = facts.faults.filter((facts.faults.note == "partition") & (facts.faults.outcome != "fail"))
    return cuts.select(
        of_unit="unit", of_pop="pop", cut_from="invoke", cut_until=ibis.coalesce(cuts.returned, float("inf"))
    )


def _during(reads: ir.Table, cuts: ir.Table) -> ir.Table:
    """Reads that lie wholly within a time of being cut off."""
    at = [reads.unit == cuts.of_unit, ibis.coalesce(cuts.of_pop, reads.pop) == reads.pop]
    within = [reads.invoke > cuts.cut_from, ibis.coalesce(reads.returned, float("inf")) < cuts.cut_until]
    return reads.inner_join(cuts, [*at, *within])


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    failed = facts.unanswered.filter(facts.unanswered.outcome == "fail")
    cuts = _cuts(facts)
    within = _during(failed, cuts).select(*failed.columns).distinct()
    fallen = failed.filter(failed.source == "fallback")
    lost = ibis.union(within, fallen, distinct=True)
    loaded = lost.inner_join(loaded_by(facts), list(SESSION))
    loaded = loaded.filter(loaded.had_by < loaded.invoke)
    return event_columns(loaded, loaded.had_by)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    fallen = facts.tellings.filter(facts.tellings.source == "fallback").n.sum().fill_null(0)
    cuts = _cuts(facts).distinct()
    cut = facts.events.filter(facts.events.kind == "read")
    return fallen + _during(cut.filter(cut.source.isnull() | (cut.source != "fallback")), cuts).count().as_scalar()


def _subject(facts: Facts) -> ir.Scalar:
    fallen = facts.tellings.count(where=facts.tellings.source == "fallback")
    return fallen + _cuts(facts).count().as_scalar()


def _explains(cause: ir.Table, row: ir.Table) -> ir.BooleanValue:
    return (cause.pop == row.pop) & (cause.reader == row.reader)


def _say(row: Row, promise: Promise) -> str:
    why = f" ({row['note']})" if row["note"] else ""
    return f"{row['reader']} at {row['pop']} got no answer{why}, and {row['because']} had given it one"


LOCAL_READS = Check(
    id="local-reads",
    suspects=_broken,
    broken=_broken,
    causes=lambda facts: causes_at(copies(facts.reads), "returned"),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "nobody read while cut off",
    say=_say,
    assumes=(),
    subject=_subject,
    no_subject="no location was cut off: no fault `partition`, no read from `fallback`",
)
