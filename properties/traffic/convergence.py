# SPDX-License-Identifier: Apache-2.0
"""`convergence`: reads of another version than the last, longer after the last commit than the bound allows."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.bounded_staleness import acknowledgements
from edgeproof.properties.traffic.check import PUBLISHING, Check, Row, event_columns, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import SEEN
from edgeproof.properties.traffic.promise import Promise

__all__ = ["CONVERGENCE"]


def _settled(facts: Facts, promise: Promise) -> ir.Table:
    """What was told, with each unit's last version, and from when on every read gives it."""
    v = facts.versions
    order = ibis.window(group_by="unit", order_by=[ibis.desc("era"), ibis.desc("version")])
    standing = v.filter(v.stands.fill_null(False))
    last = standing.mutate(place=ibis.row_number().over(order))
    last = last.filter(last.place == 0).select("unit", last_era="era", last_version="version", last_by="lately")
    units = facts.units.filter(facts.units.quiet != float("inf"))
    told = facts.told.inner_join(last, "unit").inner_join(units.select("unit", "quiet", "open"), "unit")
    return told.mutate(latest=told.quiet + promise.bound_s + promise.slack)


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    s = _settled(facts, promise)
    older = (s.era < s.last_era) | ((s.era == s.last_era) & (s.version < s.last_version))
    other = (s.era != s.last_era) | (s.version != s.last_version)
    # A commit of unknown outcome may have made a version that is newer still.
    return s.filter((s.last_invoke > s.latest) & (older | (other & (s.open == 0))))


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    suspects = _suspects(facts, promise).select(*SEEN, "latest", "last_by")
    joined = facts.reads.inner_join(suspects, list(SEEN))
    late = joined.filter(joined.invoke > joined.latest)
    return event_columns(late, late.last_by)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    settled = _settled(facts, promise)
    return settled.filter(settled.last_invoke > settled.latest).n.sum().fill_null(0)


def _say(row: Row, promise: Promise) -> str:
    last = f"{row['because']} had committed {told_text(row, 'because_')}, the last one"
    return f"{what(row)}, {row['invoke'] - row['because_at']:.3f} s after {last}"


CONVERGENCE = Check(
    id="convergence",
    suspects=_suspects,
    broken=_broken,
    causes=acknowledgements,
    explains=lambda cause, row: (cause.era != row.era) | (cause.version != row.version),
    tested=_tested,
    untested=lambda promise: f"the history ends within the bound of {promise.bound_s:g} s after the last commit",
    say=_say,
    assumes=PUBLISHING,
)
