# SPDX-License-Identifier: Apache-2.0
"""The engine: cut the power of a store at every operation of its runs, and look at what that may leave of it.

Runs come from the model, the shortest first, so that the first violation is at the end of a shortest workload; then
there are long ones by chance, and what these find is shortened.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import NoReturn

from attrs import define, evolve

from edgeproof.impl.system import MakeStore
from edgeproof.model.interpret import initial_state
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.crash.cutting import (
    MOST_IN_A_STEP,
    Asked,
    Tally,
    allows_crash,
    cut_last_step,
    look_again,
    shorten,
)
from edgeproof.properties.engines.crash.effort import ENGINE, POWER_CUT, Effort
from edgeproof.properties.engines.crash.judge import Promises
from edgeproof.properties.engines.crash.record import NotInStep
from edgeproof.properties.engines.crash.recorder import library
from edgeproof.properties.engines.crash.scratch import scratch, sweep
from edgeproof.properties.engines.crash.workloads import Workload, long_run, shortest_runs, touching
from edgeproof.properties.evidence import Evidence, Verdict

__all__ = ["cut_again", "cut_anywhere", "cut_power"]


@define
class _Runs:
    """The runs that were looked at."""

    number: int = 0
    longest: int = 0


def cut_power(instance: Instance, properties: Sequence[Property], make: MakeStore, effort: Effort) -> Evidence:
    """What is found of a store on the runs of an instance: one verdict, `power-cut`.

    What a run that was killed has left of its images is removed first.
    """
    sweep()
    started = time.perf_counter()
    tally, runs = Tally(effort.images), _Runs()
    verdict, reason, witness = Verdict.HOLDS_TO_BOUND, "", None
    with scratch() as folder:
        asked = _asked(instance, properties, make, folder, effort)
        try:
            witness = _search(asked, effort, tally, runs) if allows_crash(asked) else None
        except NotInStep as error:
            verdict, reason = Verdict.UNKNOWN, f"there is no run whose power could be cut: {error}"
    if witness is not None:
        verdict, reason = Verdict.VIOLATED, witness.note
    elif not tally.images and not reason:
        verdict, reason = Verdict.VACUOUS, "the model allows no crash"
    seconds = time.perf_counter() - started
    return Evidence(
        POWER_CUT,
        ENGINE,
        verdict,
        bound=_covered(tally, runs, effort),
        seed=effort.seed,
        seconds=seconds,
        measures={
            **{"images": tally.images, "points": tally.points, "runs": runs.number, "went on": tally.went_on},
            **{"images/s": round(tally.images / seconds), "recorded by": library()},
        },
        witness=None if witness is None else evolve(witness, seed=effort.seed),
        reason=reason,
    )


def cut_again(instance: Instance, properties: Sequence[Property], make: MakeStore, trace: Trace) -> str:
    """What is wrong with a store after the power cut at the end of a trace; "" if nothing is.

    Raises NotInStep, and LookupError where the store does not come to such a power cut.
    """
    with scratch() as folder:
        asked = _asked(instance, properties, make, folder, Effort())
        return look_again(evolve(asked, first=trace.states[0]), trace)


def cut_anywhere(instance: Instance, properties: Sequence[Property], make: MakeStore, trace: Trace) -> str:
    """What is wrong with a store after a power cut anywhere in the last step of a trace; "" if nothing is.

    That of the trace comes first. Then it is every other one, as a store that was mended may ask the disk for other
    operations than the one that the trace is of. Raises NotInStep, and LookupError for a trace without a power cut.
    """
    if trace.cut is None:
        raise LookupError("there is no power cut at its end")
    with suppress(LookupError):
        if wrong := cut_again(instance, properties, make, trace):
            return wrong
    with scratch() as folder:
        asked = _asked(instance, properties, make, folder, Effort(disk=trace.cut.disk))
        found = cut_last_step(evolve(asked, first=trace.states[0]), trace.events, Random(0), Tally(MOST_IN_A_STEP))
    return "" if found is None else found.note


def _asked(instance: Instance, properties: Sequence[Property], make: MakeStore, folder: Path, effort: Effort) -> Asked:
    # Simpler expressions that mean the same here.
    quick = Instance(instance.specialised, instance.values)
    return Asked(
        quick, initial_state(quick, 0), Promises.of(quick, properties), make, folder, effort.budget, effort.disk
    )


def _search(asked: Asked, effort: Effort, tally: Tally, runs: _Runs) -> Trace | None:
    for workload in _workloads(asked, effort, tally):
        runs.number, runs.longest = runs.number + 1, max(runs.longest, len(workload))
        trace = cut_last_step(asked, workload, Random(f"{effort.seed} {runs.number}"), tally)
        if trace is not None:
            return shorten(asked, trace)
        if tally.full:
            break
    return None


def _workloads(asked: Asked, effort: Effort, tally: Tally) -> Iterator[Workload]:
    """The shortest runs as long as their share of the images lasts, then runs by chance, step by step.

    It ends where runs have no images.
    """
    instance = asked.instance
    about, actions = touching(instance.machine, _names(asked))
    for workload in shortest_runs(instance, asked.first, about, actions):
        if tally.images >= tally.most * (100 - effort.by_chance) // 100:
            break
        yield workload
    dice, before = Random(effort.seed), -1
    while before < tally.images:
        before = tally.images
        run = long_run(instance, asked.first, actions, effort.steps, dice)
        yield from (run[:steps] for steps in range(1, len(run) + 1))


def _names(asked: Asked) -> Sequence[str]:
    """What the store shows that is read of its storage alone."""

    def never(path: str) -> NoReturn:
        raise AssertionError(f"{path} is opened before the store is started")

    return asked.make(asked.instance.machine.name, asked.folder, never).names


def _covered(tally: Tally, runs: _Runs, effort: Effort) -> str:
    return (
        f"{tally.images:,} images at {tally.points:,} points of {runs.number:,} runs of up to {runs.longest} steps: at "
        f"{tally.exhausted:,} points every subset of what was not sure, else {effort.budget.samples} by chance"
    )
