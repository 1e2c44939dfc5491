# SPDX-License-Identifier: Apache-2.0
"""What `verify` judges: designs, a deployment with the HTTP front of ours, or one with routes of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from edgeproof.model.machine import DesignError
from edgeproof.properties import verify as engines
from edgeproof.properties.engines.fuzz.cover import Least
from edgeproof.properties.extras import installed, missing
from edgeproof.reports.asked import How, Request
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.deployment import Deployment, is_address, judge
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import check_directory
from edgeproof.reports.folders import folder_of
from edgeproof.reports.progress import progress
from edgeproof.reports.reported import Reported, read_report
from edgeproof.reports.request import outside_case, select_cases
from edgeproof.reports.systems import ONLY, beside, stores, system_for

if TYPE_CHECKING:
    from edgeproof.properties.evidence import Ledger
    from edgeproof.reports.commands.target_options import Aimed
    from edgeproof.reports.view import View

__all__ = ["is_address", "judge_deployment", "judge_designs", "judge_target"]


def judge_target(terminal: Terminal, aimed: Aimed, request: Request, how: How, seed: int) -> int:
    """Judge a deployment as its file describes it. Raises Unusable for what the file says already."""
    from edgeproof.reports.target.reporting import report_target

    if how.base is not None:
        raise Unusable("--base is for designs and for the address of a deployment")
    if how.engines or how.system != How().system or how.bearer_file is not None or how.bound is not None:
        raise Unusable("--target takes no --engine, --system, --bearer-file or --bound: the file says all of that")
    place = how.out or folder_of(["target"], (aimed, request, seed, how.profile))
    return report_target(terminal, aimed, request, how.profile, seed, place)


def judge_deployment(terminal: Terminal, request: Request, how: How, seed: int) -> int:
    """Judge the deployment at an address from outside. Raises Unusable where it cannot be had."""
    before = None if how.base is None else read_report(how.base)
    if how.bearer_file is None or how.engines:
        raise Unusable(f"a deployment takes {'no --engine' if how.engines else '--bearer-file'}")
    case = outside_case(request)
    place = how.out or folder_of([case.name], (how.system, request, how.bound, seed, how.profile))
    check_directory(place)
    ledger = judge(Deployment(how.system, how.bearer_file, how.bound), case, seed, how.profile)
    return _finish(terminal, ledger, how, place, before)


def judge_designs(terminal: Terminal, request: Request, how: How, seed: int) -> int:
    """Run the engines over the cases asked for. Raises Unusable for what no engine can be asked."""
    before = None if how.base is None else read_report(how.base)
    if how.bearer_file is not None or how.bound is not None:
        raise Unusable("--bearer-file and --bound are for the address of a deployment")
    if how.system in ONLY and not request.designs and not request.cases:
        request = evolve(request, designs=ONLY[how.system])
        terminal.err.print(f"edgeproof: {how.system} has {', '.join(ONLY[how.system])}, and no other design is checked")
    cases = select_cases(request)
    makes = system_for(how.system, {case.design for case in cases})
    place = how.out or folder_of((case.name for case in cases), (request, how.system, how.engines, seed, how.profile))
    check_directory(place)
    with progress(terminal) as notify:
        try:
            ledger = engines.verify(cases, _plan(how, seed), makes, notify)
        except DesignError as error:
            raise Unusable(one_line(error)) from error
    return _finish(terminal, ledger, how, place, before)


def _plan(how: How, seed: int) -> engines.Plan:
    plan = evolve(
        engines.PLANS[how.profile],
        seed=seed,
        least=Least(how.require_actions, how.require_transitions),
        beside=beside() if how.system == How().system else None,
        stores=stores() if how.system == How().system else None,
    )
    return evolve(plan, engines=tuple(dict.fromkeys(how.engines))) if how.engines else plan


def _finish(terminal: Terminal, ledger: Ledger, how: How, out: str, before: Reported | None) -> int:
    """Write the reports, print, and give the exit status."""
    from edgeproof.reports.bundle import write_bundle
    from edgeproof.reports.report import report_document
    from edgeproof.reports.view import arrange, program_name

    ledger = evolve(ledger, environment={**ledger.environment, "profile": how.profile, "system": how.system})
    view = evolve(arrange(ledger, out, program_name()), placeless=is_address(how.system))
    written = write_bundle(view, before)
    if terminal.as_json:
        terminal.document(report_document(view))
    else:
        _print(terminal, view, written)
    return ledger.exit_status


def _print(terminal: Terminal, view: View, written: Sequence[str]) -> None:
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
    if not installed("report"):
        terminal.out.print(f"report.html is not written, as {missing('report')}", soft_wrap=True)
    names = ", ".join(path for path in written if not path.endswith(".itf.json"))
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
