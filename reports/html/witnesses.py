# SPDX-License-Identifier: Apache-2.0
"""The runs that break a property: a picture of each, the table of what changed, and the commands that replay it."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from attrs import frozen

from edgeproof.model.designs import load
from edgeproof.model.interpret import Event
from edgeproof.model.machine import TICK, DesignError, Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.replay import truth_table
from edgeproof.reports.changes import TraceStep, settling, trace_steps
from edgeproof.reports.errors import counted
from edgeproof.reports.html.evidence import mark_of
from edgeproof.reports.html.spacetime import Diagram, diagram_of
from edgeproof.reports.view import Row, Sheet, View, says

__all__ = ["Step", "Witness", "alike", "witness_of"]


@frozen
class Step:
    """A row of the table: what happened, and what it changed, system and clocks apart."""

    number: int
    at: str
    action: str
    hazard: bool
    looping: bool
    broken: bool
    changes: tuple[tuple[str, str, str], ...]
    clocks: tuple[tuple[str, str, str], ...]


@frozen
class Witness:
    """A run, to be looked at; `others` are the cases that it is in as well as in `case`.

    `diagram` is None where nobody knows its design any more.
    """

    id: str
    property: str
    says: str
    case: str
    design: str
    because: str
    others: tuple[str, ...]
    mark: str
    length: str
    origin: str
    note: str
    ends: str
    diagram: Diagram | None
    steps: tuple[Step, ...]
    replay: str

    @builtins.property
    def timed(self) -> bool:
        """Whether time passes in it."""
        return any(step.at for step in self.steps)

    @builtins.property
    def lanes(self) -> int:
        """How many take part, as far as that is known."""
        return 0 if self.diagram is None else len(self.diagram.lanes)


def alike(view: View) -> list[list[tuple[Sheet, Row]]]:
    """The rows that have a run, those together whose shortest run is the same: one picture will do for them."""
    found: dict[object, list[tuple[Sheet, Row]]] = {}
    for sheet in view.sheets:
        for row in sheet.rows:
            if row.shortest is not None:
                found.setdefault(_key(row), []).append((sheet, row))
    return list(found.values())


def _key(row: Row) -> object:
    assert row.shortest is not None
    trace = row.shortest.evidence.witness
    assert trace is not None
    states = tuple(tuple(sorted(state.items())) for state in trace.states)
    return trace.design, row.conclusion.property, mark_of(row.conclusion), trace.events, states, trace.loop, trace.note


def witness_of(view: View, together: Sequence[tuple[Sheet, Row]], name: str) -> Witness:
    """The shortest run of rows that have the same one."""
    sheet, row = together[0]
    assert row.shortest is not None
    assert row.shortest.trace is not None
    trace = row.shortest.evidence.witness
    assert trace is not None
    try:
        instance = Instance.of(load(trace.design), **trace.constants)
    except DesignError:
        steps: Sequence[TraceStep] = _bare(trace)
        broken, diagram = None, None
    else:
        truth = truth_table(trace, only={trace.about})
        steps = trace_steps(instance.machine, trace, truth)
        broken = _broken(trace, steps)
        diagram = diagram_of(instance, trace, steps, broken)
    return Witness(
        name,
        row.conclusion.property,
        says(row.conclusion.property),
        sheet.case.name,
        trace.design,
        sheet.case.because,
        tuple(other.case.name for other, _ in together[1:]),
        mark_of(row.conclusion),
        counted(len(trace.events), "step"),
        row.shortest.evidence.engine,
        trace.note,
        _ends(trace),
        diagram,
        tuple(_step(step, step.number == broken) for step in steps),
        view.replay(row.shortest.trace),
    )


def _broken(trace: Trace, steps: Sequence[TraceStep]) -> int | None:
    """The step in which the property breaks: none where it should come true some time, and does not."""
    if trace.about in settling():
        return None
    false = (step.number for step in steps if step.truth.get(trace.about) is False)
    return next(false, None if trace.about in steps[-1].truth or trace.loop is not None else steps[-1].number)


def _ends(trace: Trace) -> str:
    if trace.loop is None:
        return ""
    if trace.loop == len(trace.events):
        return "and nothing more happens, for ever"
    return f"after step {len(trace.events)} it goes on after step {trace.loop}, for ever"


def _bare(trace: Trace) -> Sequence[TraceStep]:
    return [TraceStep(number, event, "", "", 0, (), {}) for number, event in enumerate(trace.events, start=1)]


def _step(step: TraceStep, broken: bool) -> Step:
    changes = [(change, (change.name, _shown(change.before), _shown(change.after))) for change in step.changes]
    return Step(
        step.number,
        str(step.at) if step.at else "",
        "start" if step.event is None else _action(step.event),
        bool(step.hazard),
        step.looping,
        broken,
        tuple(told for change, told in changes if not change.clock),
        tuple(told for change, told in changes if change.clock),
    )


def _action(event: Event) -> str:
    if event.action == TICK:
        return "1 tick passes" if event.delay == 1 else f"{event.delay} ticks pass"
    return str(event)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
