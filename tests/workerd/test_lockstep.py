# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final

import pytest

from impl.workerd_system import WorkerdSystem
from model.designs import load
from model.interpret import Event, State, initial_states, successors
from model.machine import Instance
from model.trace import Trace
from properties.cases import instance_of, scoreboard
from properties.catalogue import CATALOGUE, applicable
from properties.engines.explore import kernel_source
from properties.engines.fuzz import LOCKSTEP, Budget, fuzz
from properties.evidence import Case, Evidence, Verdict
from properties.replay import replay_on
from tests.workerd.traces import case_instance

pytestmark = pytest.mark.xdist_group("workerd-lockstep")

CRASHES: Final[Mapping[str, int | str | bool]] = {
    "publisher": "outbox", "reader": "guarded", "repair": "heartbeat", "epoch": "on", "Put": 1, "writes": 6, "F": 6,
    "crash": True, "put_late": True, "put_fails": True, "put_ambiguous": True,
}  # fmt: skip
"""What the results recommend, and the platform at its worst."""


def drive(
    instance: Instance, budget: Budget, edits: dict[str, list[tuple[str, str]]] | None = None
) -> tuple[dict[str, Evidence], WorkerdSystem]:
    system = WorkerdSystem(edits)
    properties = [CATALOGUE[name] for name in applicable(instance)]
    found = fuzz(instance, properties, kernel_source([instance], properties), lambda: system, budget)
    return {one.property: one for one in found}, system


def walk(instance: Instance, random: Random, steps: int) -> Trace:
    """A random run of the model in which the object dies every few steps, whatever it is at."""
    states: list[State] = [next(initial_states(instance))]
    events: list[Event] = []
    while len(events) < steps:
        possible = list(successors(instance, states[-1]))
        crashes = [pair for pair in possible if pair[0].action in ("crash", "put_late")]
        others = [pair for pair in possible if pair not in crashes]
        event, state = random.choice(crashes if crashes and random.random() < 0.1 else others or possible)
        events.append(event)
        states.append(state)
    return Trace("do_kv", instance.values, tuple(states), tuple(events))


def test_the_worker_does_what_the_model_does_through_hundreds_of_crashes(workerd: Path) -> None:
    instance, random = Instance.of(load("do_kv"), **CRASHES), Random(0)
    traces = [walk(instance, random, 30) for _ in range(100)]
    system = WorkerdSystem()
    started = time.perf_counter()
    try:
        for trace in traces:
            outcome = replay_on(trace, system)
            assert (outcome.completed, outcome.mismatch) == (True, ""), outcome.steps
    finally:
        system.close()
    print(f"{len(traces)} runs of 30 steps, {system.kills} kills, {time.perf_counter() - started:.1f} s")
    assert system.kills >= 200


@pytest.mark.parametrize("case", scoreboard("do_kv"), ids=lambda case: case.name)
def test_every_configuration_of_the_worker_does_what_the_model_does(case: Case, workerd: Path) -> None:
    found, _ = drive(instance_of(case), Budget(3, 25, seed=1))
    assert found[LOCKSTEP].verdict == Verdict.HOLDS_TO_BOUND, found[LOCKSTEP].reason


def test_the_fuzz_engine_finds_a_mistake_by_itself_and_shortens_it(workerd: Path) -> None:
    moved_on = "if (version !== published.version || era !== published.era) this.arm"
    edits = {"store.js": [(moved_on, "if (false) this.arm")]}
    found, _ = drive(case_instance("outbox"), Budget(20, 30), edits)
    assert found[LOCKSTEP].verdict == Verdict.VIOLATED
    witness = found[LOCKSTEP].witness
    assert witness is not None
    names = [event.action for event in witness.events]
    assert sorted(names) == ["acknowledge", "fire", "put_confirmed", "put_lands", "write", "write"]


def test_without_the_runtime_the_verdict_is_unknown_and_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", "/nowhere/workerd")
    found, _ = drive(case_instance("outbox"), Budget(2, 2))
    assert {one.verdict for one in found.values()} == {Verdict.UNKNOWN}
    assert "/nowhere/workerd" in found[LOCKSTEP].reason
