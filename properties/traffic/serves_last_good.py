# SPDX-License-Identifier: Apache-2.0
"""`serves-last-good`: reads without an answer by an isolate that had been told a config, and not evicted since."""

from __future__ import annotations

from typing import Final

import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import SESSION
from edgeproof.properties.traffic.lives import NOWHERE
from edgeproof.properties.traffic.promise import Promise

__all__ = ["SERVES_LAST_GOOD", "STOOD_IN", "copies", "loaded_by"]

STOOD_IN: Final = ("fallback", "last_good")
"""What a read was served from that was answered from the isolate's copy, as KV gave it nothing."""


def copies(told: ir.Table) -> ir.Table:
    """What left a copy behind: the absence of a config does not, nor does an answer of the Durable Object itself."""
    return told.filter(((told.era > 0) | (told.version > 0)) & (told.source.isnull() | (told.source != "store")))


def loaded_by(facts: Facts) -> ir.Table:
    """The sessions that were told a config, and by when for certain (`had_by`)."""
    had = copies(facts.tellings.filter(facts.tellings.session != NOWHERE))
    return had.group_by(list(SESSION)).agg(had_by=had.first_returned.min())


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    # One that nobody saw end may have been answered.
    failed = facts.unanswered.filter(facts.unanswered.outcome == "fail")
    lost = failed.inner_join(loaded_by(facts), list(SESSION))
    lost = lost.filter(lost.had_by < lost.invoke)
    return event_columns(lost, lost.had_by)


def _stood_in(facts: Facts) -> ir.Scalar:
    """Reads that were answered from the isolate's copy, as KV had no answer."""
    return facts.tellings.filter(facts.tellings.source.isin(STOOD_IN)).n.sum().fill_null(0)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    return _stood_in(facts) + _broken(facts, promise).count().as_scalar()


def _subject(facts: Facts) -> ir.Scalar:
    return _stood_in(facts) + facts.unanswered.count(where=facts.unanswered.outcome == "fail").as_scalar()


def _explains(cause: ir.Table, row: ir.Table) -> ir.BooleanValue:
    return (cause.pop == row.pop) & (cause.reader == row.reader)


def _say(row: Row, promise: Promise) -> str:
    why = f" ({row['note']})" if row["note"] else ""
    return f"{row['reader']} at {row['pop']} got no answer{why}, although {row['because']} had told it a config"


SERVES_LAST_GOOD = Check(
    id="serves-last-good",
    suspects=_broken,
    broken=_broken,
    causes=lambda facts: causes_at(copies(facts.reads), "returned"),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no reader that had a copy had to do without KV",
    say=_say,
    # One isolate has one clock.
    assumes=(),
    subject=_subject,
    no_subject="no read failed, and none was served from `fallback` or `last_good`",
    promised=lambda promise: promise.keeps_a_copy,
)
