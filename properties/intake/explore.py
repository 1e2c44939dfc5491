# SPDX-License-Identifier: Apache-2.0
"""What the columns of a log may be: a mapping proposed from its first records, with a reason for every column.

Names propose and values decide. A proposal is for people to look at: what it cannot tell is missing from it, and said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from attrs import evolve, field, frozen

from edgeproof.properties.intake.envelopes import ENTRY, ENVELOPE, objects_in, unfolded
from edgeproof.properties.intake.guesses import NAMES, WORDS, plain_name
from edgeproof.properties.intake.mapping import DURATION, OTHERS, SKIP, ColumnMapping, Constant
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import row_of
from edgeproof.properties.intake.sample import first_records, leaves
from edgeproof.properties.intake.sources import Source
from edgeproof.properties.intake.values import as_seconds, iso_seconds

__all__ = ["Proposal", "explore"]

_MANY: Final = 500
_WORDS_AT_MOST: Final = 30
"""Different values of a column that people are to look through."""

_NEEDED: Final = ("kind", "unit", "invoke", "version")
_SUFFIXES: Final = (("ms", "ms"), ("millis", "ms"), ("us", "us"), ("micros", "us"), ("ns", "ns"), ("nanos", "ns"))
_UNITS: Final = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"))
_OTLP: Final = ("timeUnixNano", "startTimeUnixNano", "observedTimeUnixNano")
_NUMBERED: Final = re.compile(r"(\D{0,20})\d{1,15}(\D{0,20})")

Columns = Mapping[str, Mapping[int, Any]]
"""Every path in a sample, with the values that stand there by the numbers of their records."""


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
    commits: int = 0
    skipped: int = 0
    problems: tuple[tuple[str, int], ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether it makes events of the file."""
        return self.events > 0

    @property
    def is_enough(self) -> bool:
        """Whether it makes events of nearly all that could be one: reads alone decide little."""
        wrong = sum(count for _, count in self.problems)
        return self.events > wrong and (self.commits > 0 or self.skipped == 0)


def explore(source: Source) -> Proposal:
    """Propose a mapping for a file. Raises OSError or IntakeError for one that cannot be read."""
    said = list(first_records(source, _MANY))
    if said and source.format == "lines":
        plain = _tried(Proposal(source.path, ColumnMapping()), said, ())
        if plain.is_enough:
            return plain
    objects = [(record, one) for one in said for record in objects_in(one)]
    # Beside messages, a record without any is a line of somebody else's.
    found = [record for record, one in objects if record is not one] or said
    columns: dict[str, dict[int, Any]] = {}
    for number, record in enumerate(found):
        for path, value in leaves(record):
            if value is not None and value != "":
                columns.setdefault(path, {})[number] = value
    proposal = _proposed(source.path, columns)
    return _tried(proposal, said, (proposal.mapping,))


def _tried(proposal: Proposal, said: Sequence[Mapping[str, Any]], own: tuple[ColumnMapping, ...]) -> Proposal:
    """A proposal with what it makes of a sample."""
    rows = [one if isinstance(one, ValueError) else row_of(1, one) for record in said for one in unfolded(record, own)]
    problems = Counter(re.sub(r", not .*", "", str(row)) for row in rows if isinstance(row, ValueError))
    return evolve(
        proposal,
        records=len(rows),
        events=sum(isinstance(row, Row) for row in rows),
        commits=sum(isinstance(row, Row) and row.kind == "commit" for row in rows),
        skipped=sum(row is None for row in rows),
        problems=tuple(problems.most_common(3)),
    )


def _proposed(path: Path, columns: Columns) -> Proposal:
    taken = _Taken(columns)
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


