# SPDX-License-Identifier: Apache-2.0
"""`edgeproof verify`: every engine on every property of the cases asked for, and the reports of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import click

from edgeproof.properties.pattern import PATTERN
from edgeproof.reports.asked import Request
from edgeproof.reports.commands.common import DURATION, command
from edgeproof.reports.commands.records import as_record
from edgeproof.reports.commands.target_options import TARGET, Aimed
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.designs import OWN_DESIGN
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import check_directory
from edgeproof.reports.folders import LATEST, REPORTS, folder_of
from edgeproof.reports.progress import progress
from edgeproof.reports.systems import ONLY, OWN, SYSTEMS, beside, system_for

if TYPE_CHECKING:
    from edgeproof.properties.evidence import Ledger
    from edgeproof.reports.reported import Reported
    from edgeproof.reports.view import View

__all__ = ["verify"]

REQUEST: Final = as_record(
    "request",
    Request,
    click.option(
        "--design",
        "designs",
        multiple=True,
        metavar="NAME",
        help=f"Only this design; repeatable. A case of your own is of {PATTERN}, unless this names another. Or one "
        f"of yours: {OWN_DESIGN}.",
    ),
    click.option(
        "--case", "cases", multiple=True, metavar="NAME", help="Only this case of its scoreboard; repeatable."
    ),
    click.option(
        "--option", "options", multiple=True, metavar="NAME=CHOICE", help="A case of your own: choose an option."
    ),
    click.option("--hazard", "hazards", multiple=True, metavar="NAME", help="A case of your own: switch a hazard on."),
    click.option("--set", "numbers", multiple=True, metavar="NAME=NUMBER", help="A case of your own: set a number."),
    click.option(
        "--expect",
        "expected",
        multiple=True,
        metavar="PROPERTY=VERDICT",
        help="A case of your own: what must be VIOLATED.",
    ),
    click.option("--property", "properties", multiple=True, metavar="ID", help="Only this property; repeatable."),
)
"""Which cases, with what expected of them; the body gets a `request`."""


@command("verify")
@REQUEST
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
    default="reference",
    show_default=True,
    metavar="NAME|URL",
    help=f"What fuzz drives in lockstep: {', '.join(SYSTEMS)}, a system of your own as {OWN}, or by its name where it "
    "stands beside your design; or the address of a deployment, judged from outside.",
)
@click.option("--bearer-file", type=click.Path(), metavar="FILE", help="Holds the bearer token of a deployment.")
@click.option("--bound", type=DURATION, help="How stale a deployment's readers may be: see `edgeproof bound`.")
@TARGET
@click.option(
    "--require-actions",
    type=click.FloatRange(0, 100),
    default=100,
    show_default=True,
    metavar="PERCENT",
    help="How many of the actions that a design's cases allow the runs have to perform.",
)
@click.option(
    "--require-transitions",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="NUMBER",
    help="How many different transitions of a design the runs have to go through.",
)
@click.option(
    "--base", type=click.Path(), metavar="FILE", help="An earlier report.json: report.md says what is other than in it."
)
@click.option(
    "--out",
    type=click.Path(),
    help=f"Where the reports go; unless given, a folder of this question's own in {REPORTS}, and {REPORTS}/{LATEST}.",
)
def verify(
    terminal: Terminal,
    request: Request,
    profile: str,
    engines: tuple[str, ...],
    system: str,
    bearer_file: str | None,
    bound: Fraction | None,
    aimed: Aimed,
    require_actions: float,
    require_transitions: int,
    base: str | None,
    out: str | None,
    seed: int,
) -> int:
    """Check the designs: search it exhaustively, prove what can be proved, drive an implementation in lockstep.

    Without options and hazards, every named case of every design is checked, with what is expected of it. With
    them, the one case that they describe. `edgeproof list` shows what there is to choose from.

    Writes report.md (a summary for a CI job), cases.md (every case in full), report.json, junit.xml, report.sarif and a
    trace per counterexample; traces of an earlier run with the same --out, or of the same question, are removed. In
    GitHub Actions what is not as expected is annotated, too.

    With --engine fuzz only the system is judged, by runs. What runs cannot decide, as `convergence`, and what they
    happened not to show is listed as not decided by runs, and fails nothing; too little done on the system does.

    With the address of a deployment that has the HTTP front of impl/worker, nothing is searched or proved: what an
    outsider can do is done, and what shows is judged. It writes to units of its own, which are called
    edgeproof-SEED-..., and leaves them behind. The bearer is sent to this address only; let it be https. What no
    outsider can judge stays undecided: for a build, name what is to hold by --property, or --expect NAME=UNKNOWN.

    With --target, a deployment with routes of its own is judged as its file says: see `edgeproof target --help`.

    \b
    Examples:
      edgeproof verify
      edgeproof verify --case NAME --property convergence
      edgeproof verify --option publisher=inline --hazard crash --expect convergence=VIOLATED
      edgeproof verify --set F=3 --engine prove --property bounded-staleness
      edgeproof verify --profile full --json > report.json
      edgeproof verify --system workerd --engine fuzz --case recommended --require-transitions 500
      edgeproof verify --system https://config.example.com --bearer-file token.txt --bound 90s
      edgeproof verify --base main/report.json             report.md says what is new, and what is weaker
      edgeproof verify --target edgeproof.toml
    """
    from attrs import evolve

    from edgeproof.model.machine import DesignError
    from edgeproof.properties.engines.fuzz.cover import Least
    from edgeproof.properties.verify import PLANS
    from edgeproof.properties.verify import verify as run_engines
    from edgeproof.reports.deployment import Deployment, is_address, judge
    from edgeproof.reports.reported import read_report
    from edgeproof.reports.request import outside_case, select_cases

    if aimed.target is not None:
        from edgeproof.reports.target.reporting import report_target

        if base is not None:
            raise Unusable("--base is for designs and for the address of a deployment")
        if engines or system != "reference" or bearer_file is not None or bound is not None:
            raise Unusable("--target takes no --engine, --system, --bearer-file or --bound: the file says all of that")
        place = out or folder_of(["target"], (aimed, request, seed, profile))
        return report_target(terminal, aimed, request, profile, seed, place)
    before = None if base is None else read_report(base)
    if is_address(system):
        if bearer_file is None or engines:
            raise Unusable(f"a deployment takes {'no --engine' if engines else '--bearer-file'}")
        case = outside_case(request)
        place = out or folder_of([case.name], (system, request, bound, seed, profile))
        check_directory(place)
        ledger = judge(Deployment(system, bearer_file, bound), case, seed, profile)
        return _finish(terminal, ledger, {"profile": profile, "system": system}, place, before)
    if bearer_file is not None or bound is not None:
        raise Unusable("--bearer-file and --bound are for the address of a deployment")
    if system in ONLY and not request.designs and not request.cases:
        request = evolve(request, designs=ONLY[system])
        terminal.err.print(f"edgeproof: {system} has {', '.join(ONLY[system])}, and no other design is checked")
    cases = select_cases(request)
    makes = system_for(system, {case.design for case in cases})
    place = out or folder_of((case.name for case in cases), (request, system, engines, seed, profile))
    check_directory(place)
    least = Least(require_actions, require_transitions)
    plan = evolve(PLANS[profile], seed=seed, least=least, beside=beside() if system == "reference" else None)
    if engines:
        plan = evolve(plan, engines=tuple(dict.fromkeys(engines)))
    with progress(terminal) as notify:
        try:
            ledger = run_engines(cases, plan, makes, notify)
        except DesignError as error:
            raise Unusable(one_line(error)) from error
    return _finish(terminal, ledger, {"profile": profile, "system": system}, place, before)


def _finish(terminal: Terminal, ledger: Ledger, environment: dict[str, str], out: str, before: Reported | None) -> int:
    """Write the reports, print, and give the exit status."""
    from attrs import evolve

    from edgeproof.reports.bundle import write_bundle
    from edgeproof.reports.report import report_document
    from edgeproof.reports.view import arrange, program_name

    ledger = evolve(ledger, environment={**ledger.environment, **environment})
    view = arrange(ledger, out, program_name())
    write_bundle(view, before)
    if terminal.as_json:
        terminal.document(report_document(view))
    else:
        _print(terminal, view)
    return ledger.exit_status


def _print(terminal: Terminal, view: View) -> None:
    from edgeproof.reports.faults import faults
    from edgeproof.reports.matrix import print_sheet, print_summary
    from edgeproof.reports.workflow_commands import wants_workflow_commands, workflow_commands

    for sheet in view.sheets:
        print_sheet(terminal.out, view, sheet)
    for reason in dict.fromkeys(_missing(view)):
        terminal.out.print(f"not checked on workerd: {one_line(reason)}", soft_wrap=True)
    print_summary(terminal.out, view)
    for line in workflow_commands(faults(view)) if wants_workflow_commands(os.environ) else ():
        terminal.out.print(line, soft_wrap=True, markup=False, highlight=False)
    names = ", ".join(view.path(name) for name in ("report.md", "cases.md", "report.json", "junit.xml", "report.sarif"))
    terminal.out.print(
        f"wrote {names} and {counted(len(view.traces()) + len(view.shown()), 'trace')} in {view.path('traces')}",
        soft_wrap=True,
    )


def _missing(view: View) -> Iterator[str]:
    """Why a system beside the first one was not driven: the first one's verdicts do not say so."""
    from edgeproof.properties.engines.fuzz.run import LOCKSTEP
    from edgeproof.properties.evidence import Verdict

    for conclusion in view.ledger.conclusions:
        for one in conclusion.evidence:
            if (one.engine, one.property, one.verdict) == ("workerd", LOCKSTEP, Verdict.UNKNOWN):
                yield one.reason
