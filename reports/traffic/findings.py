# SPDX-License-Identifier: Apache-2.0
"""What a check of recorded traffic found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from attrs import frozen

from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.traffic.recording import would_decide
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.matrix import print_sheet, print_summary
from edgeproof.reports.report import report_document
from edgeproof.reports.traffic.staleness import staleness_document, staleness_tables
from edgeproof.reports.view import View, arrange, program_name

if TYPE_CHECKING:
    from edgeproof.properties.engines.history.engine import Checked
    from edgeproof.properties.traffic.course import Course
    from edgeproof.properties.traffic.measure import Staleness
    from edgeproof.properties.traffic.promise import Promise
    from edgeproof.reports.consoles import Terminal
    from edgeproof.reports.traffic.reading import Reading

__all__ = ["Findings", "promise_document", "report_findings", "view_of"]


@frozen
class Findings:
    """What was found under which promise; how stale reads were, if that was asked, and what a page shows of that."""

    promise: Promise
    checked: Checked
    staleness: Staleness | None
    pictured: tuple[Staleness, Course] | None = None


def report_findings(
    terminal: Terminal, reading: Reading, found: Findings, seed: int, seconds: float, out: str | None = None
) -> int:
    """Print it all, or write the one JSON document, and a page into the folder `out`; returns the exit status."""
    checked = found.checked
    view = view_of(reading.title, checked.evidence, checked.anomalies, found.promise, seed, seconds)
    page = None if out is None else _write_page(view, found, out)
    if terminal.as_json:
        terminal.document(_document(reading, found, view))
        return view.ledger.exit_status
    for sheet in view.sheets:
        print_sheet(terminal.out, view, sheet)
    for line in _lines(found):
        terminal.out.print(one_line(line), soft_wrap=True)
    for table in () if found.staleness is None else staleness_tables(found.staleness):
        terminal.out.print()
        terminal.out.print(table)
    print_summary(terminal.out, view)
    if page is not None:
        terminal.out.print(f"wrote {page}", soft_wrap=True)
    return view.ledger.exit_status


def _write_page(view: View, found: Findings, out: str) -> str:
    from edgeproof.reports.html.staleness import staleness_section
    from edgeproof.reports.html.verified import verified_page
    from edgeproof.reports.html.writing import write_page

    more = [] if found.pictured is None else [staleness_section(*found.pictured, found.promise)]
    return write_page(out, verified_page(view, command="check", more=more))


def view_of(
    title: str, evidence: Sequence[Evidence], anomalies: Sequence[str], promise: Promise, seed: int, seconds: float
) -> View:
    """A history as the one case of a ledger. `anomalies` are properties that nobody promised."""
    from edgeproof.properties.traffic.ledger import history_ledger

    ledger = history_ledger(title, promise, evidence, anomalies, seed=seed, seconds=seconds)
    return arrange(ledger, "", program_name())


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
    for what, names in would_decide(found.checked.unasked).items():
        yield f"recording {what} would decide: {', '.join(names)}"


def _count(one: Evidence) -> str:
    return f"{counted(int(one.measures.get('violations', 0)), 'event')}; "


def _document(reading: Reading, found: Findings, view: View) -> dict[str, Any]:
    return {
        "history": list(reading.history),
        "promise": promise_document(found.promise),
        "anomalies": list(found.checked.anomalies),
        "not_asked": dict(found.checked.unasked),
        "recording_decides": would_decide(found.checked.unasked),
        "staleness": None if found.staleness is None else staleness_document(found.staleness),
        "report": report_document(view),
    }


def promise_document(promise: Promise) -> dict[str, Any]:
    """What a history is held to, for programs."""
    bound = None if promise.bound_s == inf else promise.bound_s
    said = {"bound_s": bound, "formula": promise.formula, "assumptions": list(promise.assumptions)}
    return {"design": promise.design, **said}
