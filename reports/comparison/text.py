# SPDX-License-Identifier: Apache-2.0
"""A comparison on a terminal: the answers, then the matrix."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from properties.comparison import Entry
from properties.evidence import Conclusion
from reports.comparison.page import LEGEND, Page, cell
from reports.errors import counted
from reports.view import MEANING

__all__ = ["print_page"]


def print_page(console: Console, page: Page) -> None:
    """Everything."""
    for answer in page.comparison.answers:
        console.print()
        console.print(answer.question, style="bold", soft_wrap=True)
        console.print(answer.text, soft_wrap=True)
        for together in answer.by_case:
            console.print(f"  no: {_said(together)}", soft_wrap=True)
            if (trace := page.trace(together[0])) is not None:
                console.print(f"      {trace}", style="dim", soft_wrap=True)
        for one in answer.instead:
            console.print(f"  yes: {one.property}, in {one.case.name}", soft_wrap=True)
    _print_matrix(console, page, "the scoreboard, of which something is expected", page.comparison.entries)
    if page.comparison.variations:
        _print_matrix(console, page, "one choice and one hazard at a time", page.comparison.variations)
    _print_end(console, page)


def _print_matrix(console: Console, page: Page, title: str, entries: Sequence[Entry]) -> None:
    names = page.properties
    table = Table(title=title, header_style="bold", title_justify="left", pad_edge=False)
    table.add_column("case", overflow="fold")
    table.add_column("level", overflow="fold")
    for number in range(1, len(names) + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for design in dict.fromkeys(entry.case.design for entry in entries):
        table.add_section()
        for entry in (e for e in entries if e.case.design == design):
            level = ", ".join(entry.strongest) or "none"
            table.add_row(entry.case.name, level, *(cell(entry, name) for name in names))
    console.print()
    console.print(table)


def _print_end(console: Console, page: Page) -> None:
    for number, name in enumerate(page.properties, start=1):
        console.print(f"{number:3} {name}", soft_wrap=True)
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
