# SPDX-License-Identifier: Apache-2.0
"""The staleness bound: its formula, its proof for all values of the parameters, and the run that reaches it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.references import ReferenceSystems
from edgeproof.model.designs import load
from edgeproof.model.interpret import evaluate
from edgeproof.model.machine import Instance
from edgeproof.model.trace import replay
from edgeproof.properties.bounds import formula, present_terms, staleness_bound
from edgeproof.properties.designs.dossier import Constants
from edgeproof.properties.environment import setting_of
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.replay import replay_on
from edgeproof.properties.staleness import StalenessAnswer, answer, tight_trace

DO_KV = load("do_kv")
POISONED: Constants = {"poison_write": True, "vetting": "off", "validate": "serves", "reader": "guarded"}


def asked(design: str = "do_kv", **numbers: int | Fraction) -> StalenessAnswer:
    return answer(setting_of(design, {"S": 2, "D": 5, "F": 3, "R": 1, "T": 60, **numbers}))


@pytest.mark.parametrize(
    ("how", "bound", "text"),
    [
        ({}, 90, "D + S + F*(D + R) + D + T"),
        ({"F": 0}, 72, "D + S + D + T"),
        ({"M": 10}, 100, "D + S + F*(D + R) + D + T + M"),
        ({"S": Fraction(1, 2)}, Fraction(177, 2), "D + S + F*(D + R) + D + T"),
    ],
)
def test_the_bound_of_an_outbox_is_proved_and_reached(how: dict[str, Any], bound: Fraction, text: str) -> None:
    found = asked(**how)
    assert (found.bound, found.formula) == (bound, text)
    assert sum(seconds for _, _, seconds in found.terms) == bound
    assert found.dominant == "T"
    assert found.proof.verdict is Verdict.PROVED
    assert found.proof.bound == "any number of elements and versions, all values of the parameters"
    assert found.tight
    assert found.trace is not None
    replay(DO_KV, found.trace)
    assert found.trace.states[-1]["since"] * found.unit == bound  # type: ignore[operator]


@pytest.mark.parametrize(("fix", "reached"), [(2, 92), (6, 92), (60, 145)])
def test_the_bound_of_poison_is_proved_and_reached_where_a_put_can_begin_with_the_fix(fix: int, reached: int) -> None:
    numbers = {"S": 2, "D": 5, "F": 3, "R": 1, "T": 60, "X": fix}
    (found,) = answer(setting_of("do_kv_content", numbers, POISONED)).beside
    assert (found.property, found.formula) == ("poison-bounded", "X + D + S + F*(D + R) + D + T")
    assert found.bound == 90 + fix
    assert found.proof.verdict is Verdict.PROVED
    assert found.reached == reached


def test_the_bound_of_poison_where_an_operator_takes_everybody_back_is_proved_and_reached() -> None:
    chosen: Constants = {"freeze": "on", "pull": "off", "rollback": "manual"}
    (found,) = answer(setting_of("global_push", {"P": 5, "W": 35, "A": 5, "X": 600}, chosen)).beside
    assert found.formula == "P + W + X + P"
    assert found.reached == found.bound == 645
    assert found.proof.verdict is Verdict.PROVED


def test_a_design_has_no_bound_of_poison_where_nothing_is_bad() -> None:
    assert asked("do_kv_content").beside == ()


@pytest.mark.parametrize(
    ("design", "numbers", "bound", "text"),
    [
        ("do_kv_regional", {"G": 30}, 120, "D + S + F*(D + R) + D + G + T"),
        ("do_kv_per_key", {}, 115, "2*D + S + F*(2*D + R) + 2*D + T"),
        ("do_kv_manifest", {"U": 10, "L": 1}, 141, "U + D + S + F*(U + D + R) + U + D + T + L"),
        ("flagship", {}, 90, "D + S + F*(D + R) + D + T"),
    ],
)
def test_another_design_has_another_bound_which_is_proved_for_it(
    design: str, numbers: dict[str, int], bound: int, text: str
) -> None:
    found = asked(design, **numbers)
    assert (found.design, int(found.bound), found.formula) == (design, bound, text)
    assert found.proof.verdict is Verdict.PROVED
    assert found.trace is None, "no run is known"


def test_where_alarms_are_lost_a_watchdog_gives_a_bound_and_without_one_there_is_none() -> None:
    found = asked("do_kv_lost_alarms", W=30)
    assert (int(found.bound), found.formula) == (344, "D + 2*(S + W) + 2*F*(S + W) + F*(D + R) + D + T")
    assert found.dominant == "2*F*(S + W)"
    assert (found.proof.verdict, found.tight) == (Verdict.PROVED, True)
    unwatched = answer(setting_of("do_kv_lost_alarms", {"T": 2}, {"alarm_stuck": True}))
    assert unwatched.proof.verdict is Verdict.VIOLATED


def test_of_tokens_the_bound_is_how_long_a_revoked_one_is_accepted() -> None:
    found = asked("artifacts_tokens")
    assert (int(found.bound), found.formula) == (90, "D + S + F*(D + R) + D + T")
    assert (found.proof.property, found.proof.verdict) == ("token-revocation-bound", Verdict.PROVED)


def test_without_copies_nothing_dominates() -> None:
    found = answer(setting_of("do_only", {}))
    assert found.bound == 0
    assert (found.formula, found.dominant, found.terms) == ("0", "", ())
    assert found.proof.verdict is Verdict.PROVED


def test_a_choice_that_breaks_the_bound_is_found_out() -> None:
    found = answer(setting_of("do_kv", {"T": 2}, {"publisher": "inline"}))
    assert found.proof.verdict is Verdict.VIOLATED


def test_late_puts_need_a_heartbeat_and_add_its_terms() -> None:
    assert asked(Z=30).proof.verdict is not Verdict.PROVED
    found = asked(Z=30, H=20)
    assert found.formula == "D + Z + D + H + S + F*(D + R) + D + T"
    assert found.bound == 5 + 30 + 5 + 20 + 2 + 18 + 5 + 60
    assert found.proof.verdict is Verdict.PROVED


@settings(max_examples=25)
@given(st.fixed_dictionaries({name: st.integers(1, 9) for name in "SDRTM"}), st.integers(0, 3), st.booleans())
def test_the_worst_schedule_reaches_the_bound_for_any_values(
    durations: dict[str, int], failed: int, memo: bool
) -> None:
    options: dict[str, Any] = {"reader": "memo", "evict": True} if memo else {}
    at = Instance.of(DO_KV, **durations, **options, F=failed, put_fails=failed > 0, Pop=1, Put=1)
    trace = tight_trace(at)
    assert trace is not None
    bound = evaluate(at, staleness_bound(DO_KV.state()), {})
    assert bound == sum(value for _, value in present_terms(at))
    assert trace.states[-1]["since"] == bound


@pytest.mark.parametrize("design", ["do_kv_in_flight", "do_kv_fills"])
@settings(max_examples=10)
@given(st.fixed_dictionaries({name: st.integers(1, 9) for name in "SDTML"}), st.booleans())
def test_where_reads_take_time_it_ends_with_the_slowest(design: str, durations: dict[str, int], memo: bool) -> None:
    options: dict[str, Any] = {"reader": "memo", "evict": True} if memo else {}
    at = Instance.of(load(design), **durations, **options, Pop=1, Put=1, Read=1)
    trace = tight_trace(at)
    assert trace is not None
    assert trace.states[-1]["since"] == sum(value for _, value in present_terms(at))
    told = replay_on(trace, ReferenceSystems())
    assert (told.completed, told.mismatch) == (True, "")


def test_the_worst_schedule_happens_on_the_reference_system_too() -> None:
    at = Instance.of(DO_KV, S=1, D=2, R=1, T=3, F=2, put_fails=True, Pop=1, Put=1)
    trace = tight_trace(at)
    assert trace is not None
    told = replay_on(trace, ReferenceSystem())
    assert (told.completed, told.mismatch) == (True, "")
    assert not told.confirmed, "at the bound, not past it: the property holds"
    assert formula(at) == "D + S + F*(D + R) + D + T"
