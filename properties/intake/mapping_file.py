# SPDX-License-Identifier: Apache-2.0
"""A mapping file: which column of theirs is which of ours, as TOML, or the same as JSON.

[columns]           # ours = theirs, a dotted path or several; a column that is not named here has our name
kind = "event"
version = ["attributes.config.version", "flag_version"]
invoke = "started"  # or "day + clock", "seconds + nanos": a time in several columns
duration = "took"   # instead of `return`

[times]             # units: s (unless said), ms, us, ns, iso
all = "ms"
expires = "s"
origin = "any"      # unless they are since 1970

[constants]         # ours = what it is in every record
outcome = "ok"

[values.kind]       # theirs = ours; a value that is not named here stays as it is
"flag.read" = "read"
"*" = "skip"        # any other: no event of a history

[versions]          # where they are text
form = "v{}"        # how text writes a number; or
order = "commits"   # text has no order but that in which versions were committed

[rows]
each = "logs.message"          # where in a record the events lie

[files."flags-*.csv".columns]  # the same for files of such names; the rest is then of the others
version = "flag_version"
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite
from pathlib import Path
from typing import Any, Final

from edgeproof.model.strict_json import strict_json
from edgeproof.properties.intake.mapping import DURATION, JOIN, MAPPED, ColumnMapping, Constant
from edgeproof.properties.intake.row import COLUMNS, FLAGS, NATURALS, TIMES
from edgeproof.properties.intake.values import PER_SECOND
from edgeproof.properties.regular import read_regular, regular
from edgeproof.properties.strict_toml import strict_toml

__all__ = ["UNITS", "MappingError", "mapping_of", "read_mapping", "stated_mapping"]

UNITS: Final = (*PER_SECOND, "iso")
"""What times may be written in."""

_LARGEST: Final = 2**20
"""Of a mapping file, in bytes: whatever is larger was named by mistake."""

_ORIGINS: Final = ("1970", "any")
_ORDERS: Final = ("numbers", "commits")
_SECTIONS: Final = ("columns", "times", "constants", "values", "versions", "rows", "files")
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "columns": MAPPED,
    "times": (*TIMES, "duration", "all", "origin"),
    "constants": MAPPED,
    "values": tuple(column for column in COLUMNS if column not in TIMES),
    "versions": ("form", "order"),
    "rows": ("each",),
}


class MappingError(ValueError):
    """A mapping file that cannot be used; the message says what is wrong with it."""


def read_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file, TOML or JSON by its suffix. Raises MappingError, or OSError if it cannot be read."""
    if regular(path).stat().st_size > _LARGEST:
        raise MappingError(f"{path} is no mapping: it is larger than {_LARGEST // 2**20} MiB")
    content = read_regular(path)
    try:
        text = content.decode("utf-8-sig")
        said = strict_json(text) if path.suffix == ".json" else strict_toml(text)
    except ValueError as error:
        raise MappingError(f"{path} is no {'JSON' if path.suffix == '.json' else 'TOML'}: {error}") from None
    return mapping_of(said)


def stated_mapping(path: Path | None, times: str | None = None) -> ColumnMapping:
    """The mapping in a file, or else one that says nothing; with a unit for the times of which it states none.

    Raises as `read_mapping` does, and MappingError for what is no unit.
    """
    mapping = ColumnMapping() if path is None else read_mapping(path)
    return mapping if times is None else mapping.stating(_one_of("times", times, UNITS))


def mapping_of(said: object) -> ColumnMapping:
    """The mapping that a document describes. Raises MappingError for one that does not."""
    return _mapping(said, _SECTIONS)


