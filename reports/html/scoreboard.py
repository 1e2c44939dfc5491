# SPDX-License-Identifier: Apache-2.0
"""The scoreboard as a heat map, properties by designs; behind each cell is the evidence of all cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen

from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.reports.errors import counted
from edgeproof.reports.html.evidence import Board, Line, board_of, line_of
from edgeproof.reports.html.page import Section
from edgeproof.reports.matrix import constants_text
from edgeproof.reports.view import Row, Sheet, View, says

__all__ = ["Cell", "Map", "boards", "heat_map"]

_WORST: Final = ("wrong", "open", "broken", "holds", "proved")
_SIGNS: Final = {"proved": "✓", "holds": "≤", "broken": "✗", "open": "?", "wrong": "!"}
_WORDS: Final = {
    "proved": "proved",
    "holds": "held to a bound",
    "broken": "violated as expected",
    "open": "undecided",
    "wrong": "not as expected",
}


@frozen
class Cell:
    """One property of one design: its mark, what is written on it and said of it, the shares of it, and its drawer."""

    id: str
    mark: str
    text: str
    label: str
    shares: tuple[tuple[str, int], ...]


@frozen
class Map:
    """The heat map: a column per design, a row per property; None where a design was not asked."""

    designs: tuple[tuple[str, int], ...]
    rows: tuple[tuple[str, str, tuple[Cell | None, ...]], ...]
    legend: tuple[tuple[str, str, str], ...]


def heat_map(view: View, witnesses: Mapping[int, str]) -> tuple[Map, list[Section]]:
    """The map, and a drawer for each of its cells. `witnesses` are the ids of runs, by the identity of their rows."""
    rows = _by_cell(view)
    cases = Counter(sheet.case.design for sheet in view.sheets)
    asked = dict.fromkeys(name for _, name in rows)
    names = [*(name for name in CATALOGUE if name in asked), *(name for name in asked if name not in CATALOGUE)]
    drawers: list[Section] = []
    lines = []
    for name in names:
        cells: list[Cell | None] = []
        for design in cases:
            found = rows.get((design, name))
            cells.append(None if found is None else _cell(len(drawers), design, name, found, witnesses, drawers))
        lines.append((name, says(name), tuple(cells)))
    legend = tuple((mark, _SIGNS[mark], _WORDS[mark]) for mark in reversed(_WORST))
    return Map(tuple(cases.items()), tuple(lines), legend), drawers


def boards(view: View, witnesses: Mapping[int, str]) -> Iterator[tuple[str, str, Board]]:
    """The name of every case, what it is, and a line per property."""
    for sheet in view.sheets:
        lines = [
            line_of(
                row, row.conclusion.property, says(row.conclusion.property), witnesses.get(id(row), ""), sheet.engines
            )
            for row in sheet.rows
        ]
        yield sheet.case.name, constants_text(sheet), board_of("property", lines)


def _by_cell(view: View) -> dict[tuple[str, str], list[tuple[Sheet, Row]]]:
    found: dict[tuple[str, str], list[tuple[Sheet, Row]]] = {}
    for sheet in view.sheets:
        for row in sheet.rows:
            found.setdefault((sheet.case.design, row.conclusion.property), []).append((sheet, row))
    return found


def _cell(
    number: int,
    design: str,
    name: str,
    rows: Sequence[tuple[Sheet, Row]],
    witnesses: Mapping[int, str],
    drawers: list[Section],
) -> Cell:
    lines: list[Line] = [
        line_of(
            row, sheet.case.name, constants_text(sheet).partition(": ")[2], witnesses.get(id(row), ""), sheet.engines
        )
        for sheet, row in rows
    ]
    drawer = f"e{number}"
    drawers.append(Section(drawer, f"{name} of {design}", "cell", (says(name), board_of("case", lines))))
    marks = Counter(line.mark for line in lines)
    mark = next(one for one in _WORST if marks[one])
    shares = tuple((one, marks[one]) for one in reversed(_WORST) if marks[one])
    several = mark in ("wrong", "open", "broken") and len(lines) > 1
    text = f"{_SIGNS[mark]} {marks[mark]}/{len(lines)}" if several else f"{_SIGNS[mark]} {len(lines)}"
    told = ", ".join(f"{count} {_WORDS[one]}" for one, count in shares)
    return Cell(drawer, mark, text, f"{text}: {name} of {design}, {counted(len(lines), 'case')}: {told}", shares)
