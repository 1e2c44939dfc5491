# SPDX-License-Identifier: Apache-2.0
"""How soon the real runtime is there, and again after kill -9, and how long a run through hundreds of crashes takes."""

from __future__ import annotations

import time
from random import Random
from statistics import median

from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Processes
from edgeproof.impl.workerd.system import WorkerdSystem
from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.properties.replay import replay_on
from tests.workerd.traces import CRASHES, walk

TIMES = 20


def bench_from_nothing_to_an_answer_and_from_kill_9_to_the_next() -> None:
    """The limit is a second."""
    clock = SuiteClock()
    door = Door(Adversary(KVNamespace(clock), clock, 1))
    starts, returns = [], []
    for _ in range(TIMES):
        began = time.perf_counter()
        processes = Processes(Bindings({}, "t"), 0, door.address, {"Authorization": "Bearer t"})
        processes.store.get("/units/u")
        starts.append(time.perf_counter() - began)
        began = time.perf_counter()
        processes.kill_store()
        processes.store.get("/units/u")
        returns.append(time.perf_counter() - began)
        processes.close()
    door.close()
    for what, seconds in (("from nothing to an answer", starts), ("from kill -9 to the next answer", returns)):
        print(f"\n{what}: {median(seconds):.3f} s (the slowest of {TIMES}: {max(seconds):.3f} s); limit 1 s", end="")
    print()


def bench_the_worker_in_lockstep_through_crashes() -> None:
    """100 runs of 30 steps with at least 200 kills; the limit is 60 s."""
    instance, random = Instance.of(load("do_kv"), **CRASHES), Random(0)
    traces = [walk(instance, random, 30) for _ in range(100)]
    system = WorkerdSystem()
    began = time.perf_counter()
    try:
        outcomes = [replay_on(trace, system) for trace in traces]
    finally:
        system.close()
    seconds = time.perf_counter() - began
    good = sum(outcome.completed and not outcome.mismatch for outcome in outcomes)
    print(f"\n{good} of {len(traces)} runs of 30 steps as the model has them, {system.kills} kills -9: {seconds:.1f} s")
    print(f"  {seconds / 60:.0%} of the limit of 60 s")
