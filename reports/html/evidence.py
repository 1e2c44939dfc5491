# SPDX-License-Identifier: Apache-2.0
"""What engines found, side by side: a line per property of a case, with everything that evidence travels with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from edgeproof.properties.evidence import Conclusion, Evidence, Status, Verdict
from edgeproof.reports.matrix import engine_cell
from edgeproof.reports.view import CALM, Finding, Row, standing

__all__ = ["Board", "Line", "Said", "board_of", "line_of", "mark_of"]

_MARKS: Final = {
    Verdict.PROVED: "proved",
    Verdict.HOLDS_TO_BOUND: "holds",
    Verdict.VIOLATED: "broken",
    Verdict.MISSED: "broken",
    Verdict.UNKNOWN: "open",
    Verdict.VACUOUS: "open",
}


@frozen
class Said:
    """What one engine said; a text is empty where there is nothing to say."""

    mark: str
    verdict: str
    bound: str
    assumes: tuple[str, ...]
    seed: str
    reason: str
    trace: str


@frozen
class Line:
    """How one property of a case stands, and who says so: `said` is by engine. `witness` is the id of its run."""

    name: str
    note: str
    mark: str
    standing: str
    reason: str
    said: Mapping[str, Sequence[Said]]
    witness: str
    steps: int
    calm: bool


@frozen
class Board:
    """Lines under one another, and the engines that have a column. `of` says what a line is: a case, or a property.

    What an engine assumes in all of them is said once, in `common`.
    """

    of: str
    engines: tuple[str, ...]
    common: Mapping[str, str]
    lines: tuple[Line, ...]


def mark_of(conclusion: Conclusion) -> str:
    """How a conclusion is marked: proved, holds, broken as expected, open, or wrong."""
    if conclusion.status is Status.UNDECIDED or conclusion.status is Status.NOT_BY_RUNS:
        return "open"
    return _MARKS[conclusion.verdict] if conclusion.status in CALM else "wrong"


def board_of(of: str, lines: Sequence[Line]) -> Board:
    """Lines with the engines that have something to say in any of them, in their order."""
    engines = dict.fromkeys(engine for line in lines for engine in line.said)
    common = {engine: _in_common(engine, lines) for engine in engines} if len(lines) > 1 else {}
    told = tuple(evolve(line, said=_without(line.said, common)) for line in lines)
    return Board(of, tuple(engines), {e: "; ".join(assumed) for e, assumed in common.items() if assumed}, told)


def line_of(row: Row, name: str, note: str, witness: str, engines: Sequence[str]) -> Line:
    """The line of a property of a case."""
    conclusion = row.conclusion
    return Line(
        name,
        note,
        mark_of(conclusion),
        standing(conclusion),
        conclusion.reason if conclusion.status is not Status.AS_EXPECTED else "",
        {engine: tuple(_said(found) for found in row.by(engine)) for engine in engines if row.by(engine)},
        witness,
        0 if conclusion.witness is None else len(conclusion.witness.events),
        conclusion.status in CALM,
    )


def _said(finding: Finding) -> Said:
    one: Evidence = finding.evidence
    return Said(
        _MARKS[one.verdict],
        engine_cell(finding),
        one.bound,
        one.assumptions,
        "" if one.seed is None else str(one.seed),
        one.reason,
        finding.trace or "",
    )


def _in_common(engine: str, lines: Sequence[Line]) -> tuple[str, ...]:
    """What an engine assumes wherever it says something."""
    every = [said.assumes for line in lines for said in line.said.get(engine, ())]
    return tuple(text for text in every[0] if all(text in assumes for assumes in every))


def _without(said: Mapping[str, Sequence[Said]], common: Mapping[str, Sequence[str]]) -> dict[str, Sequence[Said]]:
    """What engines said, without what each of them assumes in all lines."""
    return {
        engine: [evolve(one, assumes=tuple(text for text in one.assumes if text not in known)) for one in found]
        for engine, found in said.items()
        for known in (common.get(engine, ()),)
    }
