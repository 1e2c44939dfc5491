# SPDX-License-Identifier: Apache-2.0
"""What is said of a deployment that was judged, on a terminal, as JSON and in files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from edgeproof.reports.asked import Request
from edgeproof.reports.bundle import write_bundle
from edgeproof.reports.commands.target_options import Aimed
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.faults import faults
from edgeproof.reports.files import check_directory
from edgeproof.reports.matrix import print_sheet, print_summary
from edgeproof.reports.report import report_document
from edgeproof.reports.target.curl import requests_of
from edgeproof.reports.target.file import read_description
from edgeproof.reports.target.judging import ASKED
from edgeproof.reports.target.verifying import BUDGETS, Verified, verify_target, write_breaches
from edgeproof.reports.view import arrange, program_name
from edgeproof.reports.words import unknown
from edgeproof.reports.workflow_commands import wants_workflow_commands, workflow_commands

if TYPE_CHECKING:
    from edgeproof.reports.view import View

__all__ = ["report_target"]


def report_target(terminal: Terminal, aimed: Aimed, request: Request, profile: str, seed: int, out: str) -> int:
    """Judge the deployment that a file describes, write the reports, print, and give the exit status."""
    assert aimed.target is not None
    if request != Request(properties=request.properties):
        raise Unusable("--target takes --property, and nothing else that chooses cases: the file says what is judged")
    for name in request.properties:
        if name not in ASKED:
            unknown("property that a deployment is asked for", name, ASKED)
    described = read_description(aimed.target, aimed.hosts)
    check_directory(out)
    verified = verify_target(
        described, evolve(BUDGETS[profile], seed=seed), request.properties, aimed.faults, _say(terminal)
    )
    ledger = evolve(verified.ledger, environment={"profile": profile, "system": described.target.base})
    view = evolve(arrange(ledger, out, program_name()), described_in=str(aimed.target))
    write_bundle(view)
    files = write_breaches(verified, described, aimed.hosts, Path(out))
    if terminal.as_json:
        terminal.document({**_document(verified, files), "report": report_document(view)})
    else:
        _print(terminal, view, verified, files)
    return ledger.exit_status


def _print(terminal: Terminal, view: View, verified: Verified, files: Sequence[str]) -> None:
    console = terminal.out
    for sheet in view.sheets:
        print_sheet(console, view, sheet)
    for number, breach in enumerate(verified.breaches, start=1):
        names = ", ".join(breach.reasons)
        console.print()
        console.print(f"breach {number}: {names}, in {counted(len(breach.run.in_order), 'request')}", style="bold red")
        for line in requests_of(breach.run):
            console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)
        for reason in breach.reasons.values():
            console.print(f"  {one_line(reason)}", soft_wrap=True, markup=False)
        if not breach.again:
            console.print("  seen once, and not again when the same was done", style="magenta")
    print_summary(console, view)
    for line in workflow_commands(faults(view)) if wants_workflow_commands(os.environ) else ():
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    made = counted(verified.requests, "request")
    console.print(f"{made} made; wrote {view.path('report.json')}, {', '.join(files)}", soft_wrap=True)


def _document(verified: Verified, files: Sequence[str]) -> dict[str, Any]:
    breaches = [
        {
            "reasons": {name: one_line(reason) for name, reason in one.reasons.items()},
            "requests": list(requests_of(one.run)),
            "seen_again": one.again,
        }
        for one in verified.breaches
    ]
    return {"requests": verified.requests, "breaches": breaches, "files": list(files)}


def _say(terminal: Terminal) -> Any:
    """How far it is, on standard error where somebody may be watching."""

    def say(done: int, total: int) -> None:
        if terminal.err.is_terminal:
            terminal.err.print(f"{done} of {total} runs", end="\r")

    return say
