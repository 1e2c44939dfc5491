# SPDX-License-Identifier: Apache-2.0
"""The calibration model: counts that SPIN, TLC and plain Python agree on, and the verdicts that some of them miss."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.model.expr import for_all
from edgeproof.model.interpret import apply, evaluate, successors
from edgeproof.model.machine import Instance
from edgeproof.model.trace import replay
from edgeproof.properties.catalogue import Property, state_form
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.engines.prove.solver import WORK
from edgeproof.properties.engines.prove.unroll import unrolling
from edgeproof.properties.evidence import Evidence, Verdict
from tests.calibration import calibration

SMALL, LARGE = calibration(4, 3, 2, 2), calibration(5, 4, 3, 2)

I1 = Property(
    "i1",
    "No copy is ahead of the store.",
    "peers",
    state=lambda s: (s.kv <= s.store) & for_all(s.P, lambda p: s.cache[p] <= s.store),
)
I2 = Property("i2", "KV never goes back.", "peers", step=lambda step: step.before.kv <= step.after.kv)
L = Property("l", "In the end KV holds what the store holds.", "peers", settles=lambda s: s.kv == s.store)
SLOTS = {"slots-behind": lambda s: for_all(s.K, lambda k: s.slot[k] <= s.store)}


@pytest.fixture(scope="module")
def found() -> dict[str, Evidence]:
    evidence = explore(SMALL, [I1, I2, L], kernel_source([SMALL, LARGE], [I1, I2, L]))
    return {one.property: one for one in evidence}


def test_the_small_one_has_16411_states_and_74866_transitions(found: dict[str, Evidence]) -> None:
    assert (found["i1"].measures["states"], found["i1"].measures["transitions"]) == (16_411, 74_866)


def test_the_large_one_has_2075245_states_and_14502115_transitions() -> None:
    (large,) = explore(LARGE, [I1], kernel_source([SMALL, LARGE], [I1, I2, L]))
    assert (large.measures["states"], large.measures["transitions"]) == (2_075_245, 14_502_115)
    assert large.verdict is Verdict.HOLDS_TO_BOUND


def test_i1_holds_in_every_state(found: dict[str, Evidence]) -> None:
    assert found["i1"].verdict is Verdict.HOLDS_TO_BOUND
    assert found["i1"].exhaustive


@pytest.mark.parametrize("k", range(1, 7))
def test_i1_alone_is_not_k_inductive_and_the_counterexample_is_a_run_that_ends_in_a_violation(k: int) -> None:
    form = state_form(SMALL.machine, I1)
    whole = unrolling(SMALL, k, whole_time=True)
    step = whole.induct(form, {}, k, whole.ranges(), WORK)
    assert step is not None
    states = [dict(step.first)]
    for event in step.events:
        states.append(apply(SMALL, states[-1], event))
    truths = [evaluate(SMALL, form.holds, state) for state in states]
    assert truths == [True] * k + [False]


def test_without_lemmas_the_prover_shows_where_induction_fails() -> None:
    (alone,) = prove(SMALL, [I1], {}, Effort(depth=3, k=2))
    assert alone.verdict is Verdict.UNKNOWN
    assert "bounded search found nothing in 3 steps; induction fails from [" in alone.reason
    assert alone.unsettled is not None
    assert alone.unsettled.keys() == SMALL.machine.variables.keys()


def test_with_slot_behind_store_i1_is_proved_for_any_number_of_caches_puts_and_versions() -> None:
    (proof,) = prove(SMALL, [I1], SLOTS)
    assert proof.verdict is Verdict.PROVED
    assert proof.bound == "any number of elements and versions, all values of the parameters"


def events(one: Evidence) -> list[str]:
    assert one.witness is not None
    return [str(event) for event in one.witness.events]


def test_i2_is_violated_in_six_steps_by_a_put_that_lands_over_a_newer_one(found: dict[str, Evidence]) -> None:
    assert found["i2"].verdict is Verdict.VIOLATED
    assert found["i2"].witness is not None
    states: list[Any] = replay(SMALL.machine, found["i2"].witness)
    assert sorted(event.split("(")[0] for event in events(found["i2"])) == sorted(
        ["write", "send", "write", "send", "land", "land"]
    )
    assert (states[-2]["kv"], states[-1]["kv"]) == (2, 1)


def test_bounded_search_finds_the_same_six_steps_and_none_shorter() -> None:
    (shorter,) = prove(SMALL, [I2], SLOTS, Effort(depth=5, k=1))
    assert shorter.verdict is Verdict.UNKNOWN
    (proof,) = prove(SMALL, [I2], SLOTS, Effort(depth=6, k=1, work=40_000_000))
    assert proof.verdict is Verdict.VIOLATED
    assert len(events(proof)) == 6


def test_l_is_violated_by_a_run_that_stops_with_kv_behind_the_store(found: dict[str, Evidence]) -> None:
    trace = found["l"].witness
    assert found["l"].verdict is Verdict.VIOLATED
    assert trace is not None
    states: list[Any] = replay(SMALL.machine, trace)
    assert trace.loop == len(trace.events), "the run stops there for ever: a stem and no loop"
    assert states[-1]["kv"] < states[-1]["store"]
    assert stops(SMALL, states[-1])


def stops(at: Instance, state: Any) -> bool:
    """No fair action is possible."""
    fair = {one.name for one in at.machine.actions if one.fair}
    return not any(event.action in fair for event, _ in successors(at, state))
