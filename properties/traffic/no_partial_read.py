# SPDX-License-Identifier: Apache-2.0
"""`no-partial-read`: reads with another digest than the version that they were told.

Where commits and restores say what the version contains, it is that. Where one of them does not say, it may have had
any one content more; so may a version that nobody is known to have made, and, once a restore took numbers back, one
more for each commit whose version nobody learnt. Contents that came after as many as there may be are nobody's.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, causes_at, event_columns, with_another_content
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.keeping import keep
from edgeproof.properties.traffic.labels import EMPTY_DIGEST, VERSION
from edgeproof.properties.traffic.promise import Promise

__all__ = ["NO_PARTIAL_READ"]


def _contents(facts: Facts) -> ir.Table:
    """Contents that readers were given, with those that the version is known to have, and how many others it may."""
    v = facts.versions.select(*VERSION, "digests", "bare", "labelled")
    empty = (v.era == 0) & (v.version == 0)
    v = v.mutate(
        digests=ibis.ifelse(empty, ibis.array([EMPTY_DIGEST]), ibis.coalesce(v.digests, ibis.array([""]))),
        bare=ibis.ifelse(empty, 0, v.bare),
        labelled=ibis.ifelse(empty, ibis.null("float64"), v.labelled),
    )
    joined = facts.contents.inner_join(v, list(VERSION))
    return joined.mutate(known=joined.digests.contains(joined.digest))


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    contents = keep(_contents(facts))
    first = contents.group_by(list(VERSION)).agg(first=contents.first_returned.min())
    others = contents.filter(~contents.known).inner_join(first, list(VERSION))
    order = ibis.window(group_by=list(VERSION), order_by=["first_returned", "digest"])
    others = others.mutate(place=ibis.row_number().over(order))
    bad = others.filter(others.place >= others.bare)
    empty = (bad.era == 0) & (bad.version == 0)
    since = ibis.ifelse(empty, ibis.null("float64"), ibis.coalesce(bad.labelled, bad["first"]))
    return bad.select(*VERSION, "digest", because_at=since)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    keys = [*VERSION, "digest"]
    joined = facts.reads.inner_join(_suspects(facts, promise), keys)
    return event_columns(joined, joined.because_at)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    """Reads with a content that there is another one to compare with."""
    contents = _contents(facts)
    contents = contents.filter((contents.era > 0) | (contents.version > 0))
    alone = contents.filter(contents.labelled.isnull()).select(*VERSION).distinct().count().as_scalar()
    return contents.n.sum().fill_null(0) - alone


def _causes(facts: Facts) -> ir.Table:
    made, reads = facts.made, facts.reads
    return ibis.union(
        causes_at(made.filter(made.digest.notnull()), "invoke"),
        causes_at(reads.filter(reads.digest.notnull()), "returned"),
    )


NO_PARTIAL_READ = Check(
    id="no-partial-read",
    suspects=_suspects,
    broken=_broken,
    causes=_causes,
    explains=lambda cause, row: (cause.era == row.era) & (cause.version == row.version) & (cause.digest != row.digest),
    tested=_tested,
    untested=lambda promise: "no read has a digest to compare with that of a commit, or of another read of its version",
    say=lambda row, promise: with_another_content(row),
    assumes=(),
)
