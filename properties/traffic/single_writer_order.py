# SPDX-License-Identifier: Apache-2.0
"""`single-writer-order`: commits out of order, on top of the wrong version, or of one that was another write's already.

Two writes are of two keys, or have two contents. One that was told a version which another write of the same life of
the store had been told is the lost update itself.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import later_than
from edgeproof.properties.traffic.lives import NOWHERE
from edgeproof.properties.traffic.promise import Promise

__all__ = ["SINGLE_WRITER_ORDER", "acknowledged"]

LIFE = ("unit", "life")


def acknowledged(facts: Facts) -> ir.Table:
    """Commits that are known to have happened, and in which life of the store."""
    return facts.commits.filter((facts.commits.outcome == "ok") & (facts.commits.life != NOWHERE))


def _judged(facts: Facts, promise: Promise) -> ir.Table:
    """Commits with the moment from which each is out of order (`late`), or another write has its version (`again`)."""
    commits = acknowledged(facts)
    versions = commits.group_by([*LIFE, "era", "version"]).agg(certain=commits.returned.min())
    versions = versions.mutate(overtaken=versions.certain.min().over(later_than(LIFE))).drop("certain")
    joined = commits.inner_join(versions, [*LIFE, "era", "version"]).left_join(_earlier(commits), ["file", "line"])
    late = (joined.invoke > joined.overtaken + promise.slack).fill_null(False)
    astray = (joined.base + 1 != joined.version).fill_null(False)
    at = ibis.cases((late, joined.overtaken), else_=joined.again)
    return joined.mutate(because_at=at, bad=late | joined.again.notnull() | astray)


def _earlier(commits: ir.Table) -> ir.Table:
    """Commits of a version that another write had already, and since when."""
    both = ibis.union(*(_before_by(commits, mark) for mark in ("digest", "key")))
    return both.group_by(["file", "line"]).agg(again=both.since.min())


def _before_by(commits: ir.Table, mark: str) -> ir.Table:
    """Commits of a version that one with another digest, or key, had before."""
    known = commits.filter(commits[mark].notnull())
    writes = known.group_by([*LIFE, "era", "version", mark]).agg(since=known.invoke.min()).rename(other=mark)
    before = (writes.since < known.invoke) | ((writes.since == known.invoke) & (writes.other < known[mark]))
    both = known.inner_join(writes, [*LIFE, "era", "version", known[mark] != writes.other, before])
    return both.select("file", "line", "since")


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
        if row["digest"] is not None and row["because_digest"] not in (None, row["digest"]):
            return f"{told_text(row)} was committed with another content than by {row['because']}"
        return f"the write with key {row['key']} was told {told_text(row)}, as was {row['because']} with another key"
    newer = told_text(row, "because_")
    return f"{told_text(row)} was committed although {row['because']} had been acknowledged as {newer}"


def _causes(facts: Facts) -> ir.Table:
    commits = acknowledged(facts)
    return ibis.union(causes_at(commits, "returned"), causes_at(commits, "invoke"))


def _explains(cause: ir.Table, row: ir.Table) -> ir.BooleanValue:
    same = (cause.era == row.era) & (cause.version == row.version)
    another = same & ((cause.digest != row.digest) | (cause.key != row.key)).fill_null(False)
    return another | (cause.era > row.era) | ((cause.era == row.era) & (cause.version > row.version))


SINGLE_WRITER_ORDER = Check(
    id="single-writer-order",
    suspects=_broken,
    broken=_broken,
    causes=_causes,
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no unit has a second commit",
    say=_say,
)
