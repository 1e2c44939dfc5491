# SPDX-License-Identifier: Apache-2.0
"""`convergence`: reads of another version than the last, longer after the last commit than the bound allows."""

from __future__ import annotations

from math import inf

import numpy as np

from edgeproof.properties.traffic.bounded_staleness import acknowledgements
from edgeproof.properties.traffic.check import PUBLISHING, Broken, Check, Row, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.gone import there_until
from edgeproof.properties.traffic.groups import matched
from edgeproof.properties.traffic.labels import SEEN, VERSION, key
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import late_reads
from edgeproof.properties.traffic.table import ABSENT, Table

__all__ = ["CONVERGENCE"]


def _settled(facts: Facts, promise: Promise) -> Table:
    """What was told once its unit had settled, with its last version, and from when on every read gives it."""
    standing = facts.versions.take(facts.versions.stands)
    last = np.full(len(facts.units), ABSENT)
    np.maximum.at(last, standing.unit, standing.label)
    last_by = np.full(len(facts.units), np.nan)
    newest = standing.take(standing.label == last[standing.unit])
    last_by[newest.unit] = newest.lately
    told, quiet = facts.told, np.where(facts.units.quiet == inf, np.nan, facts.units.quiet)
    told = told.put(
        last=last[told.unit],
        because_at=last_by[told.unit],
        latest=quiet[told.unit] + promise.bound_s + promise.slack,
        open=facts.units.open[told.unit],
    )
    return told.take((told.last >= 0) & (told.last_invoke > told.latest))


def _broken(facts: Facts, promise: Promise) -> Broken:
    settled = _settled(facts, promise)
    # A commit of unknown outcome may have made a version that is newer still, and so may one that met a restore.
    settled = settled.take((settled.label < settled.last) | ((settled.label > settled.last) & (settled.open == 0)))
    newer = np.flatnonzero(settled.label > settled.last)
    left = facts.made.take(there_until(facts) == inf)
    other = np.ones(len(settled), bool)
    other[newer] = matched(key(settled.take(newer), VERSION), key(left, VERSION)) < 0
    return Broken(reads=late_reads(facts, settled.take(other), SEEN))


def _tested(facts: Facts, promise: Promise) -> int:
    return int(_settled(facts, promise).n.sum())


def _say(row: Row, promise: Promise) -> str:
    last = f"{row['because']} had committed {told_text(row, 'because_')}, the last one"
    return f"{what(row)}, {row['invoke'] - row['because_at']:.3f} s after {last}"


def _explains(cause: Row, row: Row) -> bool:
    return bool((cause["era"], cause["version"]) != (row["era"], row["version"]))


CONVERGENCE = Check(
    id="convergence",
    broken=_broken,
    causes=acknowledgements,
    explains=_explains,
    tested=_tested,
    untested=lambda promise: f"the history ends within the bound of {promise.bound_s:g} s after the last commit",
    say=_say,
    assumes=PUBLISHING,
)
