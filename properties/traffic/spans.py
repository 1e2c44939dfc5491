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
    "Versions",
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
    if table is facts.told and name in table.columns:
        return table.columns[name]
    return facts.moments.at(table, name)


def past(told: Table, because_at: Floats, allowed: float) -> Table:
    """The versions that were told later than `allowed` seconds after their moment."""
    told = told.put(because_at=because_at, latest=because_at + allowed)
    return told.take(told.last_invoke > told.latest)


@frozen(eq=False)
class LateReads:
    """The reads of a suspect, which `began` after its `latest`.

    `places` says whose each telling is, or each version told where that is the `level`: so that a batch of reads takes
    as long as it has reads, however many suspects there are.
    """

    suspects: Table
    places: Ints
    level: str
    began: Callable[[Table], Column]

    def __call__(self, reads: Table) -> tuple[Flags, Floats]:
        of = self.places[reads.columns[self.level]]
        late = of >= 0
        of = of[late]
        after = self.began(reads)[late] > self.suspects.latest[of]
        late[late] = after
        return late, self.suspects.because_at[of[after]]

    @property
    def by_version(self) -> bool:
        """Whether the version that was told, and the time, are all that counts."""
        return self.level == "told" and self.began is _began

    def after(self, facts: Facts) -> Floats:
        """By telling, or version told, since when reads of it have to have begun to be late; infinity for never."""
        latest = np.append(self.suspects.latest, inf)[self.places]
        if self.began is _began:
            return latest
        latest = latest[facts.tellings.told] if self.level == "told" else latest
        return np.where(self.began(facts.tellings.put(invoke=facts.tellings.last_invoke)) > latest, -inf, inf)


@frozen(eq=False)
class ReadsOf:
    """The reads of some of the versions told, the `suspects`, of which something breaks `that`."""

    suspects: Flags
    that: ReadsThat
    by_version = True

    def __call__(self, reads: Table) -> tuple[Flags, Floats]:
        return self.that(reads)

    def after(self, facts: Facts) -> Floats:
        """By version told, minus infinity if it is a suspect, else infinity."""
        return np.where(self.suspects, -inf, inf)


@frozen(eq=False)
class Versions:
    """Rows of a table, one per version. Reads find theirs by what they were told, with no look at all versions."""

    table: Table
    by_told: Ints

    @classmethod
    def of(cls, facts: Facts, table: Table) -> Versions:
        """The rows, ready to be found."""
        return cls(table, _places(facts.told, table, VERSION))

    def places(self, known: Table) -> Ints:
        """Where the row is that is of the version of each of some reads, puts or versions told; -1 if there is none."""
        if "told" in known.columns:
            found: Ints = self.by_told[known.told]
            return found
        return matched(key(known, VERSION), key(self.table, VERSION))


def _places(table: Table, other: Table, keys: tuple[str, ...]) -> Ints:
    found: Ints = matched(key(table, keys), key(other, keys)).astype(np.int32)
    return found


def _began(reads: Table) -> Column:
    return reads.invoke


def late_reads(
    facts: Facts, suspects: Table, keys: tuple[str, ...] = SEEN, began: Callable[[Table], Column] = _began
) -> LateReads | None:
    """The reads with the keys of a suspect that `began` after its `latest`; None if there are no suspects."""
    if not len(suspects):
        return None
    level = "told" if set(keys) <= set(SEEN) else "telling"
    places = _places(facts.told if level == "told" else facts.tellings, suspects, keys)
    return LateReads(suspects.only("latest", "because_at").whole(), places, level, began)


def reads_of(facts: Facts, suspects: Table, keys: tuple[str, ...]) -> LateReads | None:
    """All the reads that have the keys of a suspect; None if there are no suspects."""
    return late_reads(facts, suspects.put(latest=np.full(len(suspects), -inf)), keys)


def since_when(facts: Facts, each: Collection[ReadsThat]) -> Floats:
    """By telling, since when reads of it have to have begun for one of these to be said of them."""
    late = [one for one in each if isinstance(one, LateReads | ReadsOf)]
    if len(late) < len(each):
        return np.full(len(facts.tellings), -inf)
    by_version = [one.after(facts) for one in late if one.by_version]
    after: Floats = np.fmin.reduce([np.full(len(facts.told), inf), *by_version])[facts.tellings.told]
    for one in late:
        if not one.by_version:
            after = np.fmin(after, one.after(facts))
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
