# SPDX-License-Identifier: Apache-2.0
"""Every transition of a bounded instance, taken on a system at least once, in lockstep with the model.

Runs at random leave open what they did not come to. Here the whole state graph is searched first, and runs are laid
through it that take each of its edges, with as few steps as there can be. What the system shows is compared after every
step. The transitions are those that `explore` counts: clocks are cut off where nothing in the design tells them apart,
and what an observer may choose freely is chosen in every way.

Of a system that remembers nothing but what the model's state says, that is all there is to know; what it remembers
beside may still make a difference on another way to the same state.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from attrs import evolve

from edgeproof.impl.system import System
from edgeproof.model.kernel import Kernel
from edgeproof.model.machine import Instance
from edgeproof.properties.engines.cover.chart import chart_of
from edgeproof.properties.engines.cover.drive import Drive
from edgeproof.properties.engines.explore.engine import search_instance, stopped
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.search import Search
from edgeproof.properties.engines.fuzz.engine import conformance
from edgeproof.properties.engines.fuzz.run import LOCKSTEP, setup_of
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Evidence, Verdict

__all__ = ["ENGINE", "MOST", "NOT_TAKEN", "cover"]

ENGINE: Final = "cover"
MOST: Final = 100_000
"""How many transitions are driven at most, at some three steps each."""
NOT_TAKEN: Final = "not taken: "
"""Before an action's name, in the measures: how many of its transitions were not taken."""


def cover(
    instance: Instance,
    system: Callable[[], System],
    most: int = MOST,
    notify: Callable[[int, int], None] = lambda taken, total: None,
) -> Evidence:
    """Take every transition of an instance on the system; the evidence is about `lockstep`.

    `notify` is told how many transitions have been taken, of how many. HOLDS_TO_BOUND where all that were taken agree:
    the measures say how many of each action's were not, as the system cannot perform them (they are `withheld`) or as
    nothing else leads to them. VIOLATED, with a shortened run, where the system does otherwise than the model. UNKNOWN
    where there are more than `most` transitions, where a variable leaves its range, and where the system cannot be set
    up for the instance.
    """
    source = kernel_source([instance], [])
    _, kernel, search = search_instance(instance, source, Limits(states=most))
    if not search.complete or search.transitions > most:
        return _undriven(kernel, search, _too_much(kernel, search, most))
    try:
        under_test = _set_up(system, instance)
    except Exception as error:
        return _undriven(kernel, search, f"the system cannot be set up: {type(error).__name__}: {error}")
    drive = Drive(kernel, chart_of(search, search.graph()), search.states, under_test)
    started = time.perf_counter()
    try:
        drive.all_edges(notify)
        seconds = time.perf_counter() - started
        drive.shorten()
    finally:
        under_test.close()
    return _driven(drive, search, seconds)


def _set_up(system: Callable[[], System], instance: Instance) -> System:
    under_test = system()
    try:
        under_test.start(setup_of(instance))
    except Exception:
        under_test.close()
        raise
    return under_test


def _too_much(kernel: Kernel, search: Search, most: int) -> str:
    if search.left_range >= 0:
        return stopped(search, kernel)
    so_far = f"{search.transitions:,}" + ("" if search.complete else " and more")
    return f"there are {so_far} transitions, and {most:,} are driven at most: choose smaller numbers, or fewer hazards"


def _undriven(kernel: Kernel, search: Search, reason: str) -> Evidence:
    left = kernel.source.fields[search.left_range].name if search.left_range >= 0 else ""
    measures = {"states": search.count, "transitions": search.transitions, "taken": 0}
    return Evidence(LOCKSTEP, ENGINE, Verdict.UNKNOWN, measures=measures, reason=reason, left_range=left)


def _driven(drive: Drive, search: Search, seconds: float) -> Evidence:
    """What the runs say of the system."""
    tally, taken, total = drive.tally, int(drive.taken.sum()), search.transitions
    labels = drive.kernel.source.labels
    left = Counter(labels[label][0] for label in drive.chart.label[~drive.taken].tolist())
    how_many = f"all {total:,}" if taken == total else f"{taken:,} of {total:,}"
    shared = Evidence(
        LOCKSTEP,
        ENGINE,
        Verdict.UNKNOWN,
        bound=f"{how_many} transitions of {search.count:,} states, in {tally.runs:,} runs and {tally.steps:,} steps",
        seconds=seconds,
        measures={
            "states": search.count,
            "transitions": total,
            "taken": taken,
            "runs": tally.runs,
            "steps": tally.steps,
            "steps/s": round(tally.steps / seconds),
            **{NOT_TAKEN + name: times for name, times in sorted(left.items())},
        },
        fired=tally.fired,
    )
    found = conformance(shared, tally, drive.kernel.instance)
    return found if found.witness is None else evolve(found, witness=evolve(found.witness, origin=ENGINE))
