# SPDX-License-Identifier: Apache-2.0
"""What a check of recorded traffic found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from rich.table import Table

from edgeproof.properties.evidence import Case, Evidence, Ledger, Verdict, conclude
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.matrix import print_sheet, print_summary
from edgeproof.reports.report import report_document
from edgeproof.reports.view import View, arrange, program_name

if TYPE_CHECKING:
    from edgeproof.properties.engines.history.engine import Checked
    from edgeproof.properties.traffic import Promise
    from edgeproof.properties.traffic.learn import Learnt
    from edgeproof.properties.traffic.measure import Staleness
    from edgeproof.reports.consoles import Terminal

__all__ = ["Findings", "promise_document", "report_findings", "view_of"]

_SHOWN: Final = 10
"""Rows of a table by unit and location; `--json` has all of them."""

_MEANINGS: Final = {
    "S": "from a commit that waits, with no put under way, to its put",
    "D": "a put, until it was confirmed or given up",
    "F": "puts in a row that were not confirmed",
    "R": "from such a put to the next one",
    "T": "a cached copy of what KV no longer held",
}


@frozen
class Findings:
    """What was found under which promise; what was learnt, with the promise that it makes; how stale reads were."""

    promise: Promise
    checked: Checked
    learnt: Learnt | None
    fitted: Promise | None
    staleness: Staleness | None


def report_findings(terminal: Terminal, sources: Sequence[str], found: Findings, seed: int, seconds: float) -> int:
    """Print it all, or write the one JSON document; returns the exit status."""
    checked = found.checked
    view = view_of(sources, checked.evidence, checked.anomalies, found.promise, seed, seconds)
    if terminal.as_json:
        terminal.document(_document(sources, found, view))
        return view.ledger.exit_status
    for sheet in view.sheets:
        print_sheet(terminal.out, view, sheet)
    for line in _lines(found):
        terminal.out.print(one_line(line), soft_wrap=True)
    for table in _tables(found):
        terminal.out.print()
        terminal.out.print(table)
    print_summary(terminal.out, view)
    return view.ledger.exit_status


def view_of(
    sources: Sequence[str],
    evidence: Sequence[Evidence],
    anomalies: Sequence[str],
    promise: Promise,
    seed: int,
    seconds: float,
) -> View:
    """A history as the one case of a ledger. `anomalies` are properties that nobody promised."""
    # Nobody promised that an anomaly would show, nor that it would not.
    either = {one.property: one.verdict for one in evidence if one.property in anomalies}
    case = Case(_named(sources), "do_kv", _constants(promise), tuple(one.property for one in evidence), either)
    conclusions = tuple(conclude(case, one.property, (one,)) for one in evidence)
    return arrange(Ledger(conclusions, seed, seconds), "", program_name())


def _named(sources: Sequence[str]) -> str:
    return one_line(sources[0]) if len(sources) == 1 else f"{one_line(sources[0])} and {len(sources) - 1} more"


def _constants(promise: Promise) -> dict[str, int | str | bool]:
    reader: dict[str, int | str | bool] = {"reader": "guarded"} if promise.guarded else {}
    return reader if promise.bound_s == inf else {**reader, "bound": f"{promise.bound_s:g} s"}


def _lines(found: Findings) -> Iterator[str]:
    """What a reader should know beside the verdicts, a line each."""
    for one in found.checked.evidence:
        if one.property in found.checked.anomalies and one.verdict is Verdict.VIOLATED:
            yield f"{one.property}, which nobody promised: {_count(one)}{one.reason}"
        elif one.verdict is Verdict.HOLDS_TO_BOUND and one.reason:
            yield f"{one.property}: {one.reason}"
        if "headroom_s" in one.measures and found.promise.bound_s != inf:
            oldest, room = one.measures["certain_max_s"], one.measures["headroom_s"]
            yield f"certain staleness: {oldest:.3f} s at most; head-room: {room:.3f} s of {found.promise.bound_s:g} s"
    reasons: dict[str, list[str]] = {}
    for name, why in found.checked.unasked.items():
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        yield f"not asked, as {why}: {', '.join(names)}"


def _count(one: Evidence) -> str:
    return f"{counted(int(one.measures.get('violations', 0)), 'event')}; "


def _tables(found: Findings) -> Iterator[Table]:
    if found.learnt is not None and found.fitted is not None:
        yield _learnt_table(found.learnt, found.fitted)
    if found.staleness is not None:
        yield from _staleness_tables(found.staleness)


def _learnt_table(learnt: Learnt, fitted: Promise) -> Table:
    table = Table(header_style="bold", title=f"learnt: {fitted.bound_s:g} s = {fitted.formula}", title_justify="left")
    table.add_column("number", no_wrap=True)
    table.add_column("smallest", justify="right")
    table.add_column("what")
    table.add_column("measured", justify="right")
    for symbol in "SDFRT":
        value, seen = learnt.values[symbol], learnt.seen[symbol]
        shown = f"{value:g}" if symbol == "F" else f"{value:g} s"
        table.add_row(symbol, shown, _MEANINGS[symbol], f"{seen:,} times" if seen else "never")
    return table


def _staleness_tables(staleness: Staleness) -> Iterator[Table]:
    yield _quantile_table(staleness)
    yield _behind_table(staleness)
    yield _curve_table(staleness)
    if staleness.worst is not None:
        yield _worst_table(staleness)


def _quantile_table(staleness: Staleness) -> Table:
    table = Table(header_style="bold", title="staleness of reads, in seconds: certain (possible)", title_justify="left")
    for column in ("unit", "location"):
        table.add_column(column, overflow="fold")
    for column in ("reads", "half", "90 %", "99 %", "99.9 %", "all"):
        table.add_column(column, justify="right")
    rows = staleness.by_location
    for row in (staleness.overall, *rows[:_SHOWN]):
        cells = [f"{row['certain'][q]:.3f} ({row['possible'][q]:.3f})" for q in ("p50", "p90", "p99", "p999", "max")]
        table.add_row(row["unit"] or "all", row["pop"] or "all", f"{row['reads']:,}", *cells)
    if len(rows) > _SHOWN:
        table.caption = f"the {_SHOWN} stalest of {len(rows):,}; --json has them all"
    return table


def _behind_table(staleness: Staleness) -> Table:
    table = Table(header_style="bold", title="versions behind", title_justify="left")
    for column in ("versions", "reads", "share"):
        table.add_column(column, justify="right")
    every = sum(staleness.behind.values())
    for k, n in list(staleness.behind.items())[:_SHOWN]:
        table.add_row(str(k), f"{n:,}", f"{n / every:.4%}")
    if len(staleness.behind) > _SHOWN:
        table.caption = f"and up to {max(staleness.behind)}"
    return table


def _curve_table(staleness: Staleness) -> Table:
    table = Table(header_style="bold", title="how likely a read is fresh after a commit", title_justify="left")
    for column in ("up to", "reads", "fresh"):
        table.add_column(column, justify="right")
    for row in staleness.curve:
        upto = "later" if row["age"] == inf else f"{row['age']:g} s"
        table.add_row(upto, f"{row['n']:,}", f"{row['fresh'] / row['n']:.2%}")
    return table


def _worst_table(staleness: Staleness) -> Table:
    worst = staleness.worst
    assert worst is not None
    of = f"version {worst.version} of {one_line(worst.unit)}"
    table = Table(header_style="bold", title=f"the stalest read: {of}, {worst.stale:.3f} s", title_justify="left")
    table.add_column("term", no_wrap=True)
    table.add_column("time", justify="right")
    table.add_column("why")
    table.add_column("")
    for stage in worst.stages:
        first = stage is worst.dominant
        table.add_row(stage.term, f"{stage.seconds:.3f} s", stage.meaning, "dominates" if first else "")
    return table


def _document(sources: Sequence[str], found: Findings, view: View) -> dict[str, Any]:
    return {
        "history": list(sources),
        "promise": promise_document(found.promise),
        "anomalies": list(found.checked.anomalies),
        "not_asked": dict(found.checked.unasked),
        "learnt": None if found.learnt is None else _learnt_document(found.learnt, found.fitted),
        "staleness": None if found.staleness is None else _staleness_document(found.staleness),
        "report": report_document(view),
    }


def promise_document(promise: Promise | None) -> dict[str, Any] | None:
    """What a history is held to, for programs."""
    if promise is None:
        return None
    bound = None if promise.bound_s == inf else promise.bound_s
    return {"bound_s": bound, "formula": promise.formula, "assumptions": list(promise.assumptions)}


def _learnt_document(learnt: Learnt, fitted: Promise | None) -> dict[str, Any]:
    return {"numbers": dict(learnt.values), "measured": dict(learnt.seen), "promise": promise_document(fitted)}


def _staleness_document(staleness: Staleness) -> dict[str, Any]:
    worst = staleness.worst
    return {
        "overall": staleness.overall,
        "by_location": list(staleness.by_location),
        "versions_behind": {str(k): n for k, n in staleness.behind.items()},
        "fresh_after": [{**row, "age": None if row["age"] == inf else row["age"]} for row in staleness.curve],
        "stalest": None if worst is None else _worst_document(worst),
    }


def _worst_document(worst: Any) -> Mapping[str, Any]:
    stages = [{"term": s.term, "meaning": s.meaning, "seconds": round(s.seconds, 6)} for s in worst.stages]
    place = {"unit": worst.unit, "era": worst.era, "version": worst.version}
    return {**place, "seconds": round(worst.stale, 6), "stages": stages, "dominant": worst.dominant.term}
