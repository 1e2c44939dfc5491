# SPDX-License-Identifier: Apache-2.0
"""Versions go up by one, in the order in which they were acknowledged, each with one content."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from properties.traffic.check import Check, Row, causes_at, event_columns, told_text
from properties.traffic.facts import NOWHERE, Facts, later_than
from properties.traffic.promise import Promise

__all__ = ["SINGLE_WRITER_ORDER", "acknowledged", "superseded_in_life"]

LIFE = ("unit", "life")


def acknowledged(facts: Facts) -> ir.Table:
    """Commits that are known to have happened, and in which life of the store."""
    return facts.commits.filter((facts.commits.outcome == "ok") & (facts.commits.life != NOWHERE))


def superseded_in_life(commits: ir.Table) -> ir.Table:
    """Per version of a life: by when a newer one was acknowledged, and with how many contents it was committed."""
    versions = commits.group_by([*LIFE, "era", "version"]).agg(
        certain=commits.returned.min(),
        digests=commits.digest.nunique(),
        first_digest=commits.digest.min(),
        first_invoke=commits.invoke.min(where=commits.digest.notnull()),
    )
    return versions.mutate(overtaken=versions.certain.min().over(later_than(LIFE)))


def _judged(facts: Facts, promise: Promise) -> ir.Table:
    commits = acknowledged(facts)
    joined = commits.inner_join(superseded_in_life(commits), [*LIFE, "era", "version"])
    late = (joined.invoke > joined.overtaken + promise.slack).fill_null(False)
    again = (joined.digests > 1) & ((joined.invoke > joined.first_invoke) | (joined.digest != joined.first_digest))
    astray = (joined.base + 1 != joined.version).fill_null(False)
    at = ibis.cases((late, joined.overtaken), (again, joined.first_invoke))
    return joined.mutate(because_at=at, bad=late | again.fill_null(False) | astray)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    judged = _judged(facts, promise)
    bad = judged.filter(judged.bad)
    return event_columns(bad, bad.because_at)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    commits = acknowledged(facts)
    return commits.count() - commits.unit.nunique()


def _say(row: Row, promise: Promise) -> str:
    if row["because"] is None:
        return f"{told_text(row)} was committed on top of version {row['base']}, not of the one before it"
    if (row["era"], row["version"]) == (row["because_era"], row["because_version"]):
        return f"{told_text(row)} was committed with another content than by {row['because']}"
    newer = told_text(row, "because_")
    return f"{told_text(row)} was committed although {row['because']} had been acknowledged as {newer}"


def _causes(facts: Facts) -> ir.Table:
    commits = acknowledged(facts)
    return ibis.union(causes_at(commits, "returned"), causes_at(commits, "invoke"))


def _explains(cause: ir.Table, row: ir.Table) -> ir.BooleanValue:
    same = (cause.era == row.era) & (cause.version == row.version)
    another = same & (cause.digest != row.digest).fill_null(True)
    return another | (cause.era > row.era) | ((cause.era == row.era) & (cause.version > row.version))


SINGLE_WRITER_ORDER = Check(
    id="single-writer-order",
    says="Versions go up by one, and a commit acknowledged before another began has the lower version.",
    suspects=_broken,
    broken=_broken,
    causes=_causes,
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no unit has a second commit",
    say=_say,
)
