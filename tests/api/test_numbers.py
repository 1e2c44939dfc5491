# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.bound` and `edgeproof.promise` take the numbers of an environment: all that count, and no others."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import edgeproof
from edgeproof import Verdict


def test_the_bound_of_the_pattern_is_proved_and_reached() -> None:
    found = edgeproof.bound("do_kv", S=2, D=5, F=3, R=1, T=60)
    assert (found.bound, found.formula, found.dominant) == (Fraction(90), "D + S + F*(D + R) + D + T", "T")
    assert found.proof.verdict is Verdict.PROVED
    assert found.tight
    assert found.trace is not None
    assert found.trace.states[-1]["since"] == found.bound


def test_durations_may_be_any_fractions_and_floats_are_the_decimals_that_they_are_written_as() -> None:
    found = edgeproof.bound("do_kv", S=0.1, D=Fraction(1, 3), T=60)
    assert found.bound == Fraction(1, 3) * 2 + Fraction(1, 10) + 60
    assert found.unit == Fraction(1, 30)


def test_options_and_hazards_bring_their_terms() -> None:
    numbers: dict[str, Any] = {"S": 2, "D": 5, "T": 60}
    assert edgeproof.bound("do_kv", **numbers, reader="memo", M=3).formula == "D + S + D + T + M"
    assert edgeproof.bound("do_kv", **numbers, crash=True, F=1, R=1).formula == "D + S + F*(D + R) + D + T"


def test_a_design_whose_readers_are_never_late_has_the_bound_0() -> None:
    found = edgeproof.bound("do_only")
    assert (found.bound, found.formula, found.proof.verdict) == (Fraction(0), "0", Verdict.PROVED)


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"S": 2}, r"the bound D \+ S \+ D \+ T of do_kv takes D, T as well"),
        ({"S": 2, "D": 5, "T": 60, "F": 3}, "takes R as well"),
        ({"S": 2, "D": 5, "T": 60, "R": 1}, r"the bound D \+ S \+ D \+ T of do_kv is not made of R"),
        ({"S": 2, "D": 5, "T": 60, "writes": 3}, "is not made of writes"),
        ({"S": -1}, "S is a number from 0, not -1"),
        ({"S": float("nan")}, "S is a number from 0, not nan"),
        ({"S": True}, "S is a number from 0, not True"),
        ({"S": "2s"}, "S is a number from 0, not '2s'"),
        ({"F": 1.5}, "F is a whole number from 0, not 1.5"),
        ({"Q": 1}, "do_kv has no option, hazard or parameter 'Q'"),
        ({"crash": 0.5}, "crash is no number of a bound, and cannot be 0.5"),
        ({"reader": "deaf"}, "reader is one of plain, guarded, memo, not 'deaf'"),
    ],
)
def test_numbers_that_make_no_bound_are_refused(numbers: dict[str, Any], says: str) -> None:
    with pytest.raises(edgeproof.DesignError, match=says):
        edgeproof.bound("do_kv", **numbers)
    with pytest.raises(edgeproof.DesignError, match=says):
        edgeproof.promise("do_kv", **numbers)


def test_a_promise_is_the_bound_and_takes_for_granted_only_what_was_given() -> None:
    plain = edgeproof.promise("do_kv", S=2, D=5, T=60)
    assert (plain.bound_s, plain.sync_delay, plain.put_timeout, plain.cache_ttl) == (72.0, 2.0, 5.0, 60.0)
    assert (plain.failures, plain.retry_delay, plain.memo_ttl, plain.skew) == (0, None, None, None)
    assert plain.assumptions == ("S = 2 s, D = 5 s, T = 60 s, F = 0", "all times are of one clock")
    more = edgeproof.promise("do_kv", S=2, D=5, T=60, F=3, R=1, M=4, skew=0.5)
    assert (more.bound_s, more.failures, more.retry_delay, more.memo_ttl, more.skew) == (94.0, 3, 1.0, 4.0, 0.5)
    assert more.assumptions[-1] == "clocks differ by 0.5 s at most"
