# SPDX-License-Identifier: Apache-2.0
"""`changelog-complete`: gaps between the versions of an era."""

from __future__ import annotations

from math import inf

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import counted, group, matched
from edgeproof.properties.traffic.labels import VERSION, key
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import Flags, Ints, Table, filled

__all__ = ["CHANGELOG_COMPLETE"]


def _entries(facts: Facts) -> Table:
    """The versions that were committed, or may have been, or were restored, from the oldest to the newest of each unit.

    A history may begin anywhere, so nothing is missing before its first version.
    """
    versions = group(*key(facts.made, VERSION))
    entries = facts.made.take(versions.first).only(*VERSION, "era", "version")
    return entries.put(at=versions.min(facts.made.invoke), until=versions.min(facts.made.returned))


def _follows(entries: Table) -> Flags:
    """Which entries have one before them in the same era."""
    same = (entries.unit[1:] == entries.unit[:-1]) & (entries.era[1:] == entries.era[:-1])
    return np.concatenate([np.zeros(min(1, len(entries)), bool), same])


def _missing(entries: Table) -> tuple[Ints, Ints]:
    """How many versions are missing before each entry, and up to it in its unit."""
    missing = np.where(_follows(entries), np.diff(entries.version, prepend=0) - 1, 0)
    so_far = np.cumsum(missing)
    before = (so_far - missing)[np.searchsorted(entries.unit, entries.unit)]
    return missing, so_far - before


def _broken(facts: Facts, promise: Promise) -> Broken:
    """Commits after gaps that commits of unknown outcome, whose version nobody learnt, are too few to fill."""
    entries = _entries(facts)
    missing, so_far = _missing(entries)
    unnamed = facts.commits.take(facts.commits.label < 0)
    fillers = counted(unnamed.unit, unnamed.invoke, entries.unit, filled(entries.until, inf), until=True)
    gaps = np.flatnonzero((missing > 0) & (so_far > fillers))
    found = matched(
        (*key(facts.commits, VERSION), facts.commits.invoke), (*key(entries.take(gaps), VERSION), entries.at[gaps])
    )
    commits = facts.commits.take(found >= 0)
    return Broken(commits.put(because_at=entries.at[gaps[found[found >= 0]] - 1]))


def _tested(facts: Facts, promise: Promise) -> int:
    return int(_follows(_entries(facts)).sum())


def _say(row: Row, promise: Promise) -> str:
    before = f", and {row['because']} committed {told_text(row, 'because_')}" if row["because"] else ""
    return f"{told_text(row)} was committed{before}: nothing is known of what is between them"


def _explains(cause: Row, row: Row) -> bool:
    return bool(cause["era"] == row["era"] and cause["version"] < row["version"])


CHANGELOG_COMPLETE = Check(
    id="changelog-complete",
    broken=_broken,
    causes=lambda facts: Causes(((facts.made, "invoke"),)),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no unit has a second commit",
    say=_say,
    assumes=(),
)
