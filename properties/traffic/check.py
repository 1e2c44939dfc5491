# SPDX-License-Identifier: Apache-2.0
"""What a check is: where it looks, which events break it, which events explain that, and how to say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import EMPTY_DIGEST, newer
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import ReadsThat, since_when
from edgeproof.properties.traffic.table import Column, Flags, Floats, Table, concat

__all__ = [
    "CLOCKS",
    "PUBLISHING",
    "Broken",
    "Causes",
    "Check",
    "breaking",
    "differ",
    "event_columns",
    "told_text",
    "what",
    "with_another_content",
]

CLOCKS: Final = ("skew",)
"""The assumption of whatever compares the times of different recorders."""

PUBLISHING: Final = ("sync_delay", "put_timeout", "failures", "cache_ttl", "machine", "skew")
"""The assumptions of the staleness bound: what is the platform's, or the operator's. Duties of the design are none."""

EVENT: Final = (
    *("unit", "file", "line", "kind", "invoke", "returned", "outcome", "era", "version", "digest"),
    *("pop", "reader", "source", "note", "key", "base", "repo", "scope", "admitted"),
)
CAUSE: Final = ("unit", "kind", "era", "version", "digest", "key", "pop", "reader", "file", "line")

Row = Mapping[str, Any]
Measures = Mapping[str, int | float]


def _always(promise: Promise) -> bool:
    return True


def _summed(parts: Sequence[Measures]) -> Measures:
    return {name: sum(part[name] for part in parts) for name in parts[0]}


def _none(facts: Facts, promise: Promise) -> Measures:
    return {}


@frozen(eq=False)
class Broken:
    """The events that break a property: those that are no answered reads, with the moment `because_at` that each is
    measured from (NaN if there is none), and how to tell such reads; None if there are none.
    """

    events: Table | None = None
    reads: ReadsThat | None = None


@frozen(eq=False)
class Causes:
    """The events that can explain something: tables, each with the column that is their moment, and, by the moment that
    they returned, the answered reads that are `told` (None if none can).
    """

    tables: tuple[tuple[Table, str], ...] = ()
    told: Callable[[Table], Flags] | None = None


@frozen
class Check:
    """One property of the catalogue, by its id, as recorded traffic shows it.

    `broken` says which events break it. `causes` are the events that can explain one: they have a moment, and
    `explains` says which of those with the right moment do. `tested` counts how often the property was put to the test,
    `untested` says why it never was. `say` words a violation, given its row, in which `at` and `because` say where the
    two events stand. `assumes` names the assumptions whose failure may cause one; `subject` counts what the history
    says about its subject at all (there may be no tokens, say), and `promised` is whether anybody promised it, rather
    than denied it. `measures` are numbers that a reader of the verdict should know.
    """

    id: str
    broken: Callable[[Facts, Promise], Broken]
    causes: Callable[[Facts], Causes]
    tested: Callable[[Facts, Promise], int]
    untested: Callable[[Promise], str]
    say: Callable[[Row, Promise], str]
    explains: Callable[[Row, Row], bool] = newer
    assumes: tuple[str, ...] = CLOCKS
    subject: Callable[[Facts], int] | None = None
    no_subject: str = ""
    promised: Callable[[Promise], bool] = _always
    measures: Callable[[Facts, Promise], Measures] = _none
    together: Callable[[Sequence[Measures]], Measures] = _summed
    """What measures of some units, and of others, come to."""

    @property
    def bounded(self) -> bool:
        """Whether it is about the staleness bound."""
        return self.assumes == PUBLISHING

    def violations(self, facts: Facts, promise: Promise) -> list[dict[str, Any]]:
        """All the violating events of a history, each with the event that explains it (None where none does)."""
        return self.explained(facts, breaking(facts, self.broken(facts, promise)))

    def explained(self, facts: Facts, broken: Table) -> list[dict[str, Any]]:
        """Violating events in their order, each with the first one that explains it, as far as one does."""
        rows = facts.rows(facts.in_order(broken))
        found = _by_moment(facts, self.causes(facts), broken)
        for row in rows:
            causes = (one for one in found.get((row["unit"], row["because_at"]), ()) if self.explains(one, row))
            cause = min(causes, key=_place, default=_NO_CAUSE)
            row |= {f"because_{name}": cause[name] for name in CAUSE if name != "unit"}
        return rows


_NO_CAUSE: Final[Row] = dict.fromkeys(CAUSE)


def _place(row: Row) -> tuple[str, int]:
    return row["file"], row["line"]


def _by_moment(facts: Facts, causes: Causes, broken: Table) -> dict[tuple[str, float], list[dict[str, Any]]]:
    """The events that had one of the moments that something is measured from, by unit and moment."""
    moments = np.unique(broken.because_at[~np.isnan(broken.because_at)])
    found = [_at(table, table.columns[moment], moments) for table, moment in causes.tables]
    told = causes.told
    if told is not None and len(moments):
        for reads in facts.reads(_may_be_at(facts, broken)):
            reads = reads.take(np.isin(reads.returned, moments))
            reads = reads.take(told(reads))
            found.append(reads.put(at=reads.returned).only(*CAUSE, "at"))
    by: dict[tuple[str, float], list[dict[str, Any]]] = {}
    for row in facts.rows(concat(found)) if found else ():
        by.setdefault((row["unit"], row["at"]), []).append(row)
    return by


def _may_be_at(facts: Facts, broken: Table) -> Floats:
    """By telling, minus infinity if one of its reads may have returned at a moment that counts, else infinity."""
    tellings, moments = facts.tellings, broken.because_at
    known = np.flatnonzero(~np.isnan(moments))
    if len(known) > _FEW:
        there = np.isin(tellings.unit, broken.unit[known])
    else:
        there = np.zeros(len(tellings), bool)
        for unit, moment in {(broken.unit[place].item(), moments[place].item()) for place in known}:
            at = (tellings.first_returned <= moment) & (tellings.last_returned >= moment)
            there |= at & (tellings.unit == unit)
    return np.where(there, -np.inf, np.inf)


_FEW: Final = 16
"""Moments that are looked for one by one."""


def _at(table: Table, at: Column, moments: Column) -> Table:
    return table.put(at=at).only(*CAUSE, "at").take(np.isin(at, moments))


def breaking(facts: Facts, broken: Broken) -> Table:
    """All the events that break something: a pass over the reads, if reads do."""
    found = [] if broken.events is None else [event_columns(broken.events)]
    that = broken.reads
    if that is not None:
        for reads in facts.reads(since_when(facts, [that])):
            which, because_at = that(reads)
            found.append(event_columns(reads.take(which).put(because_at=because_at)))
    return concat([event_columns(facts.publishes.take(np.zeros(0, np.int64)).put(because_at=np.zeros(0))), *found])


def event_columns(table: Table) -> Table:
    """Violating events as every check gives them."""
    return table.only(*EVENT, "because_at")


def differ(one: Row, other: Row, name: str) -> bool:
    """Whether it is known of both, and not the same."""
    return one[name] is not None and other[name] is not None and one[name] != other[name]


def what(row: Row) -> str:
    """What an event was, for a sentence."""
    match row["kind"]:
        case "read":
            return f"{row['reader']} at {row['pop']} was told {told_text(row)}"
        case "publish":
            return f"a put carried {told_text(row)}"
        case "fault":
            return f"a restore went back to {told_text(row)}"
    return f"{told_text(row)} was committed"


def told_text(row: Row, prefix: str = "") -> str:
    """A version in words."""
    era = row[f"{prefix}era"]
    return f"version {row[f'{prefix}version']}" + (f" of era {era}" if era else "")


def with_another_content(row: Row) -> str:
    """What an event was whose digest is not the one that its version has: that much a digest tells, and no more."""
    wanted, source = row["because_digest"] or EMPTY_DIGEST, f" as of {row['because']}" if row["because"] else ""
    other = "other content, or another serialisation"
    return f"{what(row)} with the digest {row['digest'][:12]}…, not {wanted[:12]}…{source}: same version, {other}"
