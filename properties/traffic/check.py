# SPDX-License-Identifier: Apache-2.0
"""What a check is: where it looks, which events break it, which events explain that, and how to say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from attrs import frozen

from edgeproof.properties.traffic.facts import Facts, gather
from edgeproof.properties.traffic.keeping import number
from edgeproof.properties.traffic.labels import EMPTY_DIGEST, newer
from edgeproof.properties.traffic.promise import Promise

__all__ = [
    "CLOCKS",
    "NO_TIME",
    "PUBLISHING",
    "Check",
    "causes_at",
    "event_columns",
    "told_text",
    "what",
    "with_another_content",
]

CLOCKS: Final = ("skew",)
"""The assumption of whatever compares the times of different recorders."""

PUBLISHING: Final = ("sync_delay", "put_timeout", "failures", "cache_ttl", "machine", "skew")
"""The assumptions of the staleness bound: what is the platform's, or the operator's. Duties of the design are none."""

NO_TIME: Final = ibis.null("float64")

Row = Mapping[str, Any]


def _always(promise: Promise) -> bool:
    return True


def _none(facts: Facts, promise: Promise) -> Mapping[str, ir.Scalar]:
    return {}


@frozen
class Check:
    """One property of the catalogue, by its id, as recorded traffic shows it.

    `suspects` has a row per group of events (a version, a session and version, a commit) among which there are
    violations, each with `because_at`, the moment that the violation is measured from (null if there is none); it is
    small, and empty if the property holds. `broken` are the violating events themselves, with the same moment.
    `causes` are the events that can explain one: they have a moment `at`, and `explains` says which of those with the
    right moment do. `tested` counts how often the property was put to the test, `untested` says why it never was.
    `say` words a violation, given its row, in which `at` and `because` say where the two events stand. `assumes` names
    the assumptions whose failure may cause one; `subject` counts what the history says about its subject at all (there
    may be no tokens, say), and `promised` is whether anybody promised it, rather than denied it. `measures` are numbers
    that a reader of the verdict should know.
    """

    id: str
    suspects: Callable[[Facts, Promise], ir.Table]
    broken: Callable[[Facts, Promise], ir.Table]
    causes: Callable[[Facts], ir.Table]
    tested: Callable[[Facts, Promise], ir.Scalar]
    untested: Callable[[Promise], str]
    say: Callable[[Row, Promise], str]
    explains: Callable[[ir.Table, ir.Table], ir.BooleanValue] = newer
    assumes: tuple[str, ...] = CLOCKS
    subject: Callable[[Facts], ir.Scalar] | None = None
    no_subject: str = ""
    promised: Callable[[Promise], bool] = _always
    measures: Callable[[Facts, Promise], Mapping[str, ir.Scalar]] = _none

    @property
    def bounded(self) -> bool:
        """Whether it is about the staleness bound."""
        return self.assumes == PUBLISHING

    def unasked(self, facts: Facts, promise: Promise) -> str:
        """Why this history is not to be asked for the property; empty if it is."""
        if self.bounded and promise.bound_s == float("inf"):
            return "no bound was given"
        if self.subject is not None and not number(self.subject(facts)):
            return self.no_subject
        return ""

    def violations(self, events: ir.Table, promise: Promise) -> ir.Table:
        """The violating events of a history, each with the event that explains it (null where none does)."""
        facts = gather(events)
        return self.explained(facts, self.broken(facts, promise))

    def explained(self, facts: Facts, broken: ir.Table) -> ir.Table:
        """Violating events with the place and version of the first event that explains each."""
        causes = self.causes(facts).select(
            *("unit", "at", "kind", "era", "version", "digest", "key", "pop", "reader"),
            because_file="file",
            because_line="line",
        )
        found = broken.left_join(
            causes,
            [broken.unit == causes.unit, broken.because_at == causes.at, self.explains(causes, broken)],
            rname="because_{name}",
        )
        order = ibis.window(group_by=["file", "line"], order_by=["because_file", "because_line"])
        ranked = found.mutate(rank_of_cause=ibis.row_number().over(order))
        return ranked.filter(ranked.rank_of_cause == 0).drop("rank_of_cause", "because_unit", "at")


EVENT: Final = (
    *("unit", "file", "line", "kind", "invoke", "returned", "outcome", "era", "version", "digest"),
    *("pop", "reader", "source", "note", "key", "base", "repo", "scope", "admitted"),
)


def event_columns(table: ir.Table, because_at: ir.Value) -> ir.Table:
    """Violating events as every check gives them."""
    return table.select(*EVENT, because_at=because_at)


def causes_at(table: ir.Table, moment: str) -> ir.Table:
    """Events that explain something by when they began, or ended."""
    return table.select(*CAUSE, at=table[moment])


CAUSE: Final = ("unit", "kind", "era", "version", "digest", "key", "pop", "reader", "file", "line")


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
