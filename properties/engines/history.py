# SPDX-License-Identifier: Apache-2.0
"""Checks of recorded traffic: what readers were told, held against what was committed and when.

Versions give the order, so that each property is decided in one pass over the events. Times are intervals: an event
counts as a violation only if it is one however the events lay within their intervals. No event of a kind that a
property needs makes it VACUOUS; a malformed line makes every verdict UNKNOWN, since nobody knows what it said.
"""

from __future__ import annotations

import heapq
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil, inf
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from model.designs import load
from model.machine import Instance
from properties.bounds import formula, present_terms
from properties.evidence import Evidence, Verdict
from properties.recorded import History, Row, read_history

__all__ = ["PROPERTIES", "Promise", "check_history", "promise_of"]

ENGINE: Final = "history"

PROPERTIES: Final = ("never-ahead", "no-partial-read", "monotonic-reads", "bounded-staleness")
"""The ids of the properties that a history is checked for, in the order of the catalogue."""

EMPTY_DIGEST: Final = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
"""SHA-256 of `{}`, which is what version 0 contains."""

_SHOWN: Final = 3


@frozen
class Promise:
    """What a history is held to: the staleness bound (seconds), and what it takes for granted.

    `guarded` says that readers keep what they were told last, and so must not go back. Failed puts in a row beyond
    `failures`, and puts that end later than `put_timeout` (seconds) unless they `may_be_late`, break an assumption:
    reads that are too old then tell nothing about the design. None assumes nothing.
    """

    bound_s: float
    formula: str = ""
    guarded: bool = False
    assumptions: tuple[str, ...] = ()
    failures: int | None = None
    put_timeout: float | None = None
    may_be_late: bool = False


@frozen
class Found:
    """What a check came to: how often the property was put to the test, and each violation with its line."""

    tested: int
    violations: tuple[tuple[int, str], ...]
    untested: str
    """Why it was never put to the test, if it was not."""
    measures: Mapping[str, int | float | str]


def promise_of(constants: Mapping[str, int | str | bool], ticks_per_second: int = 1000) -> Promise:
    """What the proved formula promises of an instance of `do_kv`, its durations given in ticks. Raises DesignError."""
    instance = Instance.of(load("do_kv"), **constants)
    bound = sum(value for _, value in present_terms(instance)) / ticks_per_second
    numbers = [n for n in "SDRTMHZ" if any(n in term.formula for term, _ in present_terms(instance))]
    said = ", ".join(f"{n} = {instance.number(n) / ticks_per_second:g} s" for n in numbers)
    return Promise(
        bound,
        formula(instance),
        instance.values["reader"] == "guarded",
        (f"{said}, F = {instance.number('F')}", "all times are of one clock"),
        instance.number("F"),
        instance.number("D") / ticks_per_second,
        bool(instance.values["put_late"]),
    )


def check_history(source: Path | str | Iterable[str], promise: Promise, *, seed: int | None = None) -> list[Evidence]:
    """Check a history (a path, or its lines) for `PROPERTIES`; monotonic reads only of guarded readers.

    Raises OSError for a file that cannot be read. `seed` is that of the run, if there was one, for the record.
    """
    started = time.perf_counter()
    history = read_history(source)
    reading = time.perf_counter() - started
    checks: dict[str, Callable[[], Found]] = {
        "never-ahead": lambda: never_ahead(history),
        "no-partial-read": lambda: no_partial_read(history),
        "monotonic-reads": lambda: monotonic_reads(history),
        "bounded-staleness": lambda: bounded_staleness(history, promise.bound_s),
    }
    evidence = []
    for name, check in checks.items():
        if name != "monotonic-reads" or promise.guarded:
            started = time.perf_counter()
            one = _evidence(name, history, check())
            if name == "bounded-staleness":
                one = _under_assumptions(one, history, promise)
            # Reading the file is part of what each verdict took.
            evidence.append(evolve(one, seed=seed, seconds=time.perf_counter() - started + reading / len(checks)))
    return evidence


# --- the checks ------------------------------------------------------------------------------------------------------


