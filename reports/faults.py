# SPDX-License-Identifier: Apache-2.0
"""What is not as expected, each with a sentence and the place where it happens, for code hosts to show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from edgeproof.model.designs import load
from edgeproof.model.machine import Machine
from edgeproof.model.trace import Trace
from edgeproof.properties.evidence import Status
from edgeproof.reports.errors import one_line
from edgeproof.reports.view import CALM, Row, View, says, standing

__all__ = ["Fault", "Place", "action_place", "faults", "place_of"]


@frozen
class Place:
    """A line of a file. `uri` is a path below the working folder, or a `file:` address; lines begin at 1."""

    uri: str
    line: int


@frozen
class Fault:
    """One property that is not as expected, and what it says; `undecided` where it is not known to be wrong, and
    without a `place` where it happens in no file.

    `identity` stays the same from run to run, so that a code host can tell what is new. `related` is where else to
    look, and `relation` what that is.
    """

    property: str
    says: str
    message: str
    place: Place | None
    identity: str
    undecided: bool = False
    related: Place | None = None
    relation: str = ""


def faults(view: View) -> list[Fault]:
    """In the order of the report."""
    rows = [row for sheet in view.sheets for row in sheet.rows if row.conclusion.status not in CALM]
    return [_fault(view, row) for row in rows]


def place_of(file: str, line: int) -> Place:
    """Relative where the file lies below the folder of the run, as code hosts want it."""
    path, here = Path(file).resolve(), Path.cwd().resolve()
    return Place(path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_uri(), line)


def action_place(machine: Machine, witness: Trace | None) -> Place:
    """The action that a run ends with, where the design's author wrote it; else the design's first."""
    written = {action.name: action.place for action in machine.actions if action.place[0]}
    names = [] if witness is None else [event.action for event in reversed(witness.events)]
    return place_of(*next((written[name] for name in names if name in written), next(iter(written.values()))))


def _fault(view: View, row: Row) -> Fault:
    conclusion = row.conclusion
    case, witness = conclusion.case, None if row.shortest is None else row.shortest.evidence.witness
    return Fault(
        conclusion.property,
        says(conclusion.property),
        one_line(" ".join(_message(view, row))),
        _place(view, case.design, witness),
        f"{case.design}/{case.name}/{conclusion.property}",
        conclusion.status is Status.UNDECIDED,
    )


def _place(view: View, design: str, witness: Trace | None) -> Place | None:
    if view.described_in:
        return place_of(view.described_in, 1)
    return None if view.placeless else action_place(load(design), witness)


def _message(view: View, row: Row) -> Iterator[str]:
    conclusion = row.conclusion
    yield f"{conclusion.case.design}, {conclusion.case.name}: {conclusion.property} {standing(conclusion)}."
    if conclusion.reason:
        yield f"{conclusion.reason}."
    if row.shortest is not None and row.shortest.trace is not None and row.shortest.evidence.witness is not None:
        yield f"Broken by: {', '.join(map(str, row.shortest.evidence.witness.events))}."
        yield f"Replay: {view.replay(row.shortest.trace)}"
