# SPDX-License-Identifier: Apache-2.0
"""A line of JSON as an event, or what is wrong with it: what an event is, row by row.

`history.schema.json` describes the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import inf, isfinite
from typing import Any, Final

from edgeproof.properties.intake.lines import LONGEST
from edgeproof.properties.intake.row import COLUMNS, KINDS, LARGEST, OUTCOMES, SCOPES, SOURCES, Row

__all__ = ["Named", "check_once", "parse_fields", "parse_object", "parse_row"]

_DIGITS: Final = frozenset("0123456789abcdef")


class Named(dict[str, Any]):
    """A JSON object; `twice` are the names that it has more than once, of which nobody can tell what is meant."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice: tuple[str, ...] = ()
        if len(self) < len(pairs):
            self.twice = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)


def parse_row(number: int, line: str | bytes) -> Row:
    """One line as an event. Raises ValueError that says what is wrong with it."""
    said = parse_object(line)
    check_once(said, COLUMNS)
    return parse_fields(number, said)


def parse_object(line: str | bytes, longest: int = LONGEST) -> Named:
    """One line as a JSON object; bytes are UTF-8. Raises ValueError for what is none, or too long."""
    if len(line) > longest:
        raise ValueError(f"longer than {longest // 2**20} MiB")
    text = line if isinstance(line, str) else _decoded(line)
    try:
        said = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply: the recursion ends somewhere") from None
    if not isinstance(said, Named):
        raise ValueError("not an object")
    return said


def check_once(said: Named, names: Collection[str]) -> None:
    """Raises ValueError if one of `names` is there twice."""
    for name in said.twice:
        if name in names:
            raise ValueError(f"`{name}` is there twice")


def parse_fields(number: int, said: Mapping[str, Any]) -> Row:
    """The columns of one line, by their names, as an event. Raises ValueError that says what is wrong with them."""
    kind, outcome = _word(said, "kind", KINDS), _word(said, "outcome", OUTCOMES)
    unit = _text(said, "unit")
    if not unit:
        raise ValueError("`unit` is missing or empty")
    invoke, returned = _number(said, "invoke"), _number(said, "return", outcome == "unknown")
    if returned < invoke:
        raise ValueError("`return` is before `invoke`")
    row = Row(
        number,
        kind,
        unit,
        invoke,
        returned,
        outcome,
        _natural(said, "version"),
        _natural(said, "era") or 0,
        _digest(said),
        _text(said, "pop"),
        _text(said, "reader"),
        None if said.get("source") is None else _word(said, "source", SOURCES),
        _text(said, "note"),
        _text(said, "key"),
        _natural(said, "base"),
        _text(said, "repo"),
        None if said.get("scope") is None else _word(said, "scope", SCOPES),
        None if said.get("expires") is None else _number(said, "expires"),
        _flag(said, "admitted"),
    )
    _check_needs(row)
    return row


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from None


def _check_needs(row: Row) -> None:
    if row.version is None and (row.kind == "publish" or (row.outcome == "ok" and row.kind in ("commit", "read"))):
        raise ValueError(f"a {row.kind} needs a `version`")
    if row.kind == "read" and (row.pop is None or row.reader is None):
        raise ValueError("a read needs `pop` and `reader`")
    if row.kind == "fault" and row.note is None:
        raise ValueError("a fault needs its name as `note`")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def _word(said: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str:
    word = said.get(name)
    if not isinstance(word, str) or word not in words:
        raise ValueError(f"`{name}` is one of {', '.join(words)}, not {word!r:.40}")
    return word


def _text(said: Mapping[str, Any], name: str) -> str | None:
    text = said.get(name)
    if text is not None and not isinstance(text, str):
        raise ValueError(f"`{name}` is a string, not {text!r:.40}")
    if text is not None and not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(f"`{name}` has half a surrogate pair, which is no text")
    return text


def _flag(said: Mapping[str, Any], name: str) -> bool | None:
    flag = said.get(name)
    if flag is not None and not isinstance(flag, bool):
        raise ValueError(f"`{name}` is true or false, not {flag!r:.40}")
    return flag


def _number(said: Mapping[str, Any], name: str, may_be_null: bool = False) -> float:
    number = said.get(name)
    if number is None and may_be_null:
        return inf
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(f"`{name}` is a number of seconds, not {number!r:.40}")
    try:
        seconds = float(number)
    except OverflowError:
        seconds = inf
    if not isfinite(seconds):
        raise ValueError(f"`{name}` is out of range")
    return seconds


def _natural(said: Mapping[str, Any], name: str) -> int | None:
    number = said.get(name)
    if number is None:
        return None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= LARGEST:
        raise ValueError(f"`{name}` is a whole number from 0 to 2^53 - 1, not {number!r:.40}")
    return number


def _digest(said: Mapping[str, Any]) -> str | None:
    digest = _text(said, "digest")
    if digest is not None and (len(digest) != 64 or not _DIGITS.issuperset(digest)):
        raise ValueError("`digest` is 64 hexadecimal digits in lower case")
    return digest


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=Named)
