# SPDX-License-Identifier: Apache-2.0
"""What the bound takes for granted of the environment, and what it takes of the design, measured in the same history.

That alarms are in time, that puts are confirmed and copies expire is the platform's to do: where it did not, a promise
that was missed was missed by that assumption. To try again after R, and to publish at all, are duties of the design.

Each monitor is a table of measured values: an assumption is broken where one exceeds its limit, and the largest of them
is the smallest limit that the history respects (`edgeproof learn`). Values are what is certain: a delay is counted
from the latest moment at which it can have begun.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.attempts import PLACE, after_failures, failed_in_a_row, took, waiting, waits
from edgeproof.properties.traffic.coded import OK, STALL, UNKNOWN
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import matched
from edgeproof.properties.traffic.labels import VERSION, key
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.served import served_after
from edgeproof.properties.traffic.table import Flags, Floats, Table, concat

__all__ = ["MONITORS", "Monitor"]


@frozen
class Monitor:
    """One assumption: the field of the promise that limits it, its symbol, what it says, and how it is measured.

    `measure` gives rows of `unit`, `value` (seconds, or a count), `file` and `line`. `everywhere` marks what concerns
    all units at once, and `strictly` whether a value that equals the limit respects it.
    """

    id: str
    symbol: str
    field: str
    says: str
    measure: Callable[[Facts, Promise], Table]
    say: str
    """Of the row with the largest value, and with the limit; `say_still` where that row is `still` growing."""
    say_still: str = ""
    everywhere: bool = False
    strictly: bool = True
    duty: bool = False
    """Whether it is the design's own to keep, and no excuse."""

    def limit(self, promise: Promise) -> float | None:
        """What the promise assumes; None if it assumes nothing."""
        found: float | None = getattr(promise, self.field)
        if self.id == PUBLISHING and found is not None:
            return _latest(promise)
        return None if self.id == LATE and promise.may_be_late else found

    def unwatched(self, puts: int, cached: int) -> str:
        """Why a history with so many puts, and reads from caches, does not show whether the assumption was kept; empty
        if it does, or none was made.
        """
        if not puts and not self.everywhere:
            return "no put is recorded"
        if self.field == "cache_ttl" and not cached:
            return "no read says that it was served from a cache"
        return ""

    def broken(self, facts: Facts, promise: Promise) -> Table:
        """The rows over the limit."""
        return self.over(self.measure(facts, promise), promise)

    def over(self, measured: Table, promise: Promise) -> Table:
        """Those of the measured values that are over the limit."""
        limit = self.limit(promise)
        over = np.inf if limit is None else limit
        return measured.take(measured.value > over if self.strictly else measured.value >= over)


LATE: Final = "assumes-no-late-puts"
PUBLISHING: Final = "keeps-publishing"


LATEST_ALARM: Final = 60.0
"""Seconds that an alarm may be late by the platform's documentation, while it fails over. One that is later still and
never came is not known to be late: nothing is going to be published."""


def _late_alarms(facts: Facts, promise: Promise) -> Table:
    """Waits for a put that came, and those for one that may yet come."""
    still, came = waiting(facts), waits(facts)
    still = still.take(still.value <= _latest(promise))
    return concat([came.put(still=np.zeros(len(came), bool)), still.put(still=np.ones(len(still), bool))])


def _never_published(facts: Facts, promise: Promise) -> Table:
    still = waiting(facts)
    return still.take(still.value > _latest(promise))


def _latest(promise: Promise) -> float:
    return max(promise.sync_delay or 0.0, LATEST_ALARM)


def _landing_late(facts: Facts, promise: Promise) -> Table:
    """Puts that were given up: nobody knows until when they may land."""
    puts = took(facts)
    return puts.take(puts.outcome == UNKNOWN)


def _confirmed(facts: Facts, promise: Promise) -> Table:
    puts = took(facts)
    return puts.take(puts.outcome == OK)


def _stalls(facts: Facts, promise: Promise) -> Table:
    """How long the machine of a run took at the worst to answer something trivial."""
    stalls = facts.faults.take((facts.faults.note == STALL) & ~np.isnan(facts.faults.returned))
    return stalls.put(value=stalls.returned - stalls.invoke).only(*PLACE, "value")


