# SPDX-License-Identifier: Apache-2.0
"""How many events break each of some properties, and which come first: one more pass over the reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.check import Broken, event_columns
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.spans import since_when
from edgeproof.properties.traffic.table import ABSENT, Flags, Floats, Ints, Table, concat

__all__ = ["SHOWN", "Tally", "tallies"]

SHOWN: Final = 3
_LINES: Final = 2**40
"""More than a file has."""


@frozen(eq=False)
class Tally:
    """How many events break a property, and how many of these nothing excuses; and the first few of either."""

    count: int
    to_blame: int
    first: Table
    first_to_blame: Table


def tallies(facts: Facts, broken: Mapping[str, Broken], excused: Mapping[str, Flags]) -> dict[str, Tally]:
    """Per property the tally of what breaks it; `excused` marks the units whose environment may have been the cause."""
    nothing = event_columns(facts.publishes.put(because_at=np.zeros(len(facts.publishes)))).take(np.zeros(0, np.int64))
    files = facts.vocabulary.of["file"]
    rank = np.append(files.ranked(np.arange(len(files.words))), ABSENT)
    counting = {name: _Counting(rank, excused[name], _First(nothing), _First(nothing)) for name in broken}
    for name, one in broken.items():
        if one.events is not None:
            counting[name].add(one.events, np.ones(len(one.events), bool), one.events.because_at)
    asking = {name: one.reads for name, one in broken.items() if one.reads is not None}
    for reads in facts.reads(since_when(facts, asking.values())) if asking else ():
        for name, that in asking.items():
            counting[name].add(reads, *that(reads))
    return {name: one.tally() for name, one in counting.items()}


class _Counting:
    """A tally in the making; `rank` says of each file which comes first."""

    def __init__(self, rank: Ints, excused: Flags, of_all: _First, to_blame: _First) -> None:
        self._rank = rank
        self._excused = excused
        self._of_all = of_all
        self._to_blame = to_blame

    def add(self, events: Table, which: Flags, because_at: Floats) -> None:
        """Events of which some break it."""
        places = np.flatnonzero(which)
        if not len(places):
            return
        blame = np.flatnonzero(~self._excused[events.unit[places]])
        at = self._rank[events.file[places]] * _LINES + events.line[places]
        self._of_all.add(events, places, because_at, at)
        self._to_blame.add(events, places[blame], because_at[blame], at[blame])

    def tally(self) -> Tally:
        """What it came to."""
        return Tally(self._of_all.count, self._to_blame.count, self._of_all.table(), self._to_blame.table())


class _First:
    """How many events there are, and which few of them come first. The columns of others are not even read."""

    def __init__(self, nothing: Table) -> None:
        self.count = 0
        self._tables = [nothing]
        self._at = np.zeros(0, np.int64)

    def add(self, events: Table, places: Ints, because_at: Floats, at: Ints) -> None:
        """Some more, that are `at` some place among all there are."""
        self.count += len(places)
        some = np.argpartition(at, SHOWN - 1)[:SHOWN] if len(at) > SHOWN else np.arange(len(at))
        if len(self._at) >= SHOWN:
            some = some[at[some] < np.sort(self._at)[SHOWN - 1]]
        if len(some):
            self._tables.append(event_columns(events.take(places[some]).put(because_at=because_at[some])))
            self._at = np.append(self._at, at[some])

    def table(self) -> Table:
        """The first few."""
        return concat(self._tables).take(np.argsort(self._at)[:SHOWN])
