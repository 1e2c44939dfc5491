# SPDX-License-Identifier: Apache-2.0
"""Foreign names for the columns of a history: a mapping file says which column of theirs is which of ours.

    [columns]           # ours = theirs; a column that is not named here has our name
    kind = "event"
    invoke = "started"

    [times]             # units: s (unless said), ms, us, ns, iso
    all = "ms"
    expires = "s"

    [constants]         # ours = what it is in every line
    outcome = "ok"

    [values.kind]       # theirs = ours; a value that is not named here stays as it is
    "flag.read" = "read"

TOML, or the same as JSON. It is data: a mapping renames and converts, it computes nothing.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from re import compile as pattern
from typing import Any, Final

from attrs import field, frozen

from edgeproof.properties.intake.row import COLUMNS

__all__ = ["ISO", "PER_SECOND", "TIMES", "ColumnMapping", "MappingError", "read_mapping", "renamed"]

PER_SECOND: Final[Mapping[str, int]] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""How many of a unit of time make a second."""

TIMES: Final = ("invoke", "return", "expires")
"""The columns that are times."""

ISO: Final = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z"
"""The form of a time that is text: ISO 8601, in UTC, to the microsecond at most."""

_ISO: Final = pattern(ISO)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECTIONS: Final = ("columns", "times", "constants", "values")
_NO_TEXT: Final = (*TIMES, "version", "era", "base", "admitted")
_COLUMNS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "columns": COLUMNS,
    "times": (*TIMES, "all"),
    "constants": COLUMNS,
    "values": tuple(column for column in COLUMNS if column not in _NO_TEXT),
}

Constant = str | int | float | bool


class MappingError(ValueError):
    """A mapping file that cannot be used; the message says what is wrong with it."""


@frozen
class ColumnMapping:
    """Where each column of ours comes from; without anything said, from a column of the same name, in seconds."""

    columns: Mapping[str, str] = field(factory=dict)
    times: Mapping[str, str] = field(factory=dict)
    constants: Mapping[str, Constant] = field(factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(factory=dict)

    def theirs(self, column: str) -> str | None:
        """Their name of a column of ours; None where it is a constant."""
        return None if column in self.constants else self.columns.get(column, column)

    def unit(self, column: str) -> str:
        """The unit of a column of times."""
        return self.times.get(column, self.times.get("all", "s"))

    @property
    def names(self) -> tuple[str, ...]:
        """Their names of all the columns that are looked at."""
        return tuple(name for name in map(self.theirs, COLUMNS) if name is not None)


def read_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file, TOML or JSON by its suffix. Raises MappingError, or OSError if it cannot be read."""
    content = path.read_bytes()
    try:
        said = json.loads(content) if path.suffix == ".json" else tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise MappingError(f"{path} is no {'JSON' if path.suffix == '.json' else 'TOML'}: {error}") from None
    return mapping_of(said)


def mapping_of(said: object) -> ColumnMapping:
    """The mapping that a document describes. Raises MappingError for one that does not."""
    if not isinstance(said, dict):
        raise MappingError(f"a mapping has the sections {', '.join(_SECTIONS)}")
    for name, section in said.items():
        if name not in _SECTIONS:
            raise MappingError(f"there is no section {name!r}; there is {', '.join(_SECTIONS)}")
        if not isinstance(section, dict):
            raise MappingError(f"`{name}` is a section, not {section!r:.40}")
    columns, times, constants, values = (said.get(name, {}) for name in _SECTIONS)
    for name, section in said.items():
        _known(name, section, _COLUMNS_OF[name])
    _texts("columns", columns)
    for column, unit in times.items():
        if unit != "iso" and unit not in tuple(PER_SECOND):
            raise MappingError(f"times.{column} is one of {', '.join(PER_SECOND)}, iso, not {unit!r:.40}")
    for column, constant in constants.items():
        if not isinstance(constant, Constant):
            raise MappingError(f"constants.{column} is one value, not {constant!r:.40}")
        if column in columns:
            raise MappingError(f"`{column}` is a constant and has a column: leave out one of them")
    for column, words in values.items():
        if not isinstance(words, dict):
            raise MappingError(f"values.{column} is a section, not {words!r:.40}")
        _texts(f"values.{column}", words)
    return ColumnMapping(columns, times, constants, values)


def renamed(mapping: ColumnMapping, said: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of one line under our names, as `parse_fields` takes them. Raises ValueError for a time that is none.

    This is what a mapping means; whatever is faster has to agree with it.
    """
    ours: dict[str, Any] = dict(mapping.constants)
    for column in COLUMNS:
        theirs = mapping.theirs(column)
        if theirs is not None and theirs in said:
            value = said[theirs]
            if column in mapping.values:
                value = mapping.values[column].get(value if isinstance(value, str) else json.dumps(value), value)
            ours[column] = _seconds(column, value, mapping.unit(column)) if column in TIMES else value
    return ours


def _seconds(column: str, value: Any, unit: str) -> Any:
    if value is None or unit == "s":
        return value
    if unit == "iso":
        return _since_1970(column, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return float(value) / PER_SECOND[unit]
    except OverflowError:
        return value


def _since_1970(column: str, value: Any) -> float:
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            # Whole microseconds, so that the one division is the only rounding.
            return ((datetime.fromisoformat(value) - _EPOCH) // timedelta(microseconds=1)) / 10**6
        except ValueError:
            pass
    raise ValueError(f"`{column}` is a time such as 2026-11-23T12:00:00.5Z, not {value!r:.40}")


def _known(section: str, names: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise MappingError(f"{section}: there is no {name!r}; there is {', '.join(known)}")


def _texts(section: str, named: Mapping[str, Any]) -> None:
    for name, text in named.items():
        if not isinstance(text, str):
            raise MappingError(f"{section}.{name} is a string, not {text!r:.40}")
