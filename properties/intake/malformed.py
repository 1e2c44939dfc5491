# SPDX-License-Identifier: Apache-2.0
"""Malformed lines: how many there are, which come first, and when they are so many that a file is given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from edgeproof.properties.intake.columns import IntakeError
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.rows import Batch
from edgeproof.properties.intake.sources import Source
from edgeproof.properties.intake.unfit import refuse

__all__ = ["NOTHING", "Count", "MalformedError", "hold_against"]

_TOO_MANY: Final = 100_000
"""Malformed lines, more than there are events, after which a file is given up."""

_NAMED: Final = 3
"""Malformed lines that are named."""


class MalformedError(ValueError):
    """The first malformed line, where none is tolerated."""


@frozen
class Count:
    """How many events there are, and malformed lines, of which the first few are named."""

    events: int
    malformed: int
    first: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, batch: Batch) -> Count:
        """Those of a batch."""
        first = tuple(batch.malformed.sort_by("line").slice(0, _NAMED).to_pylist())
        return cls(len(batch.events), len(batch.malformed), first)

    def __add__(self, later: Count) -> Count:
        first = (*self.first, *later.first)[:_NAMED]
        return Count(self.events + later.events, self.malformed + later.malformed, first)


NOTHING: Final = Count(0, 0, ())


def hold_against(source: Source, mapping: ColumnMapping, count: Count, *, strict: bool) -> None:
    """Raises IntakeError where what was counted in a file by now says that it is no history, or is mapped wrongly, and
    MalformedError for its first malformed line if `strict`.
    """
    if not count.malformed:
        return
    if not count.events:
        refuse(source, mapping)
    if count.malformed >= _TOO_MANY and count.malformed > count.events:
        raise IntakeError(f"{source.path}: more lines are malformed than not, for example {_said(count.first[0])}")
    if strict:
        raise MalformedError(_said(count.first[0]))


def _said(malformed: Mapping[str, Any]) -> str:
    return f"{malformed['file']}, line {malformed['line']}: {malformed['problem']}"
