# SPDX-License-Identifier: Apache-2.0
"""What the columns of a log may be: a mapping proposed from its first records, with a reason for every column.

Names propose and values decide. A proposal is for people to look at: what it cannot tell is missing from it, and said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from attrs import evolve, field, frozen

from edgeproof.properties.intake.envelopes import ENVELOPE, LINE, unfolded
from edgeproof.properties.intake.guesses import NAMES, WORDS, plain_name
from edgeproof.properties.intake.mapping import DURATION, OTHERS, SKIP, ColumnMapping, Constant
from edgeproof.properties.intake.records import own_of
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import row_of
from edgeproof.properties.intake.sample import first_records, leaves
from edgeproof.properties.intake.sources import Source
from edgeproof.properties.intake.values import PER_SECOND, as_seconds, iso_seconds

__all__ = ["Proposal", "explore"]

_MANY: Final = 500
_WORDS_AT_MOST: Final = 30
"""Different values of a column that people are to look through."""

_NEEDED: Final = ("kind", "unit", "invoke", "version")
_SUFFIXES: Final = (("ms", "ms"), ("millis", "ms"), ("us", "us"), ("micros", "us"), ("ns", "ns"), ("nanos", "ns"))
_UNITS: Final = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"))
_NUMBERED: Final = re.compile(r"(\D{0,20})\d{1,15}(\D{0,20})")

Columns = Mapping[str, Sequence[Any]]
"""Every path in a sample, with the values that stand there."""


@frozen
class Proposal:
    """A mapping for a file, and why: `reasons` by column of ours, `missing` what nothing was found for.

    Of `records` in the sample so many are `events` with it, so many `skipped`, and `problems` say what the others are.
    """

    path: Path
    mapping: ColumnMapping
    reasons: Mapping[str, str] = field(factory=dict)
    missing: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    records: int = 0
    events: int = 0
    skipped: int = 0
    problems: tuple[tuple[str, int], ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether it makes events of the file."""
        return self.events > 0


def explore(source: Source) -> Proposal:
    """Propose a mapping for a file. Raises OSError or IntakeError for one that cannot be read."""
    said = list(first_records(source, _MANY))
    own = own_of(source, ColumnMapping())
    if said and source.format == "lines":
        proposal = _tried(Proposal(source.path, ColumnMapping()), said, own)
        if proposal.events and not proposal.problems:
            return proposal
    found = [record for one in said for record in _objects(one)]
    columns: dict[str, list[Any]] = {}
    for record in found:
        for path, value in leaves(record):
            if value is not None and value != "":
                columns.setdefault(path, []).append(value)
    return _tried(_proposed(source.path, columns, len(found)), said, None)


def _objects(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects within a record, or it itself where there are none."""
    inner = [one[0] for one in unfolded(said, (), every=True) if not isinstance(one, ValueError)]
    yield from inner or [said]


def _tried(proposal: Proposal, said: Sequence[Mapping[str, Any]], own: tuple[ColumnMapping, ...] | None) -> Proposal:
    """A proposal with what it makes of a sample."""
    own = (proposal.mapping,) if own is None else own
    rows = [
        one if isinstance(one, ValueError) else row_of(1, one) for record in said for one in unfolded(record, own)
    ]
    problems = Counter(re.sub(r", not .*", "", str(row)) for row in rows if isinstance(row, ValueError))
    return evolve(
        proposal,
        records=len(rows),
        events=sum(isinstance(row, Row) for row in rows),
        skipped=sum(row is None for row in rows),
        problems=tuple(problems.most_common(3)),
    )


def _proposed(path: Path, columns: Columns, records: int) -> Proposal:
    taken = _Taken(columns, records)
    taken.take_version()
    taken.take_times()
    taken.take_words("outcome", otherwise="")
    taken.take_kind(path)
    for column in ("unit", "digest", "pop", "reader", "source", "note", "key", "base", "era"):
        taken.take(column)
    for column in ("repo", "scope", "expires", "admitted"):
        taken.take(column, own_name_only=True)
    taken.fill_in()
    missing = [column for column in _NEEDED if not taken.has(column)]
    missing += ["reader"] if taken.reads and not taken.has("reader") else []
    return Proposal(path, taken.mapping, taken.reasons, tuple(missing), tuple(columns))
