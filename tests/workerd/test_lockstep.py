# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from edgeproof.impl.references import ReferenceSystems
from edgeproof.impl.system import System
from edgeproof.impl.workerd.system import WorkerdSystem
from edgeproof.impl.workerd.systems import WorkerdSystems
from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.engines.cover.engine import cover
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Case, Evidence, Verdict
from edgeproof.properties.replay import replay_on
from tests.workerd.traces import CRASHES, DESIGNS, case_instance, walk


def drive(instance: Instance, budget: Budget, system: System) -> dict[str, Evidence]:
    properties = [CATALOGUE[name] for name in applicable(instance)]
    found = fuzz(instance, properties, kernel_source([instance], properties), lambda: system, budget)
    return {one.property: one for one in found}


def test_the_worker_does_what_the_model_does_through_a_hundred_crashes(workerd: Path) -> None:
    instance, random = Instance.of(load("do_kv"), **CRASHES), Random(0)
    traces = [walk(instance, random, 30) for _ in range(38)]
    system = WorkerdSystem()
    try:
        for trace in traces:
            outcome = replay_on(trace, system)
            assert (outcome.completed, outcome.mismatch) == (True, ""), outcome.steps
    finally:
        system.close()
    print(f"{len(traces)} runs of 30 steps, {system.kills} kills")
    assert system.kills >= 100


CASES = [case for design in DESIGNS for case in scoreboard(design)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_in_every_configuration_the_worker_does_what_the_model_and_the_reference_do_on_the_same_seed(
    case: Case, workerd: Path
) -> None:
    instance, budget = instance_of(case), Budget(3, 25, seed=1)
    worker, reference = drive(instance, budget, WorkerdSystems()), drive(instance, budget, ReferenceSystems())
    assert worker[LOCKSTEP].verdict == Verdict.HOLDS_TO_BOUND, worker[LOCKSTEP].reason
    assert {name: told(one) for name, one in worker.items()} == {name: told(one) for name, one in reference.items()}


def test_the_worker_does_what_the_model_does_in_every_transition_of_a_small_instance(workerd: Path) -> None:
    found = cover(Instance.of(load("do_kv"), Pop=1, Put=1, writes=1), WorkerdSystem)
    assert found.verdict == Verdict.HOLDS_TO_BOUND, found.reason
    assert found.measures["taken"] == found.measures["transitions"] == 202


def told(one: Evidence) -> object:
    """All that evidence says, but for how long it took."""
    return (
        one.verdict,
        one.reason,
        one.bound,
        one.fired,
        one.witness,
        {name: value for name, value in one.measures.items() if name != "steps/s"},
    )


def test_the_fuzz_engine_finds_a_mistake_by_itself_and_shortens_it(workerd: Path) -> None:
    moved_on = "if (version !== published.version || era !== published.era) this.arm"
    edits = {"store.js": [(moved_on, "if (false) this.arm")]}
    found = drive(case_instance("outbox"), Budget(20, 30), WorkerdSystem(edits))
    assert found[LOCKSTEP].verdict == Verdict.VIOLATED
    witness = found[LOCKSTEP].witness
    assert witness is not None
    names = [event.action for event in witness.events]
    assert sorted(names) == ["acknowledge", "fire", "put_confirmed", "put_lands", "write", "write"]


def test_without_the_runtime_the_verdict_is_unknown_and_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", "/nowhere/workerd")
    found = drive(case_instance("outbox"), Budget(2, 2), WorkerdSystem())
    assert {one.verdict for one in found.values()} == {Verdict.UNKNOWN}
    assert "/nowhere/workerd" in found[LOCKSTEP].reason
