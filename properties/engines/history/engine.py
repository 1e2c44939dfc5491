# SPDX-License-Identifier: Apache-2.0
"""Checks of recorded traffic: what readers were told, held against what was committed and when.

The checks themselves are in `properties.traffic`, a file each. Here their answers become evidence. No event of a kind that a property needs makes it VACUOUS, and unless it was asked
for by name it is then not asked. A malformed line makes every verdict UNKNOWN, since nobody knows what it said. Where
the environment broke an assumption, a promise that may have been missed by that is MISSED: the design is not blamed for
it. A duty of the design excuses nothing, and is VIOLATED itself. Clocks that differ by more than was assumed leave
UNKNOWN whether anything was missed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any, Final

import numpy as np
from attrs import evolve, frozen

from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.intake import load
from edgeproof.properties.traffic.assumptions import MONITORS, Monitor
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.check import Check
from edgeproof.properties.traffic.events import malformed_lines
from edgeproof.properties.traffic.facts import Facts, gather
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.staleness import quantiles, spread
from edgeproof.properties.traffic.table import Flags, Table
from edgeproof.properties.traffic.tally import SHOWN, Tally, tallies

__all__ = [
    "ENGINE",
    "PROPERTIES",
    "Promise",
    "check_history",
    "check_table",
    "examine",
    "excused",
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
    """A history on the table: its facts, what is malformed, and the assumptions that its environment broke."""

    facts: Facts
    malformed: Sequence[Mapping[str, Any]]
    """The first few malformed lines, of which there are `spoilt`."""
    spoilt: int
    broken: Mapping[str, tuple[Monitor, Table, str]]
    """By id: the rows over the limit, and what to say of the largest of them."""
    covers: str

    @property
    def one_file(self) -> bool:
        """Whether the history is of one file, which need not be named."""
        return self.facts.files < 2


def check_history(source: Path | str | Iterable[str], promise: Promise, *, seed: int | None = None) -> list[Evidence]:
    """Check a history (a path, or its lines) for `PROPERTIES`; monotonic reads only of guarded readers.

    Lines may come with their ends or without. `seed` is that of the run, if there was one, for the record. Raises
    OSError for a file that cannot be read.
    """
    started = time.perf_counter()
    names = [name for name in PROPERTIES if CHECKS[name].promised(promise)]
    with _as_file(source) as path:
        loaded = load(open_duckdb(), [path])
        facts = gather(loaded.events)
        examined = examine(facts, loaded.malformed, promise)
        found = []
        for one in judge([CHECKS[name] for name in names], examined, promise):
            if one.property == BOUND:
                one = evolve(one, measures={**one.measures, **_measured(facts)})
            # Reading the file is part of what each verdict took.
            found.append(evolve(one, seed=seed, seconds=(time.perf_counter() - started) / len(names)))
    return found


def check_table(events: Any, malformed: Any, promise: Promise, names: Sequence[str] = tuple(CHECKS)) -> list[Evidence]:
    """Check a history for the named properties, of tables of Arrow or of a backend."""
    examined = examine(gather(events), malformed, promise)
    return judge([CHECKS[name] for name in names], examined, promise)


@frozen
class Checked:
    """All that was found in a history: the verdicts, in the order of the catalogue, then those on assumptions.

    `anomalies` names the properties among them that nobody promised; `unasked` says of the others why they were not
    asked.
    """

    evidence: tuple[Evidence, ...]
    anomalies: tuple[str, ...]
    unasked: Mapping[str, str]
    examined: Examined


def check_all(facts: Facts, malformed: Any, promise: Promise, names: Sequence[str] = ()) -> Checked:
    """Check a history for whatever it is about, and watch the assumptions; or for the named properties only.

    What is named is asked even if the history is not about it, and so is the bound where one was given. If nothing that
    anybody promised was put to the test, all of it is asked, and found vacuous: a history that shows nothing is no good
    one.
    """
    examined = examine(facts, malformed, promise)
    asked, unasked = [], {}
    for name, check in CHECKS.items():
        if names and name not in names:
            continue
        why = check.unasked(facts, promise)
        if why and (not names or promise.bound_s == inf):
            unasked[name] = why
        else:
            asked.append(check)
    evidence = judge(asked, examined, promise)
    tested = [one for one in evidence if one.verdict is not Verdict.VACUOUS or one.property == BOUND]
    if not names and any(CHECKS[one.property].promised(promise) for one in tested):
        unasked |= {one.property: CHECKS[one.property].untested(promise) for one in evidence if one not in tested}
        evidence = tested
    anomalies = tuple(one.property for one in evidence if not CHECKS[one.property].promised(promise))
    for name, monitor in MONITORS.items():
        if names or monitor.limit(promise) is None:
            continue
        if why := monitor.unwatched(facts):
            unasked[name] = why
        else:
            evidence.append(judge_assumption(monitor, examined, promise))
    return Checked(tuple(evidence), anomalies, unasked, examined)


def examine(facts: Facts, malformed: Any, promise: Promise) -> Examined:
    """What all verdicts on a history have in common; `malformed` is a table of Arrow or of a backend."""
    reads, versions = int(facts.told.n.sum()), int((~np.isnan(facts.versions.asked)).sum())
    spoilt, first = malformed_lines(malformed, SHOWN)
    examined = Examined(facts, first, spoilt, {}, f"this history: {reads} reads, {versions} versions")
    broken = {}
    for one in MONITORS.values():
        if one.limit(promise) is not None:
            rows = one.broken(facts, promise)
            if said := _broken_text(one, rows, promise, examined):
                broken[one.id] = (one, rows, said)
    return evolve(examined, broken=broken)


def judge(checks: Sequence[Check], examined: Examined, promise: Promise) -> list[Evidence]:
    """The verdicts on some properties, with the violations that come first and what explains them."""
    facts, broken, seconds = examined.facts, {}, {}
    for check in checks:
        started = time.perf_counter()
        broken[check.id] = check.broken(facts, promise)
        seconds[check.id] = time.perf_counter() - started
    started = time.perf_counter()
    counted = tallies(facts, broken, {check.id: excused(check, examined)[0] for check in checks})
    share = (time.perf_counter() - started) / max(len(checks), 1)
    found = []
    for check in checks:
        started = time.perf_counter()
        one = _verdict(check, counted[check.id], examined, promise)
        found.append(evolve(one, seconds=seconds[check.id] + share + time.perf_counter() - started))
    return found


def _verdict(check: Check, tally: Tally, examined: Examined, promise: Promise) -> Evidence:
    facts = examined.facts
    tested = check.tested(facts, promise)
    measures: dict[str, int | float | str] = {"tested": tested}
    measures |= {name: _plain(value) for name, value in check.measures(facts, promise).items()}
    broken = excused(check, examined)[1]
    excuses = f"an assumption was broken: {broken}" if broken else ""
    said = _violations(check, tally, examined, promise) if tally.count else ""
    if tally.count:
        measures["violations"] = tally.count
    evidence = Evidence(check.id, ENGINE, Verdict.HOLDS_TO_BOUND, _bound(check, examined, promise), measures=measures)
    if check.bounded:
        evidence = evolve(evidence, assumptions=promise.assumptions)
    if examined.spoilt:
        return _spoilt(evidence, examined, said)
    if tally.count:
        verdict = (
            Verdict.VIOLATED
            if tally.to_blame
            else Verdict.UNKNOWN
            if _clocks_differ(check, examined)
            else Verdict.MISSED
        )
        if verdict is Verdict.MISSED:
            excuses = f"the promise was missed{_by_how_much(measures)}, and by this assumption: {broken}"
        parts = (said, excuses) if verdict is Verdict.VIOLATED else (excuses, said)
        return evolve(evidence, verdict=verdict, reason="; ".join(part for part in parts if part))
    if tested == 0:
        return evolve(evidence, verdict=Verdict.VACUOUS, reason=check.untested(promise))
    return evolve(evidence, reason=excuses) if excuses else evidence


def judge_assumption(monitor: Monitor, examined: Examined, promise: Promise) -> Evidence:
    """Whether the environment kept to what the bound takes for granted (MISSED if not), or the design to its duty."""
    started = time.perf_counter()
    measured = monitor.measure(examined.facts, promise).value
    worst = np.fmax.reduce(measured, initial=0.0)
    measures: dict[str, int | float | str] = {"measured": len(measured), "largest": _plain(worst.item())}
    if (limit := monitor.limit(promise)) is not None:
        measures["limit"] = limit
    evidence = Evidence(monitor.id, ENGINE, Verdict.HOLDS_TO_BOUND, examined.covers, measures=measures)
    if monitor.id in examined.broken:
        _, rows, said = examined.broken[monitor.id]
        verdict = Verdict.VIOLATED if monitor.duty else Verdict.MISSED
        evidence = evolve(evidence, verdict=verdict, reason=said)
        evidence = evolve(evidence, measures={**measures, "broken": len(rows)})
    if examined.spoilt:
        evidence = _spoilt(evidence, examined, evidence.reason)
    return evolve(evidence, seconds=time.perf_counter() - started)


# --- the parts of a verdict ------------------------------------------------------------------------------------------


def _spoilt(evidence: Evidence, examined: Examined, said: str) -> Evidence:
    """Of a history with malformed lines, about which nothing is known for certain."""
    count = examined.spoilt
    where = _listed([f"{_place(row, '', examined.one_file)}: {row['problem']}" for row in examined.malformed], count)
    also = f"; among the others: {said}" if said else ""
    reason = f"{count} malformed line{'s' if count > 1 else ''}: {where}{also}"
    return evolve(evidence, verdict=Verdict.UNKNOWN, reason=reason, measures={**evidence.measures, "malformed": count})


def excused(check: Check, examined: Examined) -> tuple[Flags, str]:
    """The units whose environment broke something that the property assumes; and what was broken, if anything."""
    units = np.zeros(len(examined.facts.units), bool)
    relevant = [one for one in examined.broken.values() if one[0].field in check.assumes and not one[0].duty]
    for monitor, rows, _ in relevant:
        units[slice(None) if monitor.everywhere else rows.unit] = True
    return units, "; ".join(said for _, _, said in relevant)


def _clocks_differ(check: Check, examined: Examined) -> bool:
    """Whether clocks lay further apart than was assumed, so that nobody knows what came first."""
    return "skew" in check.assumes and any(one.field == "skew" for one, _, _ in examined.broken.values())


def _by_how_much(measures: Mapping[str, int | float | str]) -> str:
    """By how much a promise was missed, if it is of a bound."""
    return f" by {-float(measures['headroom_s']):.3f} s" if "headroom_s" in measures else ""


def _violations(check: Check, tally: Tally, examined: Examined, promise: Promise) -> str:
    """The first of the events that break the property, in words."""
    parts = []
    for row in check.explained(examined.facts, tally.first):
        named = {**row, "at": _place(row, "", examined.one_file), "because": _place(row, "because_", examined.one_file)}
        parts.append(f"{named['at']}: {check.say(named, promise)}")
    return _listed(parts, tally.count)


def _broken_text(monitor: Monitor, rows: Table, promise: Promise, examined: Examined) -> str:
    if not len(rows):
        return ""
    worst = examined.facts.in_order(rows.take(rows.value == rows.value.max()))
    (row,) = examined.facts.rows(worst.take(np.zeros(1, np.int64)))
    said = monitor.say_still if row.get("still") else monitor.say
    return said.format(value=row["value"], at=_place(row, "", examined.one_file), limit=monitor.limit(promise))


def _bound(check: Check, examined: Examined, promise: Promise) -> str:
    if check.bounded and promise.formula:
        return f"{promise.bound_s:g} s = {promise.formula}; {examined.covers}"
    return examined.covers


def _measured(facts: Facts) -> dict[str, int | float | str]:
    """The quantiles of staleness over all reads."""
    found: dict[str, int | float | str] = {}
    for which in ("certain", "possible"):
        for row in facts.rows(quantiles(spread(facts, which))):
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
    with tempfile.TemporaryDirectory(prefix="edgeproof-history-") as folder:
        path = Path(folder, "history.jsonl")
        path.write_text("".join(line.removesuffix("\n") + "\n" for line in source), encoding="utf-8")
        yield path
