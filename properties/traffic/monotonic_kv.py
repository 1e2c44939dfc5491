# SPDX-License-Identifier: Apache-2.0
"""`monotonic-kv`: an older version in KV's centre after a newer one, as far as its puts and reads show.

While a confirmed put was under way, or the centre itself was read (`centre`), it held that version. What `KV.get`
returned (`kv`) may be a cached copy, and each location has its own: the centre held it by then, and, if copies are
known to be served for no longer than T, not longer ago than that. Without a T it says nothing of what was there later.
"""

from __future__ import annotations

from math import inf

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, told_text
from edgeproof.properties.traffic.coded import OK, SOURCE
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, matched
from edgeproof.properties.traffic.labels import VERSION, key
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import going_back, late_reads, versions_told
from edgeproof.properties.traffic.table import Column, Flags, Floats, Table, concat

__all__ = ["MONOTONIC_KV"]


def _puts(facts: Facts) -> Table:
    return facts.publishes.take(facts.publishes.outcome == OK)


def _of_kv(reads: Table) -> Flags:
    """What was read from KV, or its centre."""
    return np.isin(reads.source, [SOURCE["centre"], SOURCE["kv"]])


def _from(source: Column, began: Column, promise: Promise) -> Floats:
    """Since when the centre held what a read of a source that began then was given; never, if it gave nothing of KV."""
    copied = -inf if promise.cache_ttl is None else began - promise.cache_ttl
    return np.where(source == SOURCE["kv"], copied, np.where(source == SOURCE["centre"], began, -inf))


def _held(facts: Facts, promise: Promise) -> Table:
    """What the centre held for certain, by when first, and since when last."""
    puts, reads = _puts(facts), facts.tellings.take(_of_kv(facts.tellings))
    put = puts.only(*VERSION).put(first_returned=puts.returned, last_invoke=puts.invoke, n=np.ones(len(puts), np.int64))
    read = reads.put(last_invoke=_from(reads.source, reads.last_invoke, promise)).only(*put.columns)
    return versions_told(concat([put, read]), ("unit",))


def _broken(facts: Facts, promise: Promise) -> Broken:
    suspects, puts = going_back(_held(facts, promise), ("unit",), promise.slack), _puts(facts)
    place = matched(key(puts, VERSION), key(suspects, VERSION))
    puts, place = puts.take(place >= 0), place[place >= 0]
    late = puts.invoke > suspects.latest[place]
    of_reads = late_reads(facts, suspects, VERSION, lambda reads: _from(reads.source, reads.invoke, promise))
    return Broken(puts.put(because_at=suspects.because_at[place]).take(late), of_reads)


def _tested(facts: Facts, promise: Promise) -> int:
    held = _held(facts, promise)
    return len(held) - group(held.unit).n


def _say(row: Row, promise: Promise) -> str:
    shown = f"after {row['because']} had shown {told_text(row, 'because_')} there"
    if row["kind"] == "publish":
        return f"a put left {told_text(row)} in KV {shown}"
    copy = f", which serves no copy for longer than {promise.cache_ttl:g} s," if row["source"] == "kv" else ""
    return f"{row['reader']} at {row['pop']}{copy} found {told_text(row)} in KV {shown}"


MONOTONIC_KV = Check(
    id="monotonic-kv",
    broken=_broken,
    causes=lambda facts: Causes(((_puts(facts), "returned"),), _of_kv),
    tested=_tested,
    untested=lambda promise: "KV was not seen to hold a second version",
    say=_say,
    assumes=("cache_ttl", "skew"),
    promised=lambda promise: not promise.may_be_late,
)
