# SPDX-License-Identifier: Apache-2.0
"""Driving an edited implementation in lockstep with its design, and the run that it fails once more on a sound one.

Everything here happens in this process, which an edit of Python has changed for good: see `alone`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from attrs import frozen

from edgeproof.impl.system import System
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import for_runs
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.edits.edit import Edit
from edgeproof.properties.edits.overlay import overlay
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Case, Verdict
from edgeproof.properties.replay import replay_on

__all__ = ["Builder", "Finding", "drive", "mismatch"]

Builder = Callable[[Edit | None], System]
"""Makes the system that an edit is of; with the edit in it where it is not of Python. It must import the implementation
when it is called, and not before."""


@frozen
class Finding:
    """What came of driving an edited implementation.

    `case` is the one whose runs showed that something is wrong, None if none did; `reason` what was seen then, and
    `trace` the run. `steps` and `seconds` are what it took, over all cases that were tried.
    """

    name: str
    case: str | None
    reason: str
    steps: int
    seconds: float
    trace: Trace | None


def drive(edit: Edit, cases: Sequence[Case], build: Builder, budget: Budget) -> Finding:
    """Drive the edited implementation, case after case, until one shows that something is wrong.

    Raises EditError where the edit does not fit, and whatever an implementation raises that cannot even be started.
    """
    if edit.module:
        overlay(edit)
    started, steps = time.perf_counter(), 0
    for case in cases:
        instance, asked = for_runs(case), [CATALOGUE[name] for name in case.properties]
        lockstep = fuzz(instance, asked, kernel_source([instance], asked), lambda: build(edit), budget)[0]
        if lockstep.verdict is Verdict.UNKNOWN:
            raise RuntimeError(f"{edit.name} in {case.name}: {lockstep.reason}")
        steps += int(lockstep.measures["steps"])
        if lockstep.verdict is Verdict.VIOLATED:
            seconds = time.perf_counter() - started
            return Finding(edit.name, case.name, lockstep.reason, steps, seconds, lockstep.witness)
    return Finding(edit.name, None, "", steps, time.perf_counter() - started, None)


def mismatch(trace: Trace, build: Builder) -> str:
    """What the implementation without any edit does otherwise than a trace says; "" if nothing."""
    system = build(None)
    try:
        return replay_on(trace, system).mismatch
    finally:
        system.close()
