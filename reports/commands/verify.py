# SPDX-License-Identifier: Apache-2.0
"""`edgeproof verify`: every engine on every property of the cases asked for, and the reports of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reports.commands.common import command
from reports.consoles import Terminal
from reports.errors import Unusable, counted, one_line
from reports.files import check_directory
from reports.progress import progress
from reports.systems import SYSTEMS

if TYPE_CHECKING:
    from reports.view import View

__all__ = ["verify"]


@command("verify")
@click.option(
    "--design",
    "designs",
    multiple=True,
    metavar="NAME",
    help="Only this design; repeatable. A case of your own is of do_kv, unless this names another.",
)
@click.option("--case", "cases", multiple=True, metavar="NAME", help="Only this case of its scoreboard; repeatable.")
@click.option("--option", "options", multiple=True, metavar="NAME=CHOICE", help="A case of your own: choose an option.")
@click.option("--hazard", "hazards", multiple=True, metavar="NAME", help="A case of your own: switch a hazard on.")
@click.option("--set", "numbers", multiple=True, metavar="NAME=NUMBER", help="A case of your own: set a number.")
@click.option(
    "--expect", "expected", multiple=True, metavar="PROPERTY=VERDICT", help="A case of your own: what must be VIOLATED."
)
@click.option("--property", "properties", multiple=True, metavar="ID", help="Only this property; repeatable.")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    type=click.Choice(["explore", "prove", "fuzz"]),
    help="Only this engine; repeatable.",
)
@click.option(
    "--profile", type=click.Choice(["quick", "full"]), default="quick", show_default=True, help="How thorough."
)
@click.option(
    "--system",
    type=click.Choice(list(SYSTEMS)),
    default="reference",
    show_default=True,
    help="What fuzz drives in lockstep.",
)
@click.option("--out", type=click.Path(), default="reports/out", show_default=True, help="Where the reports go.")
def verify(
    terminal: Terminal, profile: str, engines: tuple[str, ...], system: str, out: str, seed: int, **asked: Any
) -> int:
    """Check the designs: search it exhaustively, prove what can be proved, drive an implementation in lockstep.

    Without options and hazards, every named case of every design is checked, with what is expected of it. With
    them, the one case that they describe. `edgeproof list` shows what there is to choose from.

    Writes report.json, report.md, junit.xml and a trace per counterexample below --out; traces of an earlier run there
    are removed.

    \b
    Examples:
      edgeproof verify
      edgeproof verify --case NAME --property convergence
      edgeproof verify --option publisher=inline --hazard crash --expect convergence=VIOLATED
      edgeproof verify --set F=3 --engine prove --property bounded-staleness
      edgeproof verify --profile full --json > report.json
    """
    from attrs import evolve

    from model.machine import DesignError
    from properties.verify import PLANS
    from properties.verify import verify as run_engines
    from reports.bundle import write_bundle
    from reports.report import report_document
    from reports.request import Request, select_cases
    from reports.view import arrange, program_name

    cases = select_cases(Request(**asked))
    check_directory(out)
    plan = evolve(PLANS[profile], seed=seed)
    if engines:
        plan = evolve(plan, engines=tuple(dict.fromkeys(engines)))
    with progress(terminal) as notify:
        try:
            ledger = run_engines(cases, plan, SYSTEMS[system], notify)
        except DesignError as error:
            raise Unusable(one_line(error)) from error
    ledger = evolve(ledger, environment={**ledger.environment, "profile": profile, "system": system})
    view = arrange(ledger, out, program_name())
    write_bundle(view)
    if terminal.as_json:
        terminal.document(report_document(view))
    else:
        _print(terminal, view)
    return ledger.exit_status


def _print(terminal: Terminal, view: View) -> None:
    from reports.matrix import print_sheet, print_summary

    for sheet in view.sheets:
        print_sheet(terminal.out, view, sheet)
    print_summary(terminal.out, view)
    names = ", ".join(view.path(name) for name in ("report.json", "report.md", "junit.xml"))
    terminal.out.print(
        f"wrote {names} and {counted(len(view.traces()), 'trace')} in {view.path('traces')}", soft_wrap=True
    )
