# SPDX-License-Identifier: Apache-2.0
"""`edgeproof flags`: the feature-flag service on the reference implementation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeproof.reports.commands.common import EXITS, command
from edgeproof.reports.commands.serve import serve
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import check_directory

if TYPE_CHECKING:
    from edgeproof.properties.engines.history.engine import Promise
    from edgeproof.reports.walkthrough import Walk

__all__ = ["flags"]


@click.group("flags", short_help="The feature-flag service on the reference implementation", epilog=EXITS)
def flags() -> None:
    """The feature-flag service on the reference implementation.

    Flags are kept by a store per app, published to KV, and evaluated at the locations that read it.
    """


@command("walkthrough")
@click.option("--out", type=click.Path(), default="reports/out", show_default=True, help="Where history.jsonl goes.")
def walkthrough(terminal: Terminal, out: str, seed: int) -> int:
    """Create an app, evaluate its flags at three locations, flip a kill switch and watch it spread.

    The parts are real: SQLite, alarms, a cache per location, OpenFeature clients. It takes a few seconds; what happened
    is recorded in history.jsonl and checked against the properties and the proved bound. Nothing is left to chance, so
    that the seed changes nothing.

    \b
    Example:
      edgeproof flags walkthrough
    """
    check_directory(out)
    from edgeproof.impl.scratch import OwnedDirectory
    from edgeproof.properties.promises import promise_of
    from edgeproof.reports.walkthrough import CONSTANTS, walk

    promise = promise_of(CONSTANTS)
    steps: list[dict[str, Any]] = []

    def told(title: str, lines: list[str]) -> None:
        steps.append({"step": title, "says": lines})
        terminal.out.print(f"{len(steps)}. {title}", style="bold", soft_wrap=True)
        for line in lines:
            terminal.out.print(f"   {one_line(line)}", soft_wrap=True)

    try:
        Path(out).mkdir(parents=True, exist_ok=True)
        with OwnedDirectory("flags") as directory:
            found = walk(Path(directory), Path(out) / "history.jsonl", promise.bound_s, told)
    except OSError as error:
        raise Unusable(one_line(error)) from error
    return _report(terminal, found, promise, steps, seed)


def _report(terminal: Terminal, found: Walk, promise: Promise, steps: list[dict[str, Any]], seed: int) -> int:
    from edgeproof.properties.catalogue import CATALOGUE
    from edgeproof.properties.engines.history.engine import check_history
    from edgeproof.properties.evidence import HOLDS, Verdict
    from edgeproof.reports.walkthrough import CONSTANTS, POPS

    evidence = check_history(found.history, promise, seed=seed)
    late = [pop for pop in POPS if found.seen.get(pop, float("inf")) > promise.bound_s]
    slowest = max(found.seen.values(), default=float("inf"))
    switch = (
        f"not seen within {promise.bound_s:g} s at {', '.join(late)}"
        if late
        else f"seen everywhere after {slowest:.2f} s; proved: within {promise.bound_s:g} s = {promise.formula}, with "
        + ", ".join(f"{name} = {int(CONSTANTS[name]) / 1000:g} s" for name in "DST")
    )
    title = f"{len(steps) + 1}. The record of all this, {counted(found.events, 'event')}, is checked"
    terminal.out.print(title, style="bold")
    for one in evidence:
        said = one.reason or CATALOGUE[one.property].says
        terminal.out.print(f"   {one.property}: {one.verdict}: {one_line(said)}", soft_wrap=True)
    terminal.out.print(f"   the kill switch: {switch}", soft_wrap=True)
    terminal.out.print(f"wrote {found.history}", soft_wrap=True)
    document = {
        "steps": steps,
        "seen_s": {pop: round(after, 3) for pop, after in found.seen.items()},
        "bound_s": promise.bound_s,
        "verdicts": {one.property: str(one.verdict) for one in evidence},
        "history": str(found.history),
    }
    if terminal.as_json:
        terminal.document(document)
    if late or any(one.verdict is Verdict.VIOLATED for one in evidence):
        return 1
    return 0 if all(one.verdict in HOLDS for one in evidence) else 3


flags.add_command(walkthrough)
flags.add_command(serve)
