# SPDX-License-Identifier: Apache-2.0
"""A comparison arranged for reading: all formats are written from one page, so that they tell the same story."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.comparison import Answer, Comparison, Entry
from edgeproof.properties.costs.table import Parameters
from edgeproof.properties.evidence import Conclusion, Ledger, Status, Verdict
from edgeproof.properties.pattern import PATTERN
from edgeproof.reports.comparison.costs import COLUMNS, cost_row, set_beside
from edgeproof.reports.view import View, arrange

__all__ = ["GLANCE", "LEGEND", "Page", "arrange_page", "cell"]

GLANCE: Final = ("design", "level", *COLUMNS)
"""The columns of the table in which each design is a row."""

LEGEND: Final = {
    Verdict.PROVED: ("✓", "proved"),
    Verdict.HOLDS_TO_BOUND: ("≤", "holds as far as it was searched"),
    Verdict.VIOLATED: ("✗", "violated, by a run of so many steps"),
    Verdict.MISSED: ("!", "missed, as an assumption was broken"),
    Verdict.UNKNOWN: ("?", "undecided"),
    Verdict.VACUOUS: ("0", "never put to the test"),
}
"""Per verdict, its sign in a matrix and what that says."""


@frozen
class Page:
    """A comparison with the names of its trace files."""

    comparison: Comparison
    view: View
    parameters: Parameters
    """Under what the costs were charged."""
    traces: dict[tuple[str, str], str]
    """The file of the shortest trace, by case and property, relative to the output folder."""

    @property
    def properties(self) -> tuple[str, ...]:
        """The properties that somebody was asked about, in the order of the catalogue."""
        entries = (*self.comparison.entries, *self.comparison.variations)
        asked = {c.property for entry in entries for c in entry.conclusions}
        return tuple(name for name in CATALOGUE if name in asked)

    @property
    def glance(self) -> tuple[tuple[str, ...], ...]:
        """Each design that costs something in a row of cells: its name, its levels, and its costs."""
        designs = {entry.case.design for entry in self.comparison.entries}
        costs = [cost for cost in self.comparison.costs if cost.design in designs]
        return tuple((one.design, self._levels(one.design), *cost_row(one)) for one in costs)

    def _levels(self, design: str) -> str:
        """The level of a design's first case; where that is none, that of the first case that reaches one."""
        first, *others = (entry for entry in self.comparison.entries if entry.case.design == design)
        better = [e for e in others if first.level == "none" and e.strongest]
        return first.level + "".join(f" ({e.level} as {e.case.name})" for e in better[:1])

    def costs_of(self, answer: Answer) -> str:
        """What a design that one might build instead costs, beside the pattern; empty where there is nothing to say."""
        costs = {one.design: one for one in self.comparison.costs}
        if answer.design not in costs or PATTERN not in costs:
            return ""
        return set_beside(costs[answer.design], costs[PATTERN])

    def trace(self, conclusion: Conclusion) -> str | None:
        """Where the shortest trace of a conclusion is, from where the user is."""
        name = self.traces.get((conclusion.case.name, conclusion.property))
        return None if name is None else str(Path(self.view.out) / name)


def arrange_page(comparison: Comparison, parameters: Parameters, out: str, program: str) -> Page:
    """Name the traces of a comparison; of the scoreboard's cases only, lest there be thousands of files."""
    shown = {entry.case.name for entry in comparison.entries}
    kept: Sequence[Conclusion] = [c for c in comparison.ledger.conclusions if c.case.name in shown]
    view = arrange(_only(comparison.ledger, kept), out, program)
    traces = {
        (row.conclusion.case.name, row.conclusion.property): row.shortest.trace
        for sheet in view.sheets
        for row in sheet.rows
        if row.shortest is not None and row.shortest.trace is not None
    }
    return Page(comparison, view, parameters, traces)


def cell(entry: Entry, name: str) -> str:
    """One property of one configuration in a matrix: a sign, the steps of the shortest trace, `!` if unexpected."""
    for one in entry.conclusions:
        if one.property == name:
            steps = str(len(one.witness.events)) if one.witness is not None else ""
            return LEGEND[one.verdict][0] + steps + _surprise(entry, one)
    return ""


def _surprise(entry: Entry, one: Conclusion) -> str:
    expects = bool(entry.case.because) or one.status is Status.CONTRADICTION
    return "!" if expects and one.status is not Status.AS_EXPECTED else ""


def _only(ledger: Ledger, kept: Sequence[Conclusion]) -> Ledger:
    return evolve(ledger, conclusions=tuple(kept))
