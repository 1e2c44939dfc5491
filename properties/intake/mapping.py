# SPDX-License-Identifier: Apache-2.0
"""Foreign names for the columns of a history: which of theirs is which of ours, and what its values say.

One such record serves every source: `mapping_file` reads it from a file, `otlp` and `flag_events` have their own, and
`explore` proposes one. It is data: a mapping renames and converts, it computes nothing but `return`, where there is a
time and a duration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from edgeproof.properties.intake.paths import at, is_value
from edgeproof.properties.intake.row import COLUMNS, FLAGS, NATURALS, TIMES
from edgeproof.properties.intake.values import (
    Seconds,
    as_flag,
    as_natural,
    as_seconds,
    as_text,
    code_of,
    combined_seconds,
    iso_seconds,
)

__all__ = ["DURATION", "JOIN", "MAPPED", "OTHERS", "SKIP", "ColumnMapping", "Constant", "columns_of", "translated"]

DURATION: Final = "duration"
"""Of a record with one time: how long it took. It makes `return` of `invoke`, or `invoke` of `return`."""

MAPPED: Final = (*COLUMNS, DURATION)
"""What a mapping says something of."""

SKIP: Final = "skip"
"""As a `kind`: the record is no event of a history."""

OTHERS: Final = "*"
"""Among the values of a column: every one that is not named. The empty text stands for a missing one."""

JOIN: Final = " + "
"""Between the paths of a value in several columns, and between their units: "day + clock", "seconds + nanos"."""

Constant = str | int | float | bool


@frozen
class ColumnMapping:
    """Where each column of ours comes from; without anything said, from a column of the same name, in seconds.

    `columns` has dotted paths, of which the first that is there counts, and each may be several that are put together;
    `times` units; `constants` what is the same in every record; `values` our words for theirs; `form` how text writes a
    version ("v{}"), and `order` is "commits" where text has no order but that in which versions were committed. `each`
    is where the events lie within a record, if its shape does not say. `files` are the mappings of files whose names
    match a pattern. `origin` is "any" where times are not since 1970.
    """

    columns: Mapping[str, tuple[str, ...]] = field(factory=dict)
    times: Mapping[str, str] = field(factory=dict)
    constants: Mapping[str, Constant] = field(factory=dict)
    values: Mapping[str, Mapping[str, Constant]] = field(factory=dict)
    form: str = "{}"
    order: str = "numbers"
    each: str | None = None
    origin: str = "1970"
    files: Mapping[str, ColumnMapping] = field(factory=dict)

    def of(self, path: Path) -> ColumnMapping:
        """The mapping of one file: that of the first pattern which its name, or its whole path, matches."""
        for pattern, mapping in self.files.items():
            if fnmatch(path.name, pattern) or fnmatch(str(path), pattern):
                # Commits may be in one file, and what was told of them in another.
                return mapping if mapping.order == self.order else evolve(mapping, order=self.order)
        return self

    def stating(self, unit: str) -> ColumnMapping:
        """The same, with a unit for the times of which it does not state one."""
        files = {pattern: one.stating(unit) for pattern, one in self.files.items()}
        return evolve(self, times={"all": unit, **self.times}, files=files)

    def paths(self, column: str) -> tuple[str, ...]:
        """Where a column of ours may come from; nowhere if it is a constant. A duration has to be named."""
        return self._paths[column]

    @cached_property
    def _paths(self) -> Mapping[str, tuple[str, ...]]:
        named = {column: self.columns.get(column, () if column == DURATION else (column,)) for column in MAPPED}
        return named | dict.fromkeys(self.constants, ())

    def unit(self, column: str) -> str:
        """The unit of a column of times."""
        return self.times.get(column, self.times.get("all", "s"))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their names of all the columns that are looked at, and of what these lie in."""
        paths = [part for column in MAPPED for path in self.paths(column) for part in (path, *path.split(JOIN))]
        return tuple({*paths, *(path.partition(".")[0] for path in paths)})

    def has_words(self, column: str) -> bool:
        """Whether the values of a column are translated, and all of them to text."""
        is_text = column not in (*TIMES, *NATURALS, *FLAGS)
        return is_text and all(isinstance(ours, str) for ours in self.values.get(column, {}).values())

    @property
    def has_duration(self) -> bool:
        """Whether it says how long things took."""
        return DURATION in self.columns or DURATION in self.constants

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing: the columns have our names, and JSON's types."""
        said = (self.columns, self.times, self.constants, self.values, self.each)
        return not any(said) and (self.form, self.order) == ("{}", "numbers")

    @property
    def for_json(self) -> tuple[ColumnMapping, ...]:
        """What has to be applied to records of JSON: nothing if it says nothing, as these have types of their own."""
        return () if self.is_plain else (self,)

    def value(self, column: str, record: Any, versions: ColumnMapping) -> Any:
        """What a record says of a column of ours; None if nothing. `versions` says how versions are written."""
        if column in self.constants:
            return self.constants[column]
        value = next((one for path in self.paths(column) if is_value(one := self._at(record, path, column))), None)
        if column in self.values:
            value = translated(self.values[column], value)
        if value is None:
            return None
        if column in NATURALS:
            ordered = versions.order == "commits" and column != "era"
            return code_of(value) if ordered else as_natural(value, versions.form)
        return self._typed(column, value)

    def _at(self, record: Any, path: str, column: str) -> Any:
        """What stands at a path, or together at several."""
        found = at(record, path)
        if found is not None or JOIN not in path:
            return found
        parts = [at(record, part) for part in path.split(JOIN)]
        if not is_value(parts[0]) or any(part is not None and not is_value(part) for part in parts):
            return None
        if column in TIMES or column == DURATION:
            return combined_seconds(parts, self._units(column, len(parts)))
        return None if None in parts else "/".join(str(as_text(part)) for part in parts)

    def _units(self, column: str, parts: int) -> Sequence[str]:
        units = self.unit(column).split(JOIN)
        return units if len(units) == parts else ["s" if unit == "iso" else unit for unit in units[:1]] * parts

    def _typed(self, column: str, value: Any) -> Any:
        if column in TIMES or column == DURATION:
            return self._seconds(column, value)
        return as_flag(value) if column in FLAGS else as_text(value)

    def _seconds(self, column: str, value: Any) -> Any:
        unit = self.unit(column)
        if unit == "iso" and column != DURATION and not isinstance(value, datetime | Seconds):
            if not isinstance(value, str) or iso_seconds(value) is None:
                raise ValueError(f"`{column}` is a time such as 2026-11-23T12:00:00.5Z, not {value!r:.40}")
        return as_seconds(value, unit)


