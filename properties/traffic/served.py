# SPDX-License-Identifier: Apache-2.0
"""For how long locations went on serving cached copies of what KV no longer held."""

from __future__ import annotations

import numpy as np

from edgeproof.properties.traffic.attempts import PLACE, ended
from edgeproof.properties.traffic.coded import FAIL, OK, SOURCE
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import earlier_max, group, later_min, matched
from edgeproof.properties.traffic.labels import SESSION, VERSION, key
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import ABSENT, Floats, Table

__all__ = ["gone_from_kv", "served_after"]


def gone_from_kv(facts: Facts, promise: Promise) -> Floats:
    """For each of the versions, by when KV had certainly moved on to a newer one.

    That is so once a put of a newer one is confirmed which had begun after all puts of older ones were over.
    """
    puts = facts.publishes.take(facts.publishes.outcome != FAIL)
    per = group(*key(puts, VERSION))
    first = puts.take(per.first)
    older_over = earlier_max((first.unit,), first.label, per.max(ended(puts, promise)))[per.of]
    alone = (puts.outcome == OK) & (np.isnan(older_over) | (puts.invoke > older_over))
    landed = per.min(puts.returned, alone)
    versions = facts.versions
    of = matched(key(versions, VERSION), key(first, VERSION))
    landed = np.where(of >= 0, np.append(landed, np.nan)[of], np.nan)
    return later_min((versions.unit,), versions.label, landed)


def served_after(facts: Facts, promise: Promise) -> Table:
    """How long after KV had moved on a location last served its cached copy, per location and version.

    Which read it was costs a look at all of them, and is not looked up.
    """
    cached = facts.tellings.take(facts.tellings.source == SOURCE["cache"])
    versions = matched(key(facts.told, VERSION), key(facts.versions, VERSION))
    gone = gone_from_kv(facts, promise)[versions][cached.told]
    nowhere = np.full(len(cached), ABSENT)
    served = cached.put(file=nowhere, line=nowhere, value=cached.last_invoke - gone)
    served = served.take(served.value > 0)
    each = group(*key(served, (*SESSION, "label", "seen")))
    return served.only(*PLACE).take(each.first).put(value=each.max(served.value))
