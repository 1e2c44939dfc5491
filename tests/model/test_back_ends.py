# SPDX-License-Identifier: Apache-2.0
"""The interpreter is the meaning; kernels and Z3 must say the same of every state and every event."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.model.designs import load
from edgeproof.model.expr import TRUE
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import StateForm, build_kernel, build_source
from edgeproof.model.machine import Instance
from tests.model.agreement import Z3Step, agrees_with_kernel, outcomes, random_walk, truth
from tests.model.random_designs import Spec, instance_of, specs, state_formula

picks = st.lists(st.integers(0, 99), min_size=1, max_size=4)


@settings(max_examples=150)
@given(specs(), picks)
def test_a_kernel_has_the_successors_that_the_interpreter_has(spec: Spec, steps: list[int]) -> None:
    instance = instance_of(spec)
    formula = state_formula(instance, spec)
    kernel = build_kernel(build_source(instance, [StateForm("formula", formula, TRUE)]), instance)
    for state in random_walk(instance, next(initial_states(instance)), steps):
        agrees_with_kernel(kernel, instance, formula, dict(state))


@settings(max_examples=60)
@given(specs(), specs(), picks, st.sets(st.sampled_from(["N", "D", "P", "Q", "mode", "storm"])))
def test_fixing_constants_and_making_room_for_more_changes_nothing(
    spec: Spec, other: Spec, steps: list[int], fixed: set[str]
) -> None:
    instance = instance_of(spec)
    formula = state_formula(instance, spec)
    numbers = {name: max(instance.number(name), int(other.chosen[name])) for name in "NDPQ" if name not in fixed}
    source = build_source(instance.with_(**numbers), [StateForm("formula", formula, TRUE)], fixed=sorted(fixed))
    kernel = build_kernel(source, instance)
    for state in random_walk(instance, next(initial_states(instance)), steps):
        agrees_with_kernel(kernel, instance, formula, dict(state))
        assert kernel.unpack(kernel.pack(state)).keys() == state.keys()


@settings(max_examples=40)
@given(specs(), picks)
def test_z3_allows_the_successors_that_the_interpreter_has_and_no_others(spec: Spec, steps: list[int]) -> None:
    instance = instance_of(spec)
    formula = state_formula(instance, spec)
    z3_step = Z3Step(instance)
    for state in random_walk(instance, next(initial_states(instance)), steps):
        for event, successor in outcomes(instance, state)[0].items():
            assert z3_step.agrees(state, event, successor), event
        assert z3_step.holds(state, formula) == truth(instance, formula, state)


DO_KV = load("do_kv")
OPTIONS = [name for name, rigid in DO_KV.rigids.items() if rigid.role == "option"]
HAZARDS = [name for name, rigid in DO_KV.rigids.items() if rigid.role == "hazard"]


@st.composite
def do_kv_instances(draw: Any) -> Instance:
    chosen: dict[str, Any] = {name: draw(st.sampled_from(DO_KV.rigids[name].type.labels)) for name in OPTIONS}
    chosen |= {name: draw(st.booleans()) for name in HAZARDS}
    chosen |= {name: draw(st.integers(0, 2)) for name in "SDRTMHZ"}
    return Instance.of(DO_KV, **chosen, F=draw(st.integers(0, 8)), writes=3, Pop=draw(st.integers(1, 2)))


@settings(max_examples=25)
@given(do_kv_instances(), st.integers(0, 3), st.lists(st.integers(0, 99), min_size=25, max_size=25))
def test_do_kv_runs_alike_in_interpreter_and_kernel(instance: Instance, first: int, steps: list[int]) -> None:
    kernel = build_kernel(build_source(instance, [StateForm("true", TRUE, TRUE)]), instance)
    for state in random_walk(instance, list(initial_states(instance))[first], steps):
        agrees_with_kernel(kernel, instance, TRUE, dict(state))


@settings(max_examples=6)
@given(do_kv_instances(), st.lists(st.integers(0, 99), min_size=12, max_size=12))
def test_do_kv_runs_alike_in_interpreter_and_z3(instance: Instance, steps: list[int]) -> None:
    z3_step = Z3Step(instance)
    *_, state = random_walk(instance, next(s for s in initial_states(instance) if s["watched"] == 2), steps)
    for event, successor in outcomes(instance, state)[0].items():
        assert z3_step.agrees(state, event, successor), event
