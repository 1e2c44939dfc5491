# SPDX-License-Identifier: Apache-2.0
"""Where one thing ends and the next one begins: sessions at evictions, lives of a store at restores.

Only what is certain counts. An event that met a cut, or shares a moment with one, belongs to nobody knows which side:
the order of equal times is unknown, as clocks of Workers stand still while code runs.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from edgeproof.properties.traffic.coded import EVICT, FAIL, ROLLBACK
from edgeproof.properties.traffic.groups import counted, packed
from edgeproof.properties.traffic.table import Column, Ints, Table, constant, filled

__all__ = ["NOWHERE", "evictions_of", "lives", "restores_of", "restores_seen", "sessions"]

NOWHERE: Final = -1
"""The session of a read that met its isolate's eviction: nobody knows which memory served it. Likewise the life of a
commit that met a restore."""


def lives(events: Table, restores: Table) -> Ints:
    """The number of the life of its unit that each event belongs to, each restore ending one; NOWHERE if it met one."""
    if not len(restores):
        return constant(0, len(events))
    begun = _begun(events.unit, events, restores.unit, restores)
    return _life(begun, _over(events.unit, events, restores.unit, restores))


def sessions(reads: Table, evictions: Table) -> Ints:
    """The number of the life of its isolate that each read belongs to; NOWHERE if it met an eviction.

    A memory is an isolate's, which serves many units. An eviction that leaves `reader` or `pop` out is of them all.
    """
    if not len(evictions):
        return constant(0, len(reads))
    begun, over = np.zeros(len(reads), np.int64), np.zeros(len(reads), np.int64)
    named = (evictions.pop >= 0) * 2 + (evictions.reader >= 0)
    for which in np.unique(named).tolist():
        cuts = evictions.take(named == which)
        columns = [name for name, bit in (("pop", 2), ("reader", 1)) if which & bit]
        of, cut_of = _same(reads, cuts, columns)
        begun += _begun(of, reads, cut_of, cuts)
        over += _over(of, reads, cut_of, cuts)
    return _life(begun, over)


def restores_seen(events: Table, restores: Table) -> Ints:
    """How many restores of its unit may have begun by the end of each event."""
    if not len(restores):
        return constant(0, len(events))
    return _begun(events.unit, events, restores.unit, restores)


def restores_of(faults: Table) -> Table:
    """The restores, or what may have been one."""
    return faults.take((faults.note == ROLLBACK) & (faults.outcome != FAIL))


def evictions_of(faults: Table) -> Table:
    """The evictions, or what may have been one."""
    return faults.take((faults.note == EVICT) & (faults.outcome != FAIL))


def _same(reads: Table, cuts: Table, columns: list[str]) -> tuple[Column, Column]:
    """A number per read and per cut, which is the same where these columns are."""
    if not columns:
        return np.zeros(len(reads), np.int64), np.zeros(len(cuts), np.int64)
    both = packed(*(np.concatenate([reads.columns[name], cuts.columns[name]]) for name in columns))
    return both[: len(reads)], both[len(reads) :]


def _begun(of: Column, events: Table, cut_of: Column, cuts: Table) -> Ints:
    """How many cuts may have begun by the end of each event."""
    return counted(cut_of, cuts.invoke, of, filled(events.returned, inf), until=True)


def _over(of: Column, events: Table, cut_of: Column, cuts: Table) -> Ints:
    """How many cuts were over before each event began."""
    ended = ~np.isnan(cuts.returned)
    return counted(cut_of[ended], cuts.returned[ended], of, events.invoke)


def _life(begun: Ints, over: Ints) -> Ints:
    return np.where(begun == over, over, NOWHERE)
