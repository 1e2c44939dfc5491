# SPDX-License-Identifier: Apache-2.0
"""`token-expiry`: admissions on a token whose time was over."""

from __future__ import annotations

from edgeproof.properties.traffic.check import Broken, Check, Row, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import same_version
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import Table
from edgeproof.properties.traffic.tokens import NO_TOKENS, asked_of, grants, token_reads

__all__ = ["TOKEN_EXPIRY"]


def _after(facts: Facts, promise: Promise) -> Table:
    asks = asked_of(facts)
    asks = asks.put(latest=asks.until + promise.slack, because_at=asks.asked)
    return asks.take(asks.last_invoke > asks.latest)


def _broken(facts: Facts, promise: Promise) -> Broken:
    return Broken(reads=token_reads(facts, _after(facts, promise)))


def _tested(facts: Facts, promise: Promise) -> int:
    return int(_after(facts, promise).n.sum())


def _say(row: Row, promise: Promise) -> str:
    token = f"{told_text(row)} of {row['unit']}"
    return (
        f"{row['reader']} at {row['pop']} was admitted at {row['invoke']:.3f} s on {token}, which had expired by then"
    )


TOKEN_EXPIRY = Check(
    id="token-expiry",
    broken=_broken,
    causes=lambda facts: grants(facts, "invoke"),
    explains=same_version,
    tested=_tested,
    untested=lambda promise: "nobody asked for anything on a token that had expired",
    say=_say,
    subject=lambda facts: len(facts.asks),
    no_subject=NO_TOKENS,
)
