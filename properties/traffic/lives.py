# SPDX-License-Identifier: Apache-2.0
"""Where one thing ends and the next one begins: sessions at evictions, lives of a store at restores.

Only what is certain counts. An event that met a cut, or shares a moment with one, belongs to nobody knows which side:
the order of equal times is unknown, as clocks of Workers stand still while code runs.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.keeping import keep, number

__all__ = ["NOWHERE", "evictions_of", "lives", "restores_of", "restores_seen"]

NOWHERE: Final = -1
"""The session of a read that met its isolate's eviction: nobody knows which memory served it. Likewise the life of a
commit that met a restore."""

_ISOLATE: Final = ("pop", "reader")


def lives(table: ir.Table, cuts: ir.Table, of: tuple[str, ...], name: str) -> ir.Table:
    """The events with the number of the life that they belong to, each cut ending one; NOWHERE if they met a cut."""
    if not number(cuts.count()):
        return table.mutate(**{name: ibis.literal(0, "int64")})
    joined = _beside_cuts(table, cuts, of)
    begun, over = _begun(joined), joined.cut_by.filter(lambda at: at < joined.invoke).length().fill_null(0)
    life = ibis.ifelse(begun == over, over, NOWHERE).cast("int64")
    return joined.mutate(**{name: life}).select(*table.columns, name)


def restores_seen(table: ir.Table, restores: ir.Table) -> ir.Table:
    """The events with how many restores of their unit may have begun by their end (`seen`)."""
    if not number(restores.count()):
        return table.mutate(seen=ibis.literal(0, "int64"))
    joined = _beside_cuts(table, restores, ("unit",))
    return joined.mutate(seen=_begun(joined).cast("int64")).select(*table.columns, "seen")


def restores_of(faults: ir.Table) -> ir.Table:
    """The restores, or what may have been one."""
    return faults.filter((faults.note == "rollback") & (faults.outcome != "fail"))


def evictions_of(faults: ir.Table, reads: ir.Table) -> ir.Table:
    """The evictions by isolate, whichever unit their lines name: one that leaves `reader` or `pop` out is of them all.

    A memory is an isolate's, which serves many units.
    """
    evictions = faults.filter((faults.note == "evict") & (faults.outcome != "fail"))
    evictions = evictions.select(*_ISOLATE, "invoke", "returned")
    wide = evictions.filter(evictions.pop.isnull() | evictions.reader.isnull())
    if not number(wide.count()):
        return evictions
    isolates = keep(reads.select(*_ISOLATE).distinct())
    gone = wide.select(of_pop="pop", of_reader="reader", invoke="invoke", returned="returned")
    same = [(gone.of_pop.isnull()) | (gone.of_pop == isolates.pop)]
    same += [(gone.of_reader.isnull()) | (gone.of_reader == isolates.reader)]
    each = isolates.inner_join(gone, same).select(*_ISOLATE, "invoke", "returned")
    return ibis.union(evictions.filter(evictions.pop.notnull() & evictions.reader.notnull()), each)


def _beside_cuts(table: ir.Table, cuts: ir.Table, of: tuple[str, ...]) -> ir.Table:
    """The events with the moments at which cuts began (`cut_from`), and were over (`cut_by`)."""
    ends = cuts.group_by(list(of)).agg(
        cut_from=cuts.invoke.collect(), cut_by=cuts.returned.collect(where=cuts.returned.notnull())
    )
    return table.left_join(keep(ends), list(of), rname="{name}_of_cut")


def _begun(joined: ir.Table) -> ir.Value:
    end = ibis.coalesce(joined.returned, float("inf"))
    return joined.cut_from.filter(lambda at: at <= end).length().fill_null(0)
