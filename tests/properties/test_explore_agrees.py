# SPDX-License-Identifier: Apache-2.0
"""On random designs `explore` finds what a plain search with the interpreter finds: every count, every depth."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings

from edgeproof.model.interpret import OutOfRangeError, evaluate
from edgeproof.model.machine import Instance
from edgeproof.model.trace import replay
from edgeproof.properties.catalogue import Property, Step, state_form, step_form
from edgeproof.properties.engines.explore.engine import Limits, explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.engines.prove.solver import WORK
from edgeproof.properties.engines.prove.unroll import unrolling
from edgeproof.properties.evidence import Evidence, Verdict
from tests.model.random_designs import Spec, formula_in, instance_of, specs, state_formula
from tests.properties.brute import BruteSearch


def random_properties(instance: Instance, spec: Spec) -> list[Property]:
    """The random formula as a property of states, of steps (once true it stays true), and as one that settles."""
    formula = state_formula(instance, spec)

    def once(step: Step) -> Any:
        return ~formula | formula_in(step.after, spec)

    return [
        Property("holds", "The formula holds.", "random", state=lambda s: formula),
        Property("stays", "What once holds stays.", "random", step=once),
        Property("settles", "The formula comes to hold for ever.", "random", settles=lambda s: formula),
    ]


def explored(instance: Instance, properties: list[Property], limits: Limits | None = None) -> dict[str, Evidence]:
    found = explore(instance, properties, kernel_source([instance], properties), limits)
    return {one.property: one for one in found}


def brute(instance: Instance, properties: list[Property]) -> BruteSearch:
    # The forms as the kernel has them: what its constants decide asks no clock, and cuts none off.
    return BruteSearch(instance, list(kernel_source([instance], properties).forms)).run()


def brute_if_small(instance: Instance, properties: list[Property]) -> BruteSearch | None:
    """The plain search, if every variable stays in its range."""
    try:
        return brute(instance, properties)
    except OutOfRangeError:
        return None


@settings(max_examples=60)
@given(specs())
def test_explore_finds_the_states_steps_and_shortest_violations_of_a_plain_search(spec: Spec) -> None:
    instance = instance_of(spec)
    properties = random_properties(instance, spec)
    try:
        expected = brute(instance, properties)
    except OutOfRangeError:
        for one in explored(instance, properties).values():
            assert one.verdict in (Verdict.UNKNOWN, Verdict.VIOLATED)
            if one.verdict is Verdict.UNKNOWN and one.property != "settles":
                assert "left its declared range" in one.reason
        return
    found = explored(instance, properties)
    for name in ("holds", "stays"):
        evidence = found[name]
        assert evidence.exhaustive
        assert evidence.measures["states"] == len(expected.states)
        assert evidence.measures["transitions"] == len(expected.edges)
        if name in expected.violated:
            assert evidence.verdict is Verdict.VIOLATED
            assert evidence.witness is not None
            assert len(evidence.witness.events) == expected.violated[name]
            replay(instance.machine, evidence.witness)
        else:
            assert evidence.verdict is (Verdict.HOLDS_TO_BOUND if name in expected.tested else Verdict.VACUOUS)
    formula = state_formula(instance, spec)
    settles = expected.settles(lambda state: evaluate(instance, formula, state))
    lasso = found["settles"].witness
    assert found["settles"].verdict is (Verdict.HOLDS_TO_BOUND if settles else Verdict.VIOLATED)
    if lasso is not None:
        assert lasso.loop is not None
        states = replay(instance.machine, lasso)
        assert any(not evaluate(instance, formula, state) for state in states[lasso.loop :])


@settings(max_examples=25)
@given(specs())
def test_every_run_up_to_the_depth_of_a_limited_search_is_covered(spec: Spec) -> None:
    instance = instance_of(spec)
    properties = random_properties(instance, spec)
    try:
        expected = brute(instance, properties)
    except OutOfRangeError:
        assume(False)
    found = explored(instance, properties, Limits(depth=2))
    for name in ("holds", "stays"):
        violated = expected.violated.get(name, 99) <= 2
        assert (found[name].verdict is Verdict.VIOLATED) == violated
    assert found["holds"].measures["states"] == sum(depth <= 2 for depth in expected.depth.values())


@settings(max_examples=25)
@given(specs())
def test_what_is_proved_for_all_sizes_is_not_violated_at_one(spec: Spec) -> None:
    instance = instance_of(spec)
    properties = random_properties(instance, spec)[:2]
    try:
        expected = brute(instance, properties)
    except OutOfRangeError:
        assume(False)
    larger = brute_if_small(instance.with_(P=2, Q=2), properties)
    for evidence in prove(instance, properties, {}, Effort(depth=2, k=2)):
        if evidence.verdict is Verdict.PROVED:
            assert larger is None or evidence.property not in larger.violated
        if evidence.verdict in (Verdict.PROVED, Verdict.HOLDS_TO_BOUND):
            assert evidence.property not in expected.violated
        if evidence.verdict is Verdict.VIOLATED and not instance.machine.clocks:
            assert evidence.witness is not None
            assert len(evidence.witness.events) == expected.violated[evidence.property]
        if evidence.verdict is Verdict.UNKNOWN and not instance.machine.clocks:
            assert expected.violated.get(evidence.property, 99) > 2, evidence.reason


@settings(max_examples=25)
@given(specs(clocks=False))
def test_bounded_search_finds_a_violation_where_the_exhaustive_search_does(spec: Spec) -> None:
    instance = instance_of(spec)
    properties = random_properties(instance, spec)[:2]
    try:
        expected = brute(instance, properties)
    except OutOfRangeError:
        assume(False)
    runs = unrolling(instance, 3)
    for one in properties:
        form = state_form(instance.machine, one) if one.state else step_form(instance.machine, one)
        found = runs.search(form, 3, WORK)
        depth = expected.violated.get(one.id, 99)
        assert (found is None) == (depth > 3)
        assert found is None or len(found.events) == depth
