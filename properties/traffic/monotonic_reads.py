# SPDX-License-Identifier: Apache-2.0
"""`monotonic-reads`: reads of an older version than one of the same session that had ended before they began."""

from __future__ import annotations

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import newer
from edgeproof.properties.traffic.lives import NOWHERE
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import going_back, late_reads, may_go_back, versions_told
from edgeproof.properties.traffic.table import Table

__all__ = ["MONOTONIC_READS"]


def _suspects(facts: Facts) -> Table:
    """What sessions were told that may have gone back.

    A recorded eviction is where one ends, and a read that met it belongs to none.
    """
    tellings = facts.tellings
    return versions_told(tellings.take(may_go_back(tellings, "own") & (tellings.session != NOWHERE)), ("own",))


def _broken(facts: Facts, promise: Promise) -> Broken:
    # One isolate has one clock.
    suspects = going_back(_suspects(facts), ("own",), 0.0)
    return Broken(reads=late_reads(facts, suspects, ("own", "label")))


def _tested(facts: Facts, promise: Promise) -> int:
    """Versions told beyond a session's first; the empty config is none."""
    own, label = facts.tellings.own, facts.tellings.label
    # They are in the order of sessions, and of versions.
    another = (label[1:] != label[:-1]) & (own[1:] == own[:-1])
    another &= (label[:-1] > 0) & (facts.tellings.session[1:] != NOWHERE)
    return int(np.count_nonzero(another))


def _explains(cause: Row, row: Row) -> bool:
    return (cause["pop"], cause["reader"]) == (row["pop"], row["reader"]) and newer(cause, row)


def _say(row: Row, promise: Promise) -> str:
    return f"{what(row)} after {row['because']} was told {told_text(row, 'because_')}"


MONOTONIC_READS = Check(
    id="monotonic-reads",
    broken=_broken,
    causes=lambda facts: Causes(told=lambda reads: np.ones(len(reads), bool)),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no reader was told a second version",
    say=_say,
    assumes=(),
    promised=lambda promise: promise.guarded,
)