def never_ahead(history: History) -> Found:
    """No put and no read of a version that was never committed, or whose commit had not been asked for yet."""
    tested = excused = 0
    bad = []
    for row in (*history.publishes, *_answered(history)):
        if row.told == (0, 0):
            continue
        tested += 1
        unit = history.unit(row)
        commit = unit.commits.get(row.told)
        # A put has its content when it is invoked, a read when it returns.
        known_by = row.invoke if row.kind == "publish" else row.returned
        if commit is not None and commit.invoke > known_by:
            bad.append((row.line, f"{_what(row)}, before line {commit.line} asked for its commit"))
        elif commit is None and unit.unnamed <= known_by:
            excused += 1
        elif commit is None:
            bad.append((row.line, f"{_what(row)}, which was never committed"))
    untested = "nobody put or read any version"
    return Found(tested, tuple(bad), untested, {"tested": tested, "of_unknown_commits": excused})


def no_partial_read(history: History) -> Found:
    """Whoever was told a version was told what that version contains."""
    tested = 0
    bad = []
    for row in _answered(history):
        commit = history.unit(row).commits.get(row.told)
        digests = (EMPTY_DIGEST,) if row.told == (0, 0) else () if commit is None else commit.digests
        if row.digest is None or not digests:
            continue
        tested += row.told != (0, 0)
        if row.digest not in digests:
            as_in = f" as of line {commit.line}" if commit is not None else ""
            bad.append((row.line, f"{_what(row)} with the digest {row.digest[:12]}…, not {digests[0][:12]}…{as_in}"))
    untested = "no read has a digest to compare with that of a commit"
    return Found(tested, tuple(bad), untested, {"tested": tested})


def monotonic_reads(history: History) -> Found:
    """Within a session, no read is told something older than one that had ended before it began."""
    tested = advances = 0
    bad = []
    sessions = _sessions(history)
    for reads in sessions:
        newest: Row | None = None
        ended: list[tuple[float, int, Row]] = []
        for row in sorted(reads, key=lambda one: one.invoke):
            while ended and ended[0][0] < row.invoke:
                before = heapq.heappop(ended)[2]
                newest = before if newest is None or before.told > newest.told else newest
            heapq.heappush(ended, (row.returned, row.line, row))
            if newest is not None and newest.told > (0, 0):
                tested += 1
                advances += row.told > newest.told
                if row.told < newest.told:
                    bad.append((row.line, f"{_what(row)} after line {newest.line} was told {_version(newest)}"))
    untested = "no reader was told a second version"
    measures = {"tested": tested, "advances": advances, "sessions": len(sessions)}
    return Found(tested if advances or bad else 0, tuple(bad), untested, measures)


def bounded_staleness(history: History, bound_s: float) -> Found:
    """No read was invoked more than the bound after the return of a commit newer than what it was told."""
    tested = 0
    bad = []
    certain: list[float] = []
    possible: list[float] = []
    for row in _answered(history):
        unit = history.unit(row)
        at, line = unit.superseded(row.told)
        stale = max(0.0, row.invoke - at)
        certain.append(stale)
        possible.append(max(0.0, row.returned - unit.superseded_at_the_earliest(row.told)))
        tested += row.invoke - unit.began > bound_s
        if stale > bound_s:
            why = f"{_what(row)}, {stale:.3f} s after line {line} had committed something newer"
            bad.append((row.line, f"{why}; the bound is {bound_s:g} s"))
    measures: dict[str, int | float | str] = {"tested": tested, "reads": len(certain), "bound_s": bound_s}
    if certain:
        measures |= {f"certain_{name}_s": value for name, value in _quantiles(certain).items()}
        measures |= {f"possible_{name}_s": value for name, value in _quantiles(possible).items()}
        measures["headroom_s"] = round(bound_s - max(certain), 6)
    untested = f"no read came later than the bound of {bound_s:g} s after a commit"
    return Found(tested, tuple(bad), untested, measures)


# --- what they share -------------------------------------------------------------------------------------------------


