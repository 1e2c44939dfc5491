# SPDX-License-Identifier: Apache-2.0
"""What a scan of lines of JSON expects, as a mapping has it: by which names, in which objects, each column is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from attrs import field, frozen

from edgeproof.properties.intake.cells import FLAG, NATURAL, TEXT, TIME, Cells
from edgeproof.properties.intake.json_scan import NESTED, OBJECT, REFUSED
from edgeproof.properties.intake.mapping import DURATION, JOIN, MAPPED, ColumnMapping
from edgeproof.properties.intake.otlp import EXPORTS
from edgeproof.properties.intake.row import FLAGS, NATURALS, TIMES
from edgeproof.properties.intake.tokens import NOWHERE, Bytes, Ints
from edgeproof.properties.intake.values import PER_SECOND

__all__ = ["Columns", "Expected", "columns_of", "expected_of"]

_MOST: Final = 64
"""Names: there is a bit for each."""

_Entry = tuple[int, int, bool]
"""What is behind a name, the number of the object or the column that it leads to, and whether it is another way."""


@frozen
class Columns:
    """The number of each column of ours among the cells of a row. Those with the same paths are one; text is first."""

    places: Mapping[str, int]
    numbers: Mapping[tuple[int, tuple[str, ...]], int]

    @property
    def texts(self) -> int:
        """How many are text."""
        return sum(kind == TEXT for kind, _ in self.numbers)

    def room(self, rows: int) -> Cells:
        """Cells for so many rows."""
        return Cells.of(len(self.numbers), self.texts, rows)


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


def _kind_of(column: str) -> int:
    """Of which kind a column of ours is."""
    if column in TIMES or column == DURATION:
        return TIME
    return NATURAL if column in NATURALS else FLAG if column in FLAGS else TEXT


def columns_of(mapping: ColumnMapping) -> Columns | None:
    """The columns that a mapping says something of; None where a scan cannot tell what."""
    if mapping.each is not None or mapping.order != "numbers" or not _are_fit(mapping.constants):
        return None
    said = [column for column in sorted(MAPPED, key=_kind_of) if mapping.paths(column)]
    if not all(_is_plain(mapping, column) for column in said):
        return None
    numbers = dict[tuple[int, tuple[str, ...]], int]()
    places = {column: numbers.setdefault((_kind_of(column), mapping.paths(column)), len(numbers)) for column in said}
    return Columns(places, numbers)


def expected_of(mapping: ColumnMapping) -> Expected | None:
    """What is expected in JSON; None where that cannot be said name by name."""
    columns = columns_of(mapping)
    if columns is None:
        return None
    tree, numbers = _Tree(), columns.numbers.items()
    grown = [tree.grow(path.split("."), kind, number) for (kind, paths), number in numbers for path in paths]
    refused = [tree.add(0, name, (REFUSED, 0, False)) for name in EXPORTS]
    if not all([*grown, *refused]) or len(tree.entries) > _MOST:
        return None
    return Expected(*tree.arrays(), columns)


def _is_plain(mapping: ColumnMapping, column: str) -> bool:
    """Whether what is said of a column stands in one place, in a type of its own."""
    if column in mapping.values and not mapping.has_words(column):
        return False
    if _kind_of(column) == TIME and mapping.unit(column) not in PER_SECOND:
        return False
    return not any(JOIN in path for path in mapping.paths(column))


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
        return np.array(names, np.int64), np.frombuffer(text, np.uint8)
