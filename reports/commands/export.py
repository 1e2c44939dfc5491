# SPDX-License-Identifier: Apache-2.0
"""`edgeproof export`: a design and its properties as text for other people's checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from edgeproof.reports.asked import Request
from edgeproof.reports.commands.common import command
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
@click.option("--case", metavar="NAME", help="A case of the design's scoreboard instead of its defaults.")
@click.option("--option", "options", multiple=True, metavar="NAME=CHOICE", help="Choose an option; repeatable.")
@click.option("--hazard", "hazards", multiple=True, metavar="NAME", help="Switch a hazard on; repeatable.")
@click.option("--set", "numbers", multiple=True, metavar="NAME=NUMBER", help="Set a number; repeatable.")
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
    case: str | None,
    options: tuple[str, ...],
    hazards: tuple[str, ...],
    numbers: tuple[str, ...],
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
    request = Request((design,), () if case is None else (case,), options, hazards, numbers, (), properties)
    instance, ids = _asked(request)
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


def _asked(request: Request) -> tuple[Instance, Sequence[str]]:
    """The instance that is meant, and the properties to write with it."""
    from edgeproof.model.designs import DESIGNS, load
    from edgeproof.model.machine import Instance
    from edgeproof.properties.cases import instance_of
    from edgeproof.properties.catalogue import CATALOGUE, applicable
    from edgeproof.reports.request import select_cases

    (design,), properties = request.designs, request.properties
    if request.cases or request.options or request.hazards or request.numbers or design not in DESIGNS:
        (one,) = select_cases(request)
        instance, ids = instance_of(one), one.properties
    else:
        instance = Instance.of(load(design))
        ids = applicable(instance)
    if unknown := [one for one in properties if one not in ids]:
        known = unknown[0] in CATALOGUE
        raise Unusable(
            f"nothing in what was asked puts {unknown[0]} to the test"
            if known
            else f"there is no property {unknown[0]!r}; there is {', '.join(CATALOGUE)}"
        )
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
