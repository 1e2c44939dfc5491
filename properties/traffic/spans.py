# SPDX-License-Identifier: Apache-2.0
"""Reads that passed a moment: found among the spans of what readers were told, then fetched one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import inf
from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, later_min, matched
from edgeproof.properties.traffic.labels import SEEN, VERSION, key
from edgeproof.properties.traffic.table import Column, Flags, Floats, Ints, Table

__all__ = [
    "LateReads",
    "ReadsOf",
    "ReadsThat",
    "going_back",
    "late_reads",
    "may_go_back",
    "moment_of",
    "past",
    "reads_of",
    "since_when",
    "those_of",
    "versions_told",
]

_BITS: Final = 32
_STEPS: Final = 2**31 - 1
"""Of time, less than a number of so many bits."""

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


@frozen(eq=False)
class ReadsOf:
    """The reads of some versions, the `suspects`, of which something breaks `that`."""

    suspects: Table
    that: ReadsThat
    by_version = True

    def __call__(self, reads: Table) -> tuple[Flags, Floats]:
        return self.that(reads)

    def after(self, told: Table) -> Floats:
        """By telling, or version told, minus infinity if it is of a suspect, else infinity."""
        return np.where(matched(key(told, VERSION), key(self.suspects, VERSION)) >= 0, -inf, inf)


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
    late = [one for one in each if isinstance(one, LateReads | ReadsOf)]
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


def may_go_back(told: Table, by: str) -> Flags:
    """Of rows in the order of `by`, numbers from 0, and of labels, all those of whatever may have gone back.

    Times are compared in steps, so that few are marked which did not.
    """
    of, first = told.columns[by], told.first_returned
    if not len(of):
        return np.zeros(0, bool)
    low, high = first.min(), first.max()
    step = (high - low) / _STEPS or 1.0

    def in_steps(times: Column) -> Ints:
        found: Ints = ((np.clip(times, low, high) - low) / step).astype(np.int64)
        found += front
        return found

    # Greater in the next `by`: the least one from the end is of its own.
    front = of.astype(np.int64) << _BITS
    least = np.minimum.accumulate(in_steps(first)[::-1])[::-1]
    suspect = np.zeros(int(of[-1]) + 1, bool)
    suspect[of[:-1][least[1:] <= in_steps(told.last_invoke)[:-1]]] = True
    return suspect[of]


def versions_told(tellings: Table, by: tuple[str, ...]) -> Table:
    """Tellings with one row per version of `by`."""
    groups = group(*key(tellings, by), tellings.label)
    first = tellings.only(*by, "label").take(groups.first)
    return first.put(
        first_returned=groups.min(tellings.first_returned),
        last_invoke=groups.max(tellings.last_invoke),
        n=groups.sum(tellings.n),
    )
