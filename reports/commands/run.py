# SPDX-License-Identifier: Apache-2.0
"""`edgeproof run`: the reference implementation on the real clock, its history recorded and checked."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from reports.commands.common import command
from reports.consoles import Terminal
from reports.durations import parse_duration
from reports.errors import Unusable, one_line
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
    seconds = parse_duration(duration)
    if seconds <= 0:
        raise Unusable("--for must be longer than nothing")
    check_directory(out)
    try:
        live: Any = importlib.import_module("impl.live")
    except ModuleNotFoundError as error:
        if error.name != "impl.live":
            raise
        message = "undecided: impl.live, which runs the reference implementation on the real clock, is not installed"
        if terminal.as_json:
            terminal.document({"verdict": "UNKNOWN", "reason": message})
        terminal.err.print(f"edgeproof: {message}", soft_wrap=True)
        return 3

    def say(line: str) -> None:
        if terminal.err.is_terminal:
            terminal.err.print(one_line(line), soft_wrap=True)

    history = Path(out) / "history.jsonl"
    outcome = live.run_live(
        seconds=float(seconds), pops=pops, writers=writers, flags=flags, seed=seed, history=history, notify=say
    )
    if terminal.as_json:
        terminal.document(outcome.document)
    else:
        for line in outcome.lines:
            terminal.out.print(one_line(line), soft_wrap=True)
    return int(outcome.exit_status)
