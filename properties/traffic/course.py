# SPDX-License-Identifier: Apache-2.0
"""The course of a history: how stale reads were as time went by, at each location."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.facts import Ask, Facts
from edgeproof.properties.traffic.groups import group
from edgeproof.properties.traffic.staleness import stale_for
from edgeproof.properties.traffic.table import Floats, Ints, Table

__all__ = ["Course", "Moment", "course"]

SLICES: Final = 120
"""So many parts a history is cut into, all of the same length."""


@frozen
class Moment:
    """The reads of one location in a slice that begins `since` the first read: how many, and how stale they were at
    most, for `certain` and `possible`; times are in seconds.
    """

    pop: str
    since: float
    reads: int
    certain: float
    possible: float


@frozen
class Course:
    """What was read in every slice, by location and in order of time; a slice is `width` seconds long."""

    width: float
    moments: Sequence[Moment]


def course(ask: Ask, skew: float = 0.0) -> Course:
    """The course of all reads; clocks may differ by `skew` seconds."""
    ends = [end for part in ask(_ends) for end in part]
    if not ends:
        return Course(0.0, ())
    begin = min(ends)
    width = (max(ends) - begin) / SLICES or 1.0
    found: dict[tuple[str, int], Moment] = {}
    for part in ask(partial(_slices, begin=begin, width=width, skew=skew)):
        for pop, number, reads, certain, possible in part:
            known = found.get((pop, number), Moment(pop, number * width, 0, 0.0, 0.0))
            worst = max(known.certain, certain), max(known.possible, possible)
            found[pop, number] = Moment(pop, known.since, known.reads + reads, *worst)
    return Course(width, tuple(moment for _, moment in sorted(found.items())))


def _ends(facts: Facts) -> list[float]:
    """When the first read began, and the last."""
    return [float(end) for reads in facts.reads() if len(reads) for end in (reads.invoke.min(), reads.invoke.max())]


def _slices(facts: Facts, begin: float, width: float, skew: float) -> list[tuple[str, int, int, float, float]]:
    found = []
    for reads in facts.reads():
        number = np.minimum((reads.invoke - begin) / width, SLICES - 1).astype(np.int64)
        of = group(reads.pop, number)
        worst = [_most(of.of, stale_for(facts, reads, which, skew), of.n) for which in ("certain", "possible")]
        rows = Table({"pop": reads.pop[of.first], "number": number[of.first], "n": of.count()})
        found += [
            (row["pop"], row["number"], row["n"], float(worst[0][place]), float(worst[1][place]))
            for place, row in enumerate(facts.rows(rows))
        ]
    return found


def _most(of: Ints, values: Floats, n: int) -> Floats:
    """The largest value of each group; none is below 0."""
    most = np.zeros(n)
    np.maximum.at(most, of, values)
    return most
