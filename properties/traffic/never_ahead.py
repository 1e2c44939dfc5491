# SPDX-License-Identifier: Apache-2.0
"""`never-ahead`: reads and puts of versions whose commit was asked for later, or never, or had been taken back.

What a read was told, and what a put carried, it had by its end at the latest, and not before it began. So it is ahead
for certain if no commit of its version, nor restore to it, was asked for by its end and was still there at its
beginning. A restore takes back what is newer than the version that it goes on with, if it was there before for certain;
one that goes on in a new era is newer than all before it, and takes nothing back. A commit whose version nobody learnt
accounts for a version that nobody else made, or that was taken back. Of versions that are older than the first commit
on record nobody knows when they were made.
"""

from __future__ import annotations

from math import inf

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.gone import Gone
from edgeproof.properties.traffic.groups import matched
from edgeproof.properties.traffic.labels import VERSION, key, newer, same_version
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import ReadsOf, Versions
from edgeproof.properties.traffic.table import Column, Flags, Floats, Table, filled

__all__ = ["NEVER_AHEAD"]


def _allowed(facts: Facts) -> Table:
    """Since when a version may be known: when its commit was asked for, or one that nobody learnt the version of."""
    versions = facts.versions.take(facts.versions.label > 0)
    earliest = np.where(np.isnan(versions.asked), versions.unnamed, versions.asked)
    return versions.only(*VERSION, "asked").put(earliest=earliest)


def _early(facts: Facts, known: Table, known_by: Column, allowed: Versions, promise: Promise) -> tuple[Flags, Floats]:
    """What was known of too early, if it was at these moments, and when its version's commit was asked for."""
    place = allowed.places(known)
    if not len(allowed.table):
        return np.zeros(len(known), bool), np.full(len(known), np.nan)
    earliest = allowed.table.earliest[place]
    early = np.isnan(earliest) | (known_by + promise.slack < earliest)
    return (place >= 0) & early & _on_record(facts, known), allowed.table.asked[place]


def _on_record(facts: Facts, known: Table) -> Flags:
    """Whether the record had begun when this version was made."""
    return known.label >= facts.units.recorded[known.unit]


def _over(events: Table) -> Floats:
    return filled(events.returned, inf)


def _broken(facts: Facts, promise: Promise) -> Broken:
    allowed, gone = Versions.of(facts, _allowed(facts)), Gone.of(facts)

    def too_early(known: Table) -> tuple[Flags, Floats]:
        which, because_at = _early(facts, known, _over(known), allowed, promise)
        there = np.flatnonzero(~which & gone.may_be(known))
        late, by = gone.since(known.take(there), promise.slack)
        late &= ~(facts.units.unnamed[known.unit[there]] <= _over(known)[there] + promise.slack)
        which[there[late]], because_at[there[late]] = True, by[late]
        return which, because_at[which]

    puts, because_at = too_early(facts.publishes)
    early, _ = _early(facts, facts.told, facts.told.first_returned, allowed, promise)
    suspects = early | gone.may_be(facts.told)
    broken = facts.publishes.take(puts).put(because_at=because_at)
    return Broken(broken, ReadsOf(suspects, too_early) if suspects.any() else None)


def _tested(facts: Facts, promise: Promise) -> int:
    told, put = facts.told, facts.publishes
    made = _allowed(facts)

    def asked(known: Table, known_by: Column) -> Flags:
        place = matched(key(known, VERSION), key(made, VERSION))
        there = (place >= 0) & (made.asked[place] <= known_by + promise.slack) if len(made) else known.label < 0
        return (known.label > 0) & (there | _on_record(facts, known))

    return int(told.n[asked(told, told.last_returned)].sum()) + int(asked(put, _over(put)).sum())


def _measures(facts: Facts, promise: Promise) -> dict[str, int | float]:
    """How many reads and puts only a commit of unknown outcome accounts for."""
    allowed = _allowed(facts)
    unnamed = Versions.of(facts, allowed.take(np.isnan(allowed.asked) & ~np.isnan(allowed.earliest)))
    told, put = facts.told, facts.publishes
    early, _ = _early(facts, told, told.first_returned, unnamed, promise)
    early_put, _ = _early(facts, put, _over(put), unnamed, promise)
    known, known_put = (unnamed.places(each) >= 0 for each in (told, put))
    return {"of_unknown_commits": int(told.n[known & ~early].sum()) + int((known_put & ~early_put).sum())}


def _say(row: Row, promise: Promise) -> str:
    if row["because"] is None:
        return f"{what(row)}, which was never committed"
    if (row["because_era"], row["because_version"]) != (row["era"], row["version"]):
        return f"{what(row)} after {row['because']} had restored {told_text(row, 'because_')}"
    return f"{what(row)}, before {row['because']} asked for its commit"


def _explains(cause: Row, row: Row) -> bool:
    return same_version(cause, row) or (cause["kind"] == "fault" and newer(row, cause))


NEVER_AHEAD = Check(
    id="never-ahead",
    broken=_broken,
    causes=lambda facts: Causes(((facts.made, "invoke"), (facts.restores, "returned"))),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "nobody put or read a version of a unit whose commits are on record",
    say=_say,
    measures=_measures,
)
