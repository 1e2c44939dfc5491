# SPDX-License-Identifier: Apache-2.0
"""`cross-pop-monotonic`: reads of an older version than had been told anywhere before they began.

It is asked of units that were read at two locations or more: one location alone goes back in other ways.
"""

from __future__ import annotations

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group
from edgeproof.properties.traffic.labels import VERSION
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import going_back, late_reads, versions_told
from edgeproof.properties.traffic.table import Table

__all__ = ["CROSS_POP_MONOTONIC"]


def _told(facts: Facts) -> Table:
    """What was told of the units that were read at more than one location."""
    return versions_told(facts.told.take(facts.units.pops[facts.told.unit] > 1), ("unit",))


def _broken(facts: Facts, promise: Promise) -> Broken:
    return Broken(reads=late_reads(facts, going_back(_told(facts), ("unit",), promise.slack), VERSION))


def _tested(facts: Facts, promise: Promise) -> int:
    """Versions told beyond the first, where there is more than one location."""
    told = _told(facts)
    return len(told) - group(told.unit).n


def _say(row: Row, promise: Promise) -> str:
    where = f"{row['because_reader']} at {row['because_pop']}"
    return f"{what(row)} after {row['because']} told {where} {told_text(row, 'because_')}"


CROSS_POP_MONOTONIC = Check(
    id="cross-pop-monotonic",
    broken=_broken,
    causes=lambda facts: Causes(told=lambda reads: np.ones(len(reads), bool)),
    tested=_tested,
    untested=lambda promise: "no unit was read at two locations and in two versions",
    say=_say,
    promised=lambda promise: False,
)
