# SPDX-License-Identifier: Apache-2.0
"""`monotonic-kv`: an older version in KV's centre, as far as its puts and the reads that reached it show."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns, told_text
from edgeproof.properties.traffic.facts import VERSION, Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import going_back, versions_told

__all__ = ["MONOTONIC_KV"]


def _puts(facts: Facts) -> ir.Table:
    return facts.publishes.filter(facts.publishes.outcome == "ok")


def _held(facts: Facts) -> ir.Table:
    """What the centre held for certain: while a put was under way that was confirmed, and while it was read."""
    puts, reads = _puts(facts), facts.tellings.filter(facts.tellings.source == "kv")
    put = puts.select(*VERSION, first_returned="returned", last_invoke="invoke", n=ibis.literal(1, "int64"))
    read = reads.select(*VERSION, "first_returned", "last_invoke", "n")
    return versions_told(ibis.union(put, read), ("unit",))


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    return going_back(_held(facts), ("unit",), promise.slack)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    suspects = _suspects(facts, promise).select(*VERSION, "latest", "because_at")
    reads = facts.reads.filter(facts.reads.source == "kv").drop("session")
    both = ibis.union(_puts(facts), reads).inner_join(suspects, list(VERSION))
    late = both.filter(both.invoke > both.latest)
    return event_columns(late, late.because_at)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    held = _held(facts)
    return held.count() - held.unit.nunique()


def _say(row: Row, promise: Promise) -> str:
    did = f"{row['reader']} at {row['pop']} found" if row["kind"] == "read" else "a put left"
    return f"{did} {told_text(row)} in KV after {row['because']} had shown {told_text(row, 'because_')} there"


def _causes(facts: Facts) -> ir.Table:
    reads = facts.reads.filter(facts.reads.source == "kv")
    return ibis.union(causes_at(_puts(facts), "returned"), causes_at(reads, "returned"))


MONOTONIC_KV = Check(
    id="monotonic-kv",
    suspects=_suspects,
    broken=_broken,
    causes=_causes,
    tested=_tested,
    untested=lambda promise: "KV was not seen to hold a second version",
    say=_say,
    promised=lambda promise: not promise.may_be_late,
)
