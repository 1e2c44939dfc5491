# SPDX-License-Identifier: Apache-2.0
"""`monotonic-reads`: reads of an older version than one of the same session that had ended before they began."""

from __future__ import annotations

import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import SESSION, newer
from edgeproof.properties.traffic.lives import NOWHERE
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import going_back, late_reads, versions_told

__all__ = ["MONOTONIC_READS"]


def _sessions(facts: Facts) -> ir.Table:
    """What each session was told; a recorded eviction is where one ends, and a read that met it belongs to none."""
    return versions_told(facts.tellings.filter(facts.tellings.session != NOWHERE), SESSION)


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    # One isolate has one clock.
    return going_back(_sessions(facts), SESSION, 0.0)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    return late_reads(facts, _suspects(facts, promise), (*SESSION, "era", "version"))


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    """Versions told beyond a session's first; the empty config is none."""
    sessions = _sessions(facts)
    sessions = sessions.filter((sessions.era > 0) | (sessions.version > 0))
    return sessions.count() - sessions.select(*SESSION).distinct().count().as_scalar()


def _explains(cause: ir.Table, row: ir.Table) -> ir.BooleanValue:
    return (cause.pop == row.pop) & (cause.reader == row.reader) & newer(cause, row)


def _say(row: Row, promise: Promise) -> str:
    return f"{what(row)} after {row['because']} was told {told_text(row, 'because_')}"


MONOTONIC_READS = Check(
    id="monotonic-reads",
    suspects=_suspects,
    broken=_broken,
    causes=lambda facts: causes_at(facts.reads, "returned"),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no reader was told a second version",
    say=_say,
    assumes=(),
    promised=lambda promise: promise.guarded,
)