class _Taken:
    """What was taken for what so far, and why."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._paths: dict[str, tuple[str, ...]] = {}
        self._times: dict[str, str] = {}
        self._constants: dict[str, Constant] = {}
        self._values: dict[str, dict[str, Constant]] = {}
        self._form, self._order = "{}", "numbers"
        self.reasons: dict[str, str] = {}

    @property
    def mapping(self) -> ColumnMapping:
        """The mapping so far."""
        said = (self._paths, self._times, self._constants, self._values)
        return ColumnMapping(*said, form=self._form, order=self._order)

    @property
    def reads(self) -> bool:
        """Whether there are reads among the events."""
        words = self._values.get("kind", {}).values()
        kinds = [*words, self._constants.get("kind"), *(str(one) for one in self._of("kind"))]
        return "read" in kinds

    def has(self, column: str) -> bool:
        """Whether something was taken for a column of ours."""
        known = column in self._paths or column in self._constants
        return known or (column == "invoke" and any(path in self._columns for path in _OTLP))

    def take(self, column: str, *, own_name_only: bool = False) -> None:
        """Take for a column of text what is called like it."""
        if column in WORDS:
            self.take_words(column, otherwise="")
            return
        names = (column,) if own_name_only else NAMES[column]
        fits = _FITS.get(column, _is_name)
        if column == "unit":
            self._take_first_of(column, self._all_named(names, fits))
        elif (path := self._named(names, fits)) is not None:
            self._take_first_of(column, [path])

    def take_version(self) -> None:
        """The version: a whole number, text that holds one, or text that only the order of commits can put in order."""
        numbers = self._all_named(NAMES["version"], _is_natural)
        self._take_first_of("version", numbers or self._all_named(NAMES["version"], _is_name))
        values = [_text(value).strip() for value in self._of("version")]
        if not values or all(_is_natural(value) for value in values):
            return
        theirs = " or ".join(f"`{path}`" for path in self._paths["version"])
        forms = {(said[1], said[2]) if (said := _NUMBERED.fullmatch(value)) else None for value in values}
        form = forms.pop() if len(forms) == 1 else None
        if form is not None:
            self._form = f"{form[0]}{{}}{form[1]}"
            self.reasons["form"] = f"so every {theirs} is written"
        else:
            self._order = "commits"
            self.reasons["order"] = f"{theirs} is text without an order of its own"

    def _take_first_of(self, column: str, paths: Sequence[str]) -> None:
        """Take the likeliest path, and after it those that say something of other records."""
        covered: set[int] = set()
        chosen = []
        for path in paths:
            if not covered.issuperset(self._columns[path]):
                chosen.append(path)
                covered.update(self._columns[path])
        if chosen:
            self._paths[column] = tuple(chosen)
            self.reasons[column] = f"by its name; {_examples(self._of(column))}"

    def take_times(self) -> None:
        """When it began, and when it ended or how long it took. OTLP says so by itself."""
        if any(path in self._columns for path in _OTLP):
            return
        begun = self._named(NAMES["invoke"], _is_time)
        ended = self._named(NAMES["return"], _is_time)
        took = self._named(NAMES[DURATION], _is_length, without_unit=True)
        if begun is None and ended is None:
            return
        for column, path in (("invoke", begun or ended), ("return", ended), (DURATION, None if ended else took)):
            if path is not None:
                self._paths[column] = (path,)
                values = list(self._columns[path].values())
                self._times[column], why = _unit(path, values, is_length=column == DURATION)
                self.reasons[column] = f"by its name; {_examples(values)}: {why}"
        if "return" not in self._paths and DURATION not in self._paths and begun is not None:
            self._paths["return"], self._times["return"] = (begun,), self._times["invoke"]
            self.reasons["return"] = "there is one time only"

    def take_words(self, column: str, *, otherwise: str) -> None:
        """Take for a column of words one whose values look like ours, and others that say something of other records.

        What does not look like ours is `otherwise`.
        """
        paths, values, covered = [], [], set[int]()
        for path in self._all_named(NAMES[column], _is_word):
            said = list(dict.fromkeys(map(_text, self._columns[path].values())))
            telling = any(_word(column, value) for value in said) and len(said) <= _WORDS_AT_MOST
            if telling and not covered.issuperset(self._columns[path]):
                paths.append(path)
                values += [value for value in said if value not in values]
                covered.update(self._columns[path])
        if not paths:
            return
        self._paths[column] = tuple(paths)
        self.reasons[column] = f"by its name and values; {_examples(values)}"
        words = {value: _word(column, value) or otherwise for value in values}
        if "publish" in words.values() and "commit" not in words.values():
            words = {value: "commit" if word == "publish" else word for value, word in words.items()}
        if any(value != word for value, word in words.items()):
            self._values[column] = dict(words)
            if otherwise == SKIP:
                self._values[column] |= {OTHERS: SKIP, "": SKIP}

    def take_kind(self, path: Path) -> None:
        """What happened: a column of words, or the same in all records, as the file's name or the columns tell."""
        self.take_words("kind", otherwise=SKIP)
        self._skip_without_version()
        if self.has("kind") or not self.has("version"):
            return
        kind = _word("kind", path.name.lower())
        why = f"no column tells, and the file is called {path.name}"
        if kind is None and any(self._named(NAMES[column], _is_name) for column in ("pop", "reader")):
            kind, why = "read", "no column tells, and there is somebody who reads"
        if kind is not None:
            self._constants["kind"], self.reasons["kind"] = kind, why

    def _skip_without_version(self) -> None:
        """What never has a version was called like an event, and is none: a request to read a page, say."""
        versioned = {number for path in self._paths.get("version", ()) for number in self._columns[path]}
        words = self._values.get("kind", {})
        for value in [value for value, word in words.items() if word in ("commit", "publish", "read")]:
            records = {
                number
                for path in self._paths["kind"]
                for number, said in self._columns[path].items()
                if _text(said) == value
            }
            if records and versioned and not records & versioned:
                words[value] = SKIP

    def fill_in(self) -> None:
        """What every event has to have, where it is the same in all of them."""
        if not self.has("outcome"):
            self._constants["outcome"], self.reasons["outcome"] = "ok", "no column tells of failures"
        if self.reads and not self.has("pop"):
            self._constants["pop"], self.reasons["pop"] = "everywhere", "no column tells locations apart"

    def _of(self, column: str) -> list[Any]:
        """The values of what was taken for a column."""
        return [value for path in self._paths.get(column, ()) for value in self._columns[path].values()]

    def _named(self, names: Sequence[str], fits: Callable[[Any], bool], *, without_unit: bool = False) -> str | None:
        """The path that is called most like one of some names, and whose values fit."""
        return next(iter(self._all_named(names, fits, without_unit=without_unit)), None)

    def _all_named(self, names: Sequence[str], fits: Callable[[Any], bool], *, without_unit: bool = False) -> list[str]:
        """Such paths, the likeliest first: by the name, by how deep it lies, by how often it is there."""
        ranked = []
        for path, values in self._columns.items():
            called = [_without_unit(name) if without_unit else name for name in _called(path)]
            ranks = [(names.index(name), part) for part, name in enumerate(called) if name in names]
            if ranks and all(map(fits, values.values())):
                around = path.split(".")[0] in (ENVELOPE, ENTRY)
                ranked.append((around, min(ranks), path.count("."), -len(values), path))
        return [path for *_, path in sorted(ranked)]


