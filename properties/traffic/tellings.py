# SPDX-License-Identifier: Apache-2.0
"""Tellings: what a session was told, by version, source and content, however often it read.

What a read tells depends on its own time only through a comparison, so that of all reads of a telling the times of the
first and the last are enough. Each batch of events is put together for itself; what the batches came to is `merged`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from edgeproof.properties.traffic.groups import Groups, group
from edgeproof.properties.traffic.labels import SESSION, key
from edgeproof.properties.traffic.table import Ints, Table, constant

__all__ = ["TOLD", "summed", "told_by"]

TOLD: Final = (*SESSION, "era", "version", "source", "seen", "digest", "repo", "scope", "admitted")
"""What a telling is known by."""

_SAMPLE: Final = 20_000
_DIFFERENT: Final = 0.95


def told_by(reads: Table) -> tuple[Table, Ints | None]:
    """The tellings of some reads that got an answer, and which of them each read is of; None if each is its own.

    Where nearly every read is a telling by itself, all are: they are put together with those of other batches.
    """
    once = reads.only(*TOLD).put(
        first_invoke=reads.invoke,
        last_invoke=reads.invoke,
        first_returned=reads.returned,
        last_returned=reads.returned,
        n=constant(1, len(reads)),
    )
    if _differ(once):
        return once.whole(), None
    groups = group(*key(once, TOLD))
    return summed(once, TOLD, groups).whole(), groups.of.astype(np.int32)


def _differ(once: Table) -> bool:
    """Whether nearly all rows of a large table are different, as its first ones are."""
    if len(once) < 10 * _SAMPLE:
        return False
    sample = group(*(column[:_SAMPLE] for column in key(once, TOLD)))
    return sample.n > _DIFFERENT * _SAMPLE


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
