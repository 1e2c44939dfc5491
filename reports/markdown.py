# SPDX-License-Identifier: Apache-2.0
"""`report.md`: the result of a run on one screen, for a CI job summary or a pull request, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from edgeproof.properties.evidence import Conclusion, Status, Verdict
from edgeproof.reports.cases import witness
from edgeproof.reports.difference import Change, Direction
from edgeproof.reports.errors import counted
from edgeproof.reports.markup import code, html, text
from edgeproof.reports.matrix import asked_text, counts
from edgeproof.reports.view import CALM, MEANING, Sheet, View, standing

__all__ = ["markdown_document"]

_SIGNS: Final = {
    Verdict.PROVED: "✅",
    Verdict.HOLDS_TO_BOUND: "☑️",
    Verdict.VIOLATED: "⚠️",
    Verdict.MISSED: "⚠️",
    Verdict.UNKNOWN: "❔",
    Verdict.VACUOUS: "❔",
}
_LEGEND: Final = "✅ proved, ☑️ holds to a bound, ⚠️ violated as expected, ❔ undecided, ❌ not as expected."


_LINES: Final = 20
"""Changes that are shown at once."""


def markdown_document(view: View, changes: Sequence[Change] | None = None) -> str:
    """The text; `changes` are those since a base report, if there is one."""
    ledger = view.ledger
    proved, holds, violated, undecided, beyond = counts(ledger.conclusions)
    good = "✅" if ledger.exit_status == 0 else "❌"
    open_ones = f"{undecided} undecided" + (f", {beyond} not decided by runs" if beyond else "")
    lines = [
        "# edgeproof",
        "",
        f"{good} **{MEANING[ledger.exit_status]}** (exit status {ledger.exit_status}): "
        f"{asked_text(view)}, {proved} proved, {holds} hold to a bound, "
        f"{violated} violated, {open_ones}; {ledger.seconds:.1f} s, seed {ledger.seed}.",
        "",
        *([] if changes is None else _since(changes)),
        *_listed(view, "Not as expected", "❌", lambda status: status not in CALM),
        *_listed(view, "Not decided by runs", "❔", lambda status: status is Status.NOT_BY_RUNS),
        *_designs(view),
        f"{_LEGEND} Every case in full: {code(view.path('cases.md'))}.",
    ]
    return "\n".join(lines) + "\n"


def _since(changes: Sequence[Change]) -> Iterator[str]:
    """What is other than in the base report: what is weaker at once, the rest behind a line."""
    yield "## Since the base report"
    yield ""
    numbers = [f"{sum(one.direction is way for one in changes)} {way}" for way in Direction]
    yield f"{', '.join(numbers)}." if changes else "No difference but times and environments."
    yield ""
    weaker = [one for one in changes if one.direction is Direction.WEAKER]
    yield from (f"- ❌ {_change(one)}" for one in weaker[:_LINES])
    rest = [*weaker[_LINES:], *(one for one in changes if one.direction is not Direction.WEAKER)]
    if rest:
        yield ""
        yield f"<details><summary>{counted(len(rest), 'more change')}</summary>"
        yield ""
        yield from (f"- {one.direction}: {_change(one)}" for one in rest[: 10 * _LINES])
        if len(rest) > 10 * _LINES:
            yield f"- and {len(rest) - 10 * _LINES:,} more, which `edgeproof diff` names"
        yield ""
        yield "</details>"
    yield ""


def _change(one: Change) -> str:
    names = "".join(f", {code(name)}" for name in (one.property, one.engine) if name)
    return f"{text(one.case)} ({text(one.design)}){names}: {text(one.what)} {text(one.old)} → {text(one.new)}"


def _listed(view: View, title: str, sign: str, of: Callable[[Status], bool]) -> Iterator[str]:
    """What comes first: the properties of some statuses, where there are any, each with the run that breaks it."""
    rows = [(sheet, row) for sheet in view.sheets for row in sheet.rows if of(row.conclusion.status)]
    if not rows:
        return
    yield f"## {title}"
    yield ""
    for sheet, row in rows:
        reason = f": {text(row.conclusion.reason)}" if row.conclusion.reason else ""
        yield f"- {sign} {text(sheet.case.name)}, {code(row.conclusion.property)}: {standing(row.conclusion)}{reason}"
        yield from (f"  {line}" for line in witness(view, row))
    yield ""


def _designs(view: View) -> Iterator[str]:
    """A line per design, and behind it its cases by their properties."""
    for design, sheets in _by_design(view).items():
        conclusions = [row.conclusion for sheet in sheets for row in sheet.rows]
        proved, holds, violated, undecided, beyond = counts(conclusions)
        worst = "✅" if all(sheet.exit_status == 0 for sheet in sheets) else "❌"
        yield (
            f"<details><summary>{worst} {html(design)}: {counted(len(sheets), 'case')}, {proved} proved, {holds} hold "
            f"to a bound, {violated} violated, {undecided + beyond} undecided</summary>"
        )
        yield ""
        yield from _overview(sheets)
        yield "</details>"
        yield ""


def _by_design(view: View) -> dict[str, list[Sheet]]:
    found: dict[str, list[Sheet]] = {}
    for sheet in view.sheets:
        found.setdefault(sheet.case.design, []).append(sheet)
    return found


def _overview(sheets: list[Sheet]) -> Iterator[str]:
    """Cases by properties."""
    names = list(dict.fromkeys(row.conclusion.property for sheet in sheets for row in sheet.rows))
    yield "| case | " + " | ".join(map(code, names)) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for sheet in sheets:
        found = {row.conclusion.property: _sign(row.conclusion) for row in sheet.rows}
        yield f"| {text(sheet.case.name)} | " + " | ".join(found.get(name, "") for name in names) + " |"
    yield ""


def _sign(conclusion: Conclusion) -> str:
    if conclusion.status in CALM:
        return _SIGNS[conclusion.verdict] if conclusion.status is Status.AS_EXPECTED else "❔"
    return f"❌ {standing(conclusion)}"
