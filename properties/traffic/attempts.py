# SPDX-License-Identifier: Apache-2.0
"""The puts of a unit one after the other: how long each took, and what was waited for in between."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.keeping import keep, number
from edgeproof.properties.traffic.labels import SEEN
from edgeproof.properties.traffic.lives import restores_of, restores_seen
from edgeproof.properties.traffic.promise import Promise

__all__ = ["after_failures", "attempts", "ended", "failed_in_a_row", "took", "waiting", "waits"]

PLACE = ("unit", "file", "line")


def attempts(facts: Facts) -> ir.Table:
    """Every put with the one before it of the same unit."""
    puts = facts.publishes
    order = ibis.window(group_by="unit", order_by=["invoke", "file", "line"])
    names = ("file", "line", "invoke", "returned", "outcome", "era", "version")
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
    """From each attempt that was not confirmed, whose place is given, to the next one, or to the end of the history.

    An attempt that was to have been given up after D counts as over by then: what is beyond belongs to the delay. That
    of an instance that died is known by its beginning only, and so needs D.
    """
    tried = attempts(facts)
    tried = tried.filter(tried.before_outcome.notnull() & (tried.before_outcome != "ok"))
    failed = {"file": "before_file", "line": "before_line", "begun": "before_invoke", "over": "before_returned"}
    between = tried.select("unit", **failed, until="invoke")
    last = _last(facts)
    last = last.filter(last.outcome != "ok").select(*PLACE, begun="invoke", over="returned", until="end")
    both = ibis.union(between, last)
    over = both.over
    if promise.put_timeout is not None:
        over = ibis.least(both.over, both.begun + promise.put_timeout)
    return both.mutate(value=both.until - over).filter(over.notnull()).select(*PLACE, "value")


def waits(facts: Facts) -> ir.Table:
    """From when a commit was waiting, and no put under way, to the put that followed, whose place is given."""
    tried = attempts(facts)
    first = tried.filter(tried.before_outcome.isnull())
    first = first.inner_join(facts.units.select("unit", "began"), "unit")
    first = first.select(*PLACE, since="began", free="began", until="invoke")
    later = _as_carried(facts, tried.filter(tried.before_outcome == "ok"))
    later = later.inner_join(facts.moments.select(*SEEN, since="superseded"), list(SEEN))
    both = ibis.union(first, later.select(*PLACE, "since", free="before_returned", until="invoke"))
    both = both.mutate(value=both.until - ibis.greatest(both.since, both.free))
    return both.filter(both.since.notnull() & (both.value > 0)).select(*PLACE, "value")


def waiting(facts: Facts) -> ir.Table:
    """From when a commit, whose place is given, was waiting, and no put under way, to the end of its unit's history.

    A unit whose store crashed and was not seen to come back has nobody who could put anything.
    """
    last = _last(facts)
    last = last.filter(last.outcome == "ok").mutate(before_era="era", before_version="version")
    last = _as_carried(facts, last.mutate(before_returned=last.returned))
    dead = facts.faults.filter((facts.faults.note == "crash") & facts.faults.returned.isnull())
    last = last.anti_join(dead, "unit").inner_join(facts.moments.select(*SEEN, since="superseded"), list(SEEN))
    last = last.filter(last.since.notnull())
    last = last.select("unit", "since", "era", "version", value=last.end - ibis.greatest(last.since, last.returned))
    made = facts.made
    made = made.filter(made.outcome == "ok").select(
        *PLACE, of_unit="unit", of_era="era", of_version="version", at="returned"
    )
    newer = (made.of_era > last.era) | ((made.of_era == last.era) & (made.of_version > last.version))
    found = last.inner_join(made, [last.unit == made.of_unit, last.since == made["at"], newer])
    first = ibis.window(group_by="unit", order_by=["file", "line"])
    found = found.mutate(place=ibis.row_number().over(first))
    return found.filter((found.place == 0) & (found.value > 0)).select(*PLACE, "value")


def ended(puts: ir.Table, promise: Promise) -> ir.Value:
    """By when a put has surely landed or never will; infinity where nobody knows."""
    given_up: ir.Value = ibis.literal(float("inf"))
    if promise.put_timeout is not None and not promise.may_be_late:
        given_up = puts.invoke + promise.put_timeout
    return ibis.ifelse(puts.outcome == "ok", puts.returned, given_up)


def _as_carried(facts: Facts, tried: ir.Table) -> ir.Table:
    """Attempts with the version that the put before them had left in KV, and how many restores they may have `seen`.

    Where no copy of a unit carries an era, a put stands for whatever the store had under its number by then.
    """
    began = tried.select("unit", "file", "line", invoke="invoke", returned="invoke")
    seen = restores_seen(began, restores_of(facts.faults)).select("file", "line", "seen")
    tried = tried.drop("era", "version").rename(era="before_era", version="before_version")
    tried = tried.inner_join(keep(seen), ["file", "line"])
    eras = facts.made.group_by("unit").agg(latest=facts.made.era.max())
    carried = ibis.union(facts.told.select("unit", "era"), facts.publishes.select("unit", "era"))
    carried = carried.group_by("unit").agg(carried=carried.era.max())
    bare = eras.inner_join(carried, "unit")
    bare = keep(bare.filter((bare.latest > 0) & (bare.carried == 0)).select("unit"))
    if not number(bare.count()):
        return tried
    made = facts.made.semi_join(bare, "unit")
    made = made.select(of_unit="unit", of_era="era", of_version="version", asked="invoke")
    same = [tried.unit == made.of_unit, tried.version == made.of_version, made.asked <= tried.before_returned]
    stands_for = tried.inner_join(made, same).group_by(["file", "line"]).agg(stands_for=made.of_era.max())
    tried = tried.left_join(stands_for, ["file", "line"])
    return tried.mutate(era=ibis.coalesce(tried.stands_for, tried.era))


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
