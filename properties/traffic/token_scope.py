# SPDX-License-Identifier: Apache-2.0
"""`token-scope`: admissions to what the token's version does not grant."""

from __future__ import annotations

from math import inf

import numpy as np

from edgeproof.properties.traffic.check import Broken, Check, Row, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import same_version
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import Table
from edgeproof.properties.traffic.tokens import NO_TOKENS, asked_of, grants, token_reads

__all__ = ["TOKEN_SCOPE"]


def _admitted(facts: Facts) -> Table:
    asks = asked_of(facts)
    return asks.take((asks.admitted == 1) & ((asks.granted >= 0) | (asks.to_repo >= 0)))


def _broken(facts: Facts, promise: Promise) -> Broken:
    asks = _admitted(facts)
    elsewhere = (asks.repo >= 0) & (asks.to_repo >= 0) & (asks.repo != asks.to_repo)
    beyond = ((asks.granted >= 0) & (asks.wanted > asks.granted)) | (asks.granted == 0) | elsewhere
    # At whatever time.
    asks = asks.put(because_at=asks.asked, latest=np.full(len(asks), -inf))
    return Broken(reads=token_reads(facts, asks.take(beyond)))


def _tested(facts: Facts, promise: Promise) -> int:
    return int(_admitted(facts).n.sum())


def _say(row: Row, promise: Promise) -> str:
    asked = f"{row['scope'] or 'access'} to {row['repo'] or 'a repository'}"
    by = f", which {row['because']} does not grant" if row["because"] else ", which nothing grants"
    return f"{row['reader']} at {row['pop']} was admitted to {asked} on {told_text(row)} of {row['unit']}{by}"


TOKEN_SCOPE = Check(
    id="token-scope",
    broken=_broken,
    causes=lambda facts: grants(facts, "invoke"),
    explains=same_version,
    tested=_tested,
    untested=lambda promise: "nobody was admitted on a token whose grant is known",
    say=_say,
    assumes=(),
    subject=lambda facts: len(facts.asks),
    no_subject=NO_TOKENS,
)
