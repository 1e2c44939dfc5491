# SPDX-License-Identifier: Apache-2.0
"""What is not as expected, each with a sentence and the place in a design where it happens, for code hosts to show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from edgeproof.model.designs import load
from edgeproof.properties.evidence import Status
from edgeproof.reports.view import CALM, Row, View, standing

__all__ = ["Fault", "faults"]


@frozen
class Fault:
    """One property of one case. `uri` is a path below the working folder, or a `file:` address; lines begin at 1."""

    row: Row
    message: str
    uri: str
    line: int

    @property
    def undecided(self) -> bool:
        """Whether it is not known to be wrong."""
        return self.row.conclusion.status is Status.UNDECIDED


def faults(view: View) -> list[Fault]:
    """In the order of the report."""
    rows = [row for sheet in view.sheets for row in sheet.rows if row.conclusion.status not in CALM]
    return [_fault(view, row) for row in rows]


def _fault(view: View, row: Row) -> Fault:
    file, line = _place(row)
    return Fault(row, " ".join(_message(view, row)), _uri(file), line)


def _message(view: View, row: Row) -> Iterator[str]:
    conclusion = row.conclusion
    yield f"{conclusion.case.design}, {conclusion.case.name}: {conclusion.property} {standing(conclusion)}."
    if conclusion.reason:
        yield f"{conclusion.reason}."
    if row.shortest is not None and row.shortest.trace is not None and row.shortest.evidence.witness is not None:
        yield f"Broken by: {', '.join(map(str, row.shortest.evidence.witness.events))}."
        yield f"Replay: {view.replay(row.shortest.trace)}"


def _place(row: Row) -> tuple[str, int]:
    """The action that the shortest broken run ends with; else the design's first."""
    machine = load(row.conclusion.case.design)
    written = {action.name: action.place for action in machine.actions if action.place[0]}
    witness = None if row.shortest is None else row.shortest.evidence.witness
    names = [] if witness is None else [event.action for event in reversed(witness.events)]
    return next((written[name] for name in names if name in written), next(iter(written.values())))


def _uri(file: str) -> str:
    """Relative where it lies below the folder of the run, as code hosts want it."""
    path, here = Path(file).resolve(), Path.cwd().resolve()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_uri()
