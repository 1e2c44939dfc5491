# SPDX-License-Identifier: Apache-2.0
"""A TLA+ checker on our TLA+ text finds the states, the transitions and the violations that we find: `make peers`."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings

from edgeproof.model.expr import FALSE, TRUE
from edgeproof.model.kernel import StateForm, StepForm, build_kernel, build_source
from edgeproof.model.machine import Instance
from edgeproof.model.text import Subject, subject
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict as Ours
from tests.calibration import calibration
from tests.model.random_designs import Spec, instance_of, specs, state_formula
from tests.peers.subjects import I1, I2, do_kv_case, interpreted, search_of, text_of
from tests.peers.tla import Verdict, run_tla


@pytest.fixture(scope="module", autouse=True)
def tla_is_installed() -> None:
    if shutil.which("tla") is None:
        pytest.skip("the TLA+ text is NOT checked: no `tla` on the PATH (cargo install tla-checker)")


def checked(of: Subject) -> Verdict:
    """What the checker finds on the TLA+ text of an instance."""
    with TemporaryDirectory() as folder:
        return run_tla(of, Path(folder))


def test_the_calibration_model_has_as_many_states_and_transitions() -> None:
    found = checked(subject(calibration(4, 3, 2, 2), [I1]))
    print(
        f"\n  TLA+, M(4,3,2,2): {found.states:,} states, {found.transitions:,} transitions, {found.seconds} s", end=""
    )
    assert (found.status, found.states, found.transitions) == ("ok", 16_411, 74_866)


def test_the_shortest_violation_of_i2_has_six_steps() -> None:
    found = checked(subject(calibration(4, 3, 2, 2), [I1], [I2]))
    assert (found.status, found.broken, found.steps) == ("property_violation", "I2", 6)


OUTBOX = do_kv_case("outbox", Pop=1)
SOUND = tuple(one for one in applicable(OUTBOX) if not CATALOGUE[one].anomaly)


@pytest.mark.parametrize(
    ("name", "chosen"),
    [("outbox", {"Pop": 1}), ("outbox-faults", {"Pop": 1}), ("negative-cache", {"Pop": 1, "T": 2})],
)
def test_do_kv_has_as_many_states_and_transitions_and_converges(name: str, chosen: dict[str, int]) -> None:
    instance = do_kv_case(name, **chosen)
    ours = search_of(instance, *SOUND)
    found = checked(text_of(instance, *SOUND))
    print(f"\n  TLA+, {name} {chosen}: {found.states:,} states, {found.transitions:,} transitions", end="")
    assert found.status == "ok"
    assert (found.states, found.transitions) == (ours.states, ours.transitions)


@pytest.mark.parametrize(
    ("case", "broken"),
    [
        ("inline", "monotonic-kv"),
        ("inline", "convergence"),
        ("late-put", "monotonic-reads"),
        ("throwing-handler", "convergence"),
        ("early-ack", "durable-ack"),
        ("blind-retry", "idempotent-write"),
    ],
)
def test_what_we_violate_is_violated(case: str, broken: str) -> None:
    instance = do_kv_case(case, Pop=1)
    one = CATALOGUE[broken]
    (ours,) = explore(instance, [one], kernel_source([instance], [one]))
    assert ours.verdict == Ours.VIOLATED
    assert ours.witness is not None
    found = checked(text_of(instance, broken))
    assert found.status != "ok"
    assert found.broken == broken.replace("-", "_")
    if one.settles is None:
        assert found.steps == len(ours.witness.events)


def test_a_step_that_changes_nothing_can_violate() -> None:
    instance: Instance = do_kv_case("outbox", Pop=1)
    nothing = StepForm("nothing", {"write_refused": (FALSE, TRUE)})
    found = checked(subject(instance, [], [nothing]))
    assert (found.status, found.broken) == ("invariant_violation", "nothing_in_place")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(specs())
def test_random_designs_have_as_many_states_and_break_the_same_formulas(spec: Spec) -> None:
    instance = instance_of(spec)
    form = StateForm("formula", state_formula(instance, spec), TRUE)
    kernel = build_kernel(build_source(instance, [form], fixed=instance.values), instance)
    ours = interpreted(kernel, most=1000)
    assume(ours is not None and ours.states > 1)
    assert ours is not None
    found = checked(subject(instance, [form]))
    if ours.left or ours.broken:
        assert found.status == "invariant_violation"
        assert found.broken == "formula" if not ours.left else found.broken in ("TypeOK", "formula")
        return
    assert (found.status, found.states) == ("ok", ours.states)
    assert found.transitions <= ours.transitions, "events that lead from one state to the same other count once"
