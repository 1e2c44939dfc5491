# SPDX-License-Identifier: Apache-2.0
"""Staleness as a measurement: how old what readers were told was, for certain and possibly.

A read lies somewhere between its `invoke` and its `returned`, and so does the commit that superseded what it was told.
Staleness is certain from the commit's return to the read's invocation, possible from the commit's invocation to the
read's return; what clocks may differ by (`skew`, seconds) makes the one shorter and the other longer. Values are
counted in steps of three digits, rounded up, so that quantiles need no sorting, and come out the same wherever they are
computed.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.keeping import keep
from edgeproof.properties.traffic.labels import SEEN, VERSION

__all__ = ["QUANTILES", "behind", "freshness", "quantiles", "rounded_up", "spread", "staler"]

QUANTILES: Final = {"p50": 500, "p90": 900, "p99": 990, "p999": 999}
"""In thousandths of the reads; the largest value goes with them."""

_STEPS: Final = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
_AGES: Final = tuple(m * 10.0**e for e in range(-3, 5) for m in (1, 2, 5))


def rounded_up(seconds: ir.Value) -> ir.Value:
    """Up to the next millisecond below 1 s, then to three digits; nothing is 0."""
    steps = [(seconds <= step * 1000, (seconds / step).ceil() * step) for step in _STEPS]
    return ibis.cases((seconds <= 0, 0.0), *steps, else_=(seconds / 10000.0).ceil() * 10000.0)


def spread(facts: Facts, which: str, skew: float = 0.0) -> ir.Table:
    """How many reads of each unit at each location were how stale (`which`: certain or possible), in steps."""
    if which == "certain":
        reads = facts.reads.inner_join(facts.moments.select(*SEEN, "superseded"), list(SEEN))
        stale = reads.invoke - reads.superseded - skew
    else:
        reads = facts.reads.inner_join(facts.versions.select(*VERSION, "newer_asked"), list(VERSION))
        stale = reads.returned - reads.newer_asked + skew
    reads = reads.mutate(seconds=rounded_up(ibis.greatest(stale.fill_null(0.0), 0.0)))
    return keep(reads.group_by(["unit", "pop", "seconds"]).agg(n=reads.count()))


def quantiles(spread: ir.Table, by: tuple[str, ...] = ()) -> ir.Table:
    """Half of the reads, 9 in 10, and so on, were at most this stale (seconds), with their number; one row per `by`."""
    keys = [*by, "whole"]
    steps = spread.mutate(whole=ibis.literal(0, "int8")).group_by([*keys, "seconds"]).agg(n=spread.n.sum())
    steps = steps.mutate(
        so_far=steps.n.sum().over(ibis.cumulative_window(group_by=keys, order_by="seconds")),
        reads=steps.n.sum().over(ibis.window(group_by=keys)),
    )
    at = {
        name: steps.seconds.min(where=steps.so_far * 1000 >= steps.reads * share) for name, share in QUANTILES.items()
    }
    return steps.group_by(keys).agg(n=steps.n.sum(), **at, max=steps.seconds.max()).drop("whole")


def staler(facts: Facts, skew: float = 0.0) -> ir.Table:
    """Reads that were certainly stale, by location, version and step, with how many versions they were behind (`k`),
    and how long ago the last one had been acknowledged (`age`, seconds, to the step).
    """
    m = facts.moments
    own = m.select(*SEEN, superseded=m.superseded + skew)
    reads = facts.reads.inner_join(own, list(SEEN))
    reads = reads.filter(reads.invoke > reads.superseded)
    reads = reads.mutate(seconds=rounded_up(reads.invoke - reads.superseded))
    groups = keep(reads.group_by([*SEEN, "pop", "superseded", "seconds"]).agg(n=reads.count()))
    groups = groups.mutate(at=groups.superseded + groups.seconds)
    missed = m.filter(m.certain.notnull())
    missed = missed.select(
        of_unit="unit", of_seen="seen", of_era="era", of_version="version", since=missed.certain + skew
    )
    newer = (missed.of_era > groups.era) | ((missed.of_era == groups.era) & (missed.of_version > groups.version))
    same = [groups.unit == missed.of_unit, groups.seen == missed.of_seen]
    pairs = groups.inner_join(missed, [*same, missed.since < groups.at, newer])
    keys = [*SEEN, "pop", "seconds", "n", "at"]
    counted = pairs.group_by(keys).agg(k=pairs.since.count(), last=pairs.since.max())
    return keep(counted.mutate(age=counted["at"] - counted["last"]))


def behind(facts: Facts, stale: ir.Table) -> ir.Table:
    """How many reads of each unit at each location were how many versions behind (`k`)."""
    lagging = stale.group_by(["unit", "pop", "k"]).agg(n=stale.n.sum())
    t = facts.tellings
    every = t.group_by(["unit", "pop"]).agg(reads=t.n.sum())
    late = stale.group_by(["unit", "pop"]).agg(late=stale.n.sum())
    fresh = every.left_join(late, ["unit", "pop"])
    fresh = fresh.select("unit", "pop", k=ibis.literal(0, "int64"), n=fresh.reads - fresh.late.fill_null(0))
    return ibis.union(fresh.filter(fresh.n > 0), lagging)


def freshness(facts: Facts, stale: ir.Table, skew: float = 0.0) -> ir.Table:
    """The curve: of the reads that began up to `age` (seconds) after the last acknowledged commit, and later than the
    age before, how many there were (`n`) and how many gave that commit's version or a newer one (`fresh`).
    """
    m = facts.moments
    moments = m.select(*SEEN, superseded=m.superseded + skew, certain=m.certain + skew)
    own = facts.reads.inner_join(moments, list(SEEN))
    own = own.filter((own.invoke > own.certain) & ~(own.invoke > own.superseded).fill_null(False))
    own = own.mutate(age=_age(own.invoke - own.certain))
    fresh = own.group_by("age").agg(n=own.count())
    late = stale.mutate(age=_age(stale.age))
    late = late.group_by("age").agg(n=late.n.sum())
    both = ibis.union(fresh.mutate(fresh=fresh.n), late.mutate(fresh=ibis.literal(0, "int64")))
    return both.group_by("age").agg(n=both.n.sum(), fresh=both.fresh.sum()).order_by("age")


def _age(seconds: ir.Value) -> ir.Value:
    return ibis.cases(*((seconds <= age, age) for age in _AGES), else_=float("inf"))
