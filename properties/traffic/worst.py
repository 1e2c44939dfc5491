# SPDX-License-Identifier: Apache-2.0
"""The read that was stale for longest, and where that time went, in the terms of the bound."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import ibis
from attrs import frozen

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.keeping import rows_of
from edgeproof.properties.traffic.labels import SEEN

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
    moments = facts.moments.select(*SEEN, superseded=facts.moments.superseded + skew)
    told = facts.told.inner_join(moments, list(SEEN))
    told = told.filter(told.last_invoke > told.superseded)
    told = told.mutate(stale=told.last_invoke - told.superseded)
    found = rows_of(told.order_by([ibis.desc("stale"), *SEEN]).limit(1))
    if not found:
        return None
    (row,) = found
    moments = [row["superseded"], *_moments(facts, row), row["last_invoke"]]
    # A stage that did not happen, or not before the read, has no length.
    for place in range(1, len(moments)):
        moments[place] = min(max(moments[place - 1], moments[place]), row["last_invoke"])
    lengths = [after - before for before, after in pairwise(moments)]
    stages = [Stage(term, meaning, length) for (term, meaning), length in zip(_MEANINGS, lengths, strict=True)]
    return Worst(row["unit"], row["era"], row["version"], row["stale"], tuple(stages))


def _moments(facts: Facts, row: dict[str, Any]) -> list[float]:
    """When an older put was over, a newer one was first tried, and then begun and confirmed; infinity for never."""
    puts = facts.publishes.filter(facts.publishes.unit == row["unit"])
    newer = (puts.era > row["era"]) | ((puts.era == row["era"]) & (puts.version > row["version"]))
    in_flight = puts.filter(~newer & (puts.invoke <= row["superseded"]) & (puts.returned > row["superseded"]))
    tried = puts.filter(newer)
    (first,) = rows_of(tried.agg(at=tried.invoke.min()))
    (older,) = rows_of(in_flight.agg(at=in_flight.returned.max()))
    done = rows_of(tried.filter(tried.outcome == "ok").order_by(["returned", "invoke"]).limit(1))
    confirmed = [done[0]["invoke"], done[0]["returned"]] if done else [None, None]
    begun = float("inf") if first["at"] is None else first["at"]
    in_the_way = row["superseded"] if older["at"] is None else min(older["at"], begun)
    return [in_the_way, begun, *(float("inf") if at is None else at for at in confirmed)]
