# SPDX-License-Identifier: Apache-2.0
"""Reads that passed a moment: found among the spans of what readers were told, then fetched one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, later_min, matched
from edgeproof.properties.traffic.labels import SEEN, key
from edgeproof.properties.traffic.table import Column, Flags, Floats, Table

__all__ = ["ReadsThat", "going_back", "late_reads", "moment_of", "past", "those_of", "versions_told"]

ReadsThat = Callable[[Table], tuple[Flags, Floats]]
"""Of a batch of reads, which ones break something, and the moment that each of them is measured from."""


def moment_of(facts: Facts, table: Table, name: str) -> Floats:
    """A moment of the version of each row, as it was for its `seen`."""
    place = matched(key(table, SEEN), key(facts.moments, SEEN))
    # The last place is that of what has no such moment.
    return np.append(facts.moments.columns[name], np.nan)[place]


def past(told: Table, because_at: Floats, allowed: float) -> Table:
    """The versions that were told later than `allowed` seconds after their moment."""
    told = told.put(because_at=because_at, latest=because_at + allowed)
    return told.take(told.last_invoke > told.latest)


def late_reads(
    suspects: Table, keys: tuple[str, ...] = SEEN, began: Callable[[Table], Column] | None = None
) -> ReadsThat | None:
    """The reads among suspects that `began` after their `latest`; None if there are no suspects."""
    if not len(suspects):
        return None

    def that(reads: Table) -> tuple[Flags, Floats]:
        of, late = those_of(suspects, reads, keys)
        begun = reads.invoke if began is None else began(reads)
        after = begun[late] > suspects.latest[of]
        late[late] = after
        return late, suspects.because_at[of[after]]

    return that


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
