# SPDX-License-Identifier: Apache-2.0
"""`local-reads`: reads without an answer by a loaded isolate, where its location was cut off or it fell back.

Loaded is who has been told a config since it started. That there is none yet is no config, an answer of the Durable
Object leaves none behind, and an eviction takes it away.
"""

from __future__ import annotations

from math import inf

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row
from edgeproof.properties.traffic.coded import FAIL, PARTITION, SOURCE
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import packed
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.serves_last_good import copies, loaded
from edgeproof.properties.traffic.table import Column, Flags, Table, filled

__all__ = ["LOCAL_READS"]


def _cuts(facts: Facts) -> Table:
    """The times during which a location (all of them, if none is named) was cut off."""
    return facts.faults.take((facts.faults.note == PARTITION) & (facts.faults.outcome != FAIL))


def _cut_off(reads: Table, cuts: Table) -> Flags:
    """Which reads lie wholly within a time of being cut off."""
    everywhere = cuts.pop < 0
    here, there = _keys(("unit", "pop"), reads, cuts)
    units, of_units = _keys(("unit",), reads, cuts)
    within = _within(here, reads, there[~everywhere], cuts.take(~everywhere))
    within |= _within(units, reads, of_units[everywhere], cuts.take(everywhere))
    return within


def _keys(names: tuple[str, ...], reads: Table, cuts: Table) -> tuple[Column, Column]:
    both = packed(*(np.concatenate([reads.columns[name], cuts.columns[name]]) for name in names))
    return both[: len(reads)], both[len(reads) :]


def _within(of: Column, reads: Table, cut_of: Column, cuts: Table) -> Flags:
    """Which reads lie within a cut of the same key: the longest of those that had begun before it shows that."""
    if not len(cuts):
        return np.zeros(len(reads), bool)
    order = np.lexsort((cuts.invoke, cut_of))
    cut_of, begun, until = cut_of[order], cuts.invoke[order], filled(cuts.returned, inf)[order]
    for place in range(1, len(order)):
        if cut_of[place] == cut_of[place - 1]:
            until[place] = max(until[place], until[place - 1])
    moments = np.unique(begun)
    size = len(moments) + 1
    before = np.searchsorted(
        cut_of * size + np.searchsorted(moments, begun), of * size + np.searchsorted(moments, reads.invoke)
    )
    last = np.maximum(before - 1, 0)
    within: Flags = (before > 0) & (cut_of[last] == of) & (filled(reads.returned, inf) < until[last])
    return within


def _broken(facts: Facts, promise: Promise) -> Broken:
    failed = facts.unanswered.take(facts.unanswered.outcome == FAIL)
    fallen = failed.source == SOURCE["fallback"]
    return Broken(loaded(facts, failed.take(fallen | _cut_off(failed, _cuts(facts)))))


def _fallen(facts: Facts) -> int:
    return int(facts.tellings.n[facts.tellings.source == SOURCE["fallback"]].sum())


def _tested(facts: Facts, promise: Promise) -> int:
    cuts = _cuts(facts)
    if not len(cuts):
        return _fallen(facts)
    cut = 0
    for reads in (facts.unanswered, *facts.reads()):
        cut += int((_cut_off(reads, cuts) & (reads.source != SOURCE["fallback"])).sum())
    return _fallen(facts) + cut


def _subject(facts: Facts) -> int:
    return _fallen(facts) + len(_cuts(facts))


def _explains(cause: Row, row: Row) -> bool:
    return (cause["pop"], cause["reader"]) == (row["pop"], row["reader"])


def _say(row: Row, promise: Promise) -> str:
    why = f" ({row['note']})" if row["note"] else ""
    return f"{row['reader']} at {row['pop']} got no answer{why}, and {row['because']} had given it one"


LOCAL_READS = Check(
    id="local-reads",
    broken=_broken,
    causes=lambda facts: Causes(told=copies),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "nobody read while cut off",
    say=_say,
    assumes=(),
    subject=_subject,
    no_subject="no location was cut off: no fault `partition`, no read from `fallback`",
)
