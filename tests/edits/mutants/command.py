# SPDX-License-Identifier: Apache-2.0
"""`make mutants`: slips that operators make in the sources, and what becomes of each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from attrs import asdict

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from tests.edits.mutants.judge import Fate, Standing, judged_all
from tests.edits.mutants.subjects import SOURCES, chosen, every
from tests.edits.mutants.table import PAGE, counts, page, unexplained

__all__ = ["mutants"]

SAMPLE: Final = 40


@command("mutants", epilog="")
@click.option("--of", multiple=True, type=click.Choice([*SOURCES]), help="Only of this implementation; repeatable.")
@click.option("--like", default="", metavar="TEXT", help="Only those in whose names this occurs.")
@click.option(
    "--sample", default=SAMPLE, show_default=True, type=click.IntRange(min=1), help="So many of each, by --seed."
)
@click.option("--all", "whole", is_flag=True, help="Every one.")
@click.option(
    "--resume", type=click.Path(path_type=Path), metavar="FILE", help="Keep what is found here, and go on from it."
)
@click.option("--page", "to_page", is_flag=True, help="Write docs/code-mutants.md anew of all that is kept.")
@click.option("--processes", type=click.IntRange(1, 16), default=2, show_default=True, help="Mutants at a time.")
def mutants(
    terminal: Terminal,
    of: tuple[str, ...],
    like: str,
    sample: int,
    whole: bool,
    resume: Path | None,
    to_page: bool,
    processes: int,
    seed: int,
) -> int:
    """Let operators make slips in the sources of reference and Worker, and see whether lockstep finds them.

    The exit status is 1 if one is not found that tests/edits/mutants/exceptions.py has no reason for.
    """
    asked = []
    for implementation in of or tuple(SOURCES):
        these = [one for one in every(implementation) if like in one.name]
        asked += chosen(these, None if whole else sample, seed)
    known = _kept(resume)
    hear = _hearer(terminal, resume, known, sum(one.name not in known for one in asked))
    judged_all([one for one in asked if one.name not in known], processes, seed, hear)
    fates = [known[one.name] for one in asked]
    if to_page:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), [*known.values()], seed), encoding="utf-8")
    if terminal.as_json:
        terminal.document({"seed": seed, "mutants": [asdict(one) for one in fates]})
    for one in fates:
        if unexplained(one):
            terminal.out.print(f"{one.standing.value}: {one.name}", soft_wrap=True, markup=False, highlight=False)
    terminal.out.print(", ".join(f"{number} {what}" for what, number in counts(fates).items()))
    return 1 if any(map(unexplained, fates)) else 0


def _kept(resume: Path | None) -> dict[str, Fate]:
    if resume is None or not resume.exists():
        return {}
    lines = map(json.loads, resume.read_text(encoding="utf-8").splitlines())
    return {one["name"]: Fate(**{**one, "standing": Standing(one["standing"])}) for one in lines}


def _hearer(terminal: Terminal, resume: Path | None, known: dict[str, Fate], total: int) -> Callable[[Fate], None]:
    started, done = time.monotonic(), 0

    def hear(fate: Fate) -> None:
        nonlocal done
        done += 1
        known[fate.name] = fate
        if resume is not None:
            with resume.open("a", encoding="utf-8") as file:
                file.write(json.dumps(_line(fate)) + "\n")
        left = (time.monotonic() - started) / done * (total - done)
        took = f"{fate.steps:,} steps, {fate.seconds:.1f} s; some {left:,.0f} s left"
        said = f"{done}/{total} {fate.standing.value} {fate.case}: {fate.name} ({took})"
        terminal.err.print(said, soft_wrap=True, markup=False, highlight=False)

    return hear


def _line(fate: Fate) -> dict[str, Any]:
    return asdict(fate)
