# SPDX-License-Identifier: Apache-2.0
"""`token-expiry`: admissions on a token whose time was over."""

from __future__ import annotations

import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.tokens import NO_TOKENS, asked_of, grants, token_reads

__all__ = ["TOKEN_EXPIRY"]


def _after(facts: Facts, promise: Promise) -> ir.Table:
    asks = asked_of(facts)
    asks = asks.mutate(latest=asks.until + promise.slack, because_at=asks.asked)
    return asks.filter(asks.last_invoke > asks.latest)


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    after = _after(facts, promise)
    return after.filter(after.admitted)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    return token_reads(facts, _suspects(facts, promise))


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    return _after(facts, promise).n.sum().fill_null(0)


def _say(row: Row, promise: Promise) -> str:
    token = f"{told_text(row)} of {row['unit']}"
    return (
        f"{row['reader']} at {row['pop']} was admitted at {row['invoke']:.3f} s on {token}, which had expired by then"
    )


TOKEN_EXPIRY = Check(
    id="token-expiry",
    suspects=_suspects,
    broken=_broken,
    causes=lambda facts: grants(facts, "invoke"),
    explains=lambda cause, row: (cause.era == row.era) & (cause.version == row.version),
    tested=_tested,
    untested=lambda promise: "nobody asked for anything on a token that had expired",
    say=_say,
    subject=lambda facts: facts.asks.count(),
    no_subject=NO_TOKENS,
)
