# SPDX-License-Identifier: Apache-2.0
"""Recorded traffic as it is read: the lines of a history, those that are malformed, and the commits by version.

`history.schema.json` describes a line. What is malformed is counted and located, and stops nothing.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf, isfinite
from pathlib import Path
from typing import Any, Final, TypeVar

from attrs import field, frozen

__all__ = [
    "BOM",
    "COLUMNS",
    "KINDS",
    "LARGEST",
    "LONGEST",
    "OUTCOMES",
    "SCOPES",
    "SOURCES",
    "Commit",
    "History",
    "Named",
    "Row",
    "Unit",
    "check_once",
    "parse_fields",
    "parse_object",
    "parse_row",
    "read_history",
]

LARGEST: Final = 2**53 - 1
"""The largest version and era: what a double counts exactly, and so what JavaScript does."""

KINDS: Final = ("commit", "publish", "read", "fault")
OUTCOMES: Final = ("ok", "fail", "unknown")
SOURCES: Final = ("memo", "cache", "kv", "fallback", "last_good", "store")
SCOPES: Final = ("read", "write", "none")

COLUMNS: Final = (
    *("kind", "unit", "invoke", "return", "outcome", "version", "era", "digest", "pop", "reader", "source", "note"),
    *("key", "base", "repo", "scope", "expires", "admitted"),
)
"""The names of a line's columns."""

LONGEST: Final = 16 * 2**20
"""Of a line, in bytes (16 MiB): what is longer is no event, and need not be kept to be refused."""

BOM: Final = b"\xef\xbb\xbf"
"""A byte order mark, which may begin a file and nothing else."""

_DIGITS: Final = frozenset("0123456789abcdef")

T = TypeVar("T")

Version = tuple[int, int]
"""Era and version: newer is greater."""


@frozen(slots=True)
class Row:
    """One event: what happened between `invoke` and `returned` (seconds; infinity where nobody saw it end)."""

    line: int
    kind: str
    unit: str
    invoke: float
    returned: float
    outcome: str
    version: int | None
    era: int
    digest: str | None
    pop: str | None
    reader: str | None
    source: str | None
    note: str | None
    key: str | None = None
    base: int | None = None
    repo: str | None = None
    scope: str | None = None
    expires: float | None = None
    admitted: bool | None = None

    @property
    def told(self) -> Version:
        """Era and version, where there is a version."""
        return (self.era, self.version or 0)


@frozen(slots=True)
class Commit:
    """A version that was, or may have been, committed: not before `invoke`, and certainly by `returned` (seconds)."""

    line: int
    invoke: float
    returned: float
    digests: tuple[str, ...]
    """Of its content, where that is known; more than one if it was committed twice."""


@frozen
class Unit:
    """The commits of one unit, in the order of their versions."""

    commits: Mapping[Version, Commit]
    versions: Sequence[Version]
    unnamed: float
    """From when on there may have been a commit whose version nobody learnt."""
    _certain: Sequence[tuple[float, int]]
    _possible: Sequence[float]

    def superseded(self, told: Version) -> tuple[float, int]:
        """When at the latest there was something newer (infinity for never), and the line that says so."""
        return self._certain[bisect_right(self.versions, told)]

    def superseded_at_the_earliest(self, told: Version) -> float:
        """Since when there may have been something newer."""
        return self._possible[bisect_right(self.versions, told)]

    @property
    def began(self) -> float:
        """When there certainly was a first version."""
        return self._certain[0][0]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Unit:
        """The unit that these commits, of known and of unknown outcome, amount to."""
        commits: dict[Version, Commit] = {}
        unnamed = inf
        for row in rows:
            if row.outcome == "fail":
                continue
            if row.version is None:
                unnamed = min(unnamed, row.invoke)
                continue
            returned = row.returned if row.outcome == "ok" else inf
            one = Commit(row.line, row.invoke, returned, () if row.digest is None else (row.digest,))
            commits[row.told] = _joined(commits.get(row.told), one)
        versions = sorted(commits)
        certain: list[tuple[float, int]] = [(inf, 0)]
        possible = [unnamed]
        for version in reversed(versions):
            commit = commits[version]
            certain.append(min(certain[-1], (commit.returned, commit.line)))
            possible.append(min(possible[-1], commit.invoke))
        return cls(commits, versions, unnamed, certain[::-1], possible[::-1])


@frozen
class History:
    """A whole history: its events by kind in the order of the lines, its units, and the malformed lines."""

    reads: Sequence[Row]
    publishes: Sequence[Row]
    faults: Sequence[Row]
    units: Mapping[str, Unit]
    malformed: Sequence[tuple[int, str]] = field(factory=tuple)
    """Line numbers, from 1, and what is wrong."""

    def unit(self, row: Row) -> Unit:
        """The unit that an event is about; one without commits if there were none."""
        return self.units.get(row.unit, _NO_COMMITS)


def read_history(source: Path | str | Iterable[str]) -> History:
    """Read a history from a file (a path), or from its lines. Raises OSError for a file that cannot be read."""
    if isinstance(source, Path | str):
        with Path(source).open("rb") as lines:
            return _sorted_out(lines)
    return _sorted_out(source)


def _sorted_out(lines: Iterable[str | bytes]) -> History:
    rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    malformed: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(BOM) if isinstance(line, bytes) else line.removeprefix(BOM.decode())
        if not line.strip():
            continue
        try:
            row = parse_row(number, line)
        except ValueError as error:
            malformed.append((number, str(error)))
        else:
            rows[row.kind].append(row)
    commits: dict[str, list[Row]] = {}
    for row in rows["commit"]:
        commits.setdefault(row.unit, []).append(row)
    units = {unit: Unit.of(of_it) for unit, of_it in commits.items()}
    return History(rows["read"], rows["publish"], rows["fault"], units, malformed)


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


def parse_object(line: str | bytes) -> Named:
    """One line as a JSON object; bytes are UTF-8. Raises ValueError for what is none."""
    if len(line) > LONGEST:
        raise ValueError(f"longer than {LONGEST // 2**20} MiB")
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
    if number is None and may_be_null and name in said:
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


def _joined(known: Commit | None, one: Commit) -> Commit:
    if known is None:
        return one
    digests = tuple(dict.fromkeys((*known.digests, *one.digests)))
    return Commit(known.line, min(known.invoke, one.invoke), min(known.returned, one.returned), digests)


_NO_COMMITS: Final = Unit.of(())
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=Named)
