# SPDX-License-Identifier: Apache-2.0
"""A history that is still being written, checked as it comes, in memory that does not grow with it.

A verdict is that of the checks on the finished file, provided that no line came too late. One that did, or something
that had to be forgotten and would have mattered, makes a verdict UNKNOWN, never wrong. What a restore takes back, and
whether the environment kept to what the bound takes for granted, is left to the checks on the finished file, as is all
else that depends on lines that are yet to come.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final

from attrs import evolve, frozen

from edgeproof.properties.engines.history.engine import ENGINE
from edgeproof.properties.engines.history.findings import Violation
from edgeproof.properties.engines.history.sweep import Sweep
from edgeproof.properties.engines.history.window import Limits
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.intake import ColumnMapping
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.promise import Promise

__all__ = ["FOLLOWED", "Limits", "Report", "Violation", "follow"]

FOLLOWED: Final = (
    "never-ahead",
    "no-partial-read",
    "monotonic-reads",
    "bounded-staleness",
    "serves-last-good",
    "label-is-content",
    "read-your-writes",
    "cross-pop-monotonic",
)
"""The properties that are decided on the way, as the catalogue has them; the others need the whole history."""


@frozen
class Report:
    """How it stands after some lines. `new` are violations since the last report; the final one has the evidence.

    `staleness` is that of the worst read so far (seconds). `late` counts lines that came too late to be judged by;
    `waiting` is how much there is to be done about events that were read.
    """

    lines: int
    events: int
    malformed: int
    late: int
    waiting: int
    staleness: float
    new: tuple[Violation, ...] = ()
    cut: bool = False
    """Whether the file was cut after these lines: they are not in it any more."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def final(self) -> bool:
        """Whether nothing comes after this."""
        return bool(self.evidence)


def follow(
    lines: Iterable[bytes | None],
    promise: Promise,
    *,
    mapping: ColumnMapping | None = None,
    limits: Limits | None = None,
    every: int = 10_000,
) -> Iterator[Report]:
    """Check lines as they come, with a report for every so many, and for news whenever there is none (an empty one).

    None says that the file was cut: what came before is no part of it any more, and it is checked anew.
    The last report has the evidence for each property of `FOLLOWED`.
    """
    started = time.perf_counter()
    sweep = Sweep(promise, limits or Limits(), mapping or ColumnMapping())
    reported = 0
    for line in lines:
        if line is None:
            yield evolve(_report(sweep), cut=True)
            sweep, reported = Sweep(promise, limits or Limits(), mapping or ColumnMapping()), 0
            continue
        if line:
            sweep.take(line)
        if sweep.lines - reported >= every or (not line and sweep.lines > reported):
            reported = sweep.lines
            yield _report(sweep)
    sweep.finish()
    seconds = (time.perf_counter() - started) / len(FOLLOWED)
    yield _report(sweep, tuple(_evidence(sweep, name, seconds) for name in FOLLOWED))


def _report(sweep: Sweep, evidence: tuple[Evidence, ...] = ()) -> Report:
    counted = sweep.findings.counts["malformed"], sweep.findings.counts["late"], sweep.waiting
    stale = round(sweep.staleness, 6)
    return Report(sweep.lines, sweep.events, *counted, stale, sweep.findings.collected(), evidence=evidence)


def _evidence(sweep: Sweep, name: str, seconds: float) -> Evidence:
    tested, violated = sweep.findings.counts[f"{name} tested"], sweep.findings.counts[f"{name} violated"]
    undecided = _undecided(sweep, name)
    said = _listed([text for text, _ in sweep.findings.first.get(name, [])], violated) if violated else ""
    verdict, reason = Verdict.HOLDS_TO_BOUND, ""
    if undecided and (
        not violated or sweep.findings.counts["malformed"] or sweep.findings.counts["late"] or _excusable(sweep, name)
    ):
        verdict, reason = Verdict.UNKNOWN, "; among the others: ".join(part for part in (undecided, said) if part)
    elif violated:
        verdict, reason = Verdict.VIOLATED, said
    elif not tested:
        verdict, reason = Verdict.VACUOUS, CHECKS[name].untested(sweep.promise)
    measures: dict[str, int | float | str] = {"tested": tested}
    if violated:
        measures["violations"] = violated
    if name == "bounded-staleness":
        measures |= {"bound_s": sweep.promise.bound_s, "certain_max_s": round(sweep.staleness, 6)}
    covers = f"{sweep.lines:,} lines, followed"
    return Evidence(name, ENGINE, verdict, covers, measures=measures, reason=reason, seconds=seconds)


def _undecided(sweep: Sweep, name: str) -> str:
    """Why a verdict cannot be given, as far as there are reasons."""
    why = []
    found = sweep.findings
    for what in ("malformed", "late"):
        if found.counts[what]:
            why.append(f"{found.counts[what]:,} {what} lines: {_listed(found.notes[what], found.counts[what])}")
    forgotten = found.counts[f"{name} undecided"] + sweep.window.lost[name]
    if name == "monotonic-reads" and not found.counts[f"{name} tested"]:
        forgotten += sweep.window.lost["sessions"]
    if forgotten:
        why.append(f"{forgotten:,} times something was needed that had to be forgotten")
    if _excusable(sweep, name):
        why.append("what this says of the design is decided on the finished file, with the assumptions")
    return "; ".join(why)


def _excusable(sweep: Sweep, name: str) -> bool:
    """Whether a violation may yet be excused by the environment."""
    p = sweep.promise
    limits = (
        p.failures,
        p.sync_delay,
        p.retry_delay,
        p.cache_ttl,
        None if p.may_be_late else p.put_timeout,
        p.skew,
    )
    watched = any(limit is not None for limit in limits) and sweep.findings.counts["bounded-staleness violated"] > 0
    return watched and name == "bounded-staleness"


def _listed(parts: list[str], count: int) -> str:
    more = f"; and {count - len(parts):,} more" if count > len(parts) else ""
    return "; ".join(parts) + more
