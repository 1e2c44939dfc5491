# SPDX-License-Identifier: Apache-2.0
"""A history digested once, so that every check is asked of tables that are far smaller than the history.

Versions make this possible. That a read was told something too old, or too new, depends on its time only through the
comparison with one moment that belongs to the version it was told. So it is enough to know, of each reader and each
version, when that reader was told it for the first and the last time: one pass over the reads, and what it leaves has a
row per reader and version, however often the reader read. Nothing is lost: a read that passes the moment exists if
and only if the first or the last one passes it. The reads themselves are looked at again only to name those that broke
something.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir
from attrs import frozen

from edgeproof.properties.traffic.keeping import keep, number

__all__ = ["EMPTY_DIGEST", "NOWHERE", "SESSION", "VERSION", "Facts", "gather", "later_than", "newer"]

EMPTY_DIGEST: Final = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
"""SHA-256 of `{}`, which is what version 0 contains."""

VERSION: Final = ("unit", "era", "version")
"""What a version is known by."""

SESSION: Final = ("unit", "pop", "reader", "session")
"""What a session is known by."""

NOWHERE: Final = -1
"""The session of a read that met its isolate's eviction: nobody knows which memory served it. Likewise the life of a
commit that met a restore."""

SCOPES: Final = {"none": 0, "read": 1, "write": 2}


@frozen
class Facts:
    """What the checks read. All but `events`, `reads` are kept, and have a row per version, put, commit or session.

    `reads` are those that got an answer, `unanswered` the others, each with its `session`. `commits` are those that
    did not fail, each with the `life` of its unit, which a restore ends; `restores` are the restores that say which
    version they went back to. `tellings` has a row per session, version and source: how many reads (`n`), and when the
    first and the last began and ended. `told` is the same per version, with the number of locations. `contents` counts
    reads per version and digest, and says when the first one ended; `asks` counts those of tokens. `versions` says of
    each version that anybody named what is known of its commit and of those that superseded it; `units` what is known
    of a unit.
    """

    events: ir.Table
    reads: ir.Table
    unanswered: ir.Table
    commits: ir.Table
    publishes: ir.Table
    faults: ir.Table
    restores: ir.Table
    tellings: ir.Table
    told: ir.Table
    contents: ir.Table
    asks: ir.Table
    versions: ir.Table
    units: ir.Table


def gather(events: ir.Table) -> Facts:
    """Digest a history: a pass or two over its reads."""
    # In two parts, each of which Parquet's statistics spare most of a file.
    unanswered = events.filter((events.kind == "read") & (events.outcome != "ok"))
    others = keep(ibis.union(events.filter(events.kind != "read"), unanswered))
    faults = others.filter(others.kind == "fault")
    restores = keep(faults.filter((faults.note == "rollback") & (faults.outcome != "fail")))
    commits = others.filter((others.kind == "commit") & (others.outcome != "fail"))
    commits = keep(_lives(commits, restores, ("unit",), "life"))
    publishes = others.filter(others.kind == "publish")
    answered = events.filter((events.kind == "read") & (events.outcome == "ok"))
    evictions = faults.filter(faults.note == "evict")
    reads = _lives(answered, evictions, SESSION[:3], "session")
    tellings = keep(_tellings(reads))
    told = keep(_told(tellings))
    restored = restores.filter(restores.version.notnull())
    units = keep(_units(commits, restored))
    return Facts(
        events,
        reads,
        keep(_lives(others.filter(others.kind == "read"), evictions, SESSION[:3], "session")),
        commits,
        publishes,
        faults,
        restored,
        tellings,
        told,
        keep(_contents(answered)),
        keep(_asks(answered)),
        keep(_versions(commits, restores, publishes, told, units)),
        units,
    )


def newer(one: ir.Table, other: ir.Table) -> ir.BooleanValue:
    """Whether one version is newer than another: by era first, then by number."""
    return (one.era > other.era) | ((one.era == other.era) & (one.version > other.version))


def later_than(by: tuple[str, ...]) -> ibis.expr.builders.WindowBuilder:
    """The window of the rows with newer versions, of one unit or session; there must be one row per version."""
    return ibis.window(group_by=list(by), order_by=[ibis.desc("era"), ibis.desc("version")], preceding=(None, 1))


def _lives(table: ir.Table, cuts: ir.Table, of: tuple[str, ...], name: str) -> ir.Table:
    """The events with the number of the life that they belong to, each cut ending one; NOWHERE if they met a cut."""
    if not number(cuts.count()):
        return table.mutate(**{name: ibis.literal(0, "int64")})
    ends = cuts.group_by(list(of)).agg(
        cut_from=cuts.invoke.collect(), cut_by=cuts.returned.collect(where=cuts.returned.notnull())
    )
    joined = table.left_join(keep(ends), list(of), rname="{name}_of_cut")
    begun = joined.cut_from.filter(lambda at: at <= ibis.coalesce(joined.returned, float("inf"))).length()
    over = joined.cut_by.filter(lambda at: at <= joined.invoke).length()
    life = ibis.ifelse(begun.fill_null(0) == over.fill_null(0), over.fill_null(0), NOWHERE).cast("int64")
    return joined.mutate(**{name: life}).select(*table.columns, name)


def _tellings(reads: ir.Table) -> ir.Table:
    return reads.group_by([*SESSION, "era", "version", "source"]).agg(**_span(reads), n=reads.count())


def _span(reads: ir.Table) -> dict[str, ir.Value]:
    return {
        "first_invoke": reads.invoke.min(),
        "last_invoke": reads.invoke.max(),
        "first_returned": reads.returned.min(),
        "last_returned": reads.returned.max(),
    }


def _told(tellings: ir.Table) -> ir.Table:
    t = tellings
    return t.group_by(list(VERSION)).agg(
        first_invoke=t.first_invoke.min(),
        last_invoke=t.last_invoke.max(),
        first_returned=t.first_returned.min(),
        last_returned=t.last_returned.max(),
        n=t.n.sum(),
        pops=t.pop.nunique(),
    )


def _contents(answered: ir.Table) -> ir.Table:
    known = answered.filter(answered.digest.notnull())
    return known.group_by([*VERSION, "digest"]).agg(n=known.count(), first_returned=known.returned.min())


def _asks(answered: ir.Table) -> ir.Table:
    """What was asked of tokens: by version told, repository and scope asked for, and whether it was admitted."""
    asks = answered.filter(answered.admitted.notnull())
    if not number(answered.admitted.count()):
        asks = asks.limit(0)  # far fewer columns were looked at to know that
    return asks.group_by([*VERSION, "repo", "scope", "admitted"]).agg(**_span(asks), n=asks.count())


def _units(commits: ir.Table, restored: ir.Table) -> ir.Table:
    """When a unit had its first version for certain, since when a commit may have gone unseen, when it was quiet.

    What a write of unknown outcome did, it did since it was asked for: until then the unit was not quiet.
    """
    ok = (commits.outcome == "ok").name("ok")
    of_commits = commits.group_by("unit").agg(
        began=commits.returned.min(where=ok),
        unnamed=commits.invoke.min(where=commits.version.isnull()),
        open=commits.count(where=~ok),
        answered=commits.returned.max(where=ok),
        asked=commits.invoke.max(where=~ok),
    )
    of_restores = restored.group_by("unit").agg(restored_by=ibis.coalesce(restored.returned, float("inf")).max())
    both = of_commits.left_join(of_restores, "unit")
    quiet = ibis.greatest(both.answered, both.asked, both.restored_by)
    return both.select("unit", "began", "unnamed", "open", quiet=quiet)


def _versions(commits: ir.Table, restores: ir.Table, publishes: ir.Table, told: ir.Table, units: ir.Table) -> ir.Table:
    named = commits.filter(commits.version.notnull()).drop("life")
    made = ibis.union(named, restores.filter(restores.version.notnull()))
    per = keep(_made(made, restores))
    spine = ibis.union(
        *(table.select(*VERSION) for table in (made, publishes.filter(publishes.version.notnull()), told)),
        distinct=True,
    )
    joined = spine.left_join(per, list(VERSION)).left_join(units.select("unit", "unnamed", "began"), "unit")
    versions = joined.select(*VERSION, *(c for c in per.columns if c not in VERSION), "unnamed", "began")
    after = later_than(("unit",))
    certain_revocation = ibis.ifelse(versions.granted == 0, versions.certain, ibis.null("float64"))
    return versions.mutate(
        superseded=versions.certain.min().over(after),
        superseded_possibly=ibis.least(versions.asked.min().over(after), versions.unnamed),
        revoked=certain_revocation.min().over(after),
    )


def _made(made: ir.Table, restores: ir.Table) -> ir.Table:
    """Versions by their commits and restores: asked for since when, there by when, with what content."""
    undone = _undone(made, restores)
    rank = ibis.cases(*((undone.scope == scope, rank) for scope, rank in SCOPES.items()))
    stands = (undone.outcome == "ok") & ~undone.undone
    repos = undone.repo.nunique()
    return undone.group_by(list(VERSION)).agg(
        asked=undone.invoke.min(),
        certain=undone.returned.min(where=stands),
        stands=stands.any(),
        digests=undone.digest.collect(where=undone.digest.notnull(), distinct=True),
        # What is ambiguous is taken as favourably as it can be.
        granted=rank.max(),
        repo=ibis.ifelse(repos == 1, undone.repo.min(), ibis.null("string")),
        expires=undone.expires.max(),
    )


def _undone(made: ir.Table, restores: ir.Table) -> ir.Table:
    """Whether a restore to an older version took it back, or may have."""
    if not number(restores.count()):
        return made.mutate(undone=False)
    back = restores.select(
        unit=restores.unit,
        to_era=restores.era,
        to_version=restores.version,
        back_by=ibis.coalesce(restores.returned, float("inf")),
    )
    taken = [
        made.unit == back.unit,
        made.era <= back.to_era,
        made.invoke <= back.back_by,
        ibis.coalesce(back.to_version, -1) < made.version,
    ]
    gone = made.semi_join(back, taken).mutate(undone=True)
    return ibis.union(gone, made.anti_join(back, taken).mutate(undone=False))
