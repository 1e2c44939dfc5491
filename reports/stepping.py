# SPDX-License-Identifier: Apache-2.0
"""The table of a trace: a row per step with what it changed, and a column for each property worth one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from edgeproof.model.trace import Trace
from edgeproof.reports.changes import Change, TraceStep, settling
from edgeproof.reports.errors import counted, one_line

__all__ = ["headline", "quiet_properties", "steps_table", "telling_properties"]

ENDS: Final = 500
"""Of a long trace so many steps are shown at its beginning, and at its end."""


def headline(trace: Trace, differing: Sequence[str]) -> str:
    """What a trace is, in one line; `differing` are the constants that are not the design's defaults."""
    about = f"a witness about {trace.about}" if trace.about else "a run"
    found = f", found by {trace.origin}" if trace.origin else ""
    seeded = f" with seed {trace.seed}" if trace.seed is not None else ""
    with_ = f" with {', '.join(differing)}" if differing else ""
    return one_line(f"{trace.design}{with_}: {about}, {counted(len(trace.events), 'step')}{found}{seeded}")


def telling_properties(trace: Trace, steps: Sequence[TraceStep]) -> list[str]:
    """The properties that get a column: the one the trace is about, and each that is broken somewhere."""
    broken = {name for step in steps for name, holds in step.truth.items() if holds is False} - settling()
    return [name for name in _names(steps) if name == trace.about or name in broken]


def quiet_properties(trace: Trace, steps: Sequence[TraceStep]) -> tuple[list[str], list[str]]:
    """The other properties: those that hold wherever they say something, and those that never say anything."""
    shown = telling_properties(trace, steps)
    rest = [name for name in _names(steps) if name not in shown]
    held = [name for name in rest if name not in settling() and any(step.truth.get(name) for step in steps)]
    return held, [name for name in rest if name not in settling() and name not in held]


def steps_table(trace: Trace, steps: Sequence[TraceStep], marks: tuple[str, str, str]) -> Table:
    """The table; a lasso's loop is set off by a rule and its steps are marked. The middle of a long one is left out."""
    columns = telling_properties(trace, steps)
    table = Table(header_style="bold")
    table.add_column("step", justify="right")
    timed = any(step.at for step in steps)
    if timed:
        table.add_column("at", justify="right")
    table.add_column("action", overflow="fold")
    table.add_column("changes", overflow="fold")
    for name in columns:
        table.add_column(name, justify="center")
    for number, (step, following) in enumerate(zip(steps, [*steps[1:], None], strict=True)):
        if ENDS <= number < len(steps) - ENDS:
            if number == ENDS:
                more = f"{counted(len(steps) - 2 * ENDS, 'more step')}, which --json has"
                table.add_row("…", *(["…"] if timed else []), more)
            continue
        style = "bold" if any(step.truth.get(name) is False for name in columns if name not in settling()) else ""
        cells: list[str | Text] = [str(step.number), *([str(step.at)] if timed else [])]
        cells += [_action(step), _changes(step.changes)]
        cells += [_mark(step.truth.get(name), marks) for name in columns]
        last_of_stem = following is not None and following.looping and not step.looping
        table.add_row(*cells, style=style, end_section=last_of_stem)
    return table


def _action(step: TraceStep) -> Text:
    name = Text("start" if step.event is None else str(step.event))
    if step.hazard:
        name.append("  hazard", style="yellow")
    if step.looping:
        name.append("  loop", style="cyan")
    return name


def _changes(changes: Sequence[Change]) -> Text:
    text = Text()
    for number, change in enumerate(changes):
        text.append(", " if number else "")
        text.append(str(change), style="dim" if change.clock else "")
    return text


def _mark(holds: bool | None, marks: tuple[str, str, str]) -> Text:
    if holds is None:
        return Text(marks[2], style="dim")
    return Text(marks[0], style="green") if holds else Text(marks[1], style="bold red")


def _names(steps: Sequence[TraceStep]) -> list[str]:
    return list(dict.fromkeys(name for step in steps for name in step.truth))