def _mapping(said: object, known: tuple[str, ...]) -> ColumnMapping:
    if not isinstance(said, dict):
        raise MappingError(f"a mapping has the sections {', '.join(known)}")
    for name, section in said.items():
        if name not in known:
            raise MappingError(f"there is no section {name!r}; there is {', '.join(known)}")
        if not isinstance(section, dict):
            raise MappingError(f"`{name}` is a section, not {section!r:.40}")
        for key in section:
            if name in _NAMES and key not in _NAMES[name]:
                raise MappingError(f"{name}: there is no {key!r}; there is {', '.join(_NAMES[name])}")
    columns = {column: _paths(column, path) for column, path in said.get("columns", {}).items()}
    times = {key: _unit(key, unit, columns) for key, unit in said.get("times", {}).items() if key != "origin"}
    constants = said.get("constants", {})
    for column, constant in constants.items():
        if not isinstance(constant, Constant):
            raise MappingError(f"constants.{column} is one value, not {constant!r:.40}")
        if column in (*TIMES, DURATION) and not _is_time(constant, 0 if column == DURATION else -inf):
            raise MappingError(f"constants.{column} is a number of seconds, not {constant!r:.40}")
        if column in columns:
            raise MappingError(f"`{column}` is a constant and has a column: leave out one of them")
    inner = tuple(section for section in _SECTIONS if section != "files")
    files = {pattern: _mapping(one, inner) for pattern, one in said.get("files", {}).items()}
    if any(one.order != "numbers" for one in files.values()):
        raise MappingError("versions.order is of all files alike: say it outside of `files`")
    return ColumnMapping(
        columns,
        times,
        constants,
        {column: _words(column, words) for column, words in said.get("values", {}).items()},
        _form(said.get("versions", {}).get("form", "{}")),
        _one_of("versions.order", said.get("versions", {}).get("order", "numbers"), _ORDERS),
        _text("rows.each", said.get("rows", {}).get("each")),
        _one_of("times.origin", said.get("times", {}).get("origin", "1970"), _ORIGINS),
        files,
    )


def _is_time(said: Constant, least: float) -> bool:
    return not isinstance(said, bool | str) and isfinite(said) and said >= least


def _paths(column: str, said: Any) -> tuple[str, ...]:
    paths = said if isinstance(said, list) else [said]
    if not paths or not all(isinstance(path, str) and path for path in paths):
        raise MappingError(f"columns.{column} is a string, or a list of such, not {said!r:.40}")
    if any(JOIN in path for path in paths) and column in (*NATURALS, *FLAGS):
        raise MappingError(f"columns.{column} is one column: only times and text are put together from several")
    return tuple(paths)


def _unit(key: str, said: Any, columns: Mapping[str, tuple[str, ...]]) -> str:
    """A unit of times, or one for each of the columns that a time is put together from."""
    parts = said.split(JOIN) if isinstance(said, str) and JOIN in said else ()
    if not parts:
        return _one_of(f"times.{key}", said, UNITS)
    if any(len(path.split(JOIN)) != len(parts) for path in columns.get(key, ("",))):
        raise MappingError(f"times.{key} has {len(parts)} units: columns.{key} needs as many columns, between {JOIN!r}")
    return JOIN.join(_one_of(f"times.{key}", part, tuple(PER_SECOND)) for part in parts)


def _words(column: str, words: Any) -> Mapping[str, Constant]:
    if not isinstance(words, dict):
        raise MappingError(f"values.{column} is a section, not {words!r:.40}")
    for theirs, ours in words.items():
        if not isinstance(ours, Constant):
            raise MappingError(f"values.{column}.{theirs} is one value, not {ours!r:.40}")
    return words


def _form(said: Any) -> str:
    if not isinstance(said, str) or said.count("{}") != 1:
        raise MappingError(f'versions.form is text with {{}} where the number stands, "v{{}}" say, not {said!r:.40}')
    return said


def _text(name: str, said: Any) -> str | None:
    if said is not None and (not isinstance(said, str) or not said):
        raise MappingError(f"{name} is a string, not {said!r:.40}")
    return said


def _one_of(name: str, said: Any, known: tuple[str, ...]) -> str:
    if said not in known:
        raise MappingError(f"{name} is one of {', '.join(known)}, not {said!r:.40}")
    return str(said)
