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

import numpy as np

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, matched
from edgeproof.properties.traffic.labels import SEEN, VERSION, key
from edgeproof.properties.traffic.ranges import Ranges
from edgeproof.properties.traffic.spans import moment_of
from edgeproof.properties.traffic.table import Column, Floats, Ints, Table, concat

__all__ = ["QUANTILES", "behind", "freshness", "quantiles", "rounded_up", "spread", "stale_for", "staler"]

QUANTILES: Final = {"p50": 500, "p90": 900, "p99": 990, "p999": 999}
"""In thousandths of the reads; the largest value goes with them."""

_STEPS: Final = np.array([0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0])
_AGES: Final = np.array([m * 10.0**e for e in range(-3, 5) for m in (1, 2, 5)])


def rounded_up(seconds: Floats) -> Floats:
    """Up to the next millisecond below 1 s, then to three digits; nothing is 0."""
    step = _STEPS[np.minimum(np.searchsorted(_STEPS[:-1] * 1000, seconds), len(_STEPS) - 1)]
    found: Floats = np.where(seconds <= 0, 0.0, np.ceil(seconds / step) * step)
    return found


def spread(facts: Facts, which: str, skew: float = 0.0) -> Table:
    """How many reads of each unit at each location were how stale (`which`: certain or possible), in steps."""
    return _counted_by(_stale(facts, which, skew), ("unit", "pop", "seconds"))


def _stale(facts: Facts, which: str, skew: float) -> list[Table]:
    """How many reads of each batch were how stale."""
    found = []
    for reads in facts.reads():
        stale = stale_for(facts, reads, which, skew)
        each = reads.only("unit", "pop").put(seconds=rounded_up(stale), n=np.ones(len(reads), np.int64))
        found.append(_counted_by([each], ("unit", "pop", "seconds")))
    return found


def stale_for(facts: Facts, reads: Table, which: str, skew: float = 0.0) -> Floats:
    """How stale each of some reads was (`which`: certain or possible), in seconds; 0 where it was not."""
    if which == "certain":
        stale = reads.invoke - moment_of(facts, reads, "superseded") - skew
    else:
        of = matched(key(facts.told, VERSION), key(facts.versions, VERSION))
        newer_asked = np.append(facts.versions.newer_asked, np.nan)[of][reads.told]
        stale = reads.returned - newer_asked + skew
    found: Floats = np.fmax(stale, 0.0)
    return found


def _counted_by(tables: list[Table], by: tuple[str, ...]) -> Table:
    """The number of reads in a row per `by`."""
    table = concat(tables)
    groups = group(*key(table, by))
    return table.only(*by).take(groups.first).put(n=groups.sum(table.n))


def quantiles(spread: Table, by: tuple[str, ...] = ()) -> Table:
    """Half of the reads, 9 in 10, and so on, were at most this stale (seconds), with their number; one row per `by`."""
    steps = _counted_by([spread], (*by, "seconds"))
    whole = np.zeros(len(steps), np.int64)
    groups = group(*(key(steps, by) or (whole,)))
    # Steps are in the order of their groups, and then of time.
    steps = steps.take(np.lexsort((steps.seconds, groups.of)))
    of = np.sort(groups.of)
    up_to, reads = np.cumsum(steps.n), np.bincount(of, steps.n, groups.n).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(reads)])
    so_far = up_to - start[of]
    found = {}
    for name, share in QUANTILES.items():
        enough = so_far * 1000 >= reads[of] * share
        first = np.flatnonzero(enough)[np.searchsorted(of[enough], np.arange(groups.n))]
        found[name] = steps.seconds[first]
    last = np.searchsorted(of, np.arange(groups.n), "right") - 1
    return steps.take(last).only(*by).put(n=reads, **found, max=steps.seconds[last])


