# SPDX-License-Identifier: Apache-2.0
"""The read that was stale for longest, and where that time went, in the terms of the bound."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.coded import OK
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.spans import moment_of
from edgeproof.properties.traffic.table import Table

__all__ = ["Stage", "Worst", "worst_read"]


@frozen
class Stage:
    """A part of the time that a read was stale for: the term of the bound that allows for it, and its length."""

    term: str
    meaning: str
    seconds: float


@frozen
class Worst:
    """Whose version was told so late, how stale it certainly was (seconds), and the stages, which add up to that."""

    unit: str
    era: int
    version: int
    stale: float
    stages: tuple[Stage, ...]

    @property
    def dominant(self) -> Stage:
        """The longest stage."""
        return max(self.stages, key=lambda stage: stage.seconds)


_MEANINGS: Final = (
    ("D", "an older put was in flight"),
    ("S", "until the alarm fired"),
    ("F*(D + R)", "failed attempts and the delays after them"),
    ("D", "the put that succeeded"),
    ("T", "a location served its cached copy"),
)


def worst_read(facts: Facts, skew: float = 0.0) -> Worst | None:
    """The read that was certainly stale for longest, however clocks differ by `skew` seconds; None where none was."""
    told = facts.told
    told = told.put(superseded=moment_of(facts, told, "superseded") + skew)
    told = told.put(stale=told.last_invoke - told.superseded).take(told.last_invoke > told.superseded)
    if not len(told):
        return None
    stalest = told.take(told.stale == told.stale.max())
    unit = facts.vocabulary.of["unit"].ranked(stalest.unit)
    row = stalest.take(np.lexsort((stalest.seen, stalest.label, unit))[:1])
    (said,) = facts.rows(row)
    moments = [said["superseded"], *_moments(facts, row), said["last_invoke"]]
    # A stage that did not happen, or not before the read, has no length.
    for place in range(1, len(moments)):
        moments[place] = min(max(moments[place - 1], moments[place]), said["last_invoke"])
    lengths = [after - before for before, after in pairwise(moments)]
    stages = [Stage(term, meaning, length) for (term, meaning), length in zip(_MEANINGS, lengths, strict=True)]
    return Worst(said["unit"], said["era"], said["version"], said["stale"], tuple(stages))


def _moments(facts: Facts, read: Table) -> list[float]:
    """When an older put was over, a newer one was first tried, and then begun and confirmed; infinity for never."""
    puts = facts.publishes.take(facts.publishes.unit == read.unit)
    superseded, newer = float(read.superseded[0]), puts.label > read.label
    in_flight = puts.take(~newer & (puts.invoke <= superseded) & (puts.returned > superseded))
    tried = puts.take(newer)
    done = tried.take(tried.outcome == OK)
    done = done.take(np.lexsort((done.invoke, done.returned))[:1])
    begun = float(tried.invoke.min(initial=inf))
    in_the_way = min(float(in_flight.returned.max()), begun) if len(in_flight) else superseded
    return [in_the_way, begun, float(done.invoke.min(initial=inf)), float(done.returned.min(initial=inf))]
