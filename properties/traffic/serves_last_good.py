# SPDX-License-Identifier: Apache-2.0
"""`serves-last-good`: reads without an answer by an isolate that had been told a config, and not evicted since."""

from __future__ import annotations

from typing import Final

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row
from edgeproof.properties.traffic.coded import FAIL, SOURCE
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, matched
from edgeproof.properties.traffic.labels import SESSION, key
from edgeproof.properties.traffic.lives import NOWHERE
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import Flags, Table

__all__ = ["SERVES_LAST_GOOD", "STOOD_IN", "copies", "loaded"]

STOOD_IN: Final = ("fallback", "last_good")
"""What a read was served from that was answered from the isolate's copy, as KV gave it nothing."""


def copies(told: Table) -> Flags:
    """What left a copy behind: the absence of a config does not, nor does an answer of the Durable Object itself."""
    found: Flags = np.logical_and(told.label > 0, told.source != SOURCE["store"])
    return found


def loaded(facts: Facts, failed: Table) -> Table:
    """Of some reads without an answer, those whose session had been told a config, with when for certain."""
    if not len(failed):
        return failed.put(because_at=np.zeros(0))
    had = facts.tellings.take((facts.tellings.session != NOWHERE) & copies(facts.tellings))
    by = group(*key(had, SESSION))
    had_by = by.min(had.first_returned)
    place = matched(key(failed, SESSION), key(had.take(by.first), SESSION))
    failed, place = failed.take(place >= 0), place[place >= 0]
    failed = failed.put(because_at=had_by[place])
    return failed.take(failed.because_at < failed.invoke)


def _failed(facts: Facts) -> Table:
    """Reads that nobody answered; one that nobody saw end may have been answered."""
    return facts.unanswered.take(facts.unanswered.outcome == FAIL)


def _broken(facts: Facts, promise: Promise) -> Broken:
    return Broken(loaded(facts, _failed(facts)))


def _stood_in(facts: Facts) -> int:
    """Reads that were answered from the isolate's copy, as KV had no answer."""
    stood_in = np.isin(facts.tellings.source, [SOURCE[name] for name in STOOD_IN])
    return int(facts.tellings.n[stood_in].sum())


def _tested(facts: Facts, promise: Promise) -> int:
    return _stood_in(facts) + len(loaded(facts, _failed(facts)))


def _subject(facts: Facts) -> int:
    return _stood_in(facts) + len(_failed(facts))


def _explains(cause: Row, row: Row) -> bool:
    return (cause["pop"], cause["reader"]) == (row["pop"], row["reader"])


def _say(row: Row, promise: Promise) -> str:
    why = f" ({row['note']})" if row["note"] else ""
    return f"{row['reader']} at {row['pop']} got no answer{why}, although {row['because']} had told it a config"


SERVES_LAST_GOOD = Check(
    id="serves-last-good",
    broken=_broken,
    causes=lambda facts: Causes(told=copies),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no reader that had a copy had to do without KV",
    say=_say,
    # One isolate has one clock.
    assumes=(),
    subject=_subject,
    no_subject="no read failed, and none was served from `fallback` or `last_good`",
    promised=lambda promise: promise.keeps_a_copy,
)
