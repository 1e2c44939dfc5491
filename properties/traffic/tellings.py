# SPDX-License-Identifier: Apache-2.0
"""Tellings: what a session was told, by version, source and content, however often it read.

What a read tells depends on its own time only through a comparison, so that of all reads of a telling the times of the
first and the last are enough. Each batch of events is put together for itself, and then what the batches came to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from edgeproof.properties.traffic.batches import side_by_side
from edgeproof.properties.traffic.coded import of_all
from edgeproof.properties.traffic.groups import LARGE, Groups, group, numbered, packed
from edgeproof.properties.traffic.labels import SESSION, key
from edgeproof.properties.traffic.table import Column, Ints, Table, constant, joined, taken

__all__ = ["TOLD", "merged", "summed", "told_by"]

TOLD: Final = (*SESSION, "era", "version", "source", "seen", "digest", "repo", "scope", "admitted")
"""What a telling is known by."""

_TIMES: Final = ("first_invoke", "last_invoke", "first_returned", "last_returned")
_FOLDED: Final = {**dict(zip(_TIMES, (np.minimum, np.maximum, np.minimum, np.maximum), strict=True)), "n": np.add}
_SAMPLE: Final = 20_000
_DIFFERENT: Final = 0.95


def told_by(reads: Table, events: int) -> tuple[Table, Ints]:
    """The tellings of some reads that got an answer, of so many events in all, and which of them each read is of.

    Where nearly every read is a telling by itself, all are: they are put together with those of other batches.
    """
    once = reads.only(*TOLD).put(
        first_invoke=reads.invoke,
        last_invoke=reads.invoke,
        first_returned=reads.returned,
        last_returned=reads.returned,
        n=constant(1, len(reads)),
    )
    many = events >= LARGE
    groups = _alone(len(reads)) if _differ(once) else numbered(*key(once, TOLD), many=many)
    return summed(once, TOLD, groups, many=many).whole(), groups.of.astype(np.int32, copy=False)


def _differ(once: Table) -> bool:
    """Whether nearly all rows of a large table are different, as its first ones are."""
    if len(once) < 10 * _SAMPLE:
        return False
    sample = group(*(column[:_SAMPLE] for column in key(once, TOLD)))
    return sample.n > _DIFFERENT * _SAMPLE


def _alone(size: int) -> Groups:
    every = np.arange(size)
    return Groups(every, every, size, alone=True)


def merged(batches: list[dict[str, Column]], numbers: Sequence[Mapping[str, Ints]]) -> tuple[Table, Ints]:
    """The tellings of all batches, each once, and the number of each one's; `numbers` are those of their words.

    They are in the order of sessions, then versions. Nothing is left in `batches`, whose memory is needed.
    """
    names = list(batches[0])

    def of_all_batches(name: str) -> Column:
        each = [batch.pop(name) for batch in batches]
        if name in numbers[0]:
            each = [of_all(column, own[name]) for column, own in zip(each, numbers, strict=True)]
        return joined(each)

    columns = dict(zip(names, side_by_side(of_all_batches, names), strict=True))
    keys = packed(*(columns[name] for name in TOLD))
    order = np.argsort(keys)
    groups = group(keys[order])
    del keys
    of: Ints = np.empty(len(order), np.int32)
    of[order] = groups.of
    rest = np.ones(len(order), bool)
    rest[groups.first] = False
    others = {name: (fold, columns[name][order[rest]]) for name, fold in _FOLDED.items()}
    first = order[groups.first]
    columns = dict(zip(names, side_by_side(lambda name: taken(columns.pop(name), first), names), strict=True))
    for name, (fold, column) in others.items():
        columns[name] = np.array(columns[name])
        fold.at(columns[name], groups.of[rest], column)
    return Table(columns), of


def summed(spans: Table, by: tuple[str, ...], groups: Groups, *, many: bool = False) -> Table:
    """The reads in a row per group, with the labels of versions where these are known; they are, or will be, `many`."""
    also = [name for name in ("era", "version", "label") if name in spans.columns and name not in by]
    first = spans.only(*by, *also)
    if not groups.alone:
        first = first.take(groups.first)
        if many or len(spans) >= LARGE:
            return first.put(**_folded(spans, groups))
    return first.put(
        first_invoke=groups.min(spans.first_invoke),
        last_invoke=groups.max(spans.last_invoke),
        first_returned=groups.min(spans.first_returned),
        last_returned=groups.max(spans.last_returned),
        n=groups.sum(spans.n),
    )


def _folded(spans: Table, groups: Groups) -> dict[str, Column]:
    """The same by what is compiled."""
    from edgeproof.properties.traffic import kernels

    times = tuple(spans.columns[name] for name in _TIMES)
    out, n = tuple(column[groups.first] for column in times), np.zeros(groups.n, np.int64)
    kernels.spans(groups.of, times, spans.n[:1] if spans.n.strides == (0,) else spans.n, out, n)
    return {**dict(zip(_TIMES, out, strict=True)), "n": n}
