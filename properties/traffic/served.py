# SPDX-License-Identifier: Apache-2.0
"""For how long locations went on serving cached copies of what KV no longer held."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.attempts import ended
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import VERSION, later_than
from edgeproof.properties.traffic.promise import Promise

__all__ = ["gone_from_kv", "served_after"]


def gone_from_kv(facts: Facts, promise: Promise) -> ir.Table:
    """Per version, by when KV had certainly moved on to a newer one (`gone`).

    That is so once a put of a newer one is confirmed which had begun after all puts of older ones were over.
    """
    puts = facts.publishes.filter(facts.publishes.outcome != "fail")
    puts = puts.mutate(over=ended(puts, promise))
    older = ibis.window(group_by="unit", order_by=["era", "version"], preceding=(None, 1))
    per = puts.group_by(list(VERSION)).agg(over=puts.over.max())
    per = per.mutate(older_over=per.over.max().over(older)).select(*VERSION, "older_over")
    alone = puts.inner_join(per, list(VERSION))
    alone = alone.filter((alone.outcome == "ok") & (alone.older_over.isnull() | (alone.invoke > alone.older_over)))
    landed = alone.group_by(list(VERSION)).agg(landed=alone.returned.min())
    known = facts.versions.select(*VERSION).left_join(landed, list(VERSION)).select(*VERSION, "landed")
    return known.mutate(gone=known.landed.min().over(later_than(("unit",)))).select(*VERSION, "gone")


def served_after(facts: Facts, promise: Promise) -> ir.Table:
    """How long after KV had moved on a location last served its cached copy, per location and version."""
    cached = facts.tellings.filter(facts.tellings.source == "cache")
    served = cached.inner_join(gone_from_kv(facts, promise), list(VERSION))
    served = served.mutate(value=served.last_invoke - served.gone)
    served = served.filter(served.value > 0)
    return served.select("unit", *(ibis.null(kind).name(name) for name, kind in PLACE.items()), "value")


PLACE = {"file": "string", "line": "int64"}
"""Which read it was costs a look at all of them, and is not looked up."""
