# SPDX-License-Identifier: Apache-2.0
"""One workload of a store: cut the power at every operation of its last step, and look at what that may leave.

The operations before are of another workload, which is shorter by a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from attrs import define, frozen

from edgeproof.impl.system import MakeStore
from edgeproof.model.interpret import Event, State, apply
from edgeproof.model.machine import DesignError, Instance
from edgeproof.model.trace import PowerCut, Trace
from edgeproof.properties.engines.crash.disk import Disk, Files, Moment, said
from edgeproof.properties.engines.crash.effort import ENGINE, POWER_CUT, Budget
from edgeproof.properties.engines.crash.images import Choice, choices
from edgeproof.properties.engines.crash.judge import Judge, Promises
from edgeproof.properties.engines.crash.record import CRASH, Recording, recorded
from edgeproof.properties.engines.crash.workloads import Workload
from edgeproof.properties.engines.fuzz.shrink import least

__all__ = ["MOST_IN_A_STEP", "Asked", "Tally", "allows_crash", "cut_last_step", "look_again", "shorten"]

MOST_IN_A_STEP: Final = 2_000
"""Images of one step are no more than this where the step is all that is looked at."""


@frozen
class Asked:
    """A store and its model, what is promised of it, and what to try at each point of which kind of disk.

    Images are put into `folder`.
    """

    instance: Instance
    first: State
    promises: Promises
    make: MakeStore
    folder: Path
    budget: Budget
    disk: str


@define
class Tally:
    """What was looked at so far, and how many images may be."""

    most: int
    images: int = 0
    points: int = 0
    exhausted: int = 0
    """Points at which every subset of what was not sure was tried."""
    went_on: int = 0
    """How often a run has gone on until everything was settled."""

    @property
    def full(self) -> bool:
        """Whether there were as many images as there may be."""
        return self.images >= self.most


@frozen
class _Cut:
    """A power cut: the moment, whether the step was over, and what is kept of what was not sure."""

    at: Moment
    done: bool
    choice: Choice

    def left(self) -> Files:
        """What there is after it."""
        return self.at.left(self.choice)


def allows_crash(asked: Asked) -> bool:
    """Whether the model says what a crash leaves."""
    return _is_run(asked, (Event(CRASH),))


def cut_last_step(asked: Asked, workload: Workload, dice: Random, tally: Tally) -> Trace | None:
    """Look at the images of a workload's last step: what shows that one is wrong, None if none is.

    From each state that they have shown the run goes on: from one image of those that have, drawn by chance; of those
    from before the step was over, and after it. Raises NotInStep.
    """
    right: dict[tuple[bool, int], list[_Cut]] = {}
    with recorded(asked.instance, asked.first, workload, asked.make) as recording:
        if recording.found[-1] is None:
            return None
        judge = Judge(recording, asked.promises, asked.folder)
        for cut in _cuts(recording, asked, dice, tally):
            found = judge.look(cut.left(), cut.done)
            tally.images += 1
            if found.wrong:
                return _shown(recording, asked.disk, cut, *_fewest(judge, cut, found.wrong))
            right.setdefault((cut.done, found.step), []).append(cut)
            if tally.full:
                break
    for (_, step), cuts in right.items():
        cut = dice.choice(cuts)
        tally.went_on += 1
        if wrong := _goes_wrong(asked, workload, cut, step):
            return _shown(recording, asked.disk, cut, cut.choice, wrong)
    return None


def shorten(asked: Asked, trace: Trace) -> Trace:
    """The trace without the steps that its violation does not need."""
    shortest = trace

    def attempt(workload: Workload) -> Workload | None:
        nonlocal shortest
        if not _is_run(asked, workload):
            return None
        found = cut_last_step(asked, workload, Random(0), Tally(MOST_IN_A_STEP))
        if found is None:
            return None
        shortest = found
        return workload

    least(trace.events, attempt)
    return shortest


def look_again(asked: Asked, trace: Trace) -> str:
    """What is wrong with the store after the power cut at the end of a trace; "" if nothing is.

    Raises NotInStep, and LookupError where the store does not come to such a power cut.
    """
    if trace.cut is None:
        raise LookupError("there is no power cut at its end")
    with recorded(asked.instance, asked.first, trace.events, asked.make) as recording:
        points = _points(recording, trace.cut.disk)
        moment = next((one for one in points if one.done == trace.cut.operations), None)
        if moment is None:
            raise LookupError(f"operation {trace.cut.operations} is none of the last step")
        cut = _Cut(moment, moment.done == len(recording.operations), trace.cut.kept)
        found = Judge(recording, asked.promises, asked.folder).look(cut.left(), cut.done)
    return found.wrong or _goes_wrong(asked, trace.events, cut, found.step)


def _is_run(asked: Asked, workload: Workload) -> bool:
    state = asked.first
    try:
        for event in workload:
            state = apply(asked.instance, state, event)
    except (DesignError, ValueError):
        return False
    return True


def _cuts(recording: Recording, asked: Asked, dice: Random, tally: Tally) -> Iterator[_Cut]:
    """Every power cut to look at, but for those that leave what another one has left, and for those in a step that the
    model allows no crash before.
    """
    seen: set[tuple[bool, frozenset[tuple[str, bytes]]]] = set()
    for moment in _points(recording, asked.disk):
        done = moment.done == len(recording.operations)
        if not done and recording.found[max(0, len(recording.workload) - 1)] is None:
            continue
        tally.points += 1
        tally.exhausted += asked.budget.exhausts(len(moment.pending))
        for choice in choices(moment.pending, asked.budget, dice):
            left = done, frozenset(moment.left(choice).items())
            if left not in seen:
                seen.add(left)
                yield _Cut(moment, done, choice)


def _points(recording: Recording, kind: str) -> Iterator[Moment]:
    """The disk after each operation of the last step; if it has none, at its end."""
    disk, before = Disk(kind), _before(recording)
    for number, one in enumerate(recording.operations):
        if number > before:
            yield disk.now()
        disk.do(one)
    yield disk.now()


def _before(recording: Recording) -> int:
    """How many operations there were before the last step."""
    return recording.ends[-2] if len(recording.ends) > 1 else 0


def _fewest(judge: Judge, cut: _Cut, wrong: str) -> tuple[Choice, str]:
    """The fewest operations that have to be kept for the image to be wrong, and what is wrong then."""

    def attempt(choice: Choice) -> Choice | None:
        nonlocal wrong
        found = judge.look(cut.at.left(choice), cut.done)
        wrong = found.wrong or wrong
        return choice if found.wrong else None

    return least(cut.choice, attempt), wrong


def _goes_wrong(asked: Asked, workload: Workload, cut: _Cut, step: int) -> str:
    """Cut the power once more, and let the run go on until everything is settled: what is wrong then; "" if nothing is.

    All but the store is as after the last step, or as before it where the power went in it and nothing of it is found.
    """
    until = len(workload) if cut.done else max(step, len(workload) - 1)
    with recorded(asked.instance, asked.first, workload[:until], asked.make) as recording:
        judge = Judge(recording, asked.promises, asked.folder)
        return judge.look(cut.left(), done=True).wrong or judge.settles()


def _shown(recording: Recording, kind: str, cut: _Cut, kept: Choice, wrong: str) -> Trace:
    """What shows that something is wrong after a power cut."""
    instance = recording.instance
    note = f"{wrong}; the power went after {_when(recording, cut)}, and {len(kept)} of the {len(cut.at.pending)} "
    note += "operations that were not sure were kept"
    return Trace(
        instance.machine.name,
        instance.values,
        recording.states,
        recording.workload,
        about=POWER_CUT,
        origin=ENGINE,
        note=note,
        cut=PowerCut(cut.at.done, kept, kind),
    )


def _when(recording: Recording, cut: _Cut) -> str:
    step = str(recording.workload[-1]) if recording.workload else "the start"
    if cut.done:
        return step
    before = _before(recording)
    place = f"operation {cut.at.done - before} of {len(recording.operations) - before} of {step}"
    return f"{place}, a {said(recording.operations[cut.at.done - 1])}"
