# SPDX-License-Identifier: Apache-2.0
"""`durable-ack`: acknowledged versions that a later commit took, or that the store itself no longer answered with."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.bounded_staleness import acknowledgements, superseded
from edgeproof.properties.traffic.check import Check, Row, event_columns, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import SEEN, VERSION, later_than, newer
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.single_writer_order import LIFE, acknowledged
from edgeproof.properties.traffic.spans import past

__all__ = ["DURABLE_ACK"]


def _replaced(facts: Facts, promise: Promise) -> ir.Table:
    """Commits that took a version that had been acknowledged, or a lower one of the same era."""
    commits = acknowledged(facts)
    contents = commits.group_by([*LIFE, "era", "version", "digest"]).agg(
        certain=commits.returned.min(where=commits.digest.notnull())
    )
    by_version = commits.group_by([*LIFE, "era", "version"]).agg(certain=commits.returned.min())
    by_version = by_version.mutate(overtaken=by_version.certain.min().over(later_than((*LIFE, "era"))))
    others = contents.rename(other="digest", other_certain="certain")
    keys = [*LIFE, "era", "version"]
    same = commits.inner_join(others, [*keys, commits.digest != others.other])
    same = same.group_by(["file", "line"]).agg(taken=same.other_certain.min())
    joined = commits.inner_join(by_version.select(*keys, "overtaken"), keys).left_join(same, ["file", "line"])
    at = ibis.least(joined.overtaken, joined.taken)
    return joined.mutate(because_at=at).filter(joined.invoke > at + promise.slack)


def _from_store(facts: Facts, promise: Promise) -> ir.Table:
    """Versions that the store itself answered with although a newer one had been acknowledged."""
    tellings = facts.tellings.filter(facts.tellings.source == "store")
    return past(tellings, superseded(facts), promise.slack)


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    return ibis.union(_replaced(facts, promise).select(*VERSION), _from_store(facts, promise).select(*VERSION))


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    old = _from_store(facts, promise).select(*SEEN, "latest", "because_at").distinct()
    reads = facts.reads.filter(facts.reads.source == "store").inner_join(old, list(SEEN))
    reads = reads.filter(reads.invoke > reads.latest)
    commits = _replaced(facts, promise)
    return ibis.union(event_columns(commits, commits.because_at), event_columns(reads, reads.because_at))


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    commits = acknowledged(facts)
    reads = facts.tellings.filter(facts.tellings.source == "store").n.sum().fill_null(0)
    return commits.count() - commits.unit.nunique() + reads.as_scalar()


def _say(row: Row, promise: Promise) -> str:
    gone = f"{told_text(row, 'because_')}, which {row['because']} had acknowledged"
    if row["kind"] == "read":
        return f"the store answered {row['reader']} with {told_text(row)}, after {gone}"
    return f"{told_text(row)} was committed after {gone}"


def _explains(cause: ir.Table, row: ir.Table) -> ir.BooleanValue:
    same = (cause.era == row.era) & (cause.version == row.version)
    return newer(cause, row) | (same & (cause.digest != row.digest))


DURABLE_ACK = Check(
    id="durable-ack",
    suspects=_suspects,
    broken=_broken,
    causes=acknowledgements,
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no unit has a second commit, and the store itself was not read",
    say=_say,
)
