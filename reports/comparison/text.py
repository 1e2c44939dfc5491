# SPDX-License-Identifier: Apache-2.0
"""A comparison on a terminal: every design at a glance, the answers, then every configuration with what it breaks.

The matrix of all properties is in the Markdown and the JSON: it is wider than a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from edgeproof.properties.comparison import Answer, Entry
from edgeproof.properties.evidence import HOLDS, Conclusion, Verdict
from edgeproof.reports.comparison.costs import MEASURED, parameters_text
from edgeproof.reports.comparison.page import GLANCE, LEGEND, Page, cell
from edgeproof.reports.errors import counted
from edgeproof.reports.view import MEANING

__all__ = ["print_page"]

_COUNTED: Final = (Verdict.PROVED, Verdict.HOLDS_TO_BOUND)


def print_page(console: Console, page: Page) -> None:
    """Everything."""
    if page.glance:
        _print_glance(console, page)
    for answer in page.comparison.answers:
        _print_answer(console, page, answer)
    _print_cases(console, "the scoreboard, of which something is expected", page.comparison.entries)
    if page.comparison.variations:
        _print_cases(console, "one choice and one hazard at a time", page.comparison.variations)
    _print_end(console, page)


def _print_glance(console: Console, page: Page) -> None:
    table = Table(header_style="bold", pad_edge=False)
    for name in GLANCE:
        table.add_column(name, overflow="fold")
    for cells in page.glance:
        table.add_row(*cells)
    console.print(table)
    console.print(f"{MEASURED}: {parameters_text(page.parameters)}", style="italic", soft_wrap=True)


def _print_answer(console: Console, page: Page, answer: Answer) -> None:
    console.print()
    console.print(answer.question, style="bold", soft_wrap=True)
    console.print(answer.text, soft_wrap=True)
    if costs := page.costs_of(answer):
        console.print(f"It costs (in brackets: the pattern): {costs}.", soft_wrap=True)
    for together in answer.by_case:
        console.print(f"  no: {_said(together)}", soft_wrap=True)
        if (trace := page.trace(together[0])) is not None:
            console.print(f"      {page.view.program} show {trace}", style="dim", soft_wrap=True)
    for one in answer.instead:
        console.print(f"  yes: {one.property}, in {one.case.name}", soft_wrap=True)


def _print_cases(console: Console, title: str, entries: Sequence[Entry]) -> None:
    table = Table(title=title, header_style="bold", title_justify="left", pad_edge=False)
    table.add_column("case", overflow="fold")
    table.add_column("level", overflow="fold")
    for verdict in _COUNTED:
        table.add_column(LEGEND[verdict][0], justify="right")
    table.add_column("what it breaks, and other surprises", overflow="fold")
    for design in dict.fromkeys(entry.case.design for entry in entries):
        table.add_section()
        for entry in (e for e in entries if e.case.design == design):
            verdicts = [c.verdict for c in entry.conclusions]
            numbers = (str(verdicts.count(verdict) or "") for verdict in _COUNTED)
            table.add_row(entry.case.name, entry.level, *numbers, _broken(entry))
    console.print()
    console.print(table)


def _broken(entry: Entry) -> str:
    """Everything but what holds, each with its cell of the matrix."""
    shown = [c.property for c in entry.conclusions if c.verdict not in HOLDS or "!" in cell(entry, c.property)]
    return ", ".join(f"{name} {cell(entry, name)}" for name in shown)


def _print_end(console: Console, page: Page) -> None:
    signs = ", ".join(f"{sign} {meaning}" for sign, meaning in LEGEND.values())
    console.print(f"{signs}, ! not as expected", style="italic", soft_wrap=True)
    ledger, status = page.comparison.ledger, page.comparison.exit_status
    many = counted(len(page.comparison.entries) + len(page.comparison.variations), "configuration")
    console.print()
    console.print(f"{many} in {ledger.seconds:.1f} s, seed {ledger.seed}", soft_wrap=True)
    style = "bold green" if status == 0 else "bold red"
    console.print(f"exit status {status}: {MEANING[status]}", style=style, soft_wrap=True)


def _said(together: Sequence[Conclusion]) -> str:
    first = together[0]
    steps = f" in {counted(len(first.witness.events), 'step')}" if first.witness is not None else ""
    others = "".join(f", {one.property}" for one in together[1:])
    return f"{first.case.name} breaks {first.property}{steps}{others}: {first.case.because}"