def columns_of(mappings: Sequence[ColumnMapping], record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The columns of one record under our names, as `parse_fields` takes them; None if it is no event.

    What the first mapping says nothing of, the next may. This is what a mapping means; whatever is faster has to agree
    with it.
    """
    ours: dict[str, Any] = {}
    for column in MAPPED:
        for mapping in mappings:
            value = mapping.value(column, record, mappings[0])
            if value is not None:
                ours[column] = value
                break
        if column == "kind" and ours.get("kind") == SKIP:
            return None
    _with_duration(ours)
    return ours


def _with_duration(ours: dict[str, Any]) -> None:
    took = ours.pop(DURATION, None)
    if took is None:
        return
    if isinstance(took, bool) or not isinstance(took, int | float) or not took >= 0:
        raise ValueError(f"`{DURATION}` is a length of time, not {took!r:.40}")
    for known, other, sign in (("invoke", "return", 1), ("return", "invoke", -1)):
        if isinstance(ours.get(known), int | float) and other not in ours:
            ours[other] = ours[known] + sign * took


def translated(words: Mapping[str, Constant], value: Any) -> Any:
    """Our word for a value of theirs; the empty one of ours is none."""
    said = "" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
    if said in words:
        ours = words[said]
    elif said and OTHERS in words:
        ours = words[OTHERS]
    else:
        return value
    return None if ours == "" else ours
