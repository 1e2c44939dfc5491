# SPDX-License-Identifier: Apache-2.0
"""Every case of every design by our search and by other people's tools: what each finds, side by side."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import asdict, evolve, field, frozen

from edgeproof.model.designs import DESIGNS
from edgeproof.model.interpret import initial_count
from edgeproof.model.kernel import build_source
from edgeproof.model.text import Subject
from edgeproof.model.text_promela import promela
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.explore.engine import search_instance
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.search import Search
from edgeproof.properties.evidence import Case
from tests.peers.spin import run_spin_through
from tests.peers.subjects import text_of
from tests.peers.tla import run_tla

__all__ = [
    "CASES",
    "OURS",
    "SPIN",
    "TLA",
    "Found",
    "Row",
    "Whole",
    "by_spin",
    "by_tla",
    "ours",
    "safety",
    "write_board",
]

CASES = tuple(case for design in DESIGNS for case in scoreboard(design))

OURS, SPIN, TLA = "explore", "SPIN", "tla-checker"


@frozen
class Found:
    """What one tool found of a case: how many states and transitions, and the length of the shortest run to each
    violation.
    """

    states: int
    transitions: int
    violated: Mapping[str, int]
    seconds: float = 0.0


@frozen
class Whole:
    """What our own search found, and what other tools count beside it: in how many states a run may begin, and how
    often a property of states does not hold in a state (for SPIN that is a step).
    """

    found: Found
    beginnings: int
    wrong_states: int


@frozen
class Row:
    """A case, how many safety properties it was asked, and what each tool found, or why it was not asked."""

    design: str
    case: str
    properties: int
    found: Mapping[str, Found] = field(factory=dict)
    unasked: Mapping[str, str] = field(factory=dict)


def safety(case: Case) -> tuple[str, ...]:
    """The properties of a case that a finite run can break."""
    return tuple(one for one in case.properties if CATALOGUE[one].settles is None)


def ours(case: Case) -> Whole:
    """What our search finds of a case that is asked its safety properties alone, as the tools are."""
    instance = instance_of(case)
    of = text_of(instance, *safety(case))
    # Clocks are cut off as in the text, where numbers still have their names: `2*R - R` is taken for 2*R at most.
    fixed = {**instance.of_role("option"), **instance.of_role("hazard")}
    source = build_source(instance, of.states, of.steps, fixed=fixed)
    searcher, kernel, search = search_instance(instance, source, Limits())
    assert search.complete, case.name
    violated = {
        form.name: _steps(search, state) + (label >= 0)
        for form, (_, state, label) in zip(source.forms, search.hits.tolist(), strict=True)
        if state >= 0
    }
    truths = searcher.truths(kernel, search)
    wrong = sum(int((truths >> (2 * number + 1) & 1).sum()) for number in range(len(source.states)))
    return Whole(Found(search.count, search.transitions, violated), initial_count(instance), wrong)


def by_spin(case: Case, whole: Whole) -> Found:
    """What SPIN finds, breadth first and going on after errors, told as ours.

    It counts coming to the initial state; where that has to be chosen, the state before the choice and each choice; and
    a step for each state in which a property of states does not hold.
    """
    instance, chooses = instance_of(case), whole.beginnings > 1
    with TemporaryDirectory() as folder:
        found = run_spin_through(promela(text_of(instance, *safety(case)))[1], Path(folder))
    names = {f"violates_{one.replace('-', '_')}": one for one in safety(case)}
    violated = {names[alarm]: depth for alarm, depth in found.violated.items()}
    # An error in a step is as deep as the state before it, an error in a state as that state; a choice is a step.
    early = {one: int(CATALOGUE[one].step is not None) - int(chooses) for one in violated}
    return Found(
        found.stored - chooses,
        found.transitions - 1 - (whole.beginnings if chooses else 0) - whole.wrong_states,
        {one: depth + early[one] for one, depth in violated.items()},
        found.seconds,
    )


def by_tla(case: Case, whole: Whole) -> Found:
    """What a TLA+ checker finds: first with what holds, to the end; then each that does not, which ends its search."""
    instance, broken = instance_of(case), whole.found.violated
    everything = text_of(instance, *safety(case))
    # Clocks are cut off as for all properties, so that there are as many states as ours.
    sound = evolve(
        everything,
        states=tuple(form for form in everything.states if form.name not in broken),
        steps=tuple(form for form in everything.steps if form.name not in broken),
    )
    with TemporaryDirectory() as folder:
        through = run_tla(sound, Path(folder))
    assert through.status == "ok", f"{case.name}: {through.broken}"
    violated = {one: _steps_by_tla(text_of(instance, one), one) for one in broken}
    return Found(through.states, through.transitions, violated, through.seconds)


def _steps_by_tla(of: Subject, one: str) -> int:
    """How many steps a TLA+ checker takes to a violation; 0 where it finds none, or of something else."""
    with TemporaryDirectory() as folder:
        found = run_tla(of, Path(folder))
    name = one.replace("-", "_")
    # A step that changes nothing is told as the state in which it can happen.
    return {name: found.steps, f"{name}_in_place": found.steps + 1}.get(found.broken, 0)


def write_board(board: Mapping[str, Row], folder: Path) -> None:
    """All rows as `peers.md` and `peers.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(row) for row in board.values()]
    (folder / "peers.json").write_text(json.dumps(rows, indent=1) + os.linesep, encoding="utf-8")
    (folder / "peers.md").write_text(_table(board.values()), encoding="utf-8")


def _steps(search: Search, state: int) -> int:
    steps = 0
    while search.parents[state] >= 0:
        state, steps = int(search.parents[state]), steps + 1
    return steps


def _table(rows: Iterable[Row]) -> str:
    tools = (OURS, SPIN, TLA)
    counts = [f"{tool}: {what}" for tool in tools for what in ("states", "transitions")]
    head = ["design", "case", "safety properties", *counts, "violated, in steps", "s: SPIN", "s: tla-checker"]
    lines = ["# Every case by other people's tools", "", _line(head), _line(["---"] * len(head))]
    lines += [_line(_cells(row, tools)) for row in rows]
    return "\n".join([*lines, ""])


def _cells(row: Row, tools: Iterable[str]) -> list[str]:
    cells = [row.design, row.case, str(row.properties)]
    for tool in tools:
        found = row.found.get(tool)
        none = row.unasked.get(tool, "not asked")
        cells += [none, none] if found is None else [f"{found.states:,}", f"{found.transitions:,}"]
    ways = {tuple(sorted(found.violated.items())) for found in row.found.values()}
    lengths = row.found[OURS].violated
    said = ", ".join(f"{one} {steps}" for one, steps in lengths.items()) or "nothing"
    cells.append(said if len(ways) == 1 else f"{said}, and otherwise by others")
    return cells + [f"{row.found[tool].seconds:.1f}" if tool in row.found else "" for tool in (SPIN, TLA)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
