# SPDX-License-Identifier: Apache-2.0
"""Checks of recorded traffic: what readers were told, held against what was committed and when.

The checks themselves are in `properties.traffic`, a file each, as expressions that DuckDB and Spark evaluate alike.
Here their answers become evidence. No event of a kind that a property needs makes it VACUOUS, and unless it was asked
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

import ibis
import ibis.expr.types as ir
from attrs import evolve, frozen

from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.intake import load
from edgeproof.properties.traffic.assumptions import MONITORS, Monitor
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.check import Check
from edgeproof.properties.traffic.facts import Facts, gather
from edgeproof.properties.traffic.keeping import keep, largest, number, rows_of
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.staleness import quantiles, spread

__all__ = [
    "ENGINE",
    "PROPERTIES",
    "Promise",
    "blamed",
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

_SHOWN: Final = 3
_STRETCH: Final = 10_000
"""Lines: violating events are counted by stretches of so many, so that the first can be found again quickly."""


@frozen
class Examined:
    """A history on the table: its facts, what is malformed, and the assumptions that its environment broke."""

    facts: Facts
    malformed: ir.Table
    spoilt: int
    broken: Mapping[str, tuple[Monitor, ir.Table, str]]
    """By id: the rows over the limit (kept), and what to say of the first of them."""
    covers: str
    one_file: bool


def check_history(source: Path | str | Iterable[str], promise: Promise, *, seed: int | None = None) -> list[Evidence]:
    """Check a history (a path, or its lines) for `PROPERTIES`; monotonic reads only of guarded readers.

    Lines may come with their ends or without. `seed` is that of the run, if there was one, for the record. Raises
    OSError for a file that cannot be read.
    """
    started = time.perf_counter()
    names = [name for name in PROPERTIES if CHECKS[name].promised(promise)]
    with _as_file(source) as path:
        loaded = load(ibis.duckdb.connect(), [path])
        facts = gather(loaded.events)
        examined = examine(facts, loaded.malformed, promise)
        reading = time.perf_counter() - started
        found = []
        for name in names:
            started = time.perf_counter()
            one = judge(CHECKS[name], examined, promise)
            if name == "bounded-staleness":
                one = evolve(one, measures={**one.measures, **_measured(facts)})
            # Reading the file is part of what each verdict took.
            found.append(evolve(one, seed=seed, seconds=time.perf_counter() - started + reading / len(names)))
    return found


def check_table(
    events: ir.Table, malformed: ir.Table, promise: Promise, names: Sequence[str] = tuple(CHECKS)
) -> list[Evidence]:
    """Check a history for the named properties, of whichever backend its tables are."""
    examined = examine(gather(events), malformed, promise)
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
    examined: Examined


def check_all(facts: Facts, malformed: ir.Table, promise: Promise, names: Sequence[str] = ()) -> Checked:
    """Check a history for whatever it is about, and watch the assumptions; or for the named properties only.

    What is named is asked even if the history is not about it, and so is the bound where one was given. If nothing that
    anybody promised was put to the test, all of it is asked, and found vacuous: a history that shows nothing is no good
    one.
    """
    examined = examine(facts, malformed, promise)
    evidence, unasked = [], {}
    for name, check in CHECKS.items():
        if names and name not in names:
            continue
        why = check.unasked(facts, promise)
        if why and (not names or promise.bound_s == inf):
            unasked[name] = why
        else:
            evidence.append(judge(check, examined, promise))
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


def examine(facts: Facts, malformed: ir.Table, promise: Promise) -> Examined:
    """What all verdicts on a history have in common."""
    reads = number(facts.told.n.sum().fill_null(0))
    versions = number(facts.versions.count(where=facts.versions.asked.notnull()))
    files = number(facts.events.file.nunique())
    examined = Examined(
        facts, malformed, number(malformed.count()), {}, f"this history: {reads} reads, {versions} versions", files < 2
    )
    broken = {}
    for one in MONITORS.values():
        if one.limit(promise) is not None:
            rows = keep(one.broken(facts, promise))
            if said := _broken_text(one, rows, promise, examined):
                broken[one.id] = (one, rows, said)
    return evolve(examined, broken=broken)


def judge(check: Check, examined: Examined, promise: Promise) -> Evidence:
    """The verdict on one property, with the violations that come first and what explains them."""
    started = time.perf_counter()
    facts = examined.facts
    suspects = keep(check.suspects(facts, promise))
    tested = number(check.tested(facts, promise))
    measures: dict[str, int | float | str] = {"tested": tested}
    measures |= {name: _plain(number(value)) for name, value in check.measures(facts, promise).items()}
    at_fault, broken = blamed(check, suspects, examined)
    excuses = f"an assumption was broken: {broken}" if broken else ""
    suspected = number(suspects.count())
    to_blame = suspected if at_fault is suspects else number(at_fault.count())
    count, said = 0, ""
    if suspected:
        count, said = _violations(check, examined, promise, at_fault if 0 < to_blame < suspected else None)
    if count:
        measures["violations"] = count
    evidence = Evidence(check.id, ENGINE, Verdict.HOLDS_TO_BOUND, _bound(check, examined, promise), measures=measures)
    if check.bounded:
        evidence = evolve(evidence, assumptions=promise.assumptions)
    if examined.spoilt:
        evidence = _spoilt(evidence, examined, said)
    elif count:
        verdict = (
            Verdict.VIOLATED if to_blame else Verdict.UNKNOWN if _clocks_differ(check, examined) else Verdict.MISSED
        )
        if verdict is Verdict.MISSED:
            excuses = f"the promise was missed{_by_how_much(measures)}, and by this assumption: {broken}"
        parts = (said, excuses) if verdict is Verdict.VIOLATED else (excuses, said)
        evidence = evolve(evidence, verdict=verdict, reason="; ".join(part for part in parts if part))
    elif tested == 0:
        evidence = evolve(evidence, verdict=Verdict.VACUOUS, reason=check.untested(promise))
    elif excuses:
        evidence = evolve(evidence, reason=excuses)
    return evolve(evidence, seconds=time.perf_counter() - started)


def judge_assumption(monitor: Monitor, examined: Examined, promise: Promise) -> Evidence:
    """Whether the environment kept to what the bound takes for granted (MISSED if not), or the design to its duty."""
    started = time.perf_counter()
    measured = monitor.measure(examined.facts, promise)
    worst, count = largest(measured)
    measures: dict[str, int | float | str] = {"measured": count, "largest": _plain(worst)}
    if (limit := monitor.limit(promise)) is not None:
        measures["limit"] = limit
    evidence = Evidence(monitor.id, ENGINE, Verdict.HOLDS_TO_BOUND, examined.covers, measures=measures)
    if monitor.id in examined.broken:
        _, rows, said = examined.broken[monitor.id]
        verdict = Verdict.VIOLATED if monitor.duty else Verdict.MISSED
        evidence = evolve(evidence, verdict=verdict, reason=said)
        evidence = evolve(evidence, measures={**measures, "broken": number(rows.count())})
    if examined.spoilt:
        evidence = _spoilt(evidence, examined, evidence.reason)
    return evolve(evidence, seconds=time.perf_counter() - started)


# --- the parts of a verdict ------------------------------------------------------------------------------------------


def _spoilt(evidence: Evidence, examined: Examined, said: str) -> Evidence:
    """Of a history with malformed lines, about which nothing is known for certain."""
    count = examined.spoilt
    first = rows_of(examined.malformed.order_by(["file", "line"]).limit(_SHOWN))
    where = _listed([f"{_place(row, '', examined.one_file)}: {row['problem']}" for row in first], count)
    also = f"; among the others: {said}" if said else ""
    reason = f"{count} malformed line{'s' if count > 1 else ''}: {where}{also}"
    return evolve(evidence, verdict=Verdict.UNKNOWN, reason=reason, measures={**evidence.measures, "malformed": count})


def blamed(check: Check, suspects: ir.Table, examined: Examined) -> tuple[ir.Table, str]:
    """The suspects of units whose environment kept to what the property assumes; and what was broken, if anything."""
    relevant = [one for one in examined.broken.values() if one[0].field in check.assumes and not one[0].duty]
    if not relevant:
        return suspects, ""
    for monitor, rows, _ in relevant:
        suspects = suspects.limit(0) if monitor.everywhere else suspects.anti_join(rows.select("unit"), "unit")
    return keep(suspects), "; ".join(said for _, _, said in relevant)


def _clocks_differ(check: Check, examined: Examined) -> bool:
    """Whether clocks lay further apart than was assumed, so that nobody knows what came first."""
    return "skew" in check.assumes and any(one.field == "skew" for one, _, _ in examined.broken.values())


def _by_how_much(measures: Mapping[str, int | float | str]) -> str:
    """By how much a promise was missed, if it is of a bound."""
    return f" by {-float(measures['headroom_s']):.3f} s" if "headroom_s" in measures else ""


def _violations(check: Check, examined: Examined, promise: Promise, blamed: ir.Table | None) -> tuple[int, str]:
    """How many events break the property, and the first of them in words: of the units in `blamed`, if it is given."""
    broken = check.broken(examined.facts, promise)
    blocks = _blocks(broken)
    count = sum(one["n"] for one in blocks)
    if blamed is not None:
        broken = broken.semi_join(blamed, "unit")
        blocks = _blocks(broken)
    first = keep(_first(broken, blocks))
    parts = []
    for row in rows_of(check.explained(examined.facts, first).order_by(["file", "line"])):
        named = {**row, "at": _place(row, "", examined.one_file), "because": _place(row, "because_", examined.one_file)}
        parts.append(f"{named['at']}: {check.say(named, promise)}")
    return count, _listed(parts, count)


def _blocks(broken: ir.Table) -> list[dict[str, Any]]:
    """How many violating events there are in each stretch of lines: one pass, whose result is small however many."""
    block = (broken.line // _STRETCH).cast("int64")
    return rows_of(
        broken.mutate(block=block).group_by(["file", "block"]).agg(n=ibis._.count()).order_by(["file", "block"])
    )


def _first(broken: ir.Table, blocks: Sequence[Mapping[str, Any]]) -> ir.Table:
    """The first few violating events, for which only the stretches that they are in are read."""
    here = [
        (broken.file == p["file"])
        & (broken.line >= p["block"] * _STRETCH)
        & (broken.line < (p["block"] + 1) * _STRETCH)
        for p in blocks[:_SHOWN]
    ]
    return broken.filter(ibis.or_(*here)).order_by(["file", "line"]).limit(_SHOWN)


def _broken_text(monitor: Monitor, rows: ir.Table, promise: Promise, examined: Examined) -> str:
    worst = rows_of(rows.order_by([ibis.desc("value"), "file", "line"]).limit(1))
    if not worst:
        return ""
    at = _place(worst[0], "", examined.one_file)
    said = monitor.say_still if worst[0].get("still") else monitor.say
    return said.format(value=worst[0]["value"], at=at, limit=monitor.limit(promise))


def _bound(check: Check, examined: Examined, promise: Promise) -> str:
    if check.bounded and promise.formula:
        return f"{promise.bound_s:g} s = {promise.formula}; {examined.covers}"
    return examined.covers


def _measured(facts: Facts) -> dict[str, int | float | str]:
    """The quantiles of staleness over all reads."""
    found: dict[str, int | float | str] = {}
    for which in ("certain", "possible"):
        for row in rows_of(quantiles(spread(facts, which))):
            found |= {f"{which}_{q}_s": round(row[q], 6) for q in ("p50", "p99")}
    return found


def _place(row: Mapping[str, Any], prefix: str, one_file: bool) -> str | None:
    line, file = row[f"{prefix}line"], row[f"{prefix}file"]
    if line is None:
        return None
    return f"line {line}" if one_file else f"{file}, line {line}"


def _plain(value: Any) -> int | float:
    return 0 if value is None else round(value, 6) if isinstance(value, float) else int(value)


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
