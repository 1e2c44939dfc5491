# SPDX-License-Identifier: Apache-2.0
"""Z3 on the arithmetic of buckets: for every 32-bit hash, first in exact numbers, then in the doubles that compute it.

In exact numbers a bucket is hash mod 100 + (hash div 100) / N. The doubles add two roundings. Division of doubles is
beyond what a solver does in a minute, so that step is argued: the quotient is at most (N - 1) / N, which is below
1 - 2^-26 (by Z3, exactly); that number is a double, and rounding is monotone, so the rounded quotient is not above it.
The addition is then decided in IEEE 754 as it is.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.flags.bucketing import QUOTIENTS, bucket_of_hash

HASH = z3.Int("hash")
IS_HASH = z3.And(HASH >= 0, HASH < 2**32)
DOUBLE = z3.Float64()


def counterexample(*claims: Any) -> Any:
    """Arguments under which the claims do not all hold; None if there are none."""
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(z3.Not(z3.And(*claims)))
    found = solver.check()
    assert found != z3.unknown, solver.reason_unknown()
    return None if found == z3.unsat else solver.model()


def exact(hashed: Any, quotients: int = QUOTIENTS) -> Any:
    return z3.ToReal(hashed % 100) + z3.ToReal(hashed / 100) / quotients


def test_every_bucket_is_from_0_to_below_100_exactly() -> None:
    bucket = exact(HASH)
    assert counterexample(z3.Implies(IS_HASH, z3.And(bucket >= 0, bucket < 100))) is None


def test_with_a_scale_that_is_a_little_smaller_some_hash_gets_100() -> None:
    found = counterexample(z3.Implies(IS_HASH, exact(HASH, QUOTIENTS - 2) < 100))
    assert found is not None
    hashed = found[HASH].as_long()
    assert hashed % 100 + Fraction(hashed // 100, QUOTIENTS - 2) >= 100


def test_the_rounded_quotient_is_at_most_a_double_below_one() -> None:
    limit = Fraction(1) - Fraction(1, 2**26)
    assert Fraction(float(limit)) == limit, "it is a double"
    quotient = z3.ToReal(HASH / 100) / QUOTIENTS
    assert counterexample(z3.Implies(IS_HASH, z3.And(quotient >= 0, quotient <= z3.RealVal(str(limit))))) is None


def added(rest: Any, quotient: Any) -> Any:
    return z3.fpAdd(z3.RNE(), z3.fpSignedToFP(z3.RNE(), rest, DOUBLE), quotient)


@pytest.mark.parametrize(("below", "refuted"), [(1 - 2.0**-26, False), (1 - 2.0**-48, True)])
def test_the_sum_of_doubles_is_below_100_unless_the_quotient_comes_too_near_to_one(below: float, refuted: bool) -> None:
    rest, quotient = z3.BitVec("rest", 8), z3.FP("quotient", DOUBLE)
    possible = z3.And(rest >= 0, rest < 100, quotient >= 0.0, quotient <= z3.FPVal(below, DOUBLE))
    found = counterexample(z3.Implies(possible, z3.And(added(rest, quotient) >= 0.0, added(rest, quotient) < 100.0)))
    assert (found is not None) == refuted


def test_who_is_admitted_stays_admitted_when_the_percentage_rises_for_all_doubles() -> None:
    bucket, less, more = (z3.FP(name, DOUBLE) for name in ("bucket", "less", "more"))
    rises = z3.fpLEQ(less, more)
    assert counterexample(z3.Implies(z3.And(rises, z3.fpLT(bucket, less)), z3.fpLT(bucket, more))) is None
    assert counterexample(z3.Implies(z3.fpLT(bucket, less), z3.fpLT(bucket, more))) is not None


def test_moving_a_threshold_moves_nobody_but_those_between_the_old_and_the_new_one() -> None:
    bucket, first, old, new = (z3.FP(name, DOUBLE) for name in ("bucket", "first", "old", "new"))

    def variant(threshold: Any) -> Any:
        return z3.If(z3.fpLT(bucket, first), 0, z3.If(z3.fpLT(bucket, threshold), 1, 2))

    def between(one: Any, other: Any) -> Any:
        return z3.And(z3.fpLEQ(one, bucket), z3.fpLT(bucket, other))

    numbers = z3.And(*(z3.Not(z3.fpIsNaN(one)) for one in (bucket, first, old, new)))
    moved = variant(old) != variant(new)
    assert counterexample(z3.Implies(z3.And(numbers, moved), z3.Or(between(old, new), between(new, old)))) is None
    assert counterexample(z3.Implies(z3.And(numbers, moved), between(old, new))) is not None


def test_the_largest_hashes_come_out_as_calculated() -> None:
    assert bucket_of_hash(2**32 - 1) == 95 + 42_949_672 / QUOTIENTS < 96
    largest = max(range(2**32 - 200, 2**32), key=bucket_of_hash)
    assert (largest, bucket_of_hash(largest)) == (4_294_967_199, 99.99999995343387)
    assert bucket_of_hash(0) == 0.0


@given(hashed=st.integers(0, 2**32 - 1))
def test_the_double_is_the_exact_bucket_but_for_two_roundings(hashed: int) -> None:
    error = abs(Fraction(bucket_of_hash(hashed)) - (hashed % 100 + Fraction(hashed // 100, QUOTIENTS)))
    assert error <= Fraction(2) ** -54 + Fraction(2) ** -47
