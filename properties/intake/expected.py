# SPDX-License-Identifier: Apache-2.0
"""What a scan of text expects, as a mapping has it: by which names, in which objects, each column is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from attrs import field, frozen

from edgeproof.properties.intake.cells import FLAG, MOMENT, NATURAL, NUMBER, TEXT, TIME, Cells
from edgeproof.properties.intake.json_scan import NESTED, OBJECT, REFUSED
from edgeproof.properties.intake.lines import PAD
from edgeproof.properties.intake.mapping import DURATION, JOIN, MAPPED, ColumnMapping
from edgeproof.properties.intake.otlp import EXPORTS
from edgeproof.properties.intake.row import FLAGS, NATURALS, TIMES
from edgeproof.properties.intake.tokens import NOWHERE, Bytes, Ints
from edgeproof.properties.intake.values import PER_SECOND

__all__ = ["Columns", "Expected", "Said", "columns_of", "expected_of", "has_codes", "joined_paths"]

_MOST: Final = 64
"""Names: there is a bit for each."""

_Entry = tuple[int, int, bool]
"""What is behind a name, the number of the object or the column that it leads to, and whether it is another way."""


@frozen
class Said:
    """What is said at one of some paths: of which kind it is, and how many of its units make a second, of a time."""

    kind: int
    paths: tuple[str, ...]
    per: int = 1


@frozen
class Columns:
    """The numbers of each column of ours among the cells of a row: several, if it is put together of so many. What is
    said in one way is one; text is first. `form` is how text says a whole number, cut in two; None if it never does.
    """

    places: Mapping[str, tuple[int, ...]]
    said: Sequence[Said]
    form: tuple[str, str] | None

    def room(self, rows: int, used: Cells | None = None) -> Cells:
        """Cells for so many rows, which may be some that were `used` before."""
        if used is not None and len(used.taken) >= rows:
            return used.cleared()
        per = np.array([one.per for one in self.said], np.float64)
        return Cells.of(per, sum(one.kind == TEXT for one in self.said), rows)

    @property
    def forms(self) -> tuple[Bytes, int]:
        """The form as a scan has it: its bytes, and where they are cut, or less than nothing."""
        before, behind = (part.encode() for part in self.form or ("", ""))
        return np.frombuffer(before + behind, np.uint8), NOWHERE if self.form is None else len(before)


@frozen
class Expected:
    """The names that mean something, as `json_scan` has them, with their text, and the columns that they lead to."""

    names: Ints
    text: Bytes
    columns: Columns

    @property
    def room(self) -> tuple[Ints, Ints]:
        """Room for what a scan remembers: the name that came last after each one, and the objects that it is in."""
        return np.full(len(self.names) + 1, NOWHERE, np.int64), np.zeros(NESTED, np.int64)


def has_codes(mapping: ColumnMapping, column: str) -> bool:
    """Whether text stands for a version, which has no number yet."""
    return mapping.order == "commits" and column in NATURALS and column != "era"


def columns_of(mapping: ColumnMapping, *, typed: bool) -> Columns | None:
    """The columns that a mapping says something of; None where a scan cannot tell what. `typed` says that they have
    JSON's types, unless it says anything at all.
    """
    if mapping.each is not None or not _are_fit(mapping.constants):
        return None
    typed = typed and mapping.is_plain
    of_column: dict[str, list[Said]] = {}
    for column in MAPPED:
        if paths := mapping.paths(column):
            found = _said_of(mapping, column, paths, typed)
            if found is None:
                return None
            of_column[column] = found
    each = dict.fromkeys(sorted((one for found in of_column.values() for one in found), key=lambda one: one.kind))
    numbers = {one: number for number, one in enumerate(each)}
    places = {column: tuple(numbers[one] for one in found) for column, found in of_column.items()}
    before, _, behind = mapping.form.partition("{}")
    return Columns(places, tuple(each), None if typed else (before, behind))


def expected_of(mapping: ColumnMapping) -> Expected | None:
    """What is expected in JSON; None where that cannot be said name by name."""
    columns = columns_of(mapping, typed=True)
    if columns is None:
        return None
    tree = _Tree()
    each = [(path, one.kind, number) for number, one in enumerate(columns.said) for path in one.paths]
    grown = [tree.grow(path.split("."), kind, number) for path, kind, number in each]
    refused = [tree.grow(path.split("."), REFUSED, 0) for path in joined_paths(mapping)]
    refused += [tree.add(0, name, (REFUSED, 0, False)) for name in EXPORTS]
    if not all([*grown, *refused]) or len(tree.entries) > _MOST:
        return None
    return Expected(*tree.arrays(), columns)


def joined_paths(mapping: ColumnMapping) -> Iterable[str]:
    """Whatever names several columns: one that has just that name comes before them."""
    return {path for column in MAPPED for path in mapping.paths(column) if JOIN in path}


def _said_of(mapping: ColumnMapping, column: str, paths: tuple[str, ...], typed: bool) -> list[Said] | None:
    """What is said of a column, in one place or put together of several; None where a scan cannot tell."""
    if column in mapping.values and not mapping.has_words(column):
        return None
    kind = TEXT if has_codes(mapping, column) else _kind_of(column)
    if any(JOIN in path for path in paths):
        several = kind == TEXT and len(paths) == 1 and not has_codes(mapping, column)
        return [Said(TEXT, (path,)) for path in paths[0].split(JOIN)] if several else None
    if kind != TIME:
        return [Said(kind, paths)]
    unit = mapping.unit(column)
    if unit not in (*PER_SECOND, "iso"):
        return None
    if typed or column == DURATION:
        kind = NUMBER
    elif unit == "iso":
        kind = MOMENT
    return [Said(kind, paths, PER_SECOND.get(unit, 1))]


def _kind_of(column: str) -> int:
    """Of which kind a column of ours is, by itself."""
    if column in TIMES or column == DURATION:
        return TIME
    return NATURAL if column in NATURALS else FLAG if column in FLAGS else TEXT


def _are_fit(constants: Mapping[str, object]) -> bool:
    """Whether constants are of the types of their columns."""
    fitting = {TEXT: (str,), TIME: (int, float), NATURAL: (int,), FLAG: (bool,)}
    return all(type(value) in fitting[_kind_of(column)] for column, value in constants.items())


@frozen
class _Tree:
    """Objects by number, each with what its names mean; 0 is a line's own."""

    objects: list[dict[str, _Entry]] = field(factory=lambda: [{}])

    def add(self, inside: int, name: str, entry: _Entry) -> bool:
        """Add what a name means; False where it means something else."""
        return self.objects[inside].setdefault(name, entry) == entry

    def grow(self, path: list[str], kind: int, place: int) -> bool:
        """Add a path to a column, in all the ways that objects and names with dots can say it; False as `add` does."""
        if len(path) > NESTED or "" in path:
            return False
        at = 0
        for depth, name in enumerate(path):
            for end in range(depth + 2, len(path) + 1):
                means = (kind, place) if end == len(path) else (REFUSED, 0)
                if not self.add(at, ".".join(path[depth:end]), (*means, True)):
                    return False
            if depth == len(path) - 1:
                return self.add(at, name, (kind, place, False))
            kind_there, inner, _ = self.objects[at].setdefault(name, (OBJECT, len(self.objects), False))
            if kind_there != OBJECT:
                return False
            if inner == len(self.objects):
                self.objects.append({})
            at = inner
        return True

    @property
    def entries(self) -> list[tuple[int, str, _Entry]]:
        """What each name means, with the object that it is of."""
        return [(number, name, entry) for number, of in enumerate(self.objects) for name, entry in of.items()]

    def arrays(self) -> tuple[Ints, Bytes]:
        """All of it as `json_scan` has it."""
        names, text = [], b""
        for number, name, (role, to, other) in self.entries:
            names.append((len(text), len(name.encode()), number, role, to, other))
            text += name.encode()
        return np.array(names, np.int64), np.frombuffer(text + b"\n" * PAD, np.uint8)
