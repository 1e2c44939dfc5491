# SPDX-License-Identifier: Apache-2.0
"""What is known of versions: by whom and when they were made, and what superseded them as whose reads saw it."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.keeping import keep, number
from edgeproof.properties.traffic.labels import SEEN, VERSION, later_than

__all__ = ["SCOPES", "moments_of", "versions_of"]

SCOPES: Final = {"none": 0, "read": 1, "write": 2}


def versions_of(
    commits: ir.Table, restores: ir.Table, publishes: ir.Table, told: ir.Table, units: ir.Table
) -> ir.Table:
    """Every version that anybody named, with what is known of its commits and restores.

    `asked`: since when it may exist. `acknowledged`: since when it did for certain; `certain` the same of one that no
    restore took back, `lately` when the last of these was, and `stands` whether there is one. `digests`: its contents,
    as far as those that made it say, the first since `labelled`; `bare`: how many may have given it another one.
    `granted`, `repo`, `expires`: what it grants, if it is of a token. `unnamed`: since when some commit whose version
    nobody learnt may have made it. `newer_asked`: since when something newer may exist.
    """
    made = _made(commits, restores)
    per = keep(_per_version(made, restores))
    named = [t.select(*VERSION) for t in (made, publishes.filter(publishes.version.notnull()), told)]
    spine = ibis.union(*named, distinct=True)
    of_units = units.select("unit", "unnamed", "nameless")
    joined = spine.left_join(per, list(VERSION)).left_join(of_units, "unit")
    kept = [c for c in per.columns if c not in VERSION]
    versions = joined.select(*VERSION, *kept, "unnamed", "nameless")
    # Where a restore took a number back, any commit may have given it away again.
    again = restores.select("unit", restored=True).distinct()
    versions = versions.left_join(again, "unit").select(*versions.columns, "restored")
    nameless = ibis.ifelse(versions.restored.fill_null(False), versions.nameless.fill_null(0), 0)
    bare = ibis.ifelse(versions.asked.isnull(), 1, versions.bare) + nameless
    versions = versions.mutate(bare=bare).drop("restored", "nameless")
    newer_asked = versions.asked.min().over(later_than(("unit",)))
    return versions.mutate(newer_asked=ibis.least(newer_asked, versions.unnamed))


def moments_of(commits: ir.Table, restores: ir.Table, versions: ir.Table) -> ir.Table:
    """Per version and number of restores that a read may have `seen`: by when it had certainly been made (`certain`),
    something newer had (`superseded`), and its token had been revoked by something newer (`revoked`).

    What a restore took back counts for the reads that were over before that restore began.
    """
    made = _made(commits, restores)
    made = made.filter(made.outcome == "ok")
    if number(restores.count()):
        ranks = keep(_ranks(restores))
        first = ranks.select("unit").distinct().mutate(seen=ibis.literal(0, "int64"))
        seen = ibis.union(ranks.select("unit", seen="rank"), first, distinct=True)
        made = _as_seen(_taken_back(made, ranks), seen)
        made = made.filter(made.taken_by.isnull() | (made.taken_by > made.seen))
        spine = _as_seen(versions, seen)
    else:
        made, spine = (t.mutate(seen=ibis.literal(0, "int64")) for t in (made, versions))
    certain = made.group_by(list(SEEN)).agg(certain=made.returned.min())
    spine = spine.select(*SEEN, "granted").left_join(certain, list(SEEN))
    spine = spine.select(*SEEN, "granted", "certain")
    after = later_than(("unit", "seen"))
    revoking = ibis.ifelse(spine.granted == 0, spine.certain, ibis.null("float64"))
    moments = spine.mutate(superseded=spine.certain.min().over(after), revoked=revoking.min().over(after))
    return moments.drop("granted")


def _as_seen(table: ir.Table, seen: ir.Table) -> ir.Table:
    """A row for each number of restores that a read of the unit may have seen: none, to all of them."""
    joined = table.left_join(seen, "unit")
    return joined.select(*table.columns, seen=joined.seen.fill_null(0))


def _made(commits: ir.Table, restores: ir.Table) -> ir.Table:
    """Commits and restores that name a version."""
    both = ibis.union(commits.drop("life"), restores)
    return both.filter(both.version.notnull())


def _per_version(made: ir.Table, restores: ir.Table) -> ir.Table:
    """Versions by their commits and restores: asked for since when, there by when, with what content."""
    undone = _undone(made, restores)
    rank = ibis.cases(*((undone.scope == scope, rank) for scope, rank in SCOPES.items()))
    ok = undone.outcome == "ok"
    stands = ok & ~undone.undone
    repos, known = undone.repo.nunique(), undone.digest.notnull()
    write = ibis.coalesce(undone.key, undone.file + ":" + undone.line.cast("string"))
    return undone.group_by(list(VERSION)).agg(
        asked=undone.invoke.min(),
        acknowledged=undone.returned.min(where=ok),
        certain=undone.returned.min(where=stands),
        stands=stands.any(),
        lately=undone.returned.max(where=stands),
        digests=undone.digest.collect(where=known, distinct=True),
        labelled=undone.invoke.min(where=known),
        bare=write.nunique(where=~known),
        # What is ambiguous is taken as favourably as it can be.
        granted=rank.max(),
        repo=ibis.ifelse(repos == 1, undone.repo.min(), ibis.null("string")),
        expires=undone.expires.max(),
    )


def _ranks(restores: ir.Table) -> ir.Table:
    """The restores with how many of their unit had begun by the moment that each began (`rank`)."""
    times = restores.group_by(["unit", "invoke"]).agg(at_once=restores.count())
    so_far = ibis.cumulative_window(group_by="unit", order_by="invoke")
    times = times.mutate(rank=times.at_once.sum().over(so_far).cast("int64"))
    return restores.inner_join(times.select("unit", "invoke", "rank"), ["unit", "invoke"])


def _back(restores: ir.Table) -> ir.Table:
    return restores.mutate(
        of_unit=restores.unit,
        to_era=restores.era,
        to_version=ibis.coalesce(restores.version, -1),
        back_by=ibis.coalesce(restores.returned, float("inf")),
    )


def _takes(made: ir.Table, back: ir.Table) -> list[ir.BooleanValue]:
    """A restore takes back, or may, what is above the version that it goes back to, unless that came after it."""
    return [
        made.unit == back.of_unit,
        made.era <= back.to_era,
        made.invoke <= back.back_by,
        back.to_version < made.version,
    ]


def _taken_back(made: ir.Table, ranks: ir.Table) -> ir.Table:
    """What was made, with the rank of the first restore that took it back (`taken_by`), null for none."""
    back = _back(ranks).select("of_unit", "to_era", "to_version", "back_by", "rank")
    taken = made.inner_join(back, _takes(made, back))
    first = taken.group_by(["file", "line"]).agg(taken_by=taken["rank"].min())
    return made.left_join(first, ["file", "line"]).select(*made.columns, "taken_by")


def _undone(made: ir.Table, restores: ir.Table) -> ir.Table:
    """Whether a restore to an older version took it back, or may have."""
    if not number(restores.count()):
        return made.mutate(undone=False)
    back = _back(restores).select("of_unit", "to_era", "to_version", "back_by")
    taken = _takes(made, back)
    gone = made.semi_join(back, taken).mutate(undone=True)
    return ibis.union(gone, made.anti_join(back, taken).mutate(undone=False))
