# SPDX-License-Identifier: Apache-2.0
"""What the checks of tokens share. A token is a unit: its versions are what it was granted, and when it was revoked.

A read of one says which repository and scope were asked for, and whether the bearer was admitted.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import EVENT, causes_at
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import SEEN, VERSION
from edgeproof.properties.traffic.making import SCOPES

__all__ = ["ASKED", "NO_TOKENS", "asked_of", "grants", "late_admissions", "token_reads"]

NO_TOKENS = "no read says whether a token was admitted"

ASKED = (*SEEN, "repo", "scope", "admitted")
"""What an ask is known by."""


def asked_of(facts: Facts) -> ir.Table:
    """What was asked, with what the version that was told had granted (`to_repo`, `granted` as a number, `until`)."""
    v = facts.versions
    grants = v.select(
        *VERSION,
        "asked",
        known=v.stands.fill_null(False) | v.granted.notnull(),
        granted="granted",
        to_repo="repo",
        until="expires",
    )
    asks = facts.asks.inner_join(grants, list(VERSION))
    asks = asks.inner_join(facts.moments.select(*SEEN, "revoked"), list(SEEN))
    nothing = (asks.era == 0) & (asks.version == 0)
    wanted = ibis.cases(*((asks.scope == scope, rank) for scope, rank in SCOPES.items()))
    return asks.mutate(granted=ibis.ifelse(nothing, 0, asks.granted), wanted=wanted)


def token_reads(facts: Facts, asks: ir.Table) -> ir.Table:
    """The reads behind some asks, which must have `latest` (seconds, null for any time) and `because_at`."""
    reads = facts.reads.filter(facts.reads.admitted)
    theirs = asks.select(*(asks[c].name(f"{c}_asked") for c in ASKED), "latest", "because_at")
    same = [_same(reads[c], theirs[f"{c}_asked"]) for c in ("repo", "scope")]
    joined = reads.inner_join(theirs, [*(reads[c] == theirs[f"{c}_asked"] for c in SEEN), *same])
    late = joined.filter(joined.latest.isnull() | (joined.invoke > joined.latest))
    return late.select(*EVENT, "because_at").distinct()


def late_admissions(facts: Facts, allowed: float) -> ir.Table:
    """Admissions on a version that had been revoked longer ago than allowed (seconds)."""
    asks = asked_of(facts)
    asks = asks.filter(asks.admitted).mutate(because_at=asks.revoked, latest=asks.revoked + allowed)
    return asks.filter(asks.last_invoke > asks.latest)


def asked_after_revocation(facts: Facts, allowed: float) -> ir.Scalar:
    """How many asks there were of versions told so long after their token was first revoked."""
    v = facts.versions
    first = v.filter(v.granted == 0).group_by("unit").agg(gone=v.acknowledged.min())
    asks = facts.asks.inner_join(first, "unit")
    return asks.filter(asks.last_invoke > asks.gone + allowed).n.sum().fill_null(0)


def grants(facts: Facts, moment: str) -> ir.Table:
    """Commits of tokens, and restores to them, by when they began or ended."""
    return causes_at(facts.made.filter(facts.made.version.notnull()), moment)


def revocations(facts: Facts) -> ir.Table:
    """Acknowledged commits that revoked a token, and restores to a version that did."""
    made = facts.made.filter(facts.made.outcome == "ok")
    return causes_at(made.semi_join(facts.versions.filter(facts.versions.granted == 0), list(VERSION)), "returned")


def _same(one: ir.Value, other: ir.Value) -> ir.BooleanValue:
    return one.fill_null("").cast("string") == other.fill_null("").cast("string")