def _called(path: str) -> list[str]:
    """The names that a path may go by: the whole of it, and its ends."""
    parts = path.split(".")
    return [plain_name(".".join(parts[start:])) for start in range(len(parts))]


def _without_unit(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix, _ in _SUFFIXES if name.endswith(suffix)), name)


def _unit(path: str, values: Sequence[Any], *, is_length: bool) -> tuple[str, str]:
    """The unit of some times, and why: they say so, their name does, or their size."""
    if all(isinstance(value, str) and iso_seconds(value) is not None for value in values):
        return "iso", "text with a date"
    name = plain_name(path)
    suffix = next((unit for suffix, unit in _SUFFIXES if name.endswith(suffix)), None)
    numbers = [abs(float(said)) for value in values if isinstance(said := as_seconds(value, "s"), int | float)]
    if is_length:
        return (suffix, f"in {suffix}, by its name") if suffix else ("s", "in s, for all that it says: look at it")
    size = median(numbers) if numbers else 0.0
    unit = next((unit for least, unit in _UNITS if size >= least), None)
    if unit is None and suffix is not None and size < 1e8:
        return suffix, f"in {suffix}, by its name"
    return unit or "s", f"in {unit or 's'}, by its size"


def _word(column: str, value: str) -> str | None:
    text = value.strip().lower()
    return next((word for word, looks in WORDS[column] if text == word or re.search(looks, text)), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _is_time(value: Any) -> bool:
    seconds = as_seconds(value, "s")
    return isinstance(seconds, int | float) and not isinstance(seconds, bool)


def _is_length(value: Any) -> bool:
    return _is_time(value) and as_seconds(value, "s") >= 0


def _is_natural(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().isdecimal()
    return not isinstance(value, bool) and isinstance(value, int | float) and value == int(value) >= 0


def _is_name(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


_FITS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "digest": _is_digest,
    "era": _is_natural,
    "base": _is_natural,
    "expires": _is_time,
    "admitted": lambda value: isinstance(value, bool) or str(value).lower() in ("true", "false"),
}


def _examples(values: Sequence[Any]) -> str:
    few = list(dict.fromkeys(f"{value!s:.40}" for value in values[:100]))
    return ", ".join(few[:3]) + (", …" if len(few) > 3 else "")
