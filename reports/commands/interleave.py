# SPDX-License-Identifier: Apache-2.0
"""`edgeproof interleave`: the orders in which operations under way together can go, on the real code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final

import click

from edgeproof.impl.interleaved.subjects import ON_WORKERD, SUBJECTS
from edgeproof.properties.extras import extra_of, missing
from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import read_text, write_text

if TYPE_CHECKING:
    from edgeproof.impl.interleaving import Interleaved
    from edgeproof.properties.engines.interleave.engine import Interleaving
    from edgeproof.properties.engines.interleave.schedule import Driven, Schedule
    from edgeproof.properties.engines.interleave.search import Count
    from edgeproof.properties.evidence import Evidence

__all__ = ["interleave"]

_EVERY: Final = 500
"""Orders from one word of how it goes to the next."""
_MOST: Final = 8
"""Operations under way: with more, even an order by priority says little."""

_EXITS: Final = """\b
Exit status:
  0    nothing is broken in any order that was driven; with --replay, the schedule breaks nothing
  1    something is broken, and a schedule shows it
  2    unusable input; one line on standard error says why
  3    undecided: something was never put to the test, or the schedule cannot be driven
"""


@command("interleave", _EXITS)
@click.argument("subject", required=False, type=click.Choice([*SUBJECTS, *ON_WORKERD]), metavar="[SUBJECT]")
@click.option(
    "--operations", type=click.IntRange(1, _MOST), default=2, show_default=True, help="How many are under way together."
)
@click.option(
    "--schedules",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="All orders are driven if there are no more than this, else so many by priority.",
)
@click.option(
    "--depth",
    type=click.IntRange(1, 10),
    default=4,
    show_default=True,
    help="Of the faults that orders by priority look for: how many orderings of two moves a fault takes.",
)
@click.option("--save", type=click.Path(), metavar="FILE", help="Write the first schedule that breaks something.")
@click.option("--replay", "again", type=click.Path(), metavar="FILE", help="Drive a schedule that was saved.")
def interleave(
    terminal: Terminal,
    subject: str | None,
    operations: int,
    schedules: int,
    depth: int,
    save: str | None,
    again: str | None,
    seed: int,
) -> int:
    """Explore the orders in which operations that are under way together begin, take effect and are answered.

    Every SUBJECT is a small program on the reference implementation's own code, or on the Worker's. The code stands
    still wherever it waits, and each order decides who goes on. Orders that differ only in moves that commute are
    driven once. What breaks is shortened, driven again, and shown as a schedule: who moved after whom.

    \b
    Subjects on the reference; without a SUBJECT, all of these are driven:
    {subjects}

    \b
    Subjects on the real runtime, which need workerd and drive some dozens of orders a second:
    {on workerd}

    \b
    Examples:
      edgeproof interleave                                         two operations under way, everywhere
      edgeproof interleave reader-memo --operations 3 --schedules 50000
      edgeproof interleave cache-fills --save schedule.json        keep what breaks it, if anything does
      edgeproof interleave --replay schedule.json                  and drive that again
      edgeproof interleave worker-memo                             the Worker's reader, in workerd
    """
    if again is not None:
        if subject is not None or save is not None:
            raise Unusable("--replay takes its subject from the file, and saves nothing")
        return _replay(terminal, again)
    from edgeproof.properties.engines.interleave import engine

    effort = engine.Effort(schedules, depth, seed)
    found: dict[str, Interleaving] = {}
    lacking: dict[str, str] = {}
    for name in SUBJECTS if subject is None else [subject]:
        try:
            with _progress(terminal, name, schedules) as notify:
                found[name] = engine.interleave(name, partial(_subject, name, operations), effort, notify)
        except ModuleNotFoundError as error:
            extra = extra_of(error)
            if extra is None or subject is not None:
                raise
            lacking[name] = missing(extra)
            if not terminal.as_json:
                terminal.out.print(f"{name}: not driven, as {lacking[name]}", style="yellow", soft_wrap=True)
            continue
        if not terminal.as_json:
            _print(terminal, name, found[name])
    witnesses = [one for result in found.values() for one in result.witnesses.values()]
    if save is not None and witnesses:
        _save(save, witnesses[0])
    if terminal.as_json:
        terminal.document(
            {
                "operations": operations,
                "seed": seed,
                "subjects": [_document(*one) for one in found.items()],
                "not driven": lacking,
            }
        )
    return _status(found) or (3 if lacking else 0)


def _with_subjects(text: str) -> str:
    width = max(map(len, [*SUBJECTS, *ON_WORKERD])) + 2
    text = cleandoc(text)
    for place, subjects in (("{subjects}", SUBJECTS), ("{on workerd}", ON_WORKERD)):
        lines = "\n".join(f"  {name:{width}}{what}" for name, (_, what) in subjects.items())
        text = text.replace(place, lines)
    return text


interleave.help = _with_subjects(interleave.help or "")


def _status(found: dict[str, Interleaving]) -> int:
    from edgeproof.properties.evidence import HOLDS, Verdict

    verdicts = {one.verdict for result in found.values() for one in result.evidence}
    return 1 if Verdict.VIOLATED in verdicts else 0 if verdicts <= set(HOLDS) else 3


def _print(terminal: Terminal, name: str, result: Interleaving) -> None:
    from edgeproof.properties.evidence import Verdict

    console = terminal.out
    console.print(f"{name}: {result.evidence[0].bound}", style="bold", soft_wrap=True)
    console.print(f"  {result.measures['schedules/s']:,} schedules/s", soft_wrap=True)
    for one in result.evidence:
        style = {Verdict.VIOLATED: "bold red", Verdict.HOLDS_TO_BOUND: "green"}.get(one.verdict, "yellow")
        tested = f"put to the test {counted(int(one.measures['tested']), 'time')}"
        why = f": {one_line(one.reason)}" if one.reason and one.verdict is not Verdict.VIOLATED else ""
        console.print(f"  {one.verdict} {one.property} ({tested}){why}", style=style, soft_wrap=True)
    for schedule in result.witnesses.values():
        _print_schedule(terminal, schedule)


def _print_schedule(terminal: Terminal, schedule: Schedule) -> None:
    terminal.out.print(f"  {schedule.about}: {one_line(schedule.why)}", style="bold red", soft_wrap=True)
    for number, move in enumerate(schedule.moves, 1):
        terminal.out.print(f"    {number:2} {one_line(move)}", soft_wrap=True)


def _document(name: str, result: Interleaving) -> dict[str, Any]:
    return {
        "subject": name,
        "bound": result.evidence[0].bound,
        "exhaustive": result.evidence[0].exhaustive,
        "measures": dict(result.measures),
        "evidence": [_evidence(one) for one in result.evidence],
        "schedules": {about: list(one.moves) for about, one in result.witnesses.items()},
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    tested = one.measures["tested"]
    return {"property": one.property, "verdict": str(one.verdict), "tested": tested, "reason": one.reason or None}


def _save(path: str, schedule: Schedule) -> None:
    from edgeproof.properties.engines.interleave.schedule import dump_schedule

    write_text(path, dump_schedule(schedule))


def _replay(terminal: Terminal, path: str) -> int:
    from edgeproof.properties.engines.interleave.schedule import ScheduleError, load_schedule, replay

    try:
        schedule = load_schedule(read_text(path))
    except ScheduleError as error:
        raise Unusable(f"{path}: {one_line(error)}") from error
    with closing(_subject_of(schedule, path)) as system:
        driven = replay(schedule, system)
    if terminal.as_json:
        document = {"about": schedule.about, "broken": driven.broken, "missing": driven.missing or None}
        terminal.document({"subject": schedule.subject, "moves": list(driven.moves), **document})
    else:
        _print_replay(terminal, driven)
    return 1 if driven.broken else 3 if driven.missing else 0


def _print_replay(terminal: Terminal, driven: Driven) -> None:
    for number, move in enumerate(driven.moves, 1):
        terminal.out.print(f"  {number:2} {one_line(move)}", soft_wrap=True)
    if driven.missing:
        terminal.out.print(f"cannot go on: {one_line(driven.missing)}", style="bold red", soft_wrap=True)
    for about, why in driven.broken.items():
        terminal.out.print(f"{about}: {one_line(why)}", style="bold red", soft_wrap=True)
    if not driven.missing and not driven.broken:
        terminal.out.print("nothing is broken", style="green")


def _subject_of(schedule: Schedule, path: str) -> Interleaved:
    known = [*SUBJECTS, *ON_WORKERD]
    if schedule.subject not in known:
        raise Unusable(f"{path}: there is no subject {one_line(schedule.subject)!r}; there is {', '.join(known)}")
    if not 1 <= schedule.operations <= _MOST:
        raise Unusable(f"{path}: 1 to {_MOST} operations are under way together, not {schedule.operations}")
    return _subject(schedule.subject, schedule.operations)


def _subject(name: str, operations: int) -> Interleaved:
    """A subject by its name. Raises Unusable where it cannot be had."""
    from edgeproof.impl.interleaved import subjects
    from edgeproof.impl.system import SystemUnavailable

    try:
        return subjects.subject(name, operations)
    except SystemUnavailable as error:
        raise Unusable(f"{name}: {one_line(error)}") from error


@contextmanager
def _progress(terminal: Terminal, name: str, most: int) -> Iterator[Callable[[Count], None]]:
    """A line on standard error that is written over, where that is a terminal."""
    if not terminal.err.is_terminal:
        yield lambda _: None
        return
    with terminal.err.status(name) as status:

        def say(count: Count) -> None:
            if count.orders % _EVERY == 0:
                status.update(f"{name}: {count.orders:,} of at most {most:,} orders")

        yield say
