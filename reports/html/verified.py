# SPDX-License-Identifier: Apache-2.0
"""The page of a run that ends in verdicts: of designs, of a deployment, or of recorded traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from edgeproof.properties.evidence import Status, Verdict
from edgeproof.reports.difference import Change, Direction
from edgeproof.reports.html.coverage import coverage
from edgeproof.reports.html.evidence import Board, Line
from edgeproof.reports.html.page import Page, Section, Tile, html_page
from edgeproof.reports.html.scoreboard import boards, heat_map
from edgeproof.reports.html.witnesses import Witness, alike, witness_of
from edgeproof.reports.matrix import asked_text, constants_text, counts
from edgeproof.reports.view import CALM, MEANING, View

__all__ = ["Parts", "parts_of", "tiles_of", "verified_page"]

_CHANGES: Final = 200
"""Changes since the base report that are listed."""
_AT_ONCE: Final = 6
"""Runs that are shown on the page itself; more of them open from a list."""


@frozen
class Parts:
    """What there is to see of verdicts: on the page itself, and what opens over it."""

    sections: tuple[Section, ...]
    drawers: tuple[Section, ...]


@frozen
class Since:
    """What is other than in the base report, the weaker first, as far as it is listed."""

    counts: tuple[tuple[str, int], ...]
    listed: tuple[Change, ...]
    unlisted: int


@frozen
class CaseLine:
    """A case: how it differs from its design's defaults, why it is there, and how many of its properties stand how."""

    name: str
    constants: str
    because: str
    numbers: tuple[int, int, int, int, int]
    good: bool


@frozen
class Runs:
    """Runs that break something: those that are shown `here`, and the others, which open over the page, by design."""

    here: tuple[Witness, ...]
    more: tuple[tuple[str, tuple[Witness, ...]], ...]


def verified_page(
    view: View, changes: Sequence[Change] | None = None, *, command: str = "verify", more: Sequence[Section] = ()
) -> str:
    """The file. `changes` are those since a base report, if there is one; `more` comes before the verdicts."""
    ledger, parts = view.ledger, parts_of(view)
    since = () if changes is None else (Section("since", "Since the base report", "since", _since(changes)),)
    return html_page(
        Page(
            command,
            view.sheets[0].case.name if len(view.sheets) == 1 else asked_text(view),
            MEANING[ledger.exit_status],
            ledger.exit_status == 0,
            tiles_of(view),
            (*since, *more, *parts.sections),
            parts.drawers,
            {"seed": str(ledger.seed), "time": f"{ledger.seconds:.1f} s", **ledger.environment},
        )
    )


def tiles_of(view: View) -> tuple[Tile, ...]:
    """The totals of a run."""
    conclusions = view.ledger.conclusions
    proved, holds, _, undecided, beyond = counts(conclusions)
    expected = sum(c.verdict is Verdict.VIOLATED and c.status is Status.AS_EXPECTED for c in conclusions)
    wrong = sum(c.status not in CALM and c.status is not Status.UNDECIDED for c in conclusions)
    undecided += beyond
    return (
        Tile(f"{proved:,}", "proved, for any size", "proved"),
        Tile(f"{holds:,}", "hold to a bound", "holds"),
        Tile(f"{expected:,}", "violated as expected", "broken"),
        Tile(f"{undecided:,}", "undecided", "open" if undecided else ""),
        Tile(f"{wrong:,}", "not as expected", "wrong" if wrong else ""),
    )


def parts_of(view: View) -> Parts:
    """What there is to see of a view's verdicts."""
    groups = alike(view)
    ids = {id(row): f"w{number}" for number, together in enumerate(groups) for _, row in together}
    runs = [witness_of(view, together, f"w{number}") for number, together in enumerate(groups)]
    here = runs if len(runs) <= _AT_ONCE else _worth_seeing(runs)
    drawers = [
        Section(one.id, f"{one.property} breaks: {one.design}, {one.case}", "witness", one)
        for one in runs
        if one not in here
    ]
    every = tuple(boards(view, ids))
    sections = []
    if wrong := _unexpected(every):
        sections.append(Section("unexpected", "Not as expected", "unexpected", wrong))
    if len(every) == 1:
        sections.append(Section("verdicts", "Verdicts", "verdicts", every[0]))
    else:
        found, cells = heat_map(view, ids)
        sections.append(Section("scoreboard", "Scoreboard", "scoreboard", found))
        drawers += cells
    if runs:
        sections.append(
            Section(
                "runs",
                "What breaks, and how",
                "runs",
                Runs(tuple(here), _by_design([one for one in runs if one not in here])),
            )
        )
    if len(every) > 1:
        sections.append(Section("cases", "Designs and their cases", "cases", _cases(view)))
    if covered := coverage(view):
        sections.append(Section("coverage", "How much was looked at", "coverage", covered))
    return Parts(tuple(sections), tuple(drawers))


def _since(changes: Sequence[Change]) -> Since:
    order = (Direction.WEAKER, Direction.STRONGER, Direction.OTHER)
    listed = sorted(changes, key=lambda one: order.index(one.direction))
    numbers = tuple((str(way), sum(one.direction is way for one in changes)) for way in order)
    return Since(numbers, tuple(listed[:_CHANGES]), max(len(listed) - _CHANGES, 0))


def _unexpected(every: Sequence[tuple[str, str, Board]]) -> tuple[tuple[str, Line], ...]:
    """The lines that somebody has to look at, each with its case."""
    return tuple((case, line) for case, _, board in every for line in board.lines if not line.calm)


def _worth_seeing(runs: Sequence[Witness]) -> list[Witness]:
    """What nobody expected; where all is as expected, the run in which most take part, and then the shortest."""
    wrong = [one for one in runs if one.mark == "wrong"]
    return wrong[:_AT_ONCE] or [max(runs, key=lambda one: (one.lanes, -len(one.steps)))]


def _by_design(runs: Sequence[Witness]) -> tuple[tuple[str, tuple[Witness, ...]], ...]:
    found: dict[str, list[Witness]] = {}
    for one in runs:
        found.setdefault(one.design, []).append(one)
    return tuple((design, tuple(together)) for design, together in found.items())


def _cases(view: View) -> tuple[tuple[str, tuple[CaseLine, ...]], ...]:
    """The designs, each with what was asked of it: the matrix of choices and faults."""
    found: dict[str, list[CaseLine]] = {}
    for sheet in view.sheets:
        numbers = counts([row.conclusion for row in sheet.rows])
        constants = constants_text(sheet).partition(": ")[2]
        line = CaseLine(sheet.case.name, constants, sheet.case.because, numbers, sheet.exit_status == 0)
        found.setdefault(sheet.case.design, []).append(line)
    return tuple((design, tuple(lines)) for design, lines in found.items())
