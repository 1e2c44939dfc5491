# SPDX-License-Identifier: Apache-2.0
"""`report.md`: the result of a run for a CI job summary or a pull request, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from edgeproof.properties.evidence import Conclusion, Status, Verdict
from edgeproof.reports.markup import html, text
from edgeproof.reports.matrix import asked_text, bounds, constants_text, counts, engine_cell
from edgeproof.reports.view import MEANING, Row, Sheet, View, says, standing

__all__ = ["markdown_document"]

_SIGNS: Final = {
    Verdict.PROVED: "✅ proved",
    Verdict.HOLDS_TO_BOUND: "✅ holds",
    Verdict.VIOLATED: "⚠️ violated",
    Verdict.MISSED: "⚠️ missed",
    Verdict.UNKNOWN: "❔ unknown",
    Verdict.VACUOUS: "❔ vacuous",
}


_CALM: Final = (Status.AS_EXPECTED, Status.NOT_BY_RUNS)


def markdown_document(view: View) -> str:
    """The text."""
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
        *_listed(view, "Not as expected", "❌", lambda status: status not in _CALM),
        *_listed(view, "Not decided by runs", "❔", lambda status: status is Status.NOT_BY_RUNS),
        *_overview(view),
    ]
    for sheet in view.sheets:
        lines += _sheet(view, sheet)
    return "\n".join(lines) + "\n"


def _listed(view: View, title: str, sign: str, of: Callable[[Status], bool]) -> Iterator[str]:
    """What comes first: the properties of some statuses, where there are any."""
    rows = [(sheet, row) for sheet in view.sheets for row in sheet.rows if of(row.conclusion.status)]
    if not rows:
        return
    yield f"## {title}"
    yield ""
    for sheet, row in rows:
        reason = f": {text(row.conclusion.reason)}" if row.conclusion.reason else ""
        yield f"- {sign} {text(sheet.case.name)}, `{row.conclusion.property}`: {standing(row.conclusion)}{reason}"
        if row.shortest is not None and row.shortest.trace is not None:
            yield f"  `{view.replay(row.shortest.trace)}`"
    yield ""


def _overview(view: View) -> Iterator[str]:
    """Cases by properties."""
    names = list(dict.fromkeys(row.conclusion.property for sheet in view.sheets for row in sheet.rows))
    yield "| case | " + " | ".join(f"`{name}`" for name in names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for sheet in view.sheets:
        found = {row.conclusion.property: _sign(row.conclusion) for row in sheet.rows}
        yield f"| {text(sheet.case.name)} | " + " | ".join(found.get(name, "") for name in names) + " |"
    yield ""


def _sheet(view: View, sheet: Sheet) -> Iterator[str]:
    sign = "✅" if sheet.exit_status == 0 else "❌"
    yield f"<details><summary>{sign} {html(sheet.case.name)} ({html(constants_text(sheet))})</summary>"
    yield ""
    if sheet.case.because:
        yield text(sheet.case.because)
        yield ""
    yield "| property | says | " + " | ".join(sheet.engines) + " | concluding |"
    yield "|---" * (len(sheet.engines) + 3) + "|"
    for row in sheet.rows:
        cells = [" <br> ".join(engine_cell(finding) for finding in row.by(engine)) for engine in sheet.engines]
        name = row.conclusion.property
        yield f"| `{name}` | {text(says(name))} | " + " | ".join([*cells, standing(row.conclusion)]) + " |"
    yield ""
    yield from (f"- {text(line)}" for line in [*bounds(sheet)])
    yield from (line for row in sheet.rows for line in _witness(view, row))
    yield ""
    yield "</details>"
    yield ""


def _witness(view: View, row: Row) -> Iterator[str]:
    if row.shortest is not None and row.shortest.trace is not None:
        witness = row.shortest.evidence.witness
        assert witness is not None
        run = ", ".join(str(event) for event in witness.events)
        turning = 0 if witness.loop is None else len(witness.events) - witness.loop
        lasso = (
            ""
            if witness.loop is None
            else f" (the last {turning} for ever)"
            if turning
            else " (then nothing, for ever)"
        )
        yield f"- `{row.conclusion.property}` is broken by: {text(run)}{lasso}. `{view.replay(row.shortest.trace)}`"


def _sign(conclusion: Conclusion) -> str:
    sign = _SIGNS[conclusion.verdict]
    if conclusion.status is Status.NOT_BY_RUNS:
        return f"❔ {conclusion.status}"
    return sign if conclusion.status is Status.AS_EXPECTED else f"❌ **{standing(conclusion)}**"
