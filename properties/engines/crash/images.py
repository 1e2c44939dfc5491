# SPDX-License-Identifier: Apache-2.0
"""What a power cut may leave of the operations that are not sure: every choice where there are few, else a sample.

Singly: nothing is kept, everything, all but one, one alone, one that is torn, two the other way round. Together: every
subset, or any operation kept, dropped or torn, and in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from random import Random
from typing import Final, TypeAlias

from edgeproof.properties.engines.crash.disk import Kept, Link, Pending, Rename, Write, is_name, whole_of
from edgeproof.properties.engines.crash.effort import Budget

__all__ = ["SECTORS", "Choice", "choices"]

SECTORS: Final = (512, 4096)
"""Bytes that a disk writes as one."""

Choice: TypeAlias = tuple[Kept, ...]
"""What is kept, in the order in which it has come to the disk."""


def choices(pending: Sequence[Pending], budget: Budget, dice: Random) -> Iterator[Choice]:
    """What is tried where so much is not sure: everything first, then nothing. A choice may come twice."""
    whole = [whole_of(one) for one in pending]
    yield tuple(whole)
    if budget.exhausts(len(pending)):
        for size in range(len(whole)):
            yield from combinations(whole, size)
        for place in range(len(pending)):
            yield from chain(_torn_at(pending, place, dice), _moved(pending, place))
        return
    yield ()
    for number in range(budget.samples):
        sampled = _together(pending, dice) if number % 2 else _singly(pending, dice)
        yield dice.choice(sampled)


def _singly(pending: Sequence[Pending], dice: Random) -> Sequence[Choice]:
    """What may become of one operation, while the others are kept, or those before it are."""
    place = dice.randrange(len(pending))
    whole = [whole_of(one) for one in pending]
    alone, others = (whole[place],), (*whole[:place], *whole[place + 1 :])
    return (alone, others, *_torn_at(pending, place, dice), *_moved(pending, place))


def _together(pending: Sequence[Pending], dice: Random) -> Sequence[Choice]:
    """Each operation is kept, dropped or torn; in their order, or in any."""
    kept: list[Kept] = []
    for one in pending:
        torn = [*_torn(one, dice)]
        if (fate := dice.random()) < 0.2 and torn:
            kept.append(dice.choice(torn))
        elif fate < 0.7:
            kept.append(whole_of(one))
    return tuple(kept), tuple(dice.sample(kept, len(kept)))


def _torn_at(pending: Sequence[Pending], place: int, dice: Random) -> Iterator[Choice]:
    before, after = ([whole_of(one) for one in some] for some in (pending[:place], pending[place + 1 :]))
    for torn in _torn(pending[place], dice):
        yield (*before, torn)
        yield (*before, torn, *after)


def _torn(one: Pending, dice: Random) -> Iterator[Kept]:
    """The beginning of a write, and its end, cut between two sectors; once for each size of them."""
    if not isinstance(one.operation, Write):
        return
    number, first, last = whole_of(one)
    for sector in SECTORS:
        if cuts := range(first - first % sector + sector, last, sector):
            cut = dice.choice(cuts)
            yield number, first, cut
            yield number, cut, last


def _moved(pending: Sequence[Pending], place: int) -> Iterator[Choice]:
    """One operation comes to the disk only after a later one that touches the same."""
    whole = [whole_of(one) for one in pending]
    for later in range(place + 1, len(pending)):
        if _touch(pending[place], pending[later]):
            yield (*whole[:place], *whole[place + 1 : later + 1], whole[place], *whole[later + 1 :])


def _names(one: Pending) -> set[str]:
    operation = one.operation
    return {operation.name, operation.to} if isinstance(operation, Rename | Link) else {operation.name}


def _touch(one: Pending, other: Pending) -> bool:
    """Whether it makes a difference in which order the two come to the disk."""
    if is_name(one.operation) or is_name(other.operation):
        differ = type(one.operation) is not type(other.operation) or isinstance(one.operation, Rename | Link)
        return differ and not _names(one).isdisjoint(_names(other))
    if one.file != other.file or not isinstance(one.operation, Write) or not isinstance(other.operation, Write):
        return one.file == other.file
    (_, first, last), (_, begin, end) = whole_of(one), whole_of(other)
    return max(first, begin) < min(last, end)
