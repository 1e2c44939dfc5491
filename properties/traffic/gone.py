# SPDX-License-Identifier: Apache-2.0
"""Versions that a restore took back, and who knew of them when nobody had made them again."""

from __future__ import annotations

from math import inf

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.coded import OK
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.firsts import Firsts
from edgeproof.properties.traffic.groups import group, matched
from edgeproof.properties.traffic.labels import VERSION, key
from edgeproof.properties.traffic.spans import Versions
from edgeproof.properties.traffic.table import Flags, Floats, Ints, Table, filled

__all__ = ["Gone", "there_until"]


@frozen(eq=False)
class Gone:
    """The versions that a restore took back, and when each had been made and was there."""

    versions: Versions
    ends: Ints
    """Of each version, up to where its rows are, below."""
    made: Firsts
    """By when each was made, the first one first: how early that was, and until when it was there."""
    until: Floats
    """Until when each was there, the last one first."""
    latest: Firsts

    @classmethod
    def of(cls, facts: Facts) -> Gone:
        """Those of a history."""
        spells = _spells(facts)
        versions = group(*key(spells, VERSION))
        begun, over = np.lexsort((spells.invoke, versions.of)), np.lexsort((-spells.until, versions.of))
        return cls(
            Versions.of(facts, spells.only(*VERSION).take(versions.first)),
            np.cumsum(versions.count()),
            Firsts.of(-spells.invoke[begun], spells.until[begun]),
            spells.until[over],
            Firsts.of(-spells.until[over]),
        )

    def may_be(self, known: Table) -> Flags:
        """Which of some reads, puts or versions told are of one of these."""
        there: Flags = self.versions.places(known) >= 0
        return there

    def since(self, known: Table, slack: float) -> tuple[Flags, Floats]:
        """Which of some reads and puts, all of these versions, were of one that was gone and not there again; and when
        it had been taken back, if it had. Clocks may be apart by some `slack` (seconds).
        """
        place = self.versions.places(known)
        start, stop = np.append(0, self.ends)[place], self.ends[place]
        end, begin = filled(known.returned, inf) + slack, known.invoke - slack
        there = self.made.at_least(start, stop, -end, begin) >= 0
        last = self.latest.at_least(start, stop, -begin)
        because_at: Floats = np.append(self.until, np.nan)[last]
        return ~there & ~np.isnan(because_at), because_at


def _spells(facts: Facts) -> Table:
    """What was made of versions that a restore took back, from `invoke` on and `until` when (infinity for ever)."""
    until = there_until(facts)
    back = facts.made.take(until < inf)
    return facts.made.put(until=until).take(matched(key(facts.made, VERSION), key(back, VERSION)) >= 0)


def there_until(facts: Facts) -> Floats:
    """By when a restore had certainly taken back each thing that was made; infinity if it may still be there."""
    made, restores = facts.made, facts.restores
    restores = restores.take((restores.outcome == OK) & ~np.isnan(restores.returned))
    restores = restores.take(np.lexsort((restores.returned, restores.unit)))
    firsts = Firsts.of(restores.invoke, -restores.label)
    start, stop = (np.searchsorted(restores.unit, made.unit, side) for side in ("left", "right"))
    first = firsts.at_least(start, stop, np.nextafter(made.returned, inf), 1 - made.label)
    return np.where(made.outcome == OK, np.append(restores.returned, inf)[first], inf)
