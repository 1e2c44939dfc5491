# SPDX-License-Identifier: Apache-2.0
"""`edgeproof bound`: how late a reader can be told, for one's own numbers."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import click
from rich.table import Table

from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.design_options import DELAYS, DESIGN, FAILURES
from edgeproof.reports.commands.records import as_record
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.durations import in_seconds, plain_number
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.settings import Chosen, Numbers, lacking, settle

if TYPE_CHECKING:
    from edgeproof.model.trace import Trace
    from edgeproof.properties.environment import Setting
    from edgeproof.properties.evidence import Evidence
    from edgeproof.properties.staleness import BoundBeside, StalenessAnswer

__all__ = ["bound"]

_EXITS = """\b
Exit status:
  0    proved
  1    refuted: the formula is wrong
  2    unusable input; one line on standard error says why
  3    the proof did not come to an end
"""


_MEANINGS: Final = {
    "bounded-staleness": "what a reader is told was superseded at most this long ago",
    "token-revocation-bound": "a token that is accepted was revoked at most this long ago",
    "poison-bounded": "a bad version that is told was committed at most this long ago",
}
"""What the bound is a bound of."""

HEAD, TAIL = 24, 8
"""How much of a long run the text shows; `--json` has all of it."""


@command("bound", _EXITS)
@as_record(
    "given",
    Numbers,
    *DELAYS,
    click.option("--retries", type=FAILURES, help="F: attempts that fail in a row, at most."),
)
@DESIGN
def bound(terminal: Terminal, given: Numbers, chosen: Chosen, seed: int) -> int:
    """Answer how long after a config was superseded a reader can still be told it.

    Prints the bound, its formula, which term dominates, and a run in which a reader is told something exactly that old.
    The formula is proved for any number of locations and of versions. Durations are written like 2s, 500ms, 1m30s, 1h.

    It takes for granted that nothing lasts longer than it was given. Of those numbers the platform decides S: alarms
    are mostly less than a second late, but it allows itself up to a minute, and has been seen to lose one, which then
    never fires: do_kv_lost_alarms has the bound for that. Of S a second is KV's own, which it wants between two puts of
    a key: with less, the bound is one of writes that come a second after the put before them.

    \b
    Examples:
      edgeproof bound --sync-delay 2s --put-timeout 5s --retries 3 --retry-delay 1s --cache-ttl 60s
      edgeproof bound ... --memo-ttl 10s                        isolates keep the config for 10 s
      edgeproof bound ... --heartbeat 30s --zombie-window 30s   puts of a superseded instance may land late
      edgeproof bound ... --design do_kv_regional --set G=60s   a tier of caches between, each copy for 60 s
      edgeproof bound ... --design do_kv_lost_alarms --set W=5m a watchdog every 5 min, as alarms may never fire
    """
    from edgeproof.model.machine import DesignError
    from edgeproof.properties.evidence import Verdict
    from edgeproof.properties.staleness import answer

    setting = _setting(given, chosen)
    try:
        found = answer(setting)
    except DesignError as error:
        raise Unusable(one_line(error)) from error
    if terminal.as_json:
        terminal.document(_document(found))
    else:
        _print(terminal, found)
    verdicts = {found.proof.verdict, *(one.proof.verdict for one in found.beside)}
    return 1 if Verdict.VIOLATED in verdicts else 0 if verdicts == {Verdict.PROVED} else 3


def _setting(given: Numbers, chosen: Chosen) -> Setting:
    """The design with all that its bound is made of."""
    setting, missing = settle(given.known, chosen)
    if missing:
        raise Unusable(lacking(setting.instance.machine.name, missing))
    return setting


def _document(found: StalenessAnswer) -> dict[str, Any]:
    from edgeproof.model.trace import dump_trace

    return {
        "design": found.design,
        "bound_s": plain_number(found.bound),
        "formula": found.formula,
        "terms": [{"formula": f, "meaning": m, "seconds": plain_number(s)} for f, m, s in found.terms],
        "dominant": found.dominant,
        "tight": found.tight,
        "proof": _proof(found.proof),
        "writes": found.writes,
        "beside": [
            {
                "property": one.property,
                "bound_s": plain_number(one.bound),
                "formula": one.formula,
                "reached_s": None if one.reached is None else plain_number(one.reached),
                "proof": _proof(one.proof),
            }
            for one in found.beside
        ],
        "unit_s": plain_number(found.unit),
        "reached_s": None if found.trace is None else plain_number(_reached(found)),
        "trace": None if found.trace is None else json.loads(dump_trace(found.trace)),
    }


def _proof(proof: Evidence) -> dict[str, Any]:
    return {
        "verdict": str(proof.verdict),
        "engine": proof.engine,
        "bound": proof.bound,
        "assumptions": list(proof.assumptions),
        "seconds": round(proof.seconds, 6),
        "reason": proof.reason,
    }


def _print(terminal: Terminal, found: StalenessAnswer) -> None:
    console, proof = terminal.out, found.proof
    console.print(f"{in_seconds(found.bound)}: {_MEANINGS[proof.property]}", style="bold")
    console.print(f"= {found.formula}", soft_wrap=True)
    table = Table(header_style="bold")
    table.add_column("term", no_wrap=True)
    table.add_column("time", justify="right")
    table.add_column("why")
    table.add_column("")
    marked = False
    for formula, meaning, seconds in found.terms:
        first = formula == found.dominant and not marked
        marked = marked or first
        table.add_row(
            formula, in_seconds(seconds), meaning, "dominates" if first else "", style="bold" if first else ""
        )
    console.print(table)
    _print_proof(terminal, proof)
    if found.writes:
        console.print(found.writes, soft_wrap=True)
    _print_run(terminal, found)
    for beside in found.beside:
        _print_beside(terminal, beside)


def _print_run(terminal: Terminal, found: StalenessAnswer) -> None:
    console = terminal.out
    if found.trace is None:
        console.print("no run is known that comes close to it", soft_wrap=True)
        return
    tight = "tight: in this run a reader is told, exactly that late, what was superseded"
    loose = f"not known to be tight: the worst run that is known gets to {in_seconds(_reached(found))}"
    console.print(tight if found.tight else loose, soft_wrap=True)
    console.print(_trace_table(found.trace, found.unit))


def _print_proof(terminal: Terminal, proof: Evidence) -> None:
    details = "; ".join(part for part in (proof.bound, *proof.assumptions, proof.reason) if part)
    style = "green" if proof.verdict == "PROVED" else "bold red"
    said = f"{proof.verdict} by {proof.engine} in {proof.seconds:.2f} s: {one_line(details)}"
    terminal.out.print(said, style=style, soft_wrap=True)


def _print_beside(terminal: Terminal, one: BoundBeside) -> None:
    terminal.out.print(f"{in_seconds(one.bound)}: {_MEANINGS[one.property]}", style="bold")
    terminal.out.print(f"= {one.formula}", soft_wrap=True)
    _print_proof(terminal, one.proof)
    if one.reached is not None:
        known = "tight: a run is known that reaches it"
        loose = f"not known to be tight: the worst run that is known gets to {in_seconds(one.reached)}"
        terminal.out.print(known if one.reached == one.bound else loose, soft_wrap=True)


def _reached(found: StalenessAnswer) -> Fraction:
    """How late the trace gets."""
    assert found.trace is not None
    since = found.trace.states[-1]["since"]
    assert isinstance(since, (int, Fraction))
    return since * found.unit


def _trace_table(trace: Trace, unit: Fraction) -> Table:
    from edgeproof.model.designs import load
    from edgeproof.model.machine import TICK
    from edgeproof.reports.changes import trace_steps

    table = Table(header_style="bold")
    table.add_column("at", justify="right")
    table.add_column("what happens")
    for column in ("store", "KV", "reader is told"):
        table.add_column(column, justify="right")
    steps = trace_steps(load(trace.design), trace, [{}] * len(trace.states))
    shown = [step for step in steps if step.event is not None and step.event.action != TICK]
    left_out = max(0, len(shown) - HEAD - TAIL)
    for number, step in enumerate(shown):
        if number == HEAD and left_out:
            table.add_row("", f"({left_out} more steps)")
        if number < HEAD or number >= HEAD + left_out:
            state: Any = trace.states[step.number]
            copies = (state["config"], state["kv"], max(state["served"]))
            table.add_row(in_seconds(step.at * unit), str(step.event), *map(str, copies))
    return table
