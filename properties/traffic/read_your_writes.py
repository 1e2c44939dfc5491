# SPDX-License-Identifier: Apache-2.0
"""`read-your-writes`: reads that began after something newer had been acknowledged to anybody."""

from __future__ import annotations

from edgeproof.properties.traffic.bounded_staleness import acknowledgements, reads_beyond
from edgeproof.properties.traffic.check import Broken, Check, Row, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import late_reads, moment_of, past

__all__ = ["READ_YOUR_WRITES"]


def _broken(facts: Facts, promise: Promise) -> Broken:
    superseded = moment_of(facts, facts.told, "superseded")
    return Broken(reads=late_reads(facts, past(facts.told, superseded, promise.slack)))


def _tested(facts: Facts, promise: Promise) -> int:
    return reads_beyond(facts, promise.slack)


def _say(row: Row, promise: Promise) -> str:
    return f"{what(row)} after {row['because']} had acknowledged {told_text(row, 'because_')}"


READ_YOUR_WRITES = Check(
    id="read-your-writes",
    broken=_broken,
    causes=acknowledgements,
    tested=_tested,
    untested=lambda promise: "no read began after a commit had been acknowledged",
    say=_say,
    promised=lambda promise: False,
)
