# SPDX-License-Identifier: Apache-2.0
"""Several programs, one after the other, against one deployment; and the history that they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import define, field

from edgeproof.impl.history import Event, Recorder, merge
from edgeproof.impl.scratch import OwnedDirectory
from edgeproof.impl.target.client import OverspentError
from edgeproof.impl.target.driver import Driver, EndedError, TargetError
from edgeproof.impl.target.order import acknowledged
from edgeproof.impl.target.programs import Program
from edgeproof.impl.target.runs import Run

__all__ = ["Session", "drive", "write_history"]


@define
class Session:
    """The runs that were taken, and why there are no more of them ("" where all were).

    `left_out` is how many were not begun because answers are slow: fewer runs are less, and nothing is wrong with them.
    """

    runs: list[Run] = field(factory=list)
    ended: str = ""
    left_out: int = 0


def drive(driver: Driver, programs: Sequence[Program], notify: Callable[[int, int], None]) -> Session:
    """Take the programs; `notify` hears how many of how many are done.

    Once answers have taken half of their time, only the last is still taken: it is one that waits for what is promised.
    Raises TargetError where not even the first one could be taken, or where no write of it was made.
    """
    session = Session()
    for done, program in enumerate(programs, start=1):
        if driver.client.half_spent and session.runs and done < len(programs):
            session.left_out += 1
            continue
        try:
            run = driver.take(program)
        except TargetError as error:
            if not session.runs:
                raise
            session.ended = str(error)
        except (EndedError, OverspentError) as error:
            if not session.runs:
                raise TargetError(str(error)) from error
            session.ended = str(error)
        if session.ended:
            return session
        session.runs.append(run)
        if done == 1:
            _insist_on_writes(run)
        notify(done, len(programs))
    return session


def write_history(events: Sequence[Event], path: Path) -> None:
    """Write a history."""
    with OwnedDirectory("target") as folder:
        part = Path(folder, "part")
        recorder = Recorder(part)
        for event in events:
            recorder.record(event)
        recorder.close()
        merge([part], lambda event: event, path, min((event.invoke for event in events), default=0.0))


def _insist_on_writes(run: Run) -> None:
    """Where nothing can be written nothing can be judged."""
    if acknowledged(run.happened):
        return
    first = next(one for one in run.happened if one.kind == "write")
    raise TargetError(f"{first.asked} makes no change: {first.heard.complaint or first.heard.note}")
