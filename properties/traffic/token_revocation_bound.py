# SPDX-License-Identifier: Apache-2.0
"""`token-revocation-bound`: admissions longer after the token's revocation than the bound allows."""

from __future__ import annotations

from edgeproof.properties.traffic.check import PUBLISHING, Broken, Check, Row, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.tokens import (
    NO_TOKENS,
    asked_after_revocation,
    late_admissions,
    revocations,
    token_reads,
)

__all__ = ["TOKEN_REVOCATION_BOUND", "admitted_after"]


def _broken(facts: Facts, promise: Promise) -> Broken:
    return Broken(reads=token_reads(facts, late_admissions(facts, promise.bound_s + promise.slack)))


def _tested(facts: Facts, promise: Promise) -> int:
    return asked_after_revocation(facts, promise.bound_s)


def admitted_after(row: Row) -> str:
    """An admission after a revocation, in words."""
    late = row["invoke"] - row["because_at"]
    token = f"{told_text(row)} of {row['unit']}"
    return (
        f"{row['reader']} at {row['pop']} was admitted on {token}, {late:.3f} s after {row['because']} had revoked it"
    )


def _say(row: Row, promise: Promise) -> str:
    return f"{admitted_after(row)}; the bound is {promise.bound_s:g} s"


TOKEN_REVOCATION_BOUND = Check(
    id="token-revocation-bound",
    broken=_broken,
    causes=revocations,
    tested=_tested,
    untested=lambda promise: f"nobody asked later than the bound of {promise.bound_s:g} s after a revocation",
    say=_say,
    assumes=PUBLISHING,
    subject=lambda facts: len(facts.asks),
    no_subject=NO_TOKENS,
)