def _skew(facts: Facts, promise: Promise) -> Table:
    """How long before its commit was asked for somebody had exactly what it contains."""
    contents, told = facts.contents, facts.told
    known = contents.take(_is_own(facts, contents))
    asked = _asked(facts, told)
    there = matched(key(told, VERSION), key(known, VERSION)) >= 0
    early = told.put(asked=asked).take(there & (told.first_returned < asked))
    puts = facts.publishes
    puts = puts.put(value=_asked(facts, puts) - puts.returned)
    found = [puts.take(_is_own(facts, puts) & (puts.value > 0)).only(*PLACE, "value")]
    known_early = matched(key(facts.tellings, VERSION), key(early, VERSION)) >= 0
    for reads in facts.reads(np.where(known_early, -np.inf, np.inf)) if len(early) else ():
        of = matched((*key(reads, VERSION), reads.returned), (*key(early, VERSION), early.first_returned))
        first = reads.take(of >= 0)
        found.append(first.put(value=early.asked[of[of >= 0]] - first.returned).only(*PLACE, "value"))
    return concat(found)


def _asked(facts: Facts, table: Table) -> Floats:
    """Since when the version of each row may exist."""
    return np.append(facts.versions.asked, np.nan)[matched(key(table, VERSION), key(facts.versions, VERSION))]


def _is_own(facts: Facts, table: Table) -> Flags:
    """Whether the content of each row is one that its version is known to have."""
    names = (*VERSION, "digest")
    return matched(key(table, names), key(facts.own_contents, names)) >= 0


_ALL: Final = (
    Monitor(
        "assumes-sync-delay",
        "S",
        "sync_delay",
        "An alarm fires at most S after it is due: a commit's put begins by then.",
        _late_alarms,
        "a commit had waited {value:.3f} s when {at} was put, and S is {limit:g} s",
        say_still="the commit of {at} had waited {value:.3f} s when the history ended, and S is {limit:g} s",
    ),
    Monitor(
        PUBLISHING,
        "publishing",
        "sync_delay",
        f"What is committed is put: an alarm later than {LATEST_ALARM:g} s, and than S, does not come any more.",
        _never_published,
        "the commit of {at} waited {value:.3f} s, until the history ended, and was never put",
        duty=True,
    ),
    Monitor(
        "assumes-put-timeout",
        "D",
        "put_timeout",
        "A put is confirmed within D.",
        _confirmed,
        "the put of {at} took {value:.3f} s, and D is {limit:g} s",
    ),
    Monitor(
        LATE,
        "D",
        "put_timeout",
        "No put lands after it was given up.",
        _landing_late,
        "the put of {at} timed out, and nobody knows until when it may land",
        strictly=False,
    ),
    Monitor(
        "assumes-retries",
        "F",
        "failures",
        "At most F puts in a row fail.",
        lambda facts, promise: failed_in_a_row(facts),
        "{value:g} puts in a row failed until {at}, and the bound allows for {limit:g}",
    ),
    Monitor(
        "keeps-retry-delay",
        "R",
        "retry_delay",
        "The next attempt begins at most R after a failed one.",
        after_failures,
        "{value:.3f} s went by after the put of {at} had failed, and R is {limit:g} s",
        duty=True,
    ),
    Monitor(
        "assumes-cache-ttl",
        "T",
        "cache_ttl",
        "No location serves a cached copy for longer than T.",
        served_after,
        "a location served a cached copy {value:.3f} s after KV had moved on, and T is {limit:g} s",
    ),
    Monitor(
        "assumes-machine",
        "machine",
        "machine",
        "The machine of a run is not later by itself than S allows for.",
        _stalls,
        "the machine took {value:.3f} s to answer something trivial ({at}), and S allows for {limit:g} s",
        everywhere=True,
    ),
    Monitor(
        "assumes-skew",
        "ε",
        "skew",
        "The recorders' clocks differ by at most ε.",
        _skew,
        "{at} knew a version {value:.3f} s before its commit was asked for, and clocks differ by {limit:g} s at most",
        everywhere=True,
    ),
)

MONITORS: Final = {one.id: one for one in _ALL}
"""By id."""