def staler(facts: Facts, skew: float = 0.0) -> Table:
    """Reads that were certainly stale, by location, version and step, with how many versions they were behind (`k`),
    and how long ago the last one had been acknowledged (`age`, seconds, to the step).
    """
    by = (*SEEN, "pop", "superseded", "seconds")
    found = []
    for reads in facts.reads():
        reads = reads.put(superseded=moment_of(facts, reads, "superseded") + skew)
        reads = reads.take(reads.invoke > reads.superseded)
        seconds = rounded_up(reads.invoke - reads.superseded)
        found.append(_counted_by([reads.put(seconds=seconds, n=np.ones(len(reads), np.int64))], by))
    groups = _counted_by(found, by)
    at = groups.superseded + groups.seconds
    k, last = _missed(facts, groups, at, skew)
    return groups.put(k=k, age=at - last).take(k > 0)


def _missed(facts: Facts, reads: Table, at: Floats, skew: float) -> tuple[Ints, Floats]:
    """How many newer versions there were by a moment than the one that was told, and since when the last of these."""
    each = group(*key(reads, ("unit", "seen")))
    asked = reads.only("unit", "seen").take(each.first).put(label=each.least(reads.label), until=each.max(at))
    moments = facts.moments.newer(asked)
    both = group(*(np.concatenate([moments.columns[n], reads.columns[n]]) for n in ("unit", "seen")))
    of, of_reads = both.of[: len(moments)], both.of[len(moments) :]
    order = np.lexsort((moments.label, of))
    of, label, since = of[order], moments.label[order], moments.certain[order] + skew
    return _newer_by(of, label, since, of_reads, reads.label, at)


def _newer_by(
    of: Ints, label: Ints, since: Floats, of_query: Ints, label_query: Column, at: Floats
) -> tuple[Ints, Floats]:
    """Of rows sorted by `of` and label, how many of a query's own are newer and since before its moment; the latest."""
    labels = np.unique(np.concatenate([label, label_query]))
    ranked = of * len(labels) + np.searchsorted(labels, label)
    start = np.searchsorted(ranked, of_query * len(labels) + np.searchsorted(labels, label_query), "right")
    stop = np.searchsorted(of, of_query, "right")
    times, rank = np.unique(since, return_inverse=True)
    # One more number, larger than all, so that the limit of a query is none of them.
    ranges = Ranges.of(np.append(rank, len(times)))
    k = ranges.below(start, stop, np.searchsorted(times, at))
    some = k > 0
    last = np.full(len(at), np.nan)
    last[some] = times[ranges.smallest(start[some], stop[some], k[some] - 1)]
    return k, last


def behind(facts: Facts, stale: Table) -> dict[int, int]:
    """How many reads were how many versions behind."""
    every = int(facts.told.n.sum())
    lagging = _counted_by([stale.only("k", "n")], ("k",))
    counts = {0: every - int(stale.n.sum()), **dict(zip(lagging.k.tolist(), lagging.n.tolist(), strict=True))}
    return {k: n for k, n in sorted(counts.items()) if n}


def freshness(facts: Facts, stale: Table, skew: float = 0.0) -> Table:
    """The curve: of the reads that began up to `age` (seconds) after the last acknowledged commit, and later than the
    age before, how many there were (`n`) and how many gave that commit's version or a newer one (`fresh`).
    """
    late = Table({"age": _age(stale.age), "n": stale.n, "fresh": np.zeros(len(stale), np.int64)})
    found = [late]
    for reads in facts.reads():
        certain, superseded = (moment_of(facts, reads, name) + skew for name in ("certain", "superseded"))
        own = (reads.invoke > certain) & ~(reads.invoke > superseded)
        ones = np.ones(int(own.sum()), np.int64)
        found.append(Table({"age": _age(reads.invoke[own] - certain[own]), "n": ones, "fresh": ones}))
    both = concat(found)
    groups = group(both.age)
    return Table({"age": both.age[groups.first], "n": groups.sum(both.n), "fresh": groups.sum(both.fresh)})


def _age(seconds: Floats) -> Floats:
    return np.append(_AGES, np.inf)[np.searchsorted(_AGES, seconds)]
