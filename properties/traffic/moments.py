# SPDX-License-Identifier: Apache-2.0
"""By when versions had certainly been made, been superseded, and been revoked, as whose reads saw it.

A restore undoes from its own time on: what it took back counts for the reads that were over before it began. So these
moments depend on how many restores a read may have `seen`. Before the first one they are known once for every version.
After that there would be as many as versions times restores, so each is found when it is asked for: it is that of the
first commit, in the order of their ends, that is new enough, and that none of the restores seen had taken back.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.coded import OK
from edgeproof.properties.traffic.firsts import Firsts
from edgeproof.properties.traffic.groups import counted, group, later_min, matched, pairs, stretched
from edgeproof.properties.traffic.labels import VERSION, key
from edgeproof.properties.traffic.table import Floats, Ints, Table, concat

__all__ = ["Moments"]

_EVER: Final = np.iinfo(np.int64).max
"""More restores than there are: what none of them took back stood for so many."""


@frozen(eq=False)
class _Ends:
    """What was made of units that were restored, by some columns, and then in the order that it was over."""

    by: tuple[str, ...]
    made: Table
    firsts: Firsts

    @classmethod
    def of(cls, by: tuple[str, ...], made: Table) -> _Ends:
        made = made.take(np.lexsort((made.returned, *reversed(key(made, by)))))
        return cls(by, made, Firsts.of(made.label, made.stood))

    def first(self, asked: Table) -> Ints:
        """The place of what was over first, of those of the same `by` that are not older than a label, and that none of
        the restores that were seen had taken back; -1 if there is none.
        """
        groups = group(*key(self.made, self.by))
        of = matched(key(asked, self.by), key(self.made.take(groups.first), self.by))
        start, stop = (np.searchsorted(groups.of, of, side) for side in ("left", "right"))
        return self.firsts.at_least(start, stop, asked.label, asked.seen + 1)

    def over(self, asked: Table) -> Floats:
        """When that was over."""
        found: Floats = np.append(self.made.returned, np.nan)[self.first(asked)]
        return found


@frozen(eq=False)
class Moments:
    """The moments of versions, by how many restores were `seen`.

    `certain`: by when one had certainly been made; `superseded`, `revoked`: by when something newer had, and something
    newer that revoked its token.
    """

    versions: Table
    """These moments, as they were before any restore."""
    own: _Ends
    ends: _Ends
    revoking: _Ends

    @classmethod
    def of(cls, made: Table, restores: Table, versions: Table) -> Moments:
        """Those of all versions, given what was made, and of that how many restores had begun when one had taken it
        back (`taken_by`, 0 for never).
        """
        certain, unit = versions.acknowledged, (versions.unit,)
        versions = versions.only(*VERSION, "granted").put(
            certain=certain,
            superseded=later_min(unit, versions.label, certain),
            revoked=later_min(unit, versions.label, np.where(versions.granted == 0, certain, np.nan)),
        )
        made = made.take((made.outcome == OK) & np.isin(made.unit, restores.unit))
        made = made.put(stood=np.where(made.taken_by == 0, _EVER, made.taken_by)).only(*VERSION, "returned", "stood")
        revokes = np.append(versions.granted, -1)[matched(key(made, VERSION), key(versions, VERSION))] == 0
        by_unit = _Ends.of(("unit",), made)
        return cls(versions, _Ends.of(VERSION, made), by_unit, _Ends.of(("unit",), made.take(revokes)))

    def at(self, table: Table, name: str) -> Floats:
        """A moment of the version of each row, as it was for its `seen`."""
        place = matched(key(table, VERSION), key(self.versions, VERSION))
        # The last place is that of what has no such moment.
        found: Floats = np.append(self.versions.columns[name], np.nan)[place]
        later = np.flatnonzero(table.seen > 0)
        if len(later):
            asked = table.only(*VERSION, "seen").take(later)
            found[later] = self._after_restores(name, asked)
        return found

    def _after_restores(self, name: str, asked: Table) -> Floats:
        if name == "certain":
            return self.own.over(asked)
        ends = self.revoking if name == "revoked" else self.ends
        return ends.over(asked.put(label=asked.label + 1))

    def newer(self, asked: Table) -> Table:
        """All versions of a unit that were newer than a label and made by a moment (`until`), as whose reads saw it,
        with when each was `certain`. No two that ask may be of one unit and `seen`.
        """
        before, after = asked.take(asked.seen == 0), asked.take(asked.seen > 0)
        one, other = pairs((before.unit,), (self.versions.unit,))
        found = self.versions.only("label", "certain").take(other).put(unit=before.unit[one], seen=before.seen[one])
        found = found.take((found.label > before.label[one]) & (found.certain <= before.until[one]))
        return concat([found.only(*found.columns), self._newer_after_restores(after).only(*found.columns)])

    def _newer_after_restores(self, asked: Table) -> Table:
        made = self.ends.made
        start = self.ends.first(asked.put(label=asked.label + 1))
        stop = np.searchsorted(made.unit, asked.unit)
        stop += counted(made.unit, made.returned, asked.unit, asked.until, until=True)
        one, other = stretched(start, np.where(start < 0, 0, np.maximum(stop - start, 0)))
        there = (made.label[other] > asked.label[one]) & (made.stood[other] > asked.seen[one])
        one, other = one[there], other[there]
        groups = group(one, made.label[other])
        first = groups.first
        asked = asked.only("unit", "seen").take(one[first])
        return asked.put(label=made.label[other[first]], certain=groups.min(made.returned[other]))
