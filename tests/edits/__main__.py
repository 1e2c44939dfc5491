# SPDX-License-Identifier: Apache-2.0
"""`make edits`: every edit on trial, and the page with what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from edgeproof.properties.edits.edit import ROOT, edited
from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable
from tests.edits.edits import OF_THE_REFERENCE, OF_THE_WORKER
from tests.edits.table import PAGE, page, record, summary
from tests.edits.trial import Trial, tried_all


@command("edits", epilog="")
@click.argument("names", nargs=-1)
@click.option("--processes", type=click.IntRange(1, 16), default=2, show_default=True, help="Edits at a time.")
def edits(terminal: Terminal, names: tuple[str, ...], processes: int, seed: int) -> int:
    """Make each edit, and see whether lockstep finds it; all of them, or those named.

    All of them together write docs/subtle-edits.md anew. The exit status is 1 unless every edit is found that is not
    said to survive, and none that is.
    """
    every = (*OF_THE_REFERENCE, *OF_THE_WORKER)
    if unknown := set(names) - {edit.name for edit in every}:
        raise Unusable(f"there is no edit {min(unknown)}")
    chosen = [edit for edit in every if not names or edit.name in names]
    for edit in chosen:
        edited(edit, (ROOT / edit.file).read_text(encoding="utf-8"))
    trials = tried_all(chosen, processes, seed, _teller(terminal, len(chosen)))
    if not names:
        of_worker = len(OF_THE_WORKER)
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(trials[:-of_worker], trials[-of_worker:]), encoding="utf-8")
    if terminal.as_json:
        terminal.document({"edits": [record(one) for one in trials]})
    terminal.out.print(summary(trials))
    return 0 if all(one.as_said for one in trials) else 1


def _teller(terminal: Terminal, total: int) -> Callable[[Trial], None]:
    done = 0

    def tell(trial: Trial) -> None:
        nonlocal done
        done += 1
        finding = trial.finding
        went = f"found in {finding.case}" if trial.found else "not found" if not trial.otherwise else "unsound"
        mark = "" if trial.as_said else ", which is not as the list has it"
        took = f"{finding.steps:,} steps, {finding.seconds:.1f} s"
        terminal.err.print(f"{done}/{total} {trial.edit.name}: {went}, {took}{mark}", soft_wrap=True)

    return tell


if __name__ == "__main__":
    try:
        sys.exit(edits.main(standalone_mode=False))
    except (Unusable, click.ClickException) as error:
        sys.exit(f"make edits: {error}")