def _evidence(name: str, history: History, found: Found) -> Evidence:
    covers = f"this history: {len(history.reads)} reads, {sum(len(u.commits) for u in history.units.values())} versions"
    evidence = Evidence(name, ENGINE, Verdict.HOLDS_TO_BOUND, covers, measures={**found.measures})
    violations = _listed([f"line {line}: {text}" for line, text in found.violations])
    if history.malformed:
        count = len(history.malformed)
        where = _listed([f"line {line}: {why}" for line, why in history.malformed])
        also = f"; among the others: {violations}" if violations else ""
        said = f"{count} malformed line{'s' if count > 1 else ''}: {where}{also}"
        measures = {**found.measures, "malformed": count}
        return evolve(evidence, verdict=Verdict.UNKNOWN, reason=said, measures=measures)
    if found.violations:
        measures = {**found.measures, "violations": len(found.violations)}
        return evolve(evidence, verdict=Verdict.VIOLATED, reason=violations, measures=measures)
    if found.tested == 0:
        return evolve(evidence, verdict=Verdict.VACUOUS, reason=found.untested)
    return evidence


def _under_assumptions(evidence: Evidence, history: History, promise: Promise) -> Evidence:
    """The verdict on staleness with the formula, its assumptions, and what became of those."""
    longest, worst = _failures_in_a_row(history.publishes)
    took = max((row.returned - row.invoke for row in history.publishes if row.returned < inf), default=0.0)
    broken = []
    if promise.failures is not None and longest > promise.failures:
        broken.append(f"{longest} puts in a row failed until line {worst}, and the bound allows for {promise.failures}")
    if promise.put_timeout is not None and not promise.may_be_late:
        late = [r.line for r in history.publishes if r.outcome == "unknown" and _took(r) >= promise.put_timeout]
        broken += [f"the put of line {late[0]} timed out, and nobody knows until when it may land"] if late else []
    bound = f"{promise.bound_s:g} s = {promise.formula}; {evidence.bound}" if promise.formula else evidence.bound
    measures = {**evidence.measures, "failed_in_a_row": longest, "longest_put_s": round(took, 6)}
    evidence = evolve(evidence, bound=bound, assumptions=promise.assumptions, measures=measures)
    if broken:
        said = f"an assumption was broken: {'; '.join(broken)}"
        excuse = evidence.verdict is Verdict.VIOLATED
        reason = f"{said}; {evidence.reason}" if evidence.reason else said
        return evolve(evidence, verdict=Verdict.UNKNOWN if excuse else evidence.verdict, reason=reason)
    return evidence


def _failures_in_a_row(publishes: Sequence[Row]) -> tuple[int, int]:
    """The longest row of puts of one unit that did not succeed, and the line of its last."""
    longest, worst = 0, 0
    rows: dict[str, int] = {}
    for row in publishes:
        rows[row.unit] = 0 if row.outcome == "ok" else rows.get(row.unit, 0) + 1
        if rows[row.unit] > longest:
            longest, worst = rows[row.unit], row.line
    return longest, worst


def _took(row: Row) -> float:
    return 0.0 if row.returned == inf else row.returned - row.invoke


def _answered(history: History) -> Iterator[Row]:
    return (row for row in history.reads if row.outcome == "ok")


def _sessions(history: History) -> list[list[Row]]:
    """The reads of each isolate; a recorded eviction is where one ends, and a read that met it belongs to none."""
    gone: dict[tuple[str, str | None, str | None], list[Row]] = {}
    for fault in history.faults:
        if fault.note == "evict":
            gone.setdefault((fault.unit, fault.pop, fault.reader), []).append(fault)
    invoked = {who: sorted(fault.invoke for fault in faults) for who, faults in gone.items()}
    returned = {who: sorted(fault.returned for fault in faults) for who, faults in gone.items()}
    sessions: dict[tuple[str, str | None, str | None, int], list[Row]] = {}
    for row in _answered(history):
        who = (row.unit, row.pop, row.reader)
        number = bisect_right(returned.get(who, ()), row.invoke)
        if number == bisect_right(invoked.get(who, ()), row.returned):
            sessions.setdefault((*who, number), []).append(row)
    return list(sessions.values())


def _quantiles(values: list[float]) -> dict[str, float]:
    """Half of the values, 99 in 100, and all are at most this."""
    ordered = sorted(values)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[ceil(share * len(ordered)) - 1], 6) for name, share in at.items()}


def _listed(parts: Sequence[str]) -> str:
    more = f"; and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return "; ".join(parts[:_SHOWN]) + more


def _version(row: Row) -> str:
    return f"version {row.version}" + (f" of era {row.era}" if row.era else "")


def _what(row: Row) -> str:
    who = f"{row.reader} at {row.pop} was told" if row.kind == "read" else "a put carried"
    return f"{who} {_version(row)}"
