# SPDX-License-Identifier: Apache-2.0
"""The events of a history as columns of numbers: one pass, after which its reads are few rows.

Batches are worked on side by side. Of each read it is kept which telling it is of; reads are read again, in part, where
some of a telling may break something.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from edgeproof.properties.intake import EVENTS, Loaded
from edgeproof.properties.intake.sound import is_sound
from edgeproof.properties.traffic.batches import Batch, batches_of, faults_of, side_by_side
from edgeproof.properties.traffic.coded import OK, READ, Coded, Vocabulary, of_all
from edgeproof.properties.traffic.lives import restores_seen, sessions
from edgeproof.properties.traffic.merging import merged
from edgeproof.properties.traffic.table import Column, Deferred, Flags, Floats, Ints, Table, concat, constant
from edgeproof.properties.traffic.tellings import TOLD, told_by

__all__ = ["Reads", "Recorded", "malformed_lines", "recorded"]

KEPT: Final = 2**24
"""Events of which it is kept when they began: of more, that is read again."""

_SHOWN: Final = ("file", "note", "key")
"""Text of a read that its telling does not have."""

_OF_OTHERS: Final = ("line",)
"""Columns that no read needs."""

_ELSEWHERE: Final = -2
"""Stands for a word that a batch does not have."""


@frozen(eq=False)
class _Digested:
    """What a batch came to: its `tellings`, and which of these each of its reads is `of` (None if each is its own); at
    what `places` of the batch these are (None for all), and when they began, if that is kept; all `others`; and the
    words that it numbers.
    """

    batch: Batch
    words: Mapping[str, pa.Array]
    tellings: dict[str, Column]
    of: Ints | None
    places: Ints | None
    invoke: Floats | None
    others: Table


@frozen(eq=False)
class Reads:
    """The reads of a batch that got an answer: which of its tellings each is `of` (None if each is its own), and of
    which one of all `tellings` each of these is.
    """

    batch: Batch
    of: Ints | None
    places: Ints | None
    numbers: Mapping[str, Ints]
    tellings: Ints
    invoke: Floats | None
    """When each one began, unless there are too many to keep that."""

    def table(self, tellings: Table, which: Ints | None) -> Table:
        """Those at some places, or all. Columns are read when they are asked for."""
        telling = self._telling(which)
        size = len(telling)
        made: dict[str, Callable[[], Column]] = {name: partial(self._read, name, which) for name in EVENTS.names}
        for name in (*TOLD, "label", "told", "own"):
            made[name] = partial(_of_telling, tellings, name, telling)
        made["telling"] = lambda: telling
        made["invoke"] = partial(self._begun, which)
        made["kind"], made["outcome"] = lambda: constant(READ, size), lambda: constant(OK, size)
        return Table(Deferred(size, made))

    def later(self, after: Floats, ever: Flags) -> Ints | None:
        """The places of the reads that began later than `after`, by telling, which is no time at all unless `ever`;
        None for all.
        """
        of = self.tellings if self.of is None else self.of
        places = np.flatnonzero((ever if self.of is None else ever.take(self.tellings)).take(of))
        limit = (after if self.of is None else after.take(self.tellings)).take(of.take(places))
        if (limit == -inf).all():
            return None if len(places) == len(of) > 0 else places
        return places[self._begun(places) > limit]

    def _begun(self, which: Ints | None) -> Column:
        if self.invoke is None:
            return self._read("invoke", which)
        return self.invoke if which is None else self.invoke[which]

    def _telling(self, which: Ints | None) -> Ints:
        if self.of is None:
            return self.tellings if which is None else self.tellings[which]
        found: Ints = self.tellings[self.of if which is None else self.of[which]]
        return found

    def _read(self, name: str, which: Ints | None) -> Column:
        column = Coded.of(self.batch.read((name,))).table.columns[name]
        if self.places is not None:
            column = column[self.places]
        column = column if which is None else column[which]
        return of_all(column, self.numbers[name]) if name in self.numbers else column


def _of_telling(tellings: Table, name: str, telling: Ints) -> Column:
    column = tellings.columns[name]
    return constant(column[0], len(telling)) if column.strides == (0,) and len(column) else column[telling]


@frozen(eq=False)
class Recorded:
    """A history: its words, its reads that got an answer by what they were told (`tellings`), all its other events."""

    vocabulary: Vocabulary
    others: Table
    tellings: Table
    reads: tuple[Reads, ...]


def recorded(events: Loaded | Any, evictions: Any = None) -> Recorded:
    """A history, as it was loaded, or of a table with the columns of `EVENTS`.

    If it is but some units of one, `evictions` are those of all of it.
    """
    if not isinstance(events, Loaded):
        return _recorded(batches_of(events if isinstance(events, pa.Table) else events.to_pyarrow()), evictions)
    try:
        found = _recorded(batches_of(events), evictions)
    except _UnsoundError:
        events.found_unsound()
        return _recorded(batches_of(events), evictions)
    events.found_sound()
    return found


class _UnsoundError(Exception):
    """Something may be malformed."""


def _recorded(batches: Sequence[Batch], evictions: pa.Table | None) -> Recorded:
    faults, size = faults_of(batches), sum(batch.size for batch in batches)
    evictions = faults if evictions is None else evictions.cast(EVENTS)
    evictions = evictions.filter(pc.equal(evictions["note"], "evict"))
    restores = faults.filter(pc.equal(faults["note"], "rollback"))
    digested = list(side_by_side(partial(_digested, evictions=evictions, restores=restores, size=size), batches))
    vocabulary, numbers = Vocabulary.among([one.words for one in digested])
    others = concat([_renumbered(one.others, own) for one, own in zip(digested, numbers, strict=True)])
    tellings, of = merged([one.tellings for one in digested], numbers)
    reads = tuple(
        Reads(one.batch, one.of, one.places, {name: own[name] for name in _SHOWN}, telling, one.invoke)
        for one, own, telling in zip(digested, numbers, of, strict=True)
    )
    return Recorded(vocabulary, others, tellings, reads)


def _renumbered(table: Table, numbers: Mapping[str, Ints]) -> Table:
    return table.put(**{name: of_all(table.columns[name], own) for name, own in numbers.items()})


def _digested(batch: Batch, evictions: pa.Table, restores: pa.Table, *, size: int) -> _Digested:
    events = batch.read([name for name in EVENTS.names if name not in _OF_OTHERS])
    if batch.is_open and not is_sound(events):
        raise _UnsoundError
    coded = Coded.of(events)
    answered = np.logical_and(coded.table.kind == READ, coded.table.outcome == OK)
    reads = coded.table.take(answered)
    tellings, of = told_by(_with_lives(reads, coded, evictions, restores))
    others = coded.table.take(~answered)
    more = Coded.of((batch.read if len(others) else EVENTS.empty_table().select)(_OF_OTHERS)).table
    others = others.put(**(more.take(~answered) if len(others) else more).columns)
    others = _with_lives(others, coded, evictions, restores).whole()
    places, invoke = np.flatnonzero(answered) if len(others) else None, reads.invoke if size <= KEPT else None
    return _Digested(batch, coded.words, dict(tellings.columns), of, places, invoke, others)


def _with_lives(events: Table, coded: Coded, evictions: pa.Table, restores: pa.Table) -> Table:
    cuts = _cuts(coded, evictions, ("pop", "reader"))
    return events.put(session=sessions(events, cuts), seen=restores_seen(events, _cuts(coded, restores, ("unit",))))


def _cuts(coded: Coded, faults: pa.Table, names: tuple[str, ...]) -> Table:
    """When something was cut, with the batch's numbers for what that was; what is not in the batch is left out."""
    times = Coded.of(faults.select(("invoke", "returned"))).table
    if not len(faults):
        return times
    cuts = times.put(**{name: coded.numbers(name, faults[name]) for name in names})
    return cuts.take(np.logical_and.reduce([cuts.columns[name] != _ELSEWHERE for name in names]))


def malformed_lines(malformed: Any, most: int) -> tuple[int, list[dict[str, Any]]]:
    """How many malformed lines there are, and the first few: of a table with the columns of `MALFORMED`, or of whoever
    says so when it is called.
    """
    if callable(malformed):
        count, first = malformed(most)
        return count, first
    count = len(malformed) if isinstance(malformed, pa.Table) else int(malformed.count().to_pyarrow().as_py())
    if not count:
        return 0, []
    if not isinstance(malformed, pa.Table):
        malformed = malformed.order_by(["file", "line"]).limit(most).to_pyarrow()
    rows: list[dict[str, Any]] = malformed.sort_by([("file", "ascending"), ("line", "ascending")]).to_pylist()
    return count, rows[:most]
