# SPDX-License-Identifier: Apache-2.0
"""The identity of a write: its key. However often it was sent, and whichever attempt made it, it is one commit.

An attempt whose answer was lost may have been what a later answer tells of. So an answered commit may have been made
since its write was sent first; and an attempt that learnt no version says nothing more once its write is answered.
Across a restore nobody knows: it may have taken the write back, key and all, and then the next attempt made another.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.keeping import keep, number
from edgeproof.properties.traffic.labels import VERSION
from edgeproof.properties.traffic.lives import NOWHERE, lives

__all__ = ["writes"]


def writes(commits: ir.Table, restores: ir.Table) -> ir.Table:
    """Commits that did not fail, `invoke` being when their write was sent first, with the `life` of their unit.

    Attempts of unknown outcome and version are left out where an answer tells what became of their write.
    """
    keyed = commits.filter(commits.key.notnull())
    if not number(keyed.count()):
        return keep(lives(commits, restores, ("unit",), "life"))
    made = keep(lives(_since_sent_first(commits, keyed), restores, ("unit",), "life"))
    answered = made.filter((made.outcome == "ok") & (made.life != NOWHERE)).select("unit", "key", "life").distinct()
    open_ones = commits.filter(commits.version.isnull() & commits.key.notnull())
    sent = lives(open_ones.mutate(returned=open_ones.invoke), restores, ("unit",), "life")
    told = sent.semi_join(answered, ["unit", "key", "life"]).select("file", "line")
    return keep(made.anti_join(told, ["file", "line"]))


def _since_sent_first(commits: ir.Table, keyed: ir.Table) -> ir.Table:
    """The commits with `invoke` moved to the first attempt under their key that may have made them."""
    nameless = keyed.filter(keyed.version.isnull())
    lost = nameless.group_by(["unit", "key"]).agg(lost_at=nameless.invoke.min())
    told = keyed.filter(keyed.version.notnull())
    same = told.group_by([*VERSION, "key"]).agg(told_at=told.invoke.min())
    joined = commits.left_join(lost, ["unit", "key"]).drop("unit_right", "key_right")
    joined = joined.left_join(same, [*VERSION, "key"])
    since = ibis.least(joined.told_at, ibis.coalesce(joined.lost_at, joined.told_at))
    sent = ibis.ifelse(joined.outcome == "ok", ibis.coalesce(since, joined.invoke), joined.invoke)
    return joined.mutate(invoke=sent).select(*commits.columns)
