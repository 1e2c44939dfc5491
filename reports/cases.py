# SPDX-License-Identifier: Apache-2.0
"""`cases.md`: every case in full, in GitHub's Markdown: engines side by side, what each covers, and what breaks it."""

from __future__ import annotations

from collections.abc import Iterator

from edgeproof.reports.markup import code, html, text
from edgeproof.reports.matrix import bounds, constants_text, engine_cell
from edgeproof.reports.view import Row, Sheet, View, says, standing

__all__ = ["cases_document", "witness"]


def cases_document(view: View) -> str:
    """The text."""
    lines = ["# edgeproof: every case", ""]
    for sheet in view.sheets:
        lines += _sheet(view, sheet)
    return "\n".join(lines) + "\n"


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
        yield f"| {code(name)} | {text(says(name))} | " + " | ".join([*cells, standing(row.conclusion)]) + " |"
    yield ""
    yield from (f"- {text(line)}" for line in [*bounds(sheet)])
    yield from (line for row in sheet.rows for line in witness(view, row))
    yield ""
    yield "</details>"
    yield ""


def witness(view: View, row: Row) -> Iterator[str]:
    """The shortest run that breaks a property, as an item of a list; nothing where there is none."""
    if row.shortest is not None and row.shortest.trace is not None:
        witness = row.shortest.evidence.witness
        assert witness is not None
        run = ", ".join(str(event) for event in witness.events) or "nothing, as it begins"
        turning = 0 if witness.loop is None else len(witness.events) - witness.loop
        lasso = (
            ""
            if witness.loop is None
            else f" (the last {turning} for ever)"
            if turning
            else " (then nothing, for ever)"
        )
        again = code(view.replay(row.shortest.trace))
        yield f"- {code(row.conclusion.property)} is broken by: {text(run)}{lasso}. {again}"
