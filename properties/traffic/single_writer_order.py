# SPDX-License-Identifier: Apache-2.0
"""`single-writer-order`: commits out of order, on top of the wrong version, or of one that was another write's already.

Two writes are of two keys, or have two contents. One that was told a version which another write of the same life of
the store had been told is the lost update itself.
"""

from __future__ import annotations

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, differ, told_text
from edgeproof.properties.traffic.coded import OK
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, later_min, least_of_others
from edgeproof.properties.traffic.labels import key, newer, same_version
from edgeproof.properties.traffic.lives import NOWHERE
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import Column, Floats, Table

__all__ = ["LIFE", "SINGLE_WRITER_ORDER", "acknowledged"]

LIFE = ("unit", "life")


def acknowledged(facts: Facts) -> Table:
    """Commits that are known to have happened, and in which life of the store."""
    return facts.commits.take((facts.commits.outcome == OK) & (facts.commits.life != NOWHERE))


def _broken(facts: Facts, promise: Promise) -> Broken:
    commits = acknowledged(facts)
    versions = group(*key(commits, LIFE), commits.label)
    first = commits.take(versions.first)
    overtaken = later_min(key(first, LIFE), first.label, versions.min(commits.returned))[versions.of]
    again: Floats = np.fmin(*(_before_by(facts, commits, versions.of, mark) for mark in ("digest", "key")))
    late = commits.invoke > overtaken + promise.slack
    astray = (commits.base >= 0) & (commits.base + 1 != commits.version)
    commits = commits.put(because_at=np.where(late, overtaken, again))
    return Broken(commits.take(late | ~np.isnan(again) | astray))


def _before_by(facts: Facts, commits: Table, version: Column, mark: str) -> Floats:
    """Since when another digest, or key, had the version of each commit, if it had it before."""
    own = facts.vocabulary.of[mark].ranked(commits.columns[mark])
    since, other = least_of_others(version, own, commits.invoke)
    before = (since < commits.invoke) | ((since == commits.invoke) & (other < own))
    return np.where(before, since, np.nan)


def _tested(facts: Facts, promise: Promise) -> int:
    commits = acknowledged(facts)
    return len(commits) - group(commits.unit).n


def _say(row: Row, promise: Promise) -> str:
    if row["because"] is None:
        return f"{told_text(row)} was committed on top of version {row['base']}, not of the one before it"
    if (row["era"], row["version"]) == (row["because_era"], row["because_version"]):
        if row["digest"] is not None and row["because_digest"] not in (None, row["digest"]):
            return f"{told_text(row)} was committed with another content than by {row['because']}"
        return f"the write with key {row['key']} was told {told_text(row)}, as was {row['because']} with another key"
    newer = told_text(row, "because_")
    return f"{told_text(row)} was committed although {row['because']} had been acknowledged as {newer}"


def _causes(facts: Facts) -> Causes:
    commits = acknowledged(facts)
    return Causes(((commits, "returned"), (commits, "invoke")))


def _explains(cause: Row, row: Row) -> bool:
    another = differ(cause, row, "digest") or differ(cause, row, "key")
    return (same_version(cause, row) and another) or newer(cause, row)


SINGLE_WRITER_ORDER = Check(
    id="single-writer-order",
    broken=_broken,
    causes=_causes,
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no unit has a second commit",
    say=_say,
)
