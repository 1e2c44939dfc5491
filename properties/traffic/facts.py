# SPDX-License-Identifier: Apache-2.0
"""A history digested once, so that every check is asked of tables that are far smaller than the history.

Versions make this possible. That a read was told something too old, or too new, depends on its time only through the
comparison with one moment that belongs to the version it was told. So it is enough to know, of each reader and each
version, when that reader was told it for the first and the last time: one pass over the reads, and what it leaves has a
row per reader and version, however often the reader read. Nothing is lost: a read that passes the moment exists if
and only if the first or the last one passes it. The reads themselves are looked at again only to name those that broke
something.

A restore undoes from its own time on. So a unit that was restored has such moments once for the reads before each
restore, and once for those after all: reads are told apart by how many restores they may have seen.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from attrs import frozen

from edgeproof.properties.traffic.keeping import keep, number
from edgeproof.properties.traffic.labels import SESSION, VERSION
from edgeproof.properties.traffic.lives import evictions_of, lives, restores_of, restores_seen
from edgeproof.properties.traffic.making import moments_of, versions_of
from edgeproof.properties.traffic.writes import writes

__all__ = ["Facts", "gather"]


@frozen
class Facts:
    """What the checks read. All but `events`, `reads` are kept, and have a row per version, put, commit or session.

    `reads` are those that got an answer, `unanswered` the others, each with its `session` and with the number of its
    unit's restores that may have begun by its end (`seen`). `commits` are those that did not fail, as `writes` tells
    them apart, each with the `life` of its unit, which a restore ends; `restores` are the restores that say which
    version they went back to. `tellings` has a row per session, version, source and `seen`: how many reads (`n`), and
    when the first and the last began and ended. `told` is the same per version and `seen`, with the number of
    locations. `contents` counts reads per version and digest, and says when the first one ended; `asks` counts those
    of tokens. `versions` says of each version that anybody named what is known of its commit; `moments` the same, per
    `seen`, of those that superseded it; `units` what is known of a unit.
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
    moments: ir.Table
    units: ir.Table

    @property
    def made(self) -> ir.Table:
        """Commits, and restores of a version."""
        return ibis.union(self.commits.drop("life"), self.restores)


def gather(events: ir.Table) -> Facts:
    """Digest a history: a pass or two over its reads."""
    # In two parts, each of which Parquet's statistics spare most of a file.
    unanswered = events.filter((events.kind == "read") & (events.outcome != "ok"))
    others = keep(ibis.union(events.filter(events.kind != "read"), unanswered))
    faults = others.filter(others.kind == "fault")
    restores = keep(restores_of(faults))
    restored = restores.filter(restores.version.notnull())
    commits = writes(others.filter((others.kind == "commit") & (others.outcome != "fail")), restores)
    publishes = others.filter(others.kind == "publish")
    answered = restores_seen(events.filter((events.kind == "read") & (events.outcome == "ok")), restores)
    evictions = evictions_of(faults, events.filter(events.kind == "read"))
    reads = lives(answered, evictions, ("pop", "reader"), "session")
    tellings = keep(_tellings(reads))
    told = keep(_told(tellings))
    units = keep(_units(commits, restored))
    versions = keep(versions_of(commits, restores, publishes, told, units))
    failed = restores_seen(others.filter(others.kind == "read"), restores)
    return Facts(
        events,
        reads,
        keep(lives(failed, evictions, ("pop", "reader"), "session")),
        commits,
        publishes,
        faults,
        restored,
        tellings,
        told,
        keep(_contents(answered)),
        keep(_asks(answered)),
        versions,
        keep(moments_of(commits, restores, versions)),
        units,
    )


def _tellings(reads: ir.Table) -> ir.Table:
    return reads.group_by([*SESSION, "era", "version", "source", "seen"]).agg(**_span(reads), n=reads.count())


def _span(reads: ir.Table) -> dict[str, ir.Value]:
    return {
        "first_invoke": reads.invoke.min(),
        "last_invoke": reads.invoke.max(),
        "first_returned": reads.returned.min(),
        "last_returned": reads.returned.max(),
    }


def _told(tellings: ir.Table) -> ir.Table:
    t = tellings
    return t.group_by([*VERSION, "seen"]).agg(
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
    return asks.group_by([*VERSION, "seen", "repo", "scope", "admitted"]).agg(**_span(asks), n=asks.count())


def _units(commits: ir.Table, restored: ir.Table) -> ir.Table:
    """When a unit had its first version for certain, since when a commit may have gone unseen, when it was quiet.

    What a write of unknown outcome did, it did since it was asked for: until then the unit was not quiet.
    """
    ok = (commits.outcome == "ok").name("ok")
    of_commits = commits.group_by("unit").agg(
        began=commits.returned.min(where=ok),
        unnamed=commits.invoke.min(where=commits.version.isnull()),
        nameless=commits.count(where=commits.version.isnull()),
        open=commits.count(where=~ok),
        answered=commits.returned.max(where=ok),
        asked=commits.invoke.max(where=~ok),
    )
    of_restores = restored.group_by("unit").agg(restored_by=ibis.coalesce(restored.returned, float("inf")).max())
    both = of_commits.left_join(of_restores, "unit")
    quiet = ibis.greatest(both.answered, both.asked, both.restored_by)
    return both.select("unit", "began", "unnamed", "nameless", "open", quiet=quiet)
