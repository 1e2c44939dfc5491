# SPDX-License-Identifier: Apache-2.0
"""A run as a space-time diagram: a lane per participant, time runs downwards, and where it breaks a property is marked.

This is geometry only, in units of a pixel; a template draws it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen

from edgeproof.model.interpret import Event
from edgeproof.model.machine import TICK, Instance
from edgeproof.model.trace import Trace
from edgeproof.reports.changes import Change, TraceStep
from edgeproof.reports.html.lanes import OBSERVER, Lane, lane_of
from edgeproof.reports.html.messages import Message, messages

__all__ = ["Arrow", "Diagram", "Label", "Row", "diagram_of"]

GUTTER: Final = 196
LANE: Final = 118
HEAD: Final = 34
LINE: Final = 13
ROW: Final = 36
REST: Final = 24
"""The heights of a row in which time passes, and of any other with one line of text."""

APART: Final = 7
"""Between two messages of one step that pass the same lanes."""

_LETTERS: Final = 18
"""Of a label in a lane, at most: the whole of it is in the table beside the picture."""
_ACTION: Final = 27


@frozen
class Label:
    """A text that begins at a point."""

    x: float
    y: float
    text: str


@frozen
class Arrow:
    """A message: from `x` to `end`, at height `y`."""

    x: float
    end: float
    y: float
    lost: bool


@frozen
class Row:
    """A step: its band begins at `y`, and its dots lie at `middle`. `rests` says that time passes, and nothing else."""

    number: int
    y: float
    height: float
    middle: float
    action: str
    hazard: bool
    looping: bool
    broken: bool
    rests: bool
    tie: tuple[float, float] | None
    dots: tuple[float, ...]
    labels: tuple[Label, ...]
    arrows: tuple[Arrow, ...]


@frozen
class Diagram:
    """The picture: its size, its lanes by where they stand, and its steps from the start down."""

    width: float
    height: float
    lanes: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]


def diagram_of(instance: Instance, trace: Trace, steps: Sequence[TraceStep], broken: int | None) -> Diagram:
    """The picture of the steps of a run; in step number `broken` a property breaks."""
    said = {step.number: tuple(_said(instance, step)) for step in steps}
    where = {step.number: _by_lane(instance, (*step.changes, *_told_again(trace, step))) for step in steps}
    lanes = sorted({lane for found in where.values() for lane in found} | {e for m in said.values() for e in _ends(m)})
    at = {lane: GUTTER + LANE * number + 16 for number, lane in enumerate(lanes)}
    rows: list[Row] = []
    y: float = HEAD
    for step in steps:
        if step.number == 0 and not where[0]:
            continue
        rows.append(_row(step, y, at, where[step.number], said[step.number], step.number == broken))
        y += rows[-1].height
    width = GUTTER + LANE * max(len(lanes), 1) + 12
    return Diagram(width, y + 8, tuple((at[lane], lane.title) for lane in lanes), tuple(rows))


def _row(
    step: TraceStep,
    y: float,
    at: Mapping[Lane, float],
    changes: dict[Lane, list[Change]],
    said: Sequence[Message],
    broken: bool,
) -> Row:
    rests = step.event is not None and step.event.action == TICK
    lines = max([len(found) for found in changes.values()], default=0)
    height = REST if rests else ROW + LINE * max(lines - 1, int(broken), 0)
    middle = y + (REST / 2 if rests else ROW / 2)
    touched = sorted({at[lane] for lane in [*changes, *_ends(said)]})
    return Row(
        number=step.number,
        y=y,
        height=height,
        middle=middle,
        action=_cut("start" if step.event is None else _action(step.event), _ACTION),
        hazard=bool(step.hazard),
        looping=step.looping,
        broken=broken,
        rests=rests,
        tie=(touched[0], touched[-1]) if len(touched) > 1 and not said else None,
        dots=tuple(touched),
        labels=tuple(
            Label(at[lane] + 9, middle + 13 + LINE * line, _cut(_news(lane, change), _LETTERS))
            for lane, found in changes.items()
            for line, change in enumerate(found)
        ),
        arrows=tuple(_arrows(said, at, middle)),
    )


def _arrows(said: Sequence[Message], at: Mapping[Lane, float], y: float) -> Iterator[Arrow]:
    """One arrow per message: where it would lie on one before it, it lies above that."""
    drawn: list[tuple[float, float]] = []
    for one in said:
        x, end = at[one.sender], at[one.receiver]
        left, right = min(x, end), max(x, end)
        covered = sum(left < other_right and other_left < right for other_left, other_right in drawn)
        drawn.append((left, right))
        yield Arrow(x, end, y - APART * covered, one.lost)


def _told_again(trace: Trace, step: TraceStep) -> Iterator[Change]:
    """What a read was told, where that is what the one before was told: it is what the read was for."""
    told = trace.states[step.number].get("served")
    if step.event is not None and step.event.action == "read" and isinstance(told, tuple):
        name, place = next(((f"served[{n}]", n) for argument, n in step.event.arguments if argument == "pop"), ("", 0))
        if name and all(change.name != name for change in step.changes):
            yield Change(name, told[place], told[place])


def _said(instance: Instance, step: TraceStep) -> list[Message]:
    changed = {change.name for change in step.changes}
    return [] if step.event is None or step.event.action == TICK else [*messages(instance, step.event, changed)]


def _ends(said: Sequence[Message]) -> list[Lane]:
    return [lane for one in said for lane in (one.sender, one.receiver)]


def _by_lane(instance: Instance, changes: Sequence[Change]) -> dict[Lane, list[Change]]:
    """What a step changed, by lane; clocks run anyway, and what the observer knows is no news of the system."""
    found: dict[Lane, list[Change]] = {}
    for change in changes:
        lane = lane_of(instance, change.name)
        if not change.clock and lane != OBSERVER:
            found.setdefault(lane, []).append(change)
    return found


def _action(event: Event) -> str:
    if event.action == TICK:
        return "1 tick passes" if event.delay == 1 else f"{event.delay} ticks pass"
    inside = ", ".join(f"{name} {value}" for name, value in event.arguments)
    return f"{event.action}  {inside}" if inside else event.action


def _news(lane: Lane, change: Change) -> str:
    """A variable's new value, without the index that its lane says."""
    value = ("yes" if change.after else "no") if isinstance(change.after, bool) else str(change.after)
    return f"{change.name.removesuffix(f'[{lane.number}]')} = {value}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
