# SPDX-License-Identifier: Apache-2.0
"""`no-partial-read`: reads with another digest than the version that they were told."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, causes_at, event_columns, with_another_content
from edgeproof.properties.traffic.facts import EMPTY_DIGEST, VERSION, Facts
from edgeproof.properties.traffic.promise import Promise

__all__ = ["NO_PARTIAL_READ"]


def _compared(facts: Facts) -> ir.Table:
    """Digests that readers were given, where the version's own is known."""
    v = facts.versions.select(*VERSION, "digests", "asked")
    empty = (v.era == 0) & (v.version == 0)
    v = v.mutate(digests=ibis.ifelse(empty, ibis.array([EMPTY_DIGEST]), v.digests))
    joined = facts.contents.inner_join(v, list(VERSION))
    return joined.filter(joined.digests.length() > 0)


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    compared = _compared(facts)
    return compared.filter(~compared.digests.contains(compared.digest))


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    keys = [*VERSION, "digest"]
    joined = facts.reads.inner_join(_suspects(facts, promise).select(*keys, "asked"), keys)
    return event_columns(joined, joined.asked)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    compared = _compared(facts)
    return compared.filter((compared.era > 0) | (compared.version > 0)).n.sum().fill_null(0)


def _causes(facts: Facts) -> ir.Table:
    made = ibis.union(facts.commits.drop("life"), facts.restores)
    return causes_at(made.filter(made.digest.notnull()), "invoke")


NO_PARTIAL_READ = Check(
    id="no-partial-read",
    suspects=_suspects,
    broken=_broken,
    causes=_causes,
    explains=lambda cause, row: (cause.era == row.era) & (cause.version == row.version),
    tested=_tested,
    untested=lambda promise: "no read has a digest to compare with that of a commit",
    say=lambda row, promise: with_another_content(row),
    assumes=(),
)
