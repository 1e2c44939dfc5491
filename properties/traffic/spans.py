# SPDX-License-Identifier: Apache-2.0
"""Reads that passed a moment: found among the spans of what readers were told, then fetched one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import inf

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, later_min, matched
from edgeproof.properties.traffic.labels import SEEN, key
from edgeproof.properties.traffic.table import Column, Flags, Floats, Table

__all__ = [
    "LateReads",
    "ReadsThat",
    "going_back",
    "late_reads",
    "moment_of",
    "past",
    "reads_of",
    "since_when",
    "those_of",
    "versions_told",
]

ReadsThat = Callable[[Table], tuple[Flags, Floats]]
"""Of a batch of reads, which ones break something, and the moment that each of them is measured from."""


def moment_of(facts: Facts, table: Table, name: str) -> Floats:
    """A moment of the version of each row, as it was for its `seen`."""
    if "told" in table.columns:
        return moment_of(facts, facts.told, name)[table.told]
    place = matched(key(table, SEEN), key(facts.moments, SEEN))
    # The last place is that of what has no such moment.
    return np.append(facts.moments.columns[name], np.nan)[place]


def past(told: Table, because_at: Floats, allowed: float) -> Table:
    """The versions that were told later than `allowed` seconds after their moment."""
    told = told.put(because_at=because_at, latest=because_at + allowed)
    return told.take(told.last_invoke > told.latest)


@frozen(eq=False)
class LateReads:
    """The reads that have the `keys` of a suspect, and `began` after its `latest`."""

    suspects: Table
    keys: tuple[str, ...]
    began: Callable[[Table], Column]

    def __call__(self, reads: Table) -> tuple[Flags, Floats]:
        of, late = those_of(self.suspects, reads, self.keys)
        after = self.began(reads)[late] > self.suspects.latest[of]
        late[late] = after
        return late, self.suspects.because_at[of[after]]

    @property
    def by_version(self) -> bool:
        """Whether the version that was told, and the time, are all that counts."""
        return set(self.keys) <= set(SEEN) and self.began is _began

    def after(self, told: Table) -> Floats:
        """By telling, or version told, since when reads of it have to have begun to be late; infinity for never."""
        place = matched(key(told, self.keys), key(self.suspects, self.keys))
        latest = np.append(self.suspects.latest, inf)[place]
        if self.began is _began:
            return latest
        return np.where(self.began(told.put(invoke=told.last_invoke)) > latest, -inf, inf)


def _began(reads: Table) -> Column:
    return reads.invoke


def late_reads(
    suspects: Table, keys: tuple[str, ...] = SEEN, began: Callable[[Table], Column] = _began
) -> LateReads | None:
    """The reads among suspects that `began` after their `latest`; None if there are no suspects."""
    return LateReads(suspects, keys, began) if len(suspects) else None


def reads_of(suspects: Table, keys: tuple[str, ...]) -> LateReads | None:
    """All the reads that have the keys of a suspect; None if there are no suspects."""
    return late_reads(suspects.put(latest=np.full(len(suspects), -inf)), keys)


def since_when(facts: Facts, each: Collection[ReadsThat]) -> Floats:
    """By telling, since when reads of it have to have begun for one of these to be said of them."""
    late = [one for one in each if isinstance(one, LateReads)]
    if len(late) < len(each):
        return np.full(len(facts.tellings), -inf)
    by_version = [one.after(facts.told) for one in late if one.by_version]
    after: Floats = np.fmin.reduce([np.full(len(facts.told), inf), *by_version])[facts.tellings.told]
    for one in late:
        if not one.by_version:
            after = np.fmin(after, one.after(facts.tellings))
    return after


def those_of(suspects: Table, reads: Table, keys: tuple[str, ...]) -> tuple[Column, Flags]:
    """The reads that have the keys of a suspect, and which suspect's each of them has."""
    place = matched(key(reads, keys), key(suspects, keys))
    which = place >= 0
    return place[which], which


def going_back(told: Table, by: tuple[str, ...], allowed: float) -> Table:
    """The versions that were still told after something newer had been: one row per version of `by` goes in.

    A version is told in `by` from `first_returned` on at the latest, and until `last_invoke` at least. So it comes back
    for certain if and only if a newer one's `first_returned` lies before its `last_invoke`.
    """
    return past(told, later_min(key(told, by), told.label, told.first_returned), allowed)


def versions_told(tellings: Table, by: tuple[str, ...]) -> Table:
    """Tellings with one row per version of `by`."""
    groups = group(*key(tellings, by), tellings.label)
    first = tellings.only(*by, "label").take(groups.first)
    return first.put(
        first_returned=groups.min(tellings.first_returned),
        last_invoke=groups.max(tellings.last_invoke),
        n=groups.sum(tellings.n),
    )
