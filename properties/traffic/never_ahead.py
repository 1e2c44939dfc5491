# SPDX-License-Identifier: Apache-2.0
"""`never-ahead`: reads and puts of versions whose commit was asked for later, or never, or had been taken back.

What a read was told, and what a put carried, it had by its end at the latest, and not before it began. So it is ahead
for certain if no commit of its version, nor restore to it, was asked for by its end and was still there at its
beginning. A restore takes back what is newer than the version that it goes on with, if it was there before for certain;
one that goes on in a new era is newer than all before it, and takes nothing back. A commit whose version nobody learnt
accounts for a version that nobody else made, or that was taken back.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns, told_text, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.keeping import keep, number
from edgeproof.properties.traffic.labels import VERSION, newer
from edgeproof.properties.traffic.promise import Promise

__all__ = ["NEVER_AHEAD"]


def _allowed(facts: Facts) -> ir.Table:
    """Since when a version may be known: when its commit was asked for, or one that nobody learnt the version of."""
    v = facts.versions.filter((facts.versions.era > 0) | (facts.versions.version > 0))
    return v.select(*VERSION, "asked", earliest=ibis.coalesce(v.asked, v.unnamed))


def _told(facts: Facts, promise: Promise) -> ir.Table:
    told = facts.told.inner_join(_allowed(facts), list(VERSION))
    return told.filter(_too_early(told.first_returned, told, promise))


def _put(facts: Facts, promise: Promise) -> ir.Table:
    puts = facts.publishes
    puts = puts.mutate(over=ibis.coalesce(puts.returned, float("inf"))).inner_join(_allowed(facts), list(VERSION))
    return puts.filter(_too_early(puts.over, puts, promise))


def _too_early(known_by: ir.Value, table: ir.Table, promise: Promise) -> ir.BooleanValue:
    return table.earliest.isnull() | (known_by + promise.slack < table.earliest)


def _spells(facts: Facts) -> ir.Table:
    """What was made, since when it may have been there and until when (`until`, null for ever)."""
    made = facts.made.filter(facts.made.version.notnull()).select(
        *VERSION, "file", "line", "invoke", "returned", "outcome"
    )
    back = facts.restores.filter((facts.restores.outcome == "ok") & facts.restores.returned.notnull())
    back = back.select(of_unit="unit", to_era="era", to_version="version", from_="invoke", by="returned")
    above = (made.era > back.to_era) | ((made.era == back.to_era) & (made.version > back.to_version))
    taken = made.inner_join(back, [made.unit == back.of_unit, above, made.outcome == "ok", made.returned < back.from_])
    until = taken.group_by(["file", "line"]).agg(until=taken.by.min())
    return made.left_join(until, ["file", "line"]).select(*VERSION, "file", "line", "invoke", "until")


def _taken_back(facts: Facts, promise: Promise) -> ir.Table:
    """Reads and puts of versions that a restore had taken back, and nobody had made again; `because_at` is when."""
    spells = keep(_spells(facts))
    gone = spells.filter(spells.until.notnull()).select(*VERSION).distinct()
    reads = facts.reads.drop("session", "seen").semi_join(gone, list(VERSION))
    events = keep(ibis.union(reads, facts.publishes.semi_join(gone, list(VERSION))))
    end = ibis.coalesce(events.returned, float("inf")) + promise.slack
    there = spells.select(*VERSION, since="invoke", until="until")
    unnamed = facts.units.select("unit", "unnamed")
    joined = events.left_join(unnamed, "unit")
    events = joined.select(*events.columns, excused=(joined.unnamed <= end).fill_null(False))
    both = events.filter(~events.excused).left_join(there, list(VERSION))
    over = (both.until < both.invoke - promise.slack).fill_null(False)
    fits = (both.since <= ibis.coalesce(both.returned, float("inf")) + promise.slack) & ~over
    judged = both.group_by(["file", "line"]).agg(fits=fits.any(), because_at=both.until.max(where=over))
    bad = judged.filter(~judged.fits & judged.because_at.notnull()).select("file", "line", "because_at")
    return events.inner_join(bad, ["file", "line"])


def _any_taken_back(facts: Facts) -> bool:
    return bool(number(facts.restores.count()))


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    early = [_told(facts, promise).select(*VERSION), _put(facts, promise).select(*VERSION)]
    if _any_taken_back(facts):
        early.append(_taken_back(facts, promise).select(*VERSION))
    return ibis.union(*early)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    suspects = _told(facts, promise).select(*VERSION, "seen", "asked", "earliest")
    reads = facts.reads.inner_join(suspects, [*VERSION, "seen"])
    reads = reads.filter(_too_early(reads.returned, reads, promise))
    puts = _put(facts, promise)
    early = ibis.union(event_columns(puts, puts.asked), event_columns(reads, reads.asked))
    if not _any_taken_back(facts):
        return early
    gone = _taken_back(facts, promise)
    return ibis.union(early, event_columns(gone, gone.because_at).anti_join(early, ["file", "line"]))


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    told, put = facts.told, facts.publishes
    reads = told.filter((told.era > 0) | (told.version > 0)).n.sum().fill_null(0)
    return reads + put.count(where=(put.era > 0) | (put.version > 0)).as_scalar()


def _measures(facts: Facts, promise: Promise) -> dict[str, ir.Scalar]:
    """How many reads and puts only a commit of unknown outcome accounts for."""
    unnamed = _allowed(facts)
    unnamed = unnamed.filter(unnamed.asked.isnull() & unnamed.earliest.notnull())
    told = facts.told.inner_join(unnamed, list(VERSION))
    put = facts.publishes.mutate(over=ibis.coalesce(facts.publishes.returned, float("inf")))
    put = put.inner_join(unnamed, list(VERSION))
    reads = told.filter(~_too_early(told.first_returned, told, promise)).n.sum().fill_null(0)
    return {"of_unknown_commits": reads + put.filter(~_too_early(put.over, put, promise)).count().as_scalar()}


def _say(row: Row, promise: Promise) -> str:
    if row["because"] is None:
        return f"{what(row)}, which was never committed"
    if (row["because_era"], row["because_version"]) != (row["era"], row["version"]):
        return f"{what(row)} after {row['because']} had restored {told_text(row, 'because_')}"
    return f"{what(row)}, before {row['because']} asked for its commit"


def _explains(cause: ir.Table, row: ir.Table) -> ir.BooleanValue:
    same = (cause.era == row.era) & (cause.version == row.version)
    return same | ((cause.kind == "fault") & newer(row, cause))


NEVER_AHEAD = Check(
    id="never-ahead",
    suspects=_suspects,
    broken=_broken,
    causes=lambda facts: ibis.union(causes_at(facts.made, "invoke"), causes_at(facts.restores, "returned")),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "nobody put or read any version",
    say=_say,
    measures=_measures,
)
