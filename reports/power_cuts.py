# SPDX-License-Identifier: Apache-2.0
"""A trace that ends in a power cut, replayed: the store goes through it again, and what the disk has kept is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import write_text
from edgeproof.reports.systems import store_named, stores

if TYPE_CHECKING:
    from edgeproof.model.machine import Instance
    from edgeproof.model.trace import Trace

__all__ = ["STORE", "replay_power_cut"]

REFERENCE = "edgeproof.impl.references:store_of"
"""The reference's store, named as one of one's own."""
STORE = "pkg.mod:make"
"""How a store of one's own is named: its module, and what makes one of a design, a folder and what opens a file."""


def replay_power_cut(terminal: Terminal, trace: Trace, instance: Instance, on: str | None, test: str | None) -> int:
    """Say whether a power cut leaves the store wrong, as the trace claims: 0 if so, 1 if not.

    It is the reference's store unless `on` names another. A store that does otherwise on its files than the one of the
    trace does not come to this power cut, which shows nothing. `test` is where a test of it is written, if it fails
    now. Raises Unusable for a trace that is no run.
    """
    from edgeproof.properties.cases import kept_in
    from edgeproof.properties.engines.crash.engine import cut_again
    from edgeproof.properties.engines.crash.record import NotInStep

    make = stores().make if on is None else store_named(on)
    wrong = other = ""
    try:
        wrong = cut_again(instance, kept_in(instance), make, trace)
    except (LookupError, NotInStep) as error:
        other = str(error)
    except ValueError as error:
        raise Unusable(f"the trace is no run: {one_line(error)}") from error
    except Exception as error:
        if on is None:
            raise
        raise Unusable(f"the store of {one_line(on)} fails: {type(error).__name__}: {one_line(error)}") from error
    unwritten = "" if test is None else _write_test(test, trace, on)
    written = None if unwritten else test
    if terminal.as_json:
        said = {"on": on or "reference", "design": trace.design, "about": trace.about or None}
        found = {"replays": not other, "mismatch": other or None, "wrong": wrong or None}
        terminal.document({**said, **found, "shows_what_it_claims": bool(wrong), "pytest": written})
    else:
        _print(terminal, trace, on, wrong, other)
        if test is not None:
            terminal.out.print(f"wrote {written}" if written else f"{test} is not written: {unwritten}", soft_wrap=True)
    return 0 if wrong else 1


def _write_test(test: str, trace: Trace, on: str | None) -> str:
    """Write the test of a store, if it can be seen to fail; else why it was not written."""
    from edgeproof.properties.own import adopted
    from edgeproof.reports.power_cut_regression import power_cut_test
    from edgeproof.reports.regression import fails

    text = power_cut_test(trace, on or REFERENCE, adopted().get(trace.design))
    try:
        failing = fails(text)
    except Exception as error:
        return f"it cannot be run: {type(error).__name__}: {one_line(error)}"
    if not failing:
        return "it would pass at once, as the store does not show what the trace claims"
    write_text(test, text)
    return ""


def _print(terminal: Terminal, trace: Trace, on: str | None, wrong: str, other: str) -> None:
    whose = "the reference's store" if on is None else f"the store of {on}"
    out = terminal.out
    out.print(f"{trace.design}, {counted(len(trace.events), 'step')}, on {whose}", style="bold", soft_wrap=True)
    for event in trace.events:
        out.print(f"  {one_line(event)}", soft_wrap=True)
    out.print(
        f"  then the power goes: {one_line(trace.note)}" if trace.note else "  then the power goes", soft_wrap=True
    )
    right = f"does not replay: {other}" if other else "the store is right, although the trace claims otherwise"
    out.print(f"{trace.about}: {one_line(wrong or right)}", style="green" if wrong else "bold red", soft_wrap=True)
