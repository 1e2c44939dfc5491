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
from edgeproof.properties.traffic.table import Flags, Floats, Ints, Table, concat

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
    counting = {name: _Counting(facts, excused[name], [nothing], [nothing]) for name in broken}
    for name, one in broken.items():
        if one.events is not None:
            counting[name].add(one.events, np.ones(len(one.events), bool), one.events.because_at)
    asking = {name: one.reads for name, one in broken.items() if one.reads is not None}
    for reads in facts.reads(since_when(facts, asking.values())) if asking else ():
        for name, that in asking.items():
            counting[name].add(reads, *that(reads))
    return {name: one.tally() for name, one in counting.items()}


class _Counting:
    """A tally in the making."""

    def __init__(self, facts: Facts, excused: Flags, of_all: list[Table], to_blame: list[Table]) -> None:
        self._facts = facts
        self._excused = excused
        self._first = {False: of_all, True: to_blame}
        self._count = {False: 0, True: 0}

    def add(self, events: Table, which: Flags, because_at: Floats) -> None:
        """Events of which some break it."""
        places = np.flatnonzero(which)
        blame = ~self._excused[events.unit[places]]
        for blamed, some in ((False, np.arange(len(places))), (True, np.flatnonzero(blame))):
            self._count[blamed] += len(some)
            if len(some):
                some = some[self._earliest(events, places[some])]
                first = events.take(places[some]).put(because_at=because_at[some])
                self._first[blamed].append(event_columns(first))

    def tally(self) -> Tally:
        """What it came to."""
        return Tally(self._count[False], self._count[True], self._earliest_of(False), self._earliest_of(True))

    def _earliest_of(self, blamed: bool) -> Table:
        first = concat(self._first[blamed])
        return first.take(self._earliest(first, np.arange(len(first))))

    def _earliest(self, events: Table, places: Ints) -> Ints:
        """Which few of some places come first, by file and line."""
        file = self._facts.vocabulary.of["file"].ranked(events.file[places])
        place = file * _LINES + events.line[places]
        return np.argpartition(place, SHOWN - 1)[:SHOWN] if len(place) > SHOWN else np.arange(len(place))
