# SPDX-License-Identifier: Apache-2.0
"""`token-scope`: admissions to what the token's version does not grant."""

from __future__ import annotations

import ibis.expr.types as ir

from edgeproof.properties.traffic.check import NO_TIME, Check, Row, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.tokens import NO_TOKENS, asked_of, grants, token_reads

__all__ = ["TOKEN_SCOPE"]


def _admitted(facts: Facts) -> ir.Table:
    asks = asked_of(facts)
    return asks.filter(asks.admitted & (asks.granted.notnull() | asks.to_repo.notnull()))


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    asks = _admitted(facts)
    beyond = (asks.wanted > asks.granted) | (asks.granted == 0) | (asks.repo != asks.to_repo)
    return asks.filter(beyond.fill_null(False)).mutate(latest=NO_TIME, because_at=asks.asked)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    return token_reads(facts, _suspects(facts, promise))


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    return _admitted(facts).n.sum().fill_null(0)


def _say(row: Row, promise: Promise) -> str:
    asked = f"{row['scope'] or 'access'} to {row['repo'] or 'a repository'}"
    by = f", which {row['because']} does not grant" if row["because"] else ", which nothing grants"
    return f"{row['reader']} at {row['pop']} was admitted to {asked} on {told_text(row)} of {row['unit']}{by}"


TOKEN_SCOPE = Check(
    id="token-scope",
    suspects=_suspects,
    broken=_broken,
    causes=lambda facts: grants(facts, "invoke"),
    explains=lambda cause, row: (cause.era == row.era) & (cause.version == row.version),
    tested=_tested,
    untested=lambda promise: "nobody was admitted on a token whose grant is known",
    say=_say,
    assumes=(),
    subject=lambda facts: facts.asks.count(),
    no_subject=NO_TOKENS,
)
