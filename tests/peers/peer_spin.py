# SPDX-License-Identifier: Apache-2.0
"""SPIN on our Promela text finds the states, the transitions and the violations that we find: `make peers`."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings

from edgeproof.model.expr import TRUE
from edgeproof.model.kernel import StateForm, build_kernel, build_source
from edgeproof.model.machine import Instance
from edgeproof.model.text import Subject, subject
from edgeproof.model.text_promela import promela
from edgeproof.properties.catalogue import CATALOGUE, applicable
from tests.calibration import calibration
from tests.model.random_designs import Spec, instance_of, specs, state_formula
from tests.peers.spin import Found, run_spin
from tests.peers.subjects import I1, I2, case_of, do_kv_case, interpreted, search_of, text_of

SHORTEST = ("-DBFS",)


@pytest.fixture(scope="session", autouse=True)
def spin_is_installed() -> None:
    missing = [tool for tool in ("spin", "gcc") if shutil.which(tool) is None]
    if missing:
        pytest.exit(f"not installed: {', '.join(missing)}. On Debian: apt-get install spin gcc libc6-dev", returncode=1)


def checked(of: Subject, *, shortest: bool = False, all_errors: bool = False) -> Found:
    """What SPIN finds on the Promela text of an instance."""
    with TemporaryDirectory() as folder:
        return run_spin(promela(of)[1], Path(folder), SHORTEST if shortest else (), ("-c0",) if all_errors else ())


def told(what: str, found: Found) -> None:
    print(f"\n  SPIN, {what}: {found.stored:,} states, {found.transitions:,} transitions, {found.seconds} s", end="")


def test_the_calibration_model_has_as_many_states_and_transitions() -> None:
    found = checked(subject(calibration(4, 3, 2, 2), [I1]))
    told("M(4,3,2,2) with I1", found)
    assert (found.stored, found.errors) == (16_411, 0)
    assert found.transitions == 74_866 + 1, "SPIN counts coming to the initial state"


def test_the_shortest_violation_of_i2_has_six_steps() -> None:
    found = checked(subject(calibration(4, 3, 2, 2), [I1], [I2]), shortest=True)
    assert (found.errors, found.first) == (1, "violates_I2")
    assert found.depth + 1 == 6, "SPIN counts the steps before the one that fails"


OUTBOX = do_kv_case("outbox", Pop=1)
SOUND = tuple(one for one in applicable(OUTBOX) if not CATALOGUE[one].anomaly and not CATALOGUE[one].settles)


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("outbox", {"Pop": 1}),
        ("outbox", {"Pop": 2, "writes": 3}),
        ("outbox-faults", {"Pop": 1, "F": 2}),
        ("outbox-memo", {"Pop": 1, "T": 2, "D": 2}),
        ("negative-cache", {"Pop": 1}),
        ("disjoint-caches-guarded", {}),
        ("rearming-handler", {"Pop": 1}),
        ("rollback-epoch", {"Pop": 1}),
    ],
)
def test_do_kv_has_as_many_states_and_transitions(name: str, chosen: dict[str, int]) -> None:
    instance = do_kv_case(name, **chosen)
    ours = search_of(instance, *SOUND)
    found = checked(text_of(instance, *SOUND))
    told(f"{name} {chosen}", found)
    assert found.errors == 0
    begins = instance.number("writes") + 1
    assert found.stored == ours.states + 1, "the state before the initial value of `watched` is chosen"
    assert found.transitions == ours.transitions + 1 + begins


@pytest.mark.parametrize(
    ("case", "broken"),
    [
        ("inline", "monotonic-kv"),
        ("inline", "monotonic-reads"),
        ("late-put", "bounded-staleness"),
        ("disjoint-caches", "monotonic-reads"),
        ("early-ack", "durable-ack"),
        ("bare-statements", "atomic-write"),
        ("shared-key", "unit-isolation"),
    ],
)
def test_spin_violates_what_we_violate_and_its_shortest_run_is_as_long(case: str, broken: str) -> None:
    instance = do_kv_case(case)
    found = checked(text_of(instance, broken), shortest=True)
    assert found.first == f"violates_{broken.replace('-', '_')}"
    assert found.depth == shortest_run(instance, broken)


def test_a_flag_has_as_many_states_and_transitions() -> None:
    instance = case_of("flagship", "flag")
    sound = tuple(one for one in applicable(instance) if not CATALOGUE[one].anomaly and not CATALOGUE[one].settles)
    ours = search_of(instance, *sound)
    found = checked(text_of(instance, *sound))
    told("flag", found)
    assert (found.errors, found.stored) == (0, ours.states + 1)
    assert found.transitions == ours.transitions + 1 + instance.number("writes") + 1


@pytest.mark.parametrize(
    ("case", "broken"),
    [
        ("flag-salted", "rollout-monotone"),
        ("flag-random", "evaluation-pure"),
        ("flag-random", "rollout-monotone"),
        ("flag-blind", "no-lost-update"),
    ],
)
def test_spin_breaks_a_flag_in_as_few_steps(case: str, broken: str) -> None:
    instance = case_of("flagship", case)
    found = checked(text_of(instance, broken), shortest=True)
    assert found.first == f"violates_{broken.replace('-', '_')}"
    assert found.depth == shortest_run(instance, broken)


def shortest_run(instance: Instance, broken: str) -> int:
    """Where SPIN's depth stands when the violation that we find is at hand: one step goes into the initial choice."""
    from edgeproof.properties.engines.explore.engine import explore
    from edgeproof.properties.engines.kernels import kernel_source

    one = CATALOGUE[broken]
    (evidence,) = explore(instance, [one], kernel_source([instance], [one]))
    assert evidence.witness is not None
    return len(evidence.witness.events) + (0 if one.step else 1)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(specs())
def test_random_designs_have_as_many_states_and_break_the_same_formulas(spec: Spec) -> None:
    instance = instance_of(spec)
    form = StateForm("formula", state_formula(instance, spec), TRUE)
    kernel = build_kernel(build_source(instance, [form], fixed=instance.values), instance)
    ours = interpreted(kernel, most=3000)
    assume(ours is not None and ours.states > 1)
    assert ours is not None
    found = checked(subject(instance, [form]), all_errors=True)
    if ours.left:
        assert found.errors > 0, "a natural leaves its range"
        return
    assert (found.errors > 0) == ours.broken
    assert found.stored == ours.states
