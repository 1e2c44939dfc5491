# SPDX-License-Identifier: Apache-2.0
"""`cross-pop-monotonic`: reads of an older version than had been told anywhere before they began.

It is asked of units that were read at two locations or more: one location alone goes back in other ways.
"""

from __future__ import annotations

import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import VERSION
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import going_back, late_reads, versions_told

__all__ = ["CROSS_POP_MONOTONIC"]


def _told(facts: Facts) -> ir.Table:
    """What was told of the units that were read at more than one location."""
    pops = facts.tellings.group_by("unit").agg(pops=facts.tellings.pop.nunique())
    return versions_told(facts.told.semi_join(pops.filter(pops.pops > 1), "unit"), ("unit",))


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    return going_back(_told(facts), ("unit",), promise.slack)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    return late_reads(facts, _suspects(facts, promise), VERSION)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    """Versions told beyond the first, where there is more than one location."""
    told = _told(facts)
    return told.count() - told.unit.nunique()


def _say(row: Row, promise: Promise) -> str:
    where = f"{row['because_reader']} at {row['because_pop']}"
    return f"{what(row)} after {row['because']} told {where} {told_text(row, 'because_')}"


CROSS_POP_MONOTONIC = Check(
    id="cross-pop-monotonic",
    suspects=_suspects,
    broken=_broken,
    causes=lambda facts: causes_at(facts.reads, "returned"),
    tested=_tested,
    untested=lambda promise: "no unit was read at two locations and in two versions",
    say=_say,
    promised=lambda promise: False,
)
