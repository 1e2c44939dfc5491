# SPDX-License-Identifier: Apache-2.0
"""`edgeproof mutate`: make mistakes in the designs, one at a time, and say which are noticed, and by what."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import frozen

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.designs import OWN_DESIGN, designs_named
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.systems import system_for

if TYPE_CHECKING:
    from edgeproof.properties.mutation.kill import Fate
    from edgeproof.properties.mutation.matrix import Asked, Judging
    from edgeproof.reports.mutants import Kept

__all__ = ["mutate"]

_EXITS = """\b
Exit status:
  0    every mutant is noticed, or is the design in other words, or has a reason to pass
  1    some mutant does what the design does not, and passes: nothing tells it, or the number of states alone
  2    no such design; or the file of --resume is none of ours
"""


@frozen
class _Profile:
    """How many mutants of all together (all of them: None), how many engines have to notice one, and the most states of
    a case that is searched.
    """

    sample: int | None
    enough: int
    most: int | None


_PROFILES: Final = {"quick": _Profile(40, 1, 110_000), "full": _Profile(None, 2, None)}
_ENGINES: Final = ("search", "proof", "lockstep")


@command("mutate", _EXITS)
@click.option(
    "--design",
    "designs",
    multiple=True,
    metavar="DESIGN",
    help=f"Only mutants of this design; repeatable. Or {OWN_DESIGN}.",
)
@click.option(
    "--system",
    default="reference",
    metavar="NAME",
    show_default=True,
    help="What is driven by mutants; of a design of your own a class beside it, without a name the only one.",
)
@click.option(
    "--profile",
    type=click.Choice([*_PROFILES]),
    default="quick",
    show_default=True,
    help=f"quick: {_PROFILES['quick'].sample} mutants that --seed chooses, until one engine notices; "
    "full: all, until two do, in large cases too.",
)
@click.option(
    "--inherited",
    is_flag=True,
    help="Judge in every design all that it has, not only the edits that no design before it has as well.",
)
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="So many mutants, that --seed chooses.")
@click.option(
    "--enough",
    type=click.IntRange(min=1, max=3),
    metavar="N",
    help="So many engines have to notice a mutant until no more are asked of it; by default as the profile says.",
)
@click.option("--engine", "engines", multiple=True, type=click.Choice(_ENGINES), help="Only this engine; repeatable.")
@click.option(
    "--resume",
    type=click.Path(),
    metavar="FILE",
    help="Keep what is found here, and go on from it; by default mutants.jsonl below --out, in the full profile.",
)
@click.option(
    "--edits", type=click.Path(), metavar="FILE", help="Tell beside of edits: what `make edits ARGS=--json` said."
)
@click.option("--lemmas", is_flag=True, help="Tell beside of lemmas without any one of which all is proved that was.")
@click.option(
    "--tell",
    is_flag=True,
    help="Judge nothing: tell of what is in the file of --resume, also of other sources, and what is not.",
)
@click.option("--page", type=click.Path(), metavar="FILE", help="Write the matrix as a page of the documentation, too.")
@click.option("--processes", type=click.IntRange(min=1), default=2, show_default=True, help="How many work at once.")
@click.option("--out", type=click.Path(), default="reports/out", show_default=True, help="Where the reports go.")
def mutate(
    terminal: Terminal,
    designs: tuple[str, ...],
    system: str,
    profile: str,
    inherited: bool,
    sample: int | None,
    enough: int | None,
    engines: tuple[str, ...],
    resume: str | None,
    edits: str | None,
    lemmas: bool,
    tell: bool,
    page: str | None,
    processes: int,
    out: str,
    seed: int,
) -> int:
    """Make a mistake in a design, one at a time, and see whether `verify` would notice: drop a conjunct, an update or a
    deadline, move a comparison by one, swap durations, take another value, forget what is owed a turn.

    Each mutant is searched and proved in the named cases of its design, small ones first, and the reference is driven
    by it. It is noticed where a verdict is not what is expected; else where a trace is longer or a bound is not reached
    any more. That there are other states tells it from the design, and does not say that it is wrong. One that nobody
    notices is shown to be the design in other words: by proof, by equal state graphs, or as it has the same runs. A
    mutant that passes otherwise is a hole in the checks, unless properties/mutation/exceptions.py says why it need not
    be noticed.

    What several designs have from one of them, or from a part that they share, is edited once: it is judged in the
    first of them, and in the others only where nobody has noticed it there.

    Writes mutants.json and mutants.md below --out.

    \b
    Examples:
      edgeproof mutate
      edgeproof mutate --design do_kv --sample 100 --seed 7
      edgeproof mutate --design path/to/design.py
      edgeproof mutate --profile full
    """
    from edgeproof.model.designs import DESIGNS
    from edgeproof.properties.mutation.lemmas import needs
    from edgeproof.properties.mutation.matrix import Judging, chosen
    from edgeproof.properties.own import adopted
    from edgeproof.reports.files import check_directory, write_text
    from edgeproof.reports.mutants import Kept, edits_in, markdown, matrix, unexplained
    from edgeproof.reports.mutants_page import page_of

    check_directory(out)
    names = designs_named(designs) or tuple(DESIGNS)
    if len(names) > 1 and any(map(adopted().__contains__, names)):
        raise Unusable("a design of your own is mutated by itself: name one --design")
    driven = system_for(system, names)
    beside = [] if edits is None else edits_in(edits)
    used = tuple(one for one in _ENGINES if one in engines) or _ENGINES
    how = _PROFILES[profile]
    some = sample or how.sample
    asked = chosen(names, some, seed, inherited)
    until = enough or how.enough
    kept = Kept(resume or (f"{out}/mutants.jsonl" if profile == "full" else None), until, before=tell)
    judging = None if tell else Judging(used, driven, until, how.most)
    whole = some is None and not inherited
    others = _judge(terminal, names if whole else (), asked, kept, judging, processes)
    again = _left(others, kept)
    asked += others
    fates = [kept.fates[one.design, one.mutant] for one in asked if (one.design, one.mutant) in kept.fates]
    needed = [one for design in names for one in needs(design)] if lemmas else []
    shared = _elsewhere(names, asked) if whole else {}
    before = sum((one.design, one.mutant) in kept.of_before for one in asked)
    document = matrix(fates, used, seed, profile, beside, needed, shared, _left(asked, kept), again, until, before)
    write_text(f"{out}/mutants.json", json.dumps(document, indent=2) + "\n")
    write_text(f"{out}/mutants.md", markdown(document))
    if page is not None:
        write_text(page, page_of(document))
    if terminal.as_json:
        terminal.document(document)
    else:
        _print(terminal, document, fates, out)
    return 1 if any(map(unexplained, fates)) else 0


def _judge(
    terminal: Terminal,
    whole: Sequence[str],
    asked: list[Asked],
    kept: Kept,
    judging: Judging | None,
    processes: int,
) -> list[Asked]:
    """Judge the mutants that are not judged yet, then those that designs which are asked for as a whole share with
    others, of edits that nobody has noticed there; these are given back.
    """
    from edgeproof.properties.mutation.matrix import anew, run

    def judge(these: list[Asked]) -> None:
        left = [one for one in these if (one.design, one.mutant) not in kept.fates]
        if judging is not None and left:
            tell = _teller(terminal)

            def hear(fates: list[Fate], done: int, total: int) -> None:
                kept.keep(fates)
                tell(fates, done, total)

            run(left, judging, processes, hear)

    judge(asked)
    others = anew(whole, kept.fates)
    judge(others)
    return others


def _left(asked: Sequence[Asked], kept: Kept) -> dict[str, int]:
    """By design, how many are not judged."""
    return Counter(one.design for one in asked if (one.design, one.mutant) not in kept.fates)


def _elsewhere(designs: Sequence[str], asked: Sequence[Asked]) -> dict[str, dict[str, int]]:
    """By design, how many of its mutants are judged in which other one alone."""
    from edgeproof.properties.mutation.shared import shared_with

    here = {(one.design, one.mutant) for one in asked}
    found = {
        design: Counter(other for name, (other, _) in shared_with(design).items() if (design, name) not in here)
        for design in designs
    }
    return {design: dict(of) for design, of in found.items() if of}


def _teller(terminal: Terminal) -> Callable[[list[Fate], int, int], None]:
    """Tells how far it is, how fast it goes, and how long the rest takes at that rate."""
    started = time.monotonic()

    def tell(fates: list[Fate], done: int, total: int) -> None:
        if not terminal.as_json:
            rate = done / max(0.001, time.monotonic() - started)
            rest = f"{rate:.1f} mutants/s, some {(total - done) / rate:,.0f} s left"
            terminal.err.print(f"{done:,}/{total:,} {fates[0].design}: {rest}", soft_wrap=True)

    return tell


def _print(terminal: Terminal, document: dict[str, Any], fates: list[Fate], out: str) -> None:
    from rich.table import Table

    from edgeproof.reports.mutants import unexplained

    names = list(next(iter(document["designs"].values())))
    table = Table("design", *names)
    for name, row in document["designs"].items():
        table.add_row(name, *(str(row[key]) for key in names))
    terminal.out.print(table)
    for fate in fates:
        if unexplained(fate):
            terminal.out.print(f"passes: {fate.design} {fate.mutant}: {one_line(fate.says)}", soft_wrap=True)
    terminal.out.print(f"{counted(len(fates), 'mutant')}, seed {document['seed']}; {out}/mutants.md", soft_wrap=True)
