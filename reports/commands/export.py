# SPDX-License-Identifier: Apache-2.0
"""`edgeproof export`: a design and its properties as text for other people's checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from edgeproof.reports.asked import Choices
from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.instance_options import CHOICES
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.files import check_directory, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.model.machine import Instance
    from edgeproof.model.text import Subject

__all__ = ["export"]

_EXITS = """\b
Exit status:
  0    written
  2    unusable input; one line on standard error says why
"""

_RUN: Final = {
    "tla": ("java -XX:+UseParallelGC -jar tla2tools.jar -config {name}.cfg {name}.tla",),
    "promela": (
        "spin -a -o2 {name}.pml",
        "gcc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c",
        "./pan -m1000000",
        "spin -t -p -g {name}.pml",
    ),
}


@command("export", _EXITS)
@click.argument("design", metavar="DESIGN")
@click.option("--to", type=click.Choice(list(_RUN)), required=True, help="The language to write.")
@CHOICES
@click.option(
    "--property",
    "properties",
    multiple=True,
    metavar="ID",
    help="Only this property; repeatable. Default: all but the anomalies that the pattern is known to have.",
)
@click.option("--out", type=click.Path(), default="reports/out", show_default=True, help="Where the files go.")
def export(
    terminal: Terminal,
    design: str,
    to: str,
    choices: Choices,
    properties: tuple[str, ...],
    out: str,
    seed: int,
) -> int:
    """Write a DESIGN and its properties as TLA+ for TLC, or as Promela for SPIN.

    The text has the same states as our own search: whole ticks, clocks cut off where nothing can tell them apart.
    A natural that leaves its range is an error there, too. SPIN counts one state more where a variable has several
    initial values. Convergence is a matter of fairness between actions, which SPIN does not have; it is written to
    TLA+ only. SPIN needs -o2: otherwise it hides variables that are only written.

    \b
    Examples:
      edgeproof export do_kv --to promela --case inline --property monotonic-kv --out out
      cd out && spin -a -o2 do_kv.pml && gcc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c && ./pan -m1000000
      spin -t -p -g do_kv.pml                              the run that SPIN found, step by step
      edgeproof export do_kv --to tla --set Pop=1 --out out
      cd out && java -jar tla2tools.jar -config do_kv.cfg do_kv.tla
    """
    from edgeproof.model.machine import DesignError
    from edgeproof.model.text import subject
    from edgeproof.properties.catalogue import CATALOGUE, state_form, step_form

    check_directory(out)
    instance, ids = _asked(design, choices, properties)
    chosen = [CATALOGUE[one] for one in ids]
    machine = instance.machine
    try:
        of = subject(
            instance,
            [state_form(machine, one) for one in chosen if one.state],
            [step_form(machine, one) for one in chosen if one.step],
            [state_form(machine, one) for one in chosen if one.settles],
        )
        name, texts = _texts(of, to)
    except DesignError as error:
        raise Unusable(one_line(error)) from error
    paths = [f"{out}/{file}" for file in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_text(path, text)
    commands = [line.format(name=name) for line in _RUN[to]]
    _report(terminal, paths, commands, {"design": machine.name, "to": to, "constants": dict(instance.values)}, of)
    return 0


def _asked(design: str, choices: Choices, properties: Sequence[str]) -> tuple[Instance, Sequence[str]]:
    """The instance that is meant, and the properties to write with it."""
    from edgeproof.properties.cases import instance_of
    from edgeproof.properties.catalogue import CATALOGUE
    from edgeproof.reports.request import select_case
    from edgeproof.reports.words import unknown

    case = select_case(design, choices)
    instance, ids = instance_of(case), case.properties
    for one in properties:
        if one not in CATALOGUE:
            unknown("property", one, list(CATALOGUE))
        if one not in ids:
            raise Unusable(f"nothing in what was asked puts {one} to the test")
    return instance, [one for one in ids if one in properties or not (properties or CATALOGUE[one].anomaly)]


def _texts(of: Subject, to: str) -> tuple[str, Mapping[str, str]]:
    """The name of the model, and the text of each file."""
    from edgeproof.model.text_promela import promela
    from edgeproof.model.text_tla import tla

    if to == "tla":
        name, module, configuration = tla(of)
        return name, {f"{name}.tla": module, f"{name}.cfg": configuration}
    name, text = promela(of)
    return name, {f"{name}.pml": text}


def _report(
    terminal: Terminal, paths: Sequence[str], commands: Sequence[str], about: Mapping[str, Any], of: Subject
) -> None:
    left_out = [form.name for form in of.settles] if about["to"] == "promela" else []
    written = [name for name in of.properties if name not in left_out]
    if terminal.as_json:
        terminal.document(
            {**about, "files": list(paths), "properties": written, "left_out": left_out, "run": list(commands)}
        )
        return
    for path in paths:
        terminal.out.print(f"wrote {path}", soft_wrap=True)
    terminal.out.print(f"properties: {', '.join(written) or 'none'}", soft_wrap=True)
    if left_out:
        terminal.out.print(f"not written, SPIN has no fairness between actions: {', '.join(left_out)}", soft_wrap=True)
    terminal.out.print("to check it, there:", soft_wrap=True)
    for line in commands:
        terminal.out.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)
