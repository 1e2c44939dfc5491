# SPDX-License-Identifier: Apache-2.0
"""The result of a run on a terminal: a matrix of properties and engines per case, then the whole at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from edgeproof.properties.evidence import Conclusion, Status, Verdict
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.view import MEANING, Finding, Row, Sheet, View, standing

__all__ = ["asked_text", "bounds", "constants_text", "counts", "engine_cell", "print_sheet", "print_summary"]

_STYLES: Final = {
    Verdict.PROVED: "bold green",
    Verdict.HOLDS_TO_BOUND: "green",
    Verdict.VIOLATED: "yellow",
    Verdict.MISSED: "yellow",
    Verdict.UNKNOWN: "magenta",
    Verdict.VACUOUS: "magenta",
}


def print_sheet(console: Console, view: View, sheet: Sheet) -> None:
    """One case: its matrix, what the verdicts cover, and each violation with its trace and how to replay it."""
    table = Table(header_style="bold")
    table.add_column("property", no_wrap=True)
    for engine in sheet.engines:
        table.add_column(engine)
    table.add_column("concluding", no_wrap=True)
    for row in sheet.rows:
        cells = [_cell(row, engine) for engine in sheet.engines]
        table.add_row(row.conclusion.property, *cells, Text(standing(row.conclusion), style=_style(row.conclusion)))
    console.print()
    console.print(f"{one_line(sheet.case.name)}  ({one_line(constants_text(sheet))})", style="bold", soft_wrap=True)
    if sheet.case.because:
        console.print(one_line(sheet.case.because), style="italic", soft_wrap=True)
    console.print(table)
    for line in bounds(sheet):
        console.print(line, style="dim", soft_wrap=True)
    for line, style in _notes(view, sheet):
        console.print(line, style=style, soft_wrap=True)


def print_summary(console: Console, view: View) -> None:
    """Every case in a line, and the verdict of the whole."""
    if len(view.sheets) > 1:
        table = Table(header_style="bold")
        table.add_column("case", overflow="fold")
        columns = ["proved", "holds", "violated", "undecided"]
        columns += ["not decided by runs"] if counts(view.ledger.conclusions)[-1] else []
        for column in columns:
            table.add_column(column, justify="right")
        table.add_column("concluding")
        for sheet in view.sheets:
            numbers = counts([row.conclusion for row in sheet.rows])[: len(columns)]
            table.add_row(one_line(sheet.case.name), *map(str, numbers), _sheet_status(sheet))
        console.print()
        console.print(table)
    ledger = view.ledger
    proved, holds, violated, undecided, beyond = counts(ledger.conclusions)
    by_environment = sum(c.verdict is Verdict.MISSED for c in ledger.conclusions)
    missed = f", {by_environment} missed" if by_environment else ""
    expected = sum(c.verdict is Verdict.VIOLATED and c.status is Status.AS_EXPECTED for c in ledger.conclusions)
    console.print()
    console.print(
        f"{asked_text(view)} in {ledger.seconds:.1f} s, "
        f"seed {ledger.seed}: {proved} proved, {holds} hold to a bound, {violated} violated ({expected} as expected), "
        f"{undecided} undecided" + missed + (f", {beyond} not decided by runs" if beyond else ""),
        soft_wrap=True,
    )
    style = "bold green" if ledger.exit_status == 0 else "bold red"
    console.print(f"exit status {ledger.exit_status}: {MEANING[ledger.exit_status]}", style=style, soft_wrap=True)


def asked_text(view: View) -> str:
    """How much was asked."""
    return f"{counted(len(view.ledger.conclusions), 'property', 'properties')} of {counted(len(view.sheets), 'case')}"


def counts(conclusions: tuple[Conclusion, ...] | list[Conclusion]) -> tuple[int, int, int, int, int]:
    """How many are proved, hold to a bound, are violated, are undecided (or vacuous), and how many runs leave open."""
    verdicts = [c.verdict for c in conclusions if c.status is not Status.NOT_BY_RUNS]
    undecided = verdicts.count(Verdict.UNKNOWN) + verdicts.count(Verdict.VACUOUS)
    return (
        verdicts.count(Verdict.PROVED),
        verdicts.count(Verdict.HOLDS_TO_BOUND),
        verdicts.count(Verdict.VIOLATED),
        undecided,
        len(conclusions) - len(verdicts),
    )


def constants_text(sheet: Sheet) -> str:
    """How a case differs from its design's defaults."""
    differing = ", ".join(n if v is True else f"{n}={v}" for n, v in sheet.case.constants.items())
    return f"{sheet.case.design}: {differing or 'all defaults'}"


def engine_cell(finding: Finding) -> str:
    """A verdict with the length of its trace and the time it took."""
    evidence = finding.evidence
    steps = "" if evidence.witness is None else f" in {counted(len(evidence.witness.events), 'step')}"
    return f"{evidence.verdict}{steps}, {evidence.seconds:.2f} s"


def bounds(sheet: Sheet) -> list[str]:
    """What the verdicts cover: each bound of an engine once, with the properties it is for, then what it assumes."""
    lines = []
    for engine in sheet.engines:
        evidence = [finding.evidence for row in sheet.rows for finding in row.by(engine)]
        found: dict[str, list[str]] = {}
        for one in evidence:
            if one.bound:
                found.setdefault(one.bound, []).append(one.property)
        for bound, names in found.items():
            which = "" if len(found) == 1 else f" ({', '.join(dict.fromkeys(names))})"
            lines.append(one_line(f"{engine}{which}: {bound}"))
        if assumed := list(dict.fromkeys(text for one in evidence for text in one.assumptions)):
            lines.append(one_line(f"{engine} assumes: {'; '.join(assumed)}"))
    return lines


def _cell(row: Row, engine: str) -> Group:
    cells = [Text(engine_cell(finding), style=_STYLES[finding.evidence.verdict]) for finding in row.by(engine)]
    return Group(*cells)


def _notes(view: View, sheet: Sheet) -> Iterator[tuple[str, str]]:
    """What is not as expected, and why: what several properties have in common, as malformed lines are, once."""
    alike: dict[tuple[str, str], list[Row]] = {}
    for row in sheet.rows:
        conclusion = row.conclusion
        if conclusion.status is not Status.AS_EXPECTED:
            reason = f": {one_line(conclusion.reason)}" if conclusion.reason else ""
            alike.setdefault((f"{standing(conclusion)}{reason}", _style(conclusion)), []).append(row)
    said = {id(rows[0]): (", ".join(row.conclusion.property for row in rows), *key) for key, rows in alike.items()}
    for row in sheet.rows:
        if id(row) in said:
            names, text, style = said[id(row)]
            yield f"{names}: {text}", style
        if row.shortest is not None and row.shortest.trace is not None:
            yield f"{row.conclusion.property}: {view.path(row.shortest.trace)}", ""
            yield f"    {view.replay(row.shortest.trace)}", ""


def _style(conclusion: Conclusion) -> str:
    match conclusion.status:
        case Status.AS_EXPECTED:
            return "green"
        case Status.UNDECIDED | Status.NOT_BY_RUNS:
            return "magenta"
    return "bold red"


def _sheet_status(sheet: Sheet) -> Text:
    status = sheet.exit_status
    return Text("as expected" if status == 0 else MEANING[status], style="green" if status == 0 else "bold red")
