# SPDX-License-Identifier: Apache-2.0
"""Lockstep steps per second on the reference system, beside an empty Hypothesis machine in the same run."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source

BUDGET = Budget(examples=100, steps=50, seed=0)


class Empty(RuleBasedStateMachine):
    """What Hypothesis costs when nothing is tested."""

    @rule(pick=st.integers(0, 0xFFFF))
    def step(self, pick: int) -> None:
        """Do nothing."""


def bench_lockstep_on_the_reference_system(tmp_path: Path) -> None:
    """The recommended configuration with every fault, SQLite in memory and on a file."""
    empty = empty_machine_steps_per_second()
    print(f"\nan empty Hypothesis machine: {empty:,.0f} steps/s")
    for name, system in (("in memory", ReferenceSystem), ("on files", lambda: ReferenceSystem(directory=tmp_path))):
        case = next(c for c in scoreboard("do_kv") if c.name == "recommended")
        instance = instance_of(case)
        properties = [CATALOGUE[i] for i in case.properties]
        first = fuzz(instance, properties, kernel_source([instance], properties), system, BUDGET)[0]
        rate = float(first.measures["steps/s"])
        print(f"  lockstep, SQLite {name}: {rate:,.0f} steps/s ({rate / empty:.2f} of the empty machine)")


def empty_machine_steps_per_second() -> float:
    quiet = settings(
        max_examples=BUDGET.examples,
        stateful_step_count=BUDGET.steps,
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    started = time.perf_counter()
    run_state_machine_as_test(seed(0)(Empty), settings=quiet)
    return BUDGET.examples * BUDGET.steps / (time.perf_counter() - started)
