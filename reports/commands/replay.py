# SPDX-License-Identifier: Apache-2.0
"""`edgeproof replay`: whether a trace happens, on the model or on an implementation, and shows what it claims."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.designs import OWN_DESIGN, design_named
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import write_text
from edgeproof.reports.power_cuts import STORE, replay_power_cut
from edgeproof.reports.systems import OWN, SYSTEMS, system_named, whole_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeproof.impl.system import System
    from edgeproof.model.machine import Instance
    from edgeproof.model.trace import Trace
    from edgeproof.properties.replay import Replay

__all__ = ["replay"]

MODEL: Final = "model"

_EXITS: Final = """\b
Exit status:
  0    it replays, and shows what it claims
  1    it does not
  2    unusable input; one line on standard error says why
  3    undecided: the system does not show, or cannot do, what it would take
"""


@command("replay", _EXITS)
@click.argument("trace", type=click.Path())
@click.option("--design", metavar="NAME", help=f"The design, where it is none of ours: {OWN_DESIGN}.")
@click.option(
    "--on",
    default=MODEL,
    show_default=True,
    metavar="NAME",
    help=f"What to run it on: {', '.join((MODEL, *SYSTEMS))}, or a system of your own as {OWN}. A trace that ends in a "
    f"power cut runs on the reference's store, or on one of your own as {STORE}.",
)
@click.option(
    "--pytest", "test", type=click.Path(), metavar="FILE", help="Also write a regression test that does this."
)
@click.option("--force", is_flag=True, help="Let --pytest overwrite FILE.")
def replay(
    terminal: Terminal, trace: str, design: str | None, on: str, test: str | None, force: bool, seed: int
) -> int:
    """Replay a TRACE step by step, and say whether it still shows what it is about.

    \b
    Examples:
      edgeproof replay TRACE                                      on the model's interpreter
      edgeproof replay TRACE --on reference                       on the reference implementation, in lockstep
      edgeproof replay TRACE --on reference --pytest test_x.py    keep it: pytest test_x.py
      edgeproof replay TRACE --on my_store:MyStore --pytest test_x.py

    The test is standalone: the trace is in it as data. It is only written where it was seen to fail. On a system of
    your own it fails until the system is mended: until it no longer parts ways with the model, or no longer breaks the
    property that the trace is about. On ours, and on the model, it passes while the trace happens and breaks its
    property, and fails once that changes, as it does with any other last state than the recorded one. That of a trace
    which ends in a power cut fails while a power cut anywhere in its last step leaves the store wrong.
    """
    from edgeproof.reports.inputs import read_trace

    if design is not None:
        design_named(design)
    run, instance = read_trace(trace)
    if run.cut is not None:
        return _replay_power_cut(terminal, run, instance, on, test, force)
    on = whole_name(on, run.design)
    system = None if on == MODEL else system_named(on)
    if test is not None:
        _check_target(test, force)
    outcome = _replay(run, on, system)
    good = _good(run, on, outcome)
    unwritten = "" if test is None else _write_test(test, run, instance, on, good)
    written = test if test is not None and not unwritten else None
    if terminal.as_json:
        terminal.document(_document(run, on, outcome, good, written))
    else:
        _print(terminal, run, on, outcome, good)
        if test is not None:
            terminal.out.print(f"wrote {written}" if written else f"{test} is not written: {unwritten}", soft_wrap=True)
    return 0 if good else 3 if outcome.undecided else 1


def _replay_power_cut(
    terminal: Terminal, run: Trace, instance: Instance, on: str, test: str | None, force: bool
) -> int:
    if on not in (MODEL, "reference") and ":" not in on:
        raise Unusable(f"the power of {one_line(on)} cannot be cut: name what makes a store, as {STORE}")
    if test is not None:
        _check_target(test, force)
    return replay_power_cut(terminal, run, instance, on if ":" in on else None, test)


def _write_test(test: str, run: Trace, instance: Instance, on: str, good: bool) -> str:
    """Write the test that belongs to a run, if it can be seen to fail; else why it was not written."""
    from edgeproof.properties.engines.fuzz.run import LOCKSTEP
    from edgeproof.properties.own import adopted
    from edgeproof.reports.own_regression import own_regression_test
    from edgeproof.reports.regression import fails, regression_test, spoilt

    if ":" in on:
        text = own_regression_test(run, on, adopted().get(run.design))
        try:
            failing = fails(text)
        except Exception as error:
            return f"it cannot be run: {type(error).__name__}: {one_line(error)}"
        if not failing:
            return "it would pass at once, as the system does not show what the trace claims"
    elif run.about == LOCKSTEP:
        text = regression_test(run, on)
        if on == MODEL or not fails(text):
            return "it would pass at once" + ("; --on names a system" if on == MODEL else "")
    else:
        text = regression_test(run, on)
        if not good:
            return "it would fail"
        if not any(fails(text, other) for other in spoilt(instance, run)):
            return "it would pass whatever was recorded"
    write_text(test, text)
    return ""


def _good(trace: Trace, on: str, outcome: Replay) -> bool:
    """Whether the trace happens and shows what it claims, which may be that a system does otherwise than the model."""
    from edgeproof.properties.engines.fuzz.run import LOCKSTEP

    if trace.about == LOCKSTEP and on != MODEL:
        return outcome.confirmed is True
    happens = outcome.completed and not outcome.mismatch
    return happens and (outcome.confirmed is True or trace.about in ("", LOCKSTEP))


def _check_target(test: str, force: bool) -> None:
    target = Path(test)
    if target.is_dir():
        raise Unusable(f"{test} is a folder; --pytest names a file")
    if target.exists() and not force:
        raise Unusable(f"{test} exists; --force overwrites it")


def _replay(trace: Trace, on: str, system: Callable[[], System] | None) -> Replay:
    from edgeproof.properties.replay import replay as replay_trace

    try:
        return replay_trace(trace, on=system)
    except ValueError as error:
        raise Unusable(f"the {on} system cannot be set up for this trace: {one_line(error)}") from error


def _document(trace: Trace, on: str, outcome: Replay, good: bool, written: str | None) -> dict[str, object]:
    return {
        "on": on,
        "design": trace.design,
        "about": trace.about or None,
        "replays": outcome.completed and not outcome.mismatch,
        "confirmed": outcome.confirmed,
        "shows_what_it_claims": good,
        "mismatch": outcome.mismatch or None,
        "undecided": outcome.undecided or None,
        "flaw": outcome.flaw or None,
        "steps": list(outcome.steps),
        "pytest": written,
    }


def _print(terminal: Terminal, trace: Trace, on: str, outcome: Replay, good: bool) -> None:
    console = terminal.out
    where = "the model" if on == MODEL else f"the {on} system"
    console.print(f"{trace.design}, {counted(len(trace.events), 'step')}, on {where}", style="bold", soft_wrap=True)
    for line in outcome.steps:
        console.print(f"  {one_line(line)}", soft_wrap=True)
    if outcome.mismatch:
        console.print(
            f"{'parts ways' if good else 'does not replay'}: {one_line(outcome.mismatch)}",
            style="bold red",
            soft_wrap=True,
        )
    elif not outcome.completed:
        console.print("does not replay: it stops before its end", style="bold red")
    else:
        console.print("replays to its end", style="green")
    if trace.about:
        console.print(_claim(trace, on, outcome, good), style="green" if good else "bold red", soft_wrap=True)


def _claim(trace: Trace, on: str, outcome: Replay, good: bool) -> str:
    from edgeproof.properties.engines.fuzz.run import LOCKSTEP
    from edgeproof.properties.possible import fact_called

    if trace.about == LOCKSTEP:
        if on == MODEL:
            return "the model does this; whether a system does is for --on to say"
        differs = "the system does otherwise than the model, as the trace claims"
        return differs if good else "the system does what the model does, although the trace claims otherwise"
    if outcome.undecided:
        return f"{trace.about}: undecided: {one_line(outcome.undecided)}"
    if outcome.flaw:
        return f"{trace.about}: not shown: {one_line(outcome.flaw)}"
    what = "broken" if fact_called(trace.design, trace.about) is None else "shown"
    claim = {True: f"{what}, as the trace claims", False: f"not {what}, although the trace claims it"}
    return f"{trace.about}: {'cannot be asked' if outcome.confirmed is None else claim[outcome.confirmed]}"
