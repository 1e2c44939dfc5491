# SPDX-License-Identifier: Apache-2.0
"""`edgeproof diff`: whether the evidence of one report is weaker than that of another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import asdict
from rich.table import Table

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import counted, one_line

if TYPE_CHECKING:
    from edgeproof.reports.difference import Change
    from edgeproof.reports.reported import Reported

__all__ = ["diff"]

_EXITS: Final = """\b
Exit status:
  0    no evidence is weaker
  1    some evidence grew weaker
  2    a file is no report; one line on standard error says why
"""

_SHOWN: Final = 4
"""Properties that one row names; `--json` has them all."""

_TITLES: Final = {"weaker": "weaker than before", "stronger": "stronger than before", "other": "changed otherwise"}


@command("diff", _EXITS)
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
def diff(terminal: Terminal, old: str, new: str, seed: int) -> int:
    """Compare two report.json files, and say whether the evidence of NEW is weaker than that of OLD.

    Weaker is: a case, a property or an engine that is gone; a proof that holds to a bound now, or is undecided; a
    property that is violated now; a smaller bound (sizes, states, runs, steps); one more assumption; a violation that
    takes longer to show; a case of another configuration. Times and environments do not count.

    \b
    Examples:
      edgeproof diff main/report.json reports/out/report.json
      edgeproof diff OLD NEW --json | jq '.changes[] | select(.direction == "weaker")'
    """
    from edgeproof.reports.difference import Direction, differences
    from edgeproof.reports.reported import read_report

    before, after = read_report(old), read_report(new)
    changes = differences(before, after)
    weaker = any(change.direction is Direction.WEAKER for change in changes)
    if terminal.as_json:
        terminal.document(_document(old, new, changes))
    else:
        _print(terminal, (before, after), changes)
    return 1 if weaker else 0


def _document(old: str, new: str, changes: Iterable[Change]) -> dict[str, Any]:
    from edgeproof.reports.difference import Direction

    found = [asdict(change) for change in changes]
    counts = {str(one): sum(change["direction"] is one for change in found) for one in Direction}
    return {"old": old, "new": new, **counts, "changes": found}


def _print(terminal: Terminal, reports: tuple[Reported, Reported], changes: tuple[Change, ...]) -> None:
    from edgeproof.reports.difference import Direction

    for direction in Direction:
        if some := [change for change in changes if change.direction is direction]:
            terminal.out.print(_table(_TITLES[direction], some))
            terminal.out.print()
    old, new = (_size(report) for report in reports)
    terminal.out.print(f"old: {old}; new: {new}", soft_wrap=True)
    numbers = [f"{sum(c.direction is one for c in changes):,} {_TITLES[one]}" for one in Direction]
    said = ", ".join(numbers) if changes else "no difference but times and environments"
    good = not any(change.direction is Direction.WEAKER for change in changes)
    terminal.out.print(said, style="bold green" if good else "bold red", soft_wrap=True)


def _size(report: Reported) -> str:
    properties = sum(len(case.properties) for case in report.cases.values())
    return (
        f"{counted(properties, 'property', 'properties')} of {counted(len(report.cases), 'case')}, seed {report.seed}"
    )


def _table(title: str, changes: Iterable[Change]) -> Table:
    """The changes, those of one case that differ in nothing but the property in one row."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for one in changes:
        rows.setdefault((one.design, one.case, one.engine, one.what, one.old, one.new), []).append(one.property)
    table = Table(header_style="bold", title=title, title_justify="left")
    for column in ("case", "engine", "what", "old", "new", "properties"):
        table.add_column(column, overflow="fold")
    for (design, case, *turn), properties in rows.items():
        more = f" and {len(properties) - _SHOWN:,} more" if len(properties) > _SHOWN else ""
        cells = (f"{case} ({design})", *turn, ", ".join(properties[:_SHOWN]) + more)
        table.add_row(*(one_line(cell) for cell in cells))
    return table
