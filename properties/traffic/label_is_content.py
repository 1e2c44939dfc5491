# SPDX-License-Identifier: Apache-2.0
"""`label-is-content`: events whose version had another content when somebody had it first.

What counts is what happened for certain: commits and restores that are known to have been made, puts, whatever became
of them, and answers. Commits of one version are compared with each other, too, whatever lies between them: a restore
that takes no new era gives labels anew that are out there already.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, causes_at, event_columns, with_another_content
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.keeping import keep
from edgeproof.properties.traffic.labels import EMPTY_DIGEST, VERSION
from edgeproof.properties.traffic.promise import Promise

__all__ = ["LABEL_IS_CONTENT"]

LABELLED: Final = (*VERSION, "digest")


def _made(facts: Facts) -> ir.Table:
    """What the store is known to have made: its content counts before that of a copy of the same moment."""
    made = facts.made
    return made.filter((made.outcome == "ok") & made.version.notnull() & made.digest.notnull())


def _put(facts: Facts) -> ir.Table:
    """Puts have their content when they are over, at the latest: their recorder may have begun to look long before."""
    puts = facts.publishes.filter(facts.publishes.digest.notnull())
    return puts.mutate(over=ibis.coalesce(puts.returned, float("inf")))


def _contents(facts: Facts) -> ir.Table:
    """Per version and digest, how often the store, a put or a reader had it, and since when."""
    made, put, told = _made(facts), _put(facts), facts.contents
    return ibis.union(
        made.group_by(list(LABELLED)).agg(since=made.invoke.min(), copies=ibis.literal(0), n=made.count()),
        put.group_by(list(LABELLED)).agg(since=put.over.min(), copies=ibis.literal(1), n=put.count()),
        told.select(*LABELLED, since="first_returned", copies=ibis.literal(1), n="n"),
    )


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    """The contents of versions that had another one first; the empty config has its own from the beginning."""
    contents = keep(_contents(facts))
    order = ibis.window(group_by=list(VERSION), order_by=["since", "copies", "digest"])
    ranked = contents.mutate(place=ibis.row_number().over(order))
    ranked = ranked.filter(ranked.place == 0)
    empty = (ranked.era == 0) & (ranked.version == 0)
    first = ranked.select(
        *VERSION,
        own=ibis.ifelse(empty, EMPTY_DIGEST, ranked.digest),
        because_at=ibis.ifelse(empty, ibis.null("float64"), ranked.since),
    )
    joined = contents.inner_join(first, list(VERSION))
    return joined.filter(joined.digest != joined.own).select(*LABELLED, "because_at").distinct()


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    suspects = keep(_suspects(facts, promise))
    had = [table.inner_join(suspects, list(LABELLED)) for table in (_made(facts), _put(facts), facts.reads)]
    return ibis.union(*(event_columns(table, table.because_at) for table in had))


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    """Events of a version beyond the first; the empty config is none."""
    contents = _contents(facts)
    contents = contents.filter((contents.era > 0) | (contents.version > 0))
    return contents.n.sum().fill_null(0) - contents.select(*VERSION).distinct().count().as_scalar()


def _causes(facts: Facts) -> ir.Table:
    had = ibis.union(causes_at(_made(facts), "invoke"), causes_at(_put(facts), "over"))
    return ibis.union(had, causes_at(facts.reads, "returned"))


LABEL_IS_CONTENT = Check(
    id="label-is-content",
    suspects=_suspects,
    broken=_broken,
    causes=_causes,
    explains=lambda cause, row: (cause.era == row.era) & (cause.version == row.version) & (cause.digest != row.digest),
    tested=_tested,
    untested=lambda promise: "no version's content is known from two events",
    say=lambda row, promise: with_another_content(row),
    # Which of two contents was first is a matter of clocks, that there are two is not.
    assumes=(),
)
