# SPDX-License-Identifier: Apache-2.0
"""The staleness bound: its formula, its proof for all values of the parameters, and the run that reaches it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.model.designs import load
from edgeproof.model.interpret import evaluate
from edgeproof.model.machine import Instance
from edgeproof.model.trace import replay
from edgeproof.properties.bounds import formula, present_terms, staleness_bound
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.replay import replay_on
from edgeproof.properties.staleness import StalenessAnswer, answer, tight_trace

DO_KV = load("do_kv")


def asked(retries: int = 3, **seconds: Any) -> StalenessAnswer:
    given_: dict[str, Any] = {"sync_delay": 2, "put_timeout": 5, "retry_delay": 1, "cache_ttl": 60, **seconds}
    return answer(retries=retries, **{name: Fraction(value) for name, value in given_.items()})


@pytest.mark.parametrize(
    ("how", "bound", "text"),
    [
        ({}, 90, "D + S + F*(D + R) + D + T"),
        ({"retries": 0}, 72, "D + S + D + T"),
        ({"memo_ttl": 10}, 100, "D + S + F*(D + R) + D + T + M"),
        ({"sync_delay": Fraction(1, 2)}, Fraction(177, 2), "D + S + F*(D + R) + D + T"),
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


def test_late_puts_need_a_heartbeat_and_add_its_terms() -> None:
    with pytest.raises(ValueError, match="give --heartbeat as well"):
        asked(zombie_window=30)
    found = asked(zombie_window=30, heartbeat=20)
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


def test_the_worst_schedule_happens_on_the_reference_system_too() -> None:
    at = Instance.of(DO_KV, S=1, D=2, R=1, T=3, F=2, put_fails=True, Pop=1, Put=1)
    trace = tight_trace(at)
    assert trace is not None
    told = replay_on(trace, ReferenceSystem())
    assert (told.completed, told.mismatch) == (True, "")
    assert not told.confirmed, "at the bound, not past it: the property holds"
    assert formula(at) == "D + S + F*(D + R) + D + T"
