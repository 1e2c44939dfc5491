# SPDX-License-Identifier: Apache-2.0
"""What the checks of tokens share. A token is a unit: its versions are what it was granted, and when it was revoked.

A read of one says which repository and scope were asked for, and whether the bearer was admitted.
"""

from __future__ import annotations

import numpy as np

from edgeproof.properties.traffic.check import Causes
from edgeproof.properties.traffic.coded import OK
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import Groups, matched
from edgeproof.properties.traffic.labels import SEEN, VERSION, key
from edgeproof.properties.traffic.making import granted_by
from edgeproof.properties.traffic.spans import ReadsThat, late_reads, moment_of
from edgeproof.properties.traffic.table import Table

__all__ = ["ASKED", "NO_TOKENS", "asked_of", "grants", "late_admissions", "token_reads"]

NO_TOKENS = "no read says whether a token was admitted"

ASKED = (*SEEN, "repo", "scope", "admitted")
"""What an ask is known by."""


def asked_of(facts: Facts) -> Table:
    """What was asked, with what the version that was told had granted (`to_repo`, `granted` as a number, `until`)."""
    asks, versions = facts.asks, facts.versions
    of = matched(key(asks, VERSION), key(versions, VERSION))
    return asks.put(
        asked=versions.asked[of],
        granted=np.where(asks.label == 0, 0, versions.granted[of]),
        to_repo=versions.repo[of],
        until=versions.expires[of],
        wanted=granted_by(asks.scope),
    )


def token_reads(facts: Facts, asks: Table) -> ReadsThat | None:
    """The reads behind some asks that were admitted, which must have `latest` (seconds) and `because_at`."""
    return late_reads(facts, asks.take(asks.admitted == 1), ASKED)


def late_admissions(facts: Facts, allowed: float) -> Table:
    """Admissions on a version that had been revoked longer ago than allowed (seconds)."""
    revoked = moment_of(facts, facts.asks, "revoked")
    asks = facts.asks.put(because_at=revoked, latest=revoked + allowed)
    return asks.take((asks.admitted == 1) & (asks.last_invoke > asks.latest))


def asked_after_revocation(facts: Facts, allowed: float) -> int:
    """How many asks there were of versions told so long after their token was first revoked."""
    revoking = facts.versions.take(facts.versions.granted == 0)
    gone = Groups(revoking.unit, revoking.unit, len(facts.units)).min(revoking.acknowledged)
    return int(facts.asks.n[facts.asks.last_invoke > gone[facts.asks.unit] + allowed].sum())


def grants(facts: Facts, moment: str) -> Causes:
    """Commits of tokens, and restores to them, by when they began or ended."""
    return Causes(((facts.made, moment),))


def revocations(facts: Facts) -> Causes:
    """Acknowledged commits that revoked a token, and restores to a version that did."""
    revoking = facts.versions.take(facts.versions.granted == 0)
    made = facts.made.take(facts.made.outcome == OK)
    return Causes(((made.take(matched(key(made, VERSION), key(revoking, VERSION)) >= 0), "returned"),))
