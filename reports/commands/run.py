# SPDX-License-Identifier: Apache-2.0
"""`edgeproof run`: the reference implementation on the real clock, its history recorded and checked."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

import click

from reports.commands.common import command
from reports.consoles import Terminal
from reports.durations import parse_duration
from reports.errors import Unusable, counted, one_line
from reports.files import check_directory

__all__ = ["run"]


@command("run")
@click.option("--for", "duration", required=True, metavar="DURATION", help="How long, such as 30s or 5m.")
@click.option("--pops", type=click.IntRange(1, 64), default=3, show_default=True, help="Locations, each a process.")
@click.option(
    "--writers", type=click.IntRange(1, 64), default=2, show_default=True, help="Writers on the control plane."
)
@click.option("--flags", type=click.IntRange(1, 5000), default=500, show_default=True, help="Flags in the document.")
@click.option("--out", type=click.Path(), default="reports/out", show_default=True, help="Where history.jsonl goes.")
def run(terminal: Terminal, duration: str, pops: int, writers: int, flags: int, out: str, seed: int) -> int:
    """Run the reference implementation for a while, and check what its readers were told.

    Writers, a replicator and several locations run as processes over real SQLite files, on the real clock. Commits,
    publishes, reads and faults are recorded, and the record is checked against the properties and the proved bound.

    \b
    Examples:
      edgeproof run --for 30s
      edgeproof run --for 5m --pops 8 --writers 4 --json
    """
    from properties.evidence import Case, Ledger, conclude
    from reports.matrix import print_sheet, print_summary
    from reports.report import report_document
    from reports.view import arrange, program_name

    seconds = parse_duration(duration)
    if seconds <= 0:
        raise Unusable("--for must be longer than nothing")
    check_directory(out)
    try:
        live, checker = _module("impl.live"), _module("properties.engines.history")
    except _Missing as missing:
        if terminal.as_json:
            terminal.document({"verdict": "UNKNOWN", "reason": str(missing)})
        terminal.err.print(f"edgeproof: undecided: {missing}", soft_wrap=True)
        return 3

    def say(line: str) -> None:
        if terminal.err.is_terminal:
            terminal.err.print(one_line(line), soft_wrap=True)

    began = time.monotonic()
    history = Path(out) / "history.jsonl"
    recording = live.run_live(
        seconds=float(seconds), pops=pops, writers=writers, flags=flags, seed=seed, history=history, notify=say
    )
    evidence = checker.check_history(history, recording.settings)
    case = Case("live", "do_kv", dict(recording.constants), tuple(dict.fromkeys(e.property for e in evidence)))
    conclusions = [conclude(case, one, tuple(e for e in evidence if e.property == one)) for one in case.properties]
    view = arrange(Ledger(tuple(conclusions), seed, time.monotonic() - began), out, program_name())
    if terminal.as_json:
        terminal.document({"history": str(history), "events": recording.events, "report": report_document(view)})
    else:
        for sheet in view.sheets:
            print_sheet(terminal.out, view, sheet)
        print_summary(terminal.out, view)
        terminal.out.print(f"recorded {counted(recording.events, 'event')} in {history}", soft_wrap=True)
    return view.ledger.exit_status


class _Missing(Exception):
    """A part that this installation does not have."""


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise _Missing(f"this needs {name}, which is not installed") from error
