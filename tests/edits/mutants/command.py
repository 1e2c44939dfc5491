# SPDX-License-Identifier: Apache-2.0
"""`make mutants`: slips that operators make in the sources, and what becomes of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
from attrs import asdict, evolve

from edgeproof.properties.edits.edit import Edit
from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from tests.edits.mutants.elsewhere import Search, sought_all
from tests.edits.mutants.judge import Fate, judged_all
from tests.edits.mutants.kept import Kept
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

    What it does not find is sought by the tests that tests/edits/mutants/exceptions.py names for it. The exit status is
    1 if these do not find it either, or if there is no reason there for one.
    """
    asked = []
    for implementation in of or tuple(SOURCES):
        these = [one for one in every(implementation) if like in one.name]
        asked += chosen(these, None if whole else sample, seed)
    kept = Kept(resume)
    new = [one for one in asked if one.name not in kept.fates]
    judged_all(new, processes, seed, _judge_hearer(terminal, kept, len(new)))
    unsought = [(one, tests) for one in asked if (tests := kept.unsought(one.name))]
    sought_all(unsought, processes, _search_hearer(terminal, kept))
    fates = [kept.fates[one.name] for one in asked]
    if to_page:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), [*kept.fates.values()], seed), encoding="utf-8")
    if terminal.as_json:
        terminal.document({"seed": seed, "mutants": [asdict(one) for one in fates]})
    for one in fates:
        if unexplained(one):
            terminal.out.print(f"{one.standing.value}: {one.name}", soft_wrap=True, markup=False, highlight=False)
    terminal.out.print(", ".join(f"{number} {what}" for what, number in counts(fates).items()))
    return 1 if any(map(unexplained, fates)) else 0


def _judge_hearer(terminal: Terminal, kept: Kept, total: int) -> Callable[[Fate], None]:
    started, done = time.monotonic(), 0

    def hear(fate: Fate) -> None:
        nonlocal done
        done += 1
        kept.hear(fate)
        left = (time.monotonic() - started) / done * (total - done)
        took = f"{fate.steps:,} steps, {fate.seconds:.1f} s; some {left:,.0f} s left"
        said = f"{done}/{total} {fate.standing.value} {fate.case}: {fate.name} ({took})"
        terminal.err.print(said, soft_wrap=True, markup=False, highlight=False)

    return hear


def _search_hearer(terminal: Terminal, kept: Kept) -> Callable[[Edit, Search], None]:
    def hear(mutant: Edit, search: Search) -> None:
        kept.hear(evolve(kept.fates[mutant.name], elsewhere=search))
        said = f"by {search.by}" if search.by else f"not found by {', '.join(search.tests)}"
        note = f"{search.note}; {search.seconds:.1f} s" if search.note else f"{search.seconds:.1f} s"
        terminal.err.print(f"{said}: {mutant.name} ({note})", soft_wrap=True, markup=False, highlight=False)

    return hear
