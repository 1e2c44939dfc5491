# SPDX-License-Identifier: Apache-2.0
"""What the runs of a deployment show: each property that they decide, and of each other what would have to be shown.

The history of the runs is judged as any history is. Two properties are asked of a part of it: `atomic-write` of what
the store itself answered, `unit-isolation` of the units that only a neighbour was written to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from edgeproof.impl.history import Event
from edgeproof.impl.scratch import OwnedDirectory
from edgeproof.impl.target.changelog import differences
from edgeproof.impl.target.events import Recorded
from edgeproof.impl.target.routes import STRONG, Target
from edgeproof.impl.target.runs import Run
from edgeproof.impl.target.session import write_history
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.promise import Promise

__all__ = ["ASKED", "ENGINE", "NEIGHBOURLY", "Judged", "judged", "lacking", "reasons_in", "unjudged"]

ENGINE: Final = "history"
ASKED: Final = (
    *("atomic-write", "changelog-complete", "single-writer-order", "durable-ack", "idempotent-write", "unit-isolation"),
    *("never-ahead", "no-partial-read", "monotonic-kv", "monotonic-reads", "bounded-staleness", "convergence"),
    *("local-reads", "serves-last-good", "label-is-content", "read-your-writes", "cross-pop-monotonic"),
)
"""What a deployment is asked for, in the order of the catalogue."""

NEIGHBOURLY: Final = "unit-isolation"
"""What takes a second unit beside that of a run."""
_LOGGED: Final = ("atomic-write", "changelog-complete")
"""What the changelog has to agree with."""
_FIRST: Final = (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.HOLDS_TO_BOUND, Verdict.VACUOUS)
"""Of several verdicts on one property, the one that counts."""


@frozen
class Judged:
    """The verdicts on some runs, and by property the units that break it."""

    evidence: tuple[Evidence, ...]
    broken_in: Mapping[str, tuple[str, ...]]


@frozen
class Question:
    """Which checks of a history decide a property, and of which events."""

    checks: tuple[str, ...]
    of: Callable[[Event], bool] = lambda event: True


_OF_A_PART: Final = {
    "atomic-write": Question(("no-partial-read",), lambda event: event.kind != "read" or event.pop == STRONG),
    NEIGHBOURLY: Question(("no-partial-read", "never-ahead"), lambda event: event.unit.endswith("-n")),
}


def lacking(target: Target, promise: Promise, name: str) -> str:
    """What would have to be shown for a property to be judged; "" where it is shown."""
    edges = any(read.content is not None for read in target.edges)
    store = target.strong is not None and target.strong.content is not None
    bounded = promise.bound_s < float("inf")
    needs = {
        "atomic-write": (store, "the content of the store: content in [read.strong]"),
        "changelog-complete": (target.changelog is not None, "the changelog: a table [changelog]"),
        "idempotent-write": (target.has_keys, "which writes are one and the same: {key} in [write]"),
        "unit-isolation": (target.has_units, "more than one config: {unit} in [write]"),
        "no-partial-read": (edges, "what readers are given: content in a table [read.NAME]"),
        "label-is-content": (edges or store, "what a version contains: content in a table [read.NAME]"),
        "bounded-staleness": (bounded, "what is promised: bound, or its terms, in [promise]"),
        "convergence": (bounded, "what is promised: bound, or its terms, in [promise]"),
        "monotonic-kv": (False, "what KV holds, and when: recorded traffic has puts (edgeproof check)"),
        "local-reads": (False, "reads at a location that is cut off: recorded traffic may have them (edgeproof check)"),
        "serves-last-good": (False, "reads while KV has no config: recorded traffic may have them (edgeproof check)"),
        "cross-pop-monotonic": (len(target.edges) > 1, "a second location: another table [read.NAME]"),
    }
    shown, what = needs.get(name, (True, ""))
    return "" if shown else what


def unjudged(target: Target, promise: Promise, names: Sequence[str]) -> Iterator[Evidence]:
    """Of each property that cannot be judged what would have to be shown."""
    for name in names:
        if what := lacking(target, promise, name):
            reason = f"it would have to be shown {what}"
            yield Evidence(name, ENGINE, Verdict.UNKNOWN, reason=reason, by_runs=True)


def judged(
    target: Target, promise: Promise, runs: Sequence[Run], made: Sequence[Recorded], names: Sequence[str], seed: int
) -> Judged:
    """Judge the named properties, each of which must be shown."""
    evidence, broken = [], {}
    for of, together in _by_part(names).items():
        for one, units in _of_events([event for run in made for event in run.events], of, together, promise):
            logged = _unlogged(target, runs, made) if one.property in _LOGGED else {}
            one, units = _with_changelog(one, units, logged)
            alone = (*one.assumptions, "nobody else writes to what the runs write to")
            evidence.append(evolve(one, bound=f"{one.bound}; {len(runs)} runs", assumptions=alone, seed=seed))
            if one.verdict is Verdict.VIOLATED:
                broken[one.property] = units
    return Judged(tuple(evidence), broken)


def reasons_in(target: Target, promise: Promise, run: Run, made: Recorded, names: Sequence[str]) -> dict[str, str]:
    """Which of the named properties one run breaks, and how: as `judged` says it, at a fraction of the cost."""
    from edgeproof.properties.engines.history.follow import FOLLOWED

    found, others = {}, list[str]()
    for name in names:
        quick = set(_question(name).checks) <= set(FOLLOWED)
        said = _followed(made.events, _question(name), promise) if quick else ""
        if not said and name in _LOGGED:
            said = next(differences(target, run, made), "")
        if said:
            found[name] = said
        elif not quick:
            others.append(name)
    if others:
        more = judged(target, promise, [run], [made], others, 0)
        found |= {one.property: one.reason for one in more.evidence if one.property in more.broken_in}
    return found


# --- the parts of a verdict


def _question(name: str) -> Question:
    return _OF_A_PART.get(name) or Question((name,))


def _by_part(names: Sequence[str]) -> dict[Callable[[Event], bool], list[str]]:
    parts: dict[Callable[[Event], bool], list[str]] = {}
    for name in names:
        of = _OF_A_PART[name].of if name in _OF_A_PART else _everything
        parts.setdefault(of, []).append(name)
    return parts


def _everything(event: Event) -> bool:
    return True


def _of_events(
    events: Sequence[Event], of: Callable[[Event], bool], names: Sequence[str], promise: Promise
) -> Iterator[tuple[Evidence, tuple[str, ...]]]:
    """The verdict on each property as some of the events show it, with the units that break it."""
    from edgeproof.properties.engines.history.engine import examine, judge
    from edgeproof.properties.intake import load
    from edgeproof.properties.traffic.backends import open_duckdb
    from edgeproof.properties.traffic.facts import at_once, gather

    with OwnedDirectory("target") as folder:
        history = Path(folder, "history.jsonl")
        history.write_bytes(b"".join(_lines(events, of)))
        loaded = load(open_duckdb("1GB"), [history])
        facts = gather(loaded)
        checks = sorted({check for name in names for check in _question(name).checks})
        examined = examine(at_once(facts), loaded.malformed, promise, checks)
        for name in names:
            verdicts = {check: judge(CHECKS[check], examined, promise) for check in _question(name).checks}
            one = min(verdicts.values(), key=lambda said: _FIRST.index(said.verdict))
            broken = [CHECKS[check] for check, said in verdicts.items() if said.verdict is Verdict.VIOLATED]
            units = [row["unit"] for check in broken for row in check.violations(facts, promise)]
            yield evolve(one, property=name), tuple(sorted(set(units)))


def _followed(events: Sequence[Event], question: Question, promise: Promise) -> str:
    """How the events break what the question asks; "" where they do not."""
    from edgeproof.properties.engines.history.follow import follow

    *_, last = follow(_lines(events, question.of), promise)
    broken = [one.reason for one in last.evidence if one.property in question.checks and one.verdict == "VIOLATED"]
    return broken[0] if broken else ""


def _lines(events: Sequence[Event], of: Callable[[Event], bool]) -> list[bytes]:
    """The history of all the events, with an empty line for each that is left out: lines have the same numbers."""
    in_order = sorted(events, key=lambda event: event.invoke)
    with OwnedDirectory("target") as folder:
        history = Path(folder, "history.jsonl")
        write_history(in_order, history)
        lines = history.read_bytes().splitlines(keepends=True)
    return [line if of(event) else b"\n" for line, event in zip(lines, in_order, strict=True)]


def _unlogged(target: Target, runs: Sequence[Run], made: Sequence[Recorded]) -> dict[str, str]:
    """By run how its changelog differs from its writes, of those whose changelog does."""
    found = {run.name: next(differences(target, run, of), "") for run, of in zip(runs, made, strict=True)}
    return {name: said for name, said in found.items() if said}


def _with_changelog(
    one: Evidence, units: tuple[str, ...], unlogged: Mapping[str, str]
) -> tuple[Evidence, tuple[str, ...]]:
    if not unlogged:
        return one, units
    said = [one.reason] if one.verdict is Verdict.VIOLATED else []
    said.append(next(iter(unlogged.values())))
    return evolve(one, verdict=Verdict.VIOLATED, reason="; ".join(said)), tuple(dict.fromkeys([*units, *unlogged]))
