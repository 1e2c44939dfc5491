# SPDX-License-Identifier: Apache-2.0
"""Times that cannot be meant: a unit that puts events in an impossible year, or makes them last for days.

It is asked back. A history's clock may have any origin, so that only what is too large for one since 1970 shows by
itself. Where a mapping states a unit, times that another unit would put in our own years show as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Final

from edgeproof.properties.intake.columns import IntakeError
from edgeproof.properties.intake.mapping import DURATION, ColumnMapping
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import row_of
from edgeproof.properties.intake.sample import sample
from edgeproof.properties.intake.sources import Source
from edgeproof.properties.intake.values import PER_SECOND

__all__ = ["ask_back", "doubt"]

_LOOKED_AT: Final = 16
"""Files that are looked at before anything is read: those of one history are of one mapping."""

_OURS: Final = (datetime(2010, 1, 1, tzinfo=UTC).timestamp(), datetime(2040, 1, 1, tzinfo=UTC).timestamp())
"""When histories are recorded that somebody checks."""

_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_DAY: Final = 86_400.0
_LONG: Final = 60.0
_LONG_TOOK: Final = 10.0
_SHORT: Final = 1e-7


def ask_back(found: Sequence[Source], mapping: ColumnMapping) -> None:
    """Raises IntakeError where the times of the first files cannot be meant; else as `doubt` does."""
    for source in found[:_LOOKED_AT]:
        said = doubt(source, mapping.of(source.path))
        if said is not None:
            raise IntakeError(said)


def doubt(source: Source, mapping: ColumnMapping) -> str | None:
    """What is doubtful about the times of a file, by its first records, and how to answer; None if nothing is.

    Raises OSError or IntakeError for a file that cannot be read.
    """
    rows = _rows(source, mapping)
    if not rows:
        return None
    said = (None if mapping.origin == "any" else _year(rows, mapping)) or _length(rows, mapping)
    return None if said is None else f"{source.path}: {said}"


def _rows(source: Source, mapping: ColumnMapping) -> list[Row]:
    rows = (row_of(1, one) for one in sample(source, mapping))
    return [row for row in rows if isinstance(row, Row)]


def _year(rows: Sequence[Row], mapping: ColumnMapping) -> str | None:
    at = median(row.invoke for row in rows)
    unit = mapping.unit("invoke")
    raw = at * PER_SECOND.get(unit, 1)
    others = {other: raw / per for other, per in PER_SECOND.items() if other != unit}
    ours = [other for other, seconds in others.items() if _OURS[0] <= seconds <= _OURS[1]]
    stated = unit != "s" and unit in PER_SECOND
    if at <= _LAST and not (stated and ours and not _OURS[0] <= at <= _OURS[1]):
        return None
    would = ", ".join(f"in {other} {_date(seconds)}" for other, seconds in others.items())
    answer = (
        f'say `--times {ours[0]}`, or `all = "{ours[0]}"` under [times] in a mapping file'
        if ours
        else ("say what they are under [times] in a mapping file")
    )
    return (
        f"taken for {unit}, the time {raw:.15g} (`invoke`) is {_date(at)}; {would}: {answer}; if times are not since "
        f'1970, say `origin = "any"` there'
    )


def _length(rows: Sequence[Row], mapping: ColumnMapping) -> str | None:
    lengths = [row.returned - row.invoke for row in rows if row.invoke < row.returned < float("inf")]
    if not lengths:
        return None
    column = DURATION if mapping.has_duration else "return"
    unit, usual = mapping.unit(column), median(lengths)
    stated = column in mapping.times or "all" in mapping.times
    longest = _DAY if stated else _LONG_TOOK if column == DURATION else _LONG
    if _SHORT <= usual <= longest or (usual < _SHORT and not stated):
        return None
    raw = usual * PER_SECOND.get(unit, 1)
    would = ", ".join(f"in {other} {raw / per:.3g} s" for other, per in PER_SECOND.items() if other != unit)
    answer = (
        f'`duration = "ms"` under [times] in the mapping file, say (or "{unit}", if it is)'
        if column == DURATION
        else (f"say `--times ms`, or `--times {unit}` if it is")
    )
    return f"taken for {unit}, an event lasts {usual:.3g} s at the median (`{column}`); {would}: {answer}"


def _date(seconds: float) -> str:
    """A moment as a day, or as a year where the calendar has none."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return f"in the year {1970 + seconds / (365.2425 * _DAY):,.0f}"
