# SPDX-License-Identifier: Apache-2.0
"""`edgeproof show`: a trace, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.text import Text

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.designs import OWN_DESIGN, design_named
from edgeproof.reports.errors import Unusable, one_line

if TYPE_CHECKING:
    from edgeproof.model.machine import Instance
    from edgeproof.model.trace import Trace
    from edgeproof.reports.changes import TraceStep

__all__ = ["load_steps", "print_steps", "show"]

_EXITS = """\b
Exit status:
  0    shown
  2    the file holds no trace that can be shown; one line on standard error says why
"""


@command("show", _EXITS)
@click.argument("trace", type=click.Path())
@click.option("--design", metavar="NAME", help=f"The design, where it is none of ours: {OWN_DESIGN}.")
@click.option("--mermaid", is_flag=True, help="Print a Mermaid sequence diagram instead of the table.")
@click.option("--svg", is_flag=True, help="Print a picture instead: a lane per participant, time runs downwards.")
def show(terminal: Terminal, trace: str, design: str | None, mermaid: bool, svg: bool, seed: int) -> int:
    """Show a TRACE: what each step changed, and which properties held then.

    A property has a column if the trace is about it or breaks it. The steps that a lasso repeats for ever are marked.

    \b
    Examples:
      edgeproof show reports/out/traces/NAME.itf.json
      edgeproof show --mermaid TRACE > diagram.mmd      renders on GitHub, inside a mermaid block
      edgeproof show --svg TRACE > run.svg
      edgeproof show --json TRACE | jq .steps[].changes
    """
    from edgeproof.reports.changes import steps_document
    from edgeproof.reports.inputs import read_trace
    from edgeproof.reports.mermaid import sequence_diagram

    if svg and (mermaid or terminal.as_json):
        raise Unusable("--svg prints a picture and nothing else: no --json, no --mermaid")
    if design is not None:
        design_named(design)
    run, instance = read_trace(trace)
    steps = load_steps(run, instance)
    if terminal.as_json:
        diagram = {"mermaid": sequence_diagram(instance, run, steps)} if mermaid else {}
        terminal.document(steps_document(run, steps) | diagram)
    elif svg:
        from edgeproof.reports.html.drawing import run_picture

        click.echo(run_picture(instance, run, steps), nl=False)
    elif mermaid:
        click.echo(sequence_diagram(instance, run, steps), nl=False)
    else:
        print_steps(terminal, run, instance, steps)
    return 0


def load_steps(trace: Trace, instance: Instance) -> tuple[TraceStep, ...]:
    """The steps of a trace with the truth of each property. Raises Unusable where the properties cannot be asked."""
    from edgeproof.properties.replay import truth_table
    from edgeproof.reports.changes import trace_steps

    try:
        truth = truth_table(trace)
    except ValueError as error:
        raise Unusable(one_line(error)) from error
    return trace_steps(instance.machine, trace, truth)


def print_steps(terminal: Terminal, trace: Trace, instance: Instance, steps: tuple[TraceStep, ...]) -> None:
    """The table of a trace, with what is needed to read it."""
    from edgeproof.reports.changes import settling
    from edgeproof.reports.stepping import headline, quiet_properties, steps_table

    console = terminal.out
    defaults = {name: rigid.default for name, rigid in instance.machine.rigids.items()}
    differing = [f"{name}={value}" for name, value in instance.values.items() if value != defaults[name]]
    console.print(headline(trace, differing), style="bold", soft_wrap=True)
    if trace.note:
        console.print(f"note: {one_line(trace.note)}", soft_wrap=True)
    console.print(steps_table(trace, steps, terminal.marks))
    if trace.loop is not None:
        ends = trace.loop == len(trace.events)
        text = (
            "the run stops here for ever"
            if ends
            else f"after step {len(trace.events)} it goes on after step {trace.loop}, for ever"
        )
        console.print(f"lasso: {text}", style="cyan", soft_wrap=True)
    held, silent = quiet_properties(trace, steps)
    yes, no, nothing = terminal.marks
    false = "broken, or not settled" if trace.about in settling() else "broken"
    console.print(Text(f"{yes} holds   {no} {false}   {nothing} says nothing about this step", style="dim"))
    for label, names in (
        ("hold at every step that puts them to the test", held),
        ("say nothing about this run", silent),
    ):
        if names:
            console.print(Text(f"{label}: {', '.join(names)}", style="dim"), soft_wrap=True)
