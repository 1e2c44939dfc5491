# SPDX-License-Identifier: Apache-2.0
"""`edgeproof run`: the reference implementation on the real clock, its history recorded and checked."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from reports.commands.common import DURATION, INTERRUPTED, command
from reports.consoles import Terminal
from reports.errors import Unusable, counted, one_line
from reports.files import check_directory

__all__ = ["run"]


@command("run")
@click.option("--for", "duration", type=DURATION, required=True, help="How long, such as 30s or 5m.")
@click.option("--pops", type=click.IntRange(1, 64), default=3, show_default=True, help="Locations, each a process.")
@click.option(
    "--writers", type=click.IntRange(1, 64), default=2, show_default=True, help="Writers of the control plane."
)
@click.option("--flags", type=int, default=200, show_default=True, help="Flags in the config.")
@click.option("--size", type=int, help="Bytes of the whole config; what the flags come to, unless given.")
@click.option("--reader", default="guarded", show_default=True, help="plain, guarded or memo.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="A fault that strikes now and then; repeatable.")
@click.option("--sync-delay", type=DURATION, help="S, as in `edgeproof bound`.")
@click.option("--put-timeout", type=DURATION, help="D.")
@click.option("--retry-delay", type=DURATION, help="R.")
@click.option("--cache-ttl", type=DURATION, help="T.")
@click.option("--memo-ttl", type=DURATION, help="M.")
@click.option("--heartbeat", type=DURATION, help="H; none unless given.")
@click.option("--zombie-window", type=DURATION, help="Z.")
@click.option("--out", type=click.Path(), default="reports/out", show_default=True, help="Where history.jsonl goes.")
def run(terminal: Terminal, duration: Fraction, out: str, seed: int, **words: Any) -> int:
    """Run the reference implementation on the real clock, and check what its readers were told.

    Writers, a replicator and several locations run as processes over real SQLite files. Commits, publishes, reads and
    faults are recorded in history.jsonl, and the record is checked against the properties and the proved bound. Ctrl-C
    ends a run early; what was recorded until then is checked all the same.

    \b
    Examples:
      edgeproof run --for 30s
      edgeproof run --for 5m --pops 8 --writers 4 --flags 5000 --json
      edgeproof run --for 1m --fault put-late --fault crash --heartbeat 5s
    """
    check_directory(out)
    try:
        live = _module("impl.live")
    except _Missing as missing:
        return _undecided(terminal, str(missing), {})
    try:
        given = {name: float(v) if isinstance(v, Fraction) else v for name, v in words.items() if v is not None}
        options = live.LiveOptions(float(duration), Path(out) / "history.jsonl", seed=seed, **given)
        Path(out).mkdir(parents=True, exist_ok=True)
        result = live.run_live(options, _say(terminal))
    except (ValueError, OSError) as error:
        raise Unusable(one_line(error)) from error
    except live.LiveError as error:
        return _undecided(terminal, one_line(error), {})
    status = _report(terminal, options, result, out, seed)
    return INTERRUPTED if result.interrupted else status


def _report(terminal: Terminal, options: Any, result: Any, out: str, seed: int) -> int:
    from properties.evidence import Case, Ledger, conclude
    from reports.matrix import print_sheet, print_summary
    from reports.report import report_document
    from reports.view import arrange, program_name

    events = {"history": str(result.history), "counts": dict(result.counts), "remarks": list(result.remarks)}
    try:
        found = _module("properties.engines.history").check_history(result.history, options.constants())
    except _Missing as missing:
        return _undecided(terminal, str(missing), events)
    case = Case("live", "do_kv", options.constants(), tuple(dict.fromkeys(e.property for e in found)))
    conclusions = [conclude(case, one, tuple(e for e in found if e.property == one)) for one in case.properties]
    view = arrange(Ledger(tuple(conclusions), seed, result.seconds), out, program_name())
    if terminal.as_json:
        terminal.document({**events, "report": report_document(view)})
        return view.ledger.exit_status
    for sheet in view.sheets:
        print_sheet(terminal.out, view, sheet)
    print_summary(terminal.out, view)
    for line in (*result.remarks, f"recorded {counted(sum(result.counts.values()), 'event')} in {result.history}"):
        terminal.out.print(one_line(line), soft_wrap=True)
    return view.ledger.exit_status


def _undecided(terminal: Terminal, reason: str, more: Mapping[str, Any]) -> int:
    if terminal.as_json:
        terminal.document({"verdict": "UNKNOWN", "reason": reason, **more})
    terminal.err.print(f"edgeproof: undecided: {reason}", soft_wrap=True)
    return 3


def _say(terminal: Terminal) -> Callable[[str], None]:
    """How it goes, on standard error where somebody may be watching."""
    return lambda line: terminal.err.print(one_line(line), soft_wrap=True) if terminal.err.is_terminal else None


class _Missing(Exception):
    """A part that this installation does not have."""


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise _Missing(f"this needs {name}, which is not installed") from error
