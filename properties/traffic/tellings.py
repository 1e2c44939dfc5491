# SPDX-License-Identifier: Apache-2.0
"""Tellings: what a session was told, by version, source and content, however often it read.

What a read tells depends on its own time only through a comparison, so that of all reads of a telling the times of the
first and the last are enough. Each batch of events is put together for itself; what the batches came to is `merged`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from edgeproof.properties.traffic.groups import Groups, alike, group
from edgeproof.properties.traffic.labels import SESSION, key
from edgeproof.properties.traffic.table import Column, Floats, Ints, Table, constant

__all__ = ["SPANS", "TOLD", "summed", "told_by"]

TOLD: Final = (*SESSION, "era", "version", "source", "seen", "digest", "repo", "scope", "admitted")
"""What a telling is known by."""

SPANS: Final = ("first_invoke", "last_invoke", "first_returned", "last_returned", "n")
"""When the first and the last read of a telling began and ended, and how many they are."""

_SAMPLE: Final = 20_000
_DIFFERENT: Final = 0.95


def told_by(reads: Table) -> tuple[Table, Ints | None]:
    """The tellings of some reads that got an answer, and which of them each read is of; None if each is its own.

    Where nearly every read is a telling by itself, all are: they are put together with those of other batches.
    """
    told = key(reads, TOLD)
    if _differ(told):
        times = (reads.invoke, reads.invoke, reads.returned, reads.returned, constant(1, len(reads)))
        return reads.only(*TOLD).put(**dict(zip(SPANS, times, strict=True))).whole(), None
    of, first = alike(*told)
    spans = (
        _folded(np.minimum, reads.invoke, of, first),
        _folded(np.maximum, reads.invoke, of, first),
        _folded(np.minimum, reads.returned, of, first),
        _folded(np.maximum, reads.returned, of, first),
        np.bincount(of, minlength=len(first)),
    )
    return reads.only(*TOLD).take(first).put(**dict(zip(SPANS, spans, strict=True))).whole(), of.astype(np.int32)


def _differ(told: tuple[Column, ...]) -> bool:
    """Whether nearly all of many rows are different, as the first ones are."""
    if len(told[0]) < 10 * _SAMPLE:
        return False
    return group(*(column[:_SAMPLE] for column in told)).n > _DIFFERENT * _SAMPLE


def _folded(fold: np.ufunc, times: Floats, of: Ints, first: Ints) -> Floats:
    found: Floats = times[first]
    fold.at(found, of, times)
    return found


def summed(spans: Table, by: tuple[str, ...], groups: Groups) -> Table:
    """The reads in a row per group, with the labels of versions where these are known."""
    also = [name for name in ("era", "version", "label") if name in spans.columns and name not in by]
    first = spans.only(*by, *also)
    return (first if groups.alone else first.take(groups.first)).put(
        first_invoke=groups.min(spans.first_invoke),
        last_invoke=groups.max(spans.last_invoke),
        first_returned=groups.min(spans.first_returned),
        last_returned=groups.max(spans.last_returned),
        n=groups.sum(spans.n),
    )
