# SPDX-License-Identifier: Apache-2.0
"""The puts of a unit one after the other: how long each took, and what was waited for in between."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.facts import VERSION, Facts
from edgeproof.properties.traffic.promise import Promise

__all__ = ["after_failures", "attempts", "ended", "failed_in_a_row", "took", "waits"]

PLACE = ("unit", "file", "line")


def attempts(facts: Facts) -> ir.Table:
    """Every put with the one before it of the same unit."""
    puts = facts.publishes
    order = ibis.window(group_by="unit", order_by=["invoke", "file", "line"])
    names = ("invoke", "returned", "outcome", "era", "version")
    return puts.mutate(**{f"before_{name}": puts[name].lag().over(order) for name in names})


def took(facts: Facts) -> ir.Table:
    """How long each put took whose end was seen."""
    puts = facts.publishes.filter(facts.publishes.returned.notnull())
    return puts.select(*PLACE, "outcome", value=puts.returned - puts.invoke)


def failed_in_a_row(facts: Facts) -> ir.Table:
    """Of each put that was not confirmed, the how manyeth in a row of its unit it was."""
    puts = facts.publishes
    order = ["unit", "invoke", "file", "line"]
    so_far = ibis.cumulative_window(group_by="unit", order_by=order[1:])
    puts = puts.mutate(confirmed=(puts.outcome == "ok").cast("int64").sum().over(so_far))
    failed = puts.filter(puts.outcome != "ok")
    row = ibis.window(group_by=["unit", "confirmed"], order_by=order[1:])
    return failed.select(*PLACE, value=ibis.row_number().over(row) + 1)


def after_failures(facts: Facts, promise: Promise) -> ir.Table:
    """From each attempt that was not confirmed to the next one, or to the end of the history.

    An attempt that was to have been given up after D counts as over by then: what is beyond belongs to the delay. That
    of an instance that died is known by its beginning only, and so needs D.
    """
    tried = attempts(facts)
    tried = tried.filter(tried.before_outcome.notnull() & (tried.before_outcome != "ok"))
    between = tried.select(*PLACE, begun="before_invoke", over="before_returned", until="invoke")
    last = _last(facts)
    last = last.filter(last.outcome != "ok").select(*PLACE, begun="invoke", over="returned", until="end")
    both = ibis.union(between, last)
    over = both.over
    if promise.put_timeout is not None:
        over = ibis.least(both.over, both.begun + promise.put_timeout)
    return both.mutate(value=both.until - over).filter(over.notnull()).select(*PLACE, "value")


def waits(facts: Facts) -> ir.Table:
    """From when a commit was waiting, and no put under way, to the put that followed, or to the end of the history."""
    tried = attempts(facts)
    first = tried.filter(tried.before_outcome.isnull())
    first = first.inner_join(facts.units.select("unit", "began"), "unit")
    first = first.select(*PLACE, since="began", free="began", until="invoke")
    tried = tried.filter(tried.before_outcome == "ok")
    between = tried.select(*PLACE, era="before_era", version="before_version", free="before_returned", until="invoke")
    last = _last(facts)
    last = last.filter(last.outcome == "ok")
    last = last.select(*PLACE, "era", "version", free="returned", until="end")
    later = ibis.union(between, last)
    later = later.inner_join(facts.versions.select(*VERSION, since="superseded"), list(VERSION))
    both = ibis.union(first, later.select(*PLACE, "since", "free", "until"))
    both = both.mutate(value=both.until - ibis.greatest(both.since, both.free))
    return both.filter(both.since.notnull() & (both.value > 0)).select(*PLACE, "value")


def ended(puts: ir.Table, promise: Promise) -> ir.Value:
    """By when a put has surely landed or never will; infinity where nobody knows."""
    given_up: ir.Value = ibis.literal(float("inf"))
    if promise.put_timeout is not None and not promise.may_be_late:
        given_up = puts.invoke + promise.put_timeout
    return ibis.ifelse(puts.outcome == "ok", puts.returned, given_up)


def _last(facts: Facts) -> ir.Table:
    """The last put of each unit, with the time until which its unit's history goes."""
    puts = facts.publishes
    order = ibis.window(group_by="unit", order_by=[ibis.desc("invoke"), ibis.desc("file"), ibis.desc("line")])
    last = puts.mutate(place=ibis.row_number().over(order))
    last = last.filter(last.place == 0)
    told = facts.told.group_by("unit").agg(read_until=facts.told.last_invoke.max())
    # Of a restore that nobody saw end, the end is not known: the history goes as far as what else there is in it.
    quiet = facts.units.quiet.nullif(float("inf"))
    ends = facts.units.select("unit", quiet=quiet).left_join(told, "unit")
    ends = ends.select("unit", end=ibis.greatest(ends.quiet, ends.read_until))
    return last.inner_join(ends, "unit")
