# SPDX-License-Identifier: Apache-2.0
"""`edgeproof mutate`: make mistakes in the designs, one at a time, and say which are noticed, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, counted, one_line

if TYPE_CHECKING:
    from edgeproof.properties.mutation.kills import Fate

__all__ = ["mutate"]

_EXITS = """\b
Exit status:
  0    every mutant was noticed, or no case can tell it from the design
  1    some mutant does what the design does not, and passes
  2    no such design; or the file of --resume is none of ours
"""

_PROFILES = {"quick": 40, "full": None}
"""How many mutants of all together."""


@command("mutate", _EXITS)
@click.option("--design", "designs", multiple=True, metavar="NAME", help="Only mutants of this design; repeatable.")
@click.option(
    "--profile",
    type=click.Choice([*_PROFILES]),
    default="quick",
    show_default=True,
    help=f"{_PROFILES['quick']} mutants that --seed chooses, or all.",
)
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="So many mutants, that --seed chooses.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(["explore", "prove"]), help="Only this engine.")
@click.option("--resume", type=click.Path(), metavar="FILE", help="Keep what is found here, and go on from it.")
@click.option("--processes", type=click.IntRange(min=1), default=2, show_default=True, help="How many work at once.")
def mutate(
    terminal: Terminal,
    designs: tuple[str, ...],
    profile: str,
    sample: int | None,
    engines: tuple[str, ...],
    resume: str | None,
    processes: int,
    seed: int,
) -> int:
    """Make a mistake in a design, one at a time, and see whether `verify` would notice: drop a conjunct, an update or a
    deadline, move a comparison by one, swap durations, take another value, forget what is owed a turn.

    Each mutant is searched and proved as the named cases of its design are, and is noticed where a verdict is not what
    is expected, or what is shown is not what is pinned. A mutant that passes although its states are others than the
    design's is a hole in the checks.

    \b
    Examples:
      edgeproof mutate
      edgeproof mutate --design do_kv --sample 100 --seed 7
      edgeproof mutate --profile full --resume mutants.jsonl --json > matrix.json
    """
    from edgeproof.model.designs import DESIGNS
    from edgeproof.properties.mutation.kills import ENGINES
    from edgeproof.properties.mutation.matrix import chosen, run
    from edgeproof.reports.mutants import Kept, matrix

    if unknown := [name for name in designs if name not in DESIGNS]:
        raise Unusable(f"there is no design {unknown[0]!r}; there is {', '.join(DESIGNS)}")
    asked = chosen(designs or tuple(DESIGNS), sample or _PROFILES[profile], seed)
    kept = Kept(resume)
    left = [one for one in asked if (one.design, one.mutant) not in kept.fates]

    def hear(fate: Fate, done: int, total: int) -> None:
        kept.keep(fate)
        if not terminal.as_json:
            terminal.err.print(f"{done}/{total} {one_line(_told(fate))}", soft_wrap=True)

    run(left, engines or ENGINES, processes, hear)
    fates = [kept.fates[one.design, one.mutant] for one in asked]
    document = matrix(fates, engines or ENGINES, seed)
    if terminal.as_json:
        terminal.document(document)
    else:
        _print(terminal, document, fates)
    return 1 if any(fate.apart and not fate.killed for fate in fates) else 0


def _told(fate: Fate) -> str:
    by = ", ".join(f"{kill.engine} ({kill.property})" for kill in fate.kills)
    return f"{fate.design} {fate.mutant}: {by or fate.refused or ('passes' if fate.apart else 'no difference')}"


def _print(terminal: Terminal, document: dict[str, Any], fates: list[Fate]) -> None:
    from rich.table import Table

    table = Table("design", "mutants", "noticed", "by two engines", "no case differs", "pass")
    for name, row in document["designs"].items():
        table.add_row(name, *(str(row[key]) for key in ("mutants", "killed", "twice", "same", "survivors")))
    terminal.out.print(table)
    for fate in fates:
        if fate.apart and not fate.killed:
            terminal.out.print(f"passes: {fate.design} {fate.mutant}: {one_line(fate.says)}", soft_wrap=True)
    terminal.out.print(f"{counted(len(fates), 'mutant')}, seed {document['seed']}", soft_wrap=True)
