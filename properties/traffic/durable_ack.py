# SPDX-License-Identifier: Apache-2.0
"""`durable-ack`: acknowledged versions that a later commit took, or that the store itself no longer answered with."""

from __future__ import annotations

from math import inf

import numpy as np

from edgeproof.properties.traffic.bounded_staleness import acknowledgements
from edgeproof.properties.traffic.check import Broken, Check, Row, differ, told_text
from edgeproof.properties.traffic.coded import SOURCE
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, later_min, least_of_others
from edgeproof.properties.traffic.labels import key, newer, same_version
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.single_writer_order import LIFE, acknowledged
from edgeproof.properties.traffic.spans import late_reads, moment_of, past
from edgeproof.properties.traffic.table import Floats, Table

__all__ = ["DURABLE_ACK"]


def _replaced(facts: Facts, promise: Promise) -> Table:
    """Commits that took a version that had been acknowledged, or a lower one of the same era."""
    commits = acknowledged(facts)
    versions = group(*key(commits, LIFE), commits.label)
    first = commits.take(versions.first)
    overtaken = later_min((*key(first, LIFE), first.era), first.label, versions.min(commits.returned))[versions.of]
    taken, _ = least_of_others(versions.of, commits.digest, commits.returned)
    because_at: Floats = np.fmin(overtaken, taken)
    return commits.put(because_at=because_at).take(commits.invoke > because_at + promise.slack)


def _from_store(facts: Facts) -> Table:
    """What the store itself answered."""
    return facts.tellings.take(facts.tellings.source == SOURCE["store"])


def _broken(facts: Facts, promise: Promise) -> Broken:
    answered = _from_store(facts)
    old = past(answered, moment_of(facts, answered, "superseded"), promise.slack)
    of_store = late_reads(facts, old, began=lambda reads: np.where(reads.source == SOURCE["store"], reads.invoke, -inf))
    return Broken(_replaced(facts, promise), of_store)


def _tested(facts: Facts, promise: Promise) -> int:
    commits = acknowledged(facts)
    return len(commits) - group(commits.unit).n + int(_from_store(facts).n.sum())


def _say(row: Row, promise: Promise) -> str:
    gone = f"{told_text(row, 'because_')}, which {row['because']} had acknowledged"
    if row["kind"] == "read":
        return f"the store answered {row['reader']} with {told_text(row)}, after {gone}"
    return f"{told_text(row)} was committed after {gone}"


def _explains(cause: Row, row: Row) -> bool:
    return newer(cause, row) or (same_version(cause, row) and differ(cause, row, "digest"))


DURABLE_ACK = Check(
    id="durable-ack",
    broken=_broken,
    causes=acknowledgements,
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no unit has a second commit, and the store itself was not read",
    say=_say,
)
