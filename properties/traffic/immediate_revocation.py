# SPDX-License-Identifier: Apache-2.0
"""`immediate-revocation`: admissions that were asked for after the token had been revoked."""

from __future__ import annotations

from edgeproof.properties.traffic.check import Broken, Check, Row
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.token_revocation_bound import admitted_after
from edgeproof.properties.traffic.tokens import (
    NO_TOKENS,
    asked_after_revocation,
    late_admissions,
    revocations,
    token_reads,
)

__all__ = ["IMMEDIATE_REVOCATION"]


def _broken(facts: Facts, promise: Promise) -> Broken:
    return Broken(reads=token_reads(facts, late_admissions(facts, promise.slack)))


def _tested(facts: Facts, promise: Promise) -> int:
    return asked_after_revocation(facts, promise.slack)


def _say(row: Row, promise: Promise) -> str:
    return admitted_after(row)


IMMEDIATE_REVOCATION = Check(
    id="immediate-revocation",
    broken=_broken,
    causes=revocations,
    tested=_tested,
    untested=lambda promise: "nobody asked after a revocation",
    say=_say,
    subject=lambda facts: len(facts.asks),
    no_subject=NO_TOKENS,
    promised=lambda promise: False,
)
