# SPDX-License-Identifier: Apache-2.0
"""Checks of recorded traffic: what readers were told, held against what was committed and when.

The checks themselves are in `properties.traffic`, a file each, and `part` has what they find. Here that becomes
evidence. No event of a kind that a property needs makes it VACUOUS, and unless it was asked for by name it is then not
asked. A malformed line makes every verdict UNKNOWN, since nobody knows what it said. Where the environment broke an
assumption, a promise that may have been missed by that is MISSED: the design is not blamed for it. A duty of the design
excuses nothing, and is VIOLATED itself. Clocks that differ by more than was assumed leave UNKNOWN whether anything was
missed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, Final

from attrs import evolve, frozen

from edgeproof.impl.scratch import OwnedDirectory
from edgeproof.properties.engines.history.part import Broken, Part, part_of, together
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.intake import load
from edgeproof.properties.traffic.assumptions import MONITORS, Monitor
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.check import Check
from edgeproof.properties.traffic.events import malformed_lines
from edgeproof.properties.traffic.facts import Ask, Facts, at_once, gather
from edgeproof.properties.traffic.measure import WHICH, quantile_rows
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.staleness import spread
from edgeproof.properties.traffic.tally import SHOWN

__all__ = [
    "ENGINE",
    "PROPERTIES",
    "Promise",
    "check_history",
    "check_table",
    "examine",
    "judge",
    "judge_assumption",
]

ENGINE: Final = "history"

PROPERTIES: Final = ("never-ahead", "no-partial-read", "monotonic-reads", "bounded-staleness")
"""What a run of the reference implementation is checked for, in the order of the catalogue."""

BOUND: Final = "bounded-staleness"
"""What whoever gives the numbers of a bound asks for."""


@frozen
class Examined:
    """What is known of a history: what it shows, what is malformed, and the assumptions that its environment broke."""

    part: Part
    malformed: Sequence[Mapping[str, Any]]
    """The first few malformed lines, of which there are `spoilt`."""
    spoilt: int
    broken: Mapping[str, tuple[Monitor, str]]
    """By id, what to say of the value that is furthest over the limit."""

    @property
    def covers(self) -> str:
        """What verdicts rest on."""
        return f"this history: {self.part.reads} reads, {self.part.versions} versions"

    @property
    def one_file(self) -> bool:
        """Whether the history is of one file, which need not be named."""
        return len(self.part.files) < 2


def check_history(source: Path | str | Iterable[str], promise: Promise, *, seed: int | None = None) -> list[Evidence]:
    """Check a history (a path, or its lines) for `PROPERTIES`; monotonic reads only of guarded readers.

    Lines may come with their ends or without. `seed` is that of the run, if there was one, for the record. Raises
    OSError for a file that cannot be read.
    """
    started = time.perf_counter()
    names = [name for name in PROPERTIES if CHECKS[name].promised(promise)]
    with _as_file(source) as path:
        loaded = load(open_duckdb(), [path])
        facts = gather(loaded)
        examined = examine(at_once(facts), loaded.malformed, promise, names)
        found = [judge(CHECKS[name], examined, promise) for name in names]
        found = [
            evolve(one, measures={**one.measures, **_measured(facts)}) if one.property == BOUND else one
            for one in found
        ]
    # Reading the file is part of what each verdict took.
    seconds = (time.perf_counter() - started) / len(names)
    return [evolve(one, seed=seed, seconds=seconds) for one in found]


def check_table(events: Any, malformed: Any, promise: Promise, names: Sequence[str] = tuple(CHECKS)) -> list[Evidence]:
    """Check a history for the named properties, of tables of Arrow or of a backend."""
    examined = examine(at_once(gather(events)), malformed, promise, names)
    return [judge(CHECKS[name], examined, promise) for name in names]


@frozen
class Checked:
    """All that was found in a history: the verdicts, in the order of the catalogue, then those on assumptions.

    `anomalies` names the properties among them that nobody promised; `unasked` says of the others why they were not
    asked.
    """

    evidence: tuple[Evidence, ...]
    anomalies: tuple[str, ...]
    unasked: Mapping[str, str]


def check_all(ask: Ask, malformed: Any, promise: Promise, names: Sequence[str] = ()) -> Checked:
    """Check a history for whatever it is about, and watch the assumptions; or for the named properties only.

    What is named is asked even if the history is not about it, and so is the bound where one was given. If nothing that
    anybody promised was put to the test, all of it is asked, and found vacuous: a history that shows nothing is no good
    one.
    """
    wanted = [name for name in CHECKS if name in names or not names]
    unasked = {} if promise.bound_s < inf else {name: "no bound was given" for name in wanted if CHECKS[name].bounded}
    started = time.perf_counter()
    examined = examine(ask, malformed, promise, [name for name in wanted if name not in unasked])
    for name, found in examined.part.properties.items():
        if not found.subject and (not names or promise.bound_s == inf):
            unasked[name] = CHECKS[name].no_subject
    asked = [name for name in wanted if name not in unasked]
    seconds = (time.perf_counter() - started) / max(len(asked), 1)
    evidence = [evolve(judge(CHECKS[name], examined, promise), seconds=seconds) for name in asked]
    tested = [one for one in evidence if one.verdict is not Verdict.VACUOUS or one.property == BOUND]
    if not names and any(CHECKS[one.property].promised(promise) for one in tested):
        unasked |= {one.property: CHECKS[one.property].untested(promise) for one in evidence if one not in tested}
        evidence = tested
    anomalies = tuple(one.property for one in evidence if not CHECKS[one.property].promised(promise))
    for name, monitor in MONITORS.items():
        if names or monitor.limit(promise) is None:
            continue
        if why := monitor.unwatched(examined.part.puts, examined.part.cached):
            unasked[name] = why
        else:
            evidence.append(judge_assumption(monitor, examined, promise))
    return Checked(tuple(evidence), anomalies, unasked)


def examine(ask: Ask, malformed: Any, promise: Promise, names: Sequence[str]) -> Examined:
    """What a history shows of the named properties; `malformed` is a table of Arrow or of a backend."""
    part = together(ask(partial(part_of, promise=promise, names=tuple(names))))
    spoilt, first = malformed_lines(malformed, SHOWN)
    examined = Examined(part, first, spoilt, {})
    broken = {
        name: (MONITORS[name], _broken_text(MONITORS[name], found.worst, promise, examined))
        for name, found in part.assumptions.items()
        if found.worst is not None
    }
    return evolve(examined, broken=broken)


def judge(check: Check, examined: Examined, promise: Promise) -> Evidence:
    """The verdict on one property, with the violations that come first and what explains them."""
    found = examined.part.properties[check.id]
    measures: dict[str, int | float | str] = {"tested": found.tested}
    measures |= {name: _plain(value) for name, value in found.measures.items()}
    relevant = [one for one in examined.broken.values() if one[0].field in check.assumes and not one[0].duty]
    to_blame = 0 if any(monitor.everywhere for monitor, _ in relevant) else found.to_blame
    broken = "; ".join(said for _, said in relevant)
    excuses = f"an assumption was broken: {broken}" if broken else ""
    said = _violations(check, found, found.first_to_blame if to_blame else found.first, examined, promise)
    if found.count:
        measures["violations"] = found.count
    evidence = Evidence(check.id, ENGINE, Verdict.HOLDS_TO_BOUND, _bound(check, examined, promise), measures=measures)
    if check.bounded:
        evidence = evolve(evidence, assumptions=promise.assumptions)
    if examined.spoilt:
        return _spoilt(evidence, examined, said)
    if to_blame:
        return evolve(evidence, verdict=Verdict.VIOLATED, reason="; ".join(filter(None, (said, excuses))))
    if found.count and _clocks_differ(relevant):
        return evolve(evidence, verdict=Verdict.UNKNOWN, reason=f"{excuses}; {said}")
    if found.count:
        excuses = f"the promise was missed{_by_how_much(measures)}, and by this assumption: {broken}"
        return evolve(evidence, verdict=Verdict.MISSED, reason=f"{excuses}; {said}")
    if found.tested == 0:
        return evolve(evidence, verdict=Verdict.VACUOUS, reason=check.untested(promise))
    return evolve(evidence, reason=excuses) if excuses else evidence


def judge_assumption(monitor: Monitor, examined: Examined, promise: Promise) -> Evidence:
    """Whether the environment kept to what the bound takes for granted (MISSED if not), or the design to its duty."""
    found = examined.part.assumptions[monitor.id]
    measures: dict[str, int | float | str] = {"measured": found.count, "largest": _plain(found.largest)}
    if (limit := monitor.limit(promise)) is not None:
        measures["limit"] = limit
    evidence = Evidence(monitor.id, ENGINE, Verdict.HOLDS_TO_BOUND, examined.covers, measures=measures)
    if monitor.id in examined.broken:
        _, said = examined.broken[monitor.id]
        verdict = Verdict.VIOLATED if monitor.duty else Verdict.MISSED
        evidence = evolve(evidence, verdict=verdict, reason=said, measures={**measures, "broken": found.over})
    return _spoilt(evidence, examined, evidence.reason) if examined.spoilt else evidence


# --- the parts of a verdict ------------------------------------------------------------------------------------------


def _spoilt(evidence: Evidence, examined: Examined, said: str) -> Evidence:
    """Of a history with malformed lines, about which nothing is known for certain."""
    count = examined.spoilt
    where = _listed([f"{_place(row, '', examined.one_file)}: {row['problem']}" for row in examined.malformed], count)
    also = f"; among the others: {said}" if said else ""
    reason = f"{count} malformed line{'s' if count > 1 else ''}: {where}{also}"
    return evolve(evidence, verdict=Verdict.UNKNOWN, reason=reason, measures={**evidence.measures, "malformed": count})


def _clocks_differ(broken: Iterable[tuple[Monitor, str]]) -> bool:
    """Whether clocks lay further apart than was assumed, so that nobody knows what came first."""
    return any(monitor.field == "skew" for monitor, _ in broken)


def _by_how_much(measures: Mapping[str, int | float | str]) -> str:
    """By how much a promise was missed, if it is of a bound."""
    return f" by {-float(measures['headroom_s']):.3f} s" if "headroom_s" in measures else ""


def _violations(
    check: Check, found: Broken, rows: Iterable[Mapping[str, Any]], examined: Examined, promise: Promise
) -> str:
    """The first of the events that break the property, in words."""
    parts = []
    for row in rows:
        named = {**row, "at": _place(row, "", examined.one_file), "because": _place(row, "because_", examined.one_file)}
        parts.append(f"{named['at']}: {check.say(named, promise)}")
    return _listed(parts, found.count)


def _broken_text(monitor: Monitor, worst: Mapping[str, Any], promise: Promise, examined: Examined) -> str:
    said = monitor.say_still if worst.get("still") else monitor.say
    at = _place(worst, "", examined.one_file)
    return said.format(value=worst["value"], at=at, limit=monitor.limit(promise))


def _bound(check: Check, examined: Examined, promise: Promise) -> str:
    if check.bounded and promise.formula:
        return f"{promise.bound_s:g} s = {promise.formula}; {examined.covers}"
    return examined.covers


def _measured(facts: Facts) -> dict[str, int | float | str]:
    """The quantiles of staleness over all reads."""
    found: dict[str, int | float | str] = {}
    for which in WHICH:
        for row in quantile_rows(spread(facts, which)):
            found |= {f"{which}_{q}_s": round(row[q], 6) for q in ("p50", "p99")}
    return found


def _place(row: Mapping[str, Any], prefix: str, one_file: bool) -> str | None:
    line, file = row[f"{prefix}line"], row[f"{prefix}file"]
    if line is None:
        return None
    return f"line {line}" if one_file else f"{file}, line {line}"


def _plain(value: int | float) -> int | float:
    return round(value, 6) if isinstance(value, float) else value


def _listed(parts: Sequence[str], count: int) -> str:
    more = f"; and {count - len(parts)} more" if count > len(parts) else ""
    return "; ".join(parts) + more


@contextmanager
def _as_file(source: Path | str | Iterable[str]) -> Iterator[Path]:
    if isinstance(source, Path | str):
        yield Path(source)
        return
    with OwnedDirectory("history") as folder:
        path = Path(folder, "history.jsonl")
        path.write_text("".join(line.removesuffix("\n") + "\n" for line in source), encoding="utf-8")
        yield path
