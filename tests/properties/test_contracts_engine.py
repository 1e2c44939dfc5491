# SPDX-License-Identifier: Apache-2.0
"""The engine that puts claims about pure functions to CrossHair."""

from __future__ import annotations

import pytest

from edgeproof.properties.engines.contracts import check_claims
from edgeproof.properties.evidence import Verdict
from tests.properties.claims import CLAIMS, UNTYPED


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("proved", Verdict.PROVED),
        ("violated", Verdict.VIOLATED),
        ("bounded", Verdict.HOLDS_TO_BOUND),
        ("vacuous", Verdict.VACUOUS),
        ("raises", Verdict.VIOLATED),
        ("asserts", Verdict.VIOLATED),
        ("answers nothing", Verdict.VIOLATED),
    ],
)
def test_a_claim_is_judged(name: str, verdict: Verdict) -> None:
    (found,) = check_claims({name: CLAIMS[name]}, 2)
    assert (found.property, found.engine, found.verdict) == (name, "contracts", verdict)


def test_a_counterexample_is_a_call_or_what_was_raised() -> None:
    violated, raises = check_claims({name: CLAIMS[name] for name in ("violated", "raises")}, 2)
    assert "violated(123456)" in violated.reason
    assert "ZeroDivisionError" in raises.reason


def test_a_bound_is_named() -> None:
    (found,) = check_claims({"bounded": CLAIMS["bounded"]}, 1)
    assert found.bound == f"{found.measures['paths']} paths within 1 s"
    assert found.measures["paths"] in range(1, 1_000_000)


def test_a_claim_that_is_about_nothing_says_so() -> None:
    (found,) = check_claims({"vacuous": CLAIMS["vacuous"]}, 1)
    assert found.reason.startswith("no argument was found that the claim is about")


def test_what_has_no_types_is_refused() -> None:
    with pytest.raises(ValueError, match="untyped is no claim: its parameters have no types"):
        check_claims({"untyped": UNTYPED}, 1)
