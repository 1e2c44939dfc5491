# SPDX-License-Identifier: Apache-2.0
"""A history that is still being written: what breaks a promise as it comes, and the verdicts when it ends.

They are those of `edgeproof check` on the file, as it is by then. Only where the file was replaced meanwhile, as
rotated logs are, are they what could be decided on the way.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.matrix import print_sheet, print_summary
from edgeproof.reports.report import report_document
from edgeproof.reports.signals import Stop, stopped_by_signals
from edgeproof.reports.traffic.findings import promise_document, view_of
from edgeproof.reports.traffic.reading import Watched, read_files

if TYPE_CHECKING:
    from edgeproof.properties.engines.history.follow import Report
    from edgeproof.properties.evidence import Evidence
    from edgeproof.properties.intake import ColumnMapping
    from edgeproof.properties.traffic.promise import Promise
    from edgeproof.reports.consoles import Terminal

__all__ = ["follow_file"]

_CUT: Final = "the file was cut: what came before is no part of it any more, and it is read again from its beginning"


def follow_file(terminal: Terminal, watched: Watched, promise: Promise, *, idle: float | None, seed: int) -> int:
    """Watch a file until it is interrupted, or nothing came for `idle` seconds; returns the exit status.

    Raises OSError for a file that cannot be read, ValueError and Unusable for one that cannot be followed, and Unusable
    for the first malformed line if it is strict.
    """
    from edgeproof.properties.engines.history.follow import follow
    from edgeproof.properties.intake.tail import tail
    from edgeproof.properties.regular import regular

    started = time.perf_counter()
    source, strict = watched.history, watched.strict
    regular(Path(source))
    mapping = _followed(watched)
    file, cuts = _identity(source), 0
    with stopped_by_signals() as stop:
        lines = _until(stop, tail(Path(source), until_idle=idle))
        for report in follow(lines, promise, mapping=mapping.of(Path(source)), every=1 if strict else 10_000):
            if strict and report.malformed:
                stop.ask()
            if not report.final:
                _print_news(terminal, report, promise)
            cuts += report.cut
    if strict and report.malformed:
        raise Unusable(one_line(report.evidence[0].reason))
    if _identity(source) == file:
        evidence, anomalies = _checked(source, promise, mapping)
    else:
        evidence, anomalies = _asked(report.evidence, promise), _anomalies(promise)
    view = view_of(one_line(source), evidence, anomalies, promise, seed, time.perf_counter() - started)
    if terminal.as_json:
        counts = {name: getattr(report, name) for name in ("lines", "events", "malformed", "late")} | {"cuts": cuts}
        said: dict[str, Any] = {"history": [source], "promise": promise_document(promise), "anomalies": list(anomalies)}
        terminal.document({**said, **counts, "staleness_s": report.staleness, "report": report_document(view)})
        return view.ledger.exit_status
    for sheet in view.sheets:
        print_sheet(terminal.out, view, sheet)
    terminal.out.print(_state(report), soft_wrap=True)
    if cuts:
        terminal.out.print(_CUT, style="magenta", soft_wrap=True)
    print_summary(terminal.out, view)
    return view.ledger.exit_status


def _identity(source: str) -> tuple[int, int] | None:
    """Which file has that name; None for none."""
    try:
        found = os.stat(source)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _followed(watched: Watched) -> ColumnMapping:
    """What its lines mean. Raises Unusable where it has none, or where what they mean is known at the end only."""
    from edgeproof.properties.intake import stated_mapping
    from edgeproof.properties.intake.records import has_lines
    from edgeproof.properties.intake.sources import find_sources

    mapping = stated_mapping(watched.mapping, watched.times)
    if mapping.order != "numbers":
        raise Unusable("versions in the order of their commits are known once all are: check the finished file")
    for source in find_sources([Path(watched.history)]):
        if source.compression is not None or not has_lines(source):
            raise Unusable(f"{watched.history} has no object of JSON a line: check it once it is finished")
    return mapping


def _checked(source: str, promise: Promise, mapping: ColumnMapping) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """What the checks find in the file as it is now, and what of that nobody promised."""
    from edgeproof.properties.engines.history.engine import check_all

    recorded = read_files([Path(source)], mapping, strict=False)
    checked = check_all(recorded.ask, recorded.malformed, promise)
    return checked.evidence, checked.anomalies


def _print_news(terminal: Terminal, report: Report, promise: Promise) -> None:
    anomalies = _anomalies(promise)
    for one in report.new:
        if one.property not in anomalies and (one.property != "bounded-staleness" or promise.bound_s != inf):
            terminal.out.print(f"{one.property} violated: {one_line(one.text)}", soft_wrap=True)
    terminal.err.print(_state(report), soft_wrap=True)
    if report.cut:
        terminal.err.print(_CUT, style="magenta", soft_wrap=True)


def _state(report: Report) -> str:
    parts = [f"{counted(report.lines, 'line')}, {counted(report.events, 'event')}"]
    parts += [f"{report.malformed:,} malformed"] if report.malformed else []
    parts += [f"{report.late:,} too late"] if report.late else []
    parts.append(f"certain staleness: {report.staleness:.3f} s at most")
    return "; ".join(parts)


def _asked(evidence: Iterable[Evidence], promise: Promise) -> tuple[Evidence, ...]:
    """The verdicts; on staleness only if it was held to a bound, and none on what the history is not about."""
    return tuple(
        evolve(one, assumptions=promise.assumptions) if one.property == "bounded-staleness" else one
        for one in evidence
        if (one.property != "bounded-staleness" or promise.bound_s != inf) and not _is_about_something_else(one)
    )


def _is_about_something_else(one: Evidence) -> bool:
    from edgeproof.properties.evidence import Verdict
    from edgeproof.properties.traffic.catalogue import CHECKS

    return one.verdict is Verdict.VACUOUS and CHECKS[one.property].subject is not None


def _anomalies(promise: Promise) -> tuple[str, ...]:
    from edgeproof.properties.engines.history.follow import FOLLOWED
    from edgeproof.properties.traffic.catalogue import CHECKS

    return tuple(name for name in FOLLOWED if not CHECKS[name].promised(promise))


def _until(stop: Stop, lines: Iterable[bytes | None]) -> Iterator[bytes | None]:
    for line in lines:
        if stop.asked:
            return
        yield line
