# SPDX-License-Identifier: Apache-2.0
"""`monotonic-kv`: an older version in KV's centre after a newer one, as far as its puts and reads show.

While a confirmed put was under way, or the centre itself was read (`centre`), it held that version. What `KV.get`
returned (`kv`) may be a cached copy, and each location has its own: the centre held it by then, and, if copies are
known to be served for no longer than T, not longer ago than that. Without a T it says nothing of what was there later.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import VERSION
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import going_back, versions_told

__all__ = ["MONOTONIC_KV"]

_READS: Final = ("centre", "kv")


def _puts(facts: Facts) -> ir.Table:
    return facts.publishes.filter(facts.publishes.outcome == "ok")


def _from(table: ir.Table, began: ir.Value, promise: Promise) -> ir.Value:
    """Since when the centre held what a read of a source that began then was given."""
    if promise.cache_ttl is None:
        return ibis.ifelse(table.source == "kv", float("-inf"), began)
    return ibis.ifelse(table.source == "kv", began - promise.cache_ttl, began)


def _held(facts: Facts, promise: Promise) -> ir.Table:
    """What the centre held for certain, by when first, and since when last."""
    puts, reads = _puts(facts), facts.tellings.filter(facts.tellings.source.isin(_READS))
    put = puts.select(*VERSION, first_returned="returned", last_invoke="invoke", n=ibis.literal(1, "int64"))
    last = _from(reads, reads.last_invoke, promise)
    read = reads.select(*VERSION, "first_returned", "n", last_invoke=last)
    return versions_told(ibis.union(put, read.select(*put.columns)), ("unit",))


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    return going_back(_held(facts, promise), ("unit",), promise.slack)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    suspects = _suspects(facts, promise).select(*VERSION, "latest", "because_at")
    reads = facts.reads.filter(facts.reads.source.isin(_READS)).drop("session", "seen")
    both = ibis.union(_puts(facts), reads).inner_join(suspects, list(VERSION))
    late = both.filter(_from(both, both.invoke, promise) > both.latest)
    return event_columns(late, late.because_at)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    held = _held(facts, promise)
    return held.count() - held.unit.nunique()


def _say(row: Row, promise: Promise) -> str:
    shown = f"after {row['because']} had shown {told_text(row, 'because_')} there"
    if row["kind"] == "publish":
        return f"a put left {told_text(row)} in KV {shown}"
    copy = f", which serves no copy for longer than {promise.cache_ttl:g} s," if row["source"] == "kv" else ""
    return f"{row['reader']} at {row['pop']}{copy} found {told_text(row)} in KV {shown}"


def _causes(facts: Facts) -> ir.Table:
    reads = facts.reads.filter(facts.reads.source.isin(_READS))
    return ibis.union(causes_at(_puts(facts), "returned"), causes_at(reads, "returned"))


MONOTONIC_KV = Check(
    id="monotonic-kv",
    suspects=_suspects,
    broken=_broken,
    causes=_causes,
    tested=_tested,
    untested=lambda promise: "KV was not seen to hold a second version",
    say=_say,
    assumes=("cache_ttl", "skew"),
    promised=lambda promise: not promise.may_be_late,
)
