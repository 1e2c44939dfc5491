# SPDX-License-Identifier: Apache-2.0
"""A ledger arranged for reading: sheets of rows, each witness with its file and the command that replays it.

Every format (console, JSON, Markdown, JUnit) is written from one view, so that they cannot tell different stories.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from attrs import frozen

from edgeproof.model.trace import Trace
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Ledger, Status, Verdict
from edgeproof.properties.own import adopted

__all__ = ["CALM", "MEANING", "Finding", "Row", "Sheet", "View", "arrange", "program_name", "says", "standing"]

MEANING: Final[Mapping[int, str]] = {
    0: "all as expected",
    1: "a property is violated, engines contradict each other, or something is not what is pinned",
    3: "something is undecided, or was never put to the test",
    4: "a promise was missed, or may be, as the environment broke an assumption; nothing else is wrong",
}
"""What the exit status of a checked ledger says."""

CALM: Final = (Status.AS_EXPECTED, Status.NOT_BY_RUNS)
"""How a property may stand without anybody having to look at it."""

_ORDER: Final = ("explore", "prove", "fuzz", "crash")


@frozen
class Finding:
    """What one engine found, and under which name its witness is kept (relative to the output folder)."""

    evidence: Evidence
    trace: str | None = None


@frozen
class Row:
    """One property of one case; `shortest` is the finding with the shortest counterexample."""

    conclusion: Conclusion
    findings: tuple[Finding, ...]
    shortest: Finding | None

    def by(self, engine: str) -> tuple[Finding, ...]:
        """What one engine found."""
        return tuple(finding for finding in self.findings if finding.evidence.engine == engine)


@frozen
class Sheet:
    """One case."""

    case: Case
    rows: tuple[Row, ...]

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that had something to say; those we do not know come last."""
        found = dict.fromkeys(f.evidence.engine for row in self.rows for f in row.findings)
        return tuple(sorted(found, key=lambda engine: _ORDER.index(engine) if engine in _ORDER else len(_ORDER)))

    @property
    def exit_status(self) -> int:
        """The exit status of a run of this case alone."""
        return Ledger(tuple(row.conclusion for row in self.rows), 0, 0.0).exit_status


@frozen
class View:
    """A ledger, arranged. `out` is the output folder as the user wrote it, `program` what the user calls us.

    `described_in` is the file of the user's that says what was judged, where that is a deployment and no design;
    `placeless` says that a deployment was judged that no file describes, so that nothing happens in a line of one.
    """

    ledger: Ledger
    sheets: tuple[Sheet, ...]
    out: str
    program: str = "edgeproof"
    described_in: str = ""
    placeless: bool = False

    def path(self, trace: str) -> str:
        """Where a trace file is, from where the user is."""
        return str(Path(self.out) / trace)

    def replay(self, trace: str) -> str:
        """The command that replays a trace."""
        witness = self.traces()[trace].evidence.witness
        own = None if witness is None else adopted().get(witness.design)
        design = "" if own is None else f" --design {shlex.quote(own.reference)}"
        return f"{self.program} replay {shlex.quote(self.path(trace))}{design}"

    def traces(self) -> dict[str, Finding]:
        """Every finding that has a witness, by the name of its file."""
        every = (finding for sheet in self.sheets for row in sheet.rows for finding in row.findings)
        return {finding.trace: finding for finding in every if finding.trace is not None}

    def shown(self) -> dict[str, Trace]:
        """Every run to what must be possible, by the name of its file."""
        return {
            f"traces/{_slug(sheet.case.name)}.{_slug(trace.about)}.{_slug(finding.evidence.engine)}.itf.json": trace
            for sheet in self.sheets
            for row in sheet.rows
            for finding in row.findings
            for trace in finding.evidence.shown
        }


def arrange(ledger: Ledger, out: str, program: str = "edgeproof") -> View:
    """Arrange a ledger by case, in the order in which the cases come."""
    name = _names()
    rows: dict[tuple[str, str], list[Row]] = {}
    for conclusion in ledger.conclusions:
        findings = tuple(Finding(e, name(conclusion, e)) for e in conclusion.evidence)
        broken = [f for f in findings if f.trace is not None and f.evidence.verdict is Verdict.VIOLATED]
        row = Row(conclusion, findings, min(broken, key=_length, default=None))
        rows.setdefault((conclusion.case.design, conclusion.case.name), []).append(row)
    sheets = tuple(Sheet(together[0].conclusion.case, tuple(together)) for together in rows.values())
    return View(ledger, sheets, out, program)


def standing(conclusion: Conclusion) -> str:
    """How a property stands, in a few words."""
    match conclusion.status:
        case Status.AS_EXPECTED:
            return "violated as expected" if conclusion.verdict is Verdict.VIOLATED else "as expected"
        case Status.UNDECIDED:
            return "vacuous" if conclusion.verdict is Verdict.VACUOUS else "undecided"
    return str(conclusion.status)


def says(property_id: str) -> str:
    """A property's sentence, or that of an assumption or of a verdict on the checks themselves; else nothing."""
    from edgeproof.properties.catalogue import CATALOGUE

    if property_id in CATALOGUE:
        return CATALOGUE[property_id].says
    from edgeproof.properties.engines.crash.effort import POWER_CUT
    from edgeproof.properties.engines.fuzz.cover import EVERY_ACTION
    from edgeproof.properties.engines.fuzz.run import LOCKSTEP
    from edgeproof.properties.engines.outside.engine import CONTRACT
    from edgeproof.properties.possible import POSSIBLE
    from edgeproof.properties.timelock import TIME_DIVERGES
    from edgeproof.reports.target.rows import ANSWERS

    on_checks = {
        TIME_DIVERGES: "Time can always go on: no deadline stops it for ever.",
        POSSIBLE: "What must be able to happen does happen in some run.",
        CONTRACT: "Every answer of the deployment is one that the HTTP front gives.",
        ANSWERS: "Every answer of the deployment is one that its file says there is.",
        LOCKSTEP: "The system under test does what the model does.",
        POWER_CUT: "What a power cut leaves of the store is what the model's crash leaves, and the run goes on.",
        EVERY_ACTION: "Every action and every hazard of the model has happened on the system under test.",
    }
    if property_id in on_checks:
        return on_checks[property_id]
    from edgeproof.properties.traffic.assumptions import MONITORS

    return MONITORS[property_id].says if property_id in MONITORS else ""


def program_name() -> str:
    """How the user called us: `edgeproof` where that name finds this program, else the path that was typed."""
    typed = sys.argv[0]
    if Path(typed).name != "edgeproof":
        return "edgeproof"
    found = shutil.which("edgeproof")
    if found is not None and Path(found).resolve() == Path(typed).resolve():
        return "edgeproof"
    try:
        return shlex.quote(str(Path(typed).resolve().relative_to(Path.cwd())))
    except ValueError:
        return shlex.quote(typed)


def _names() -> Callable[[Conclusion, Evidence], str | None]:
    """A function that gives each witness a file name of its own."""
    taken: set[str] = set()

    def name(conclusion: Conclusion, evidence: Evidence) -> str | None:
        if evidence.witness is None:
            return None
        parts = (conclusion.case.name, conclusion.property, evidence.engine)
        case, one, engine = map(_slug, parts)
        suffixes = ("", *(f"-{n}" for n in range(2, len(taken) + 3)))
        free = next(n for s in suffixes if (n := f"traces/{case}.{one}.{engine}{s}.itf.json") not in taken)
        taken.add(free)
        return free

    return name


def _slug(text: str) -> str:
    """What may stand in the name of a file."""
    return re.sub(r"[^A-Za-z0-9_+=-]+", "-", text).strip("-")[:80] or "-"


def _length(finding: Finding) -> int:
    assert finding.evidence.witness is not None
    return len(finding.evidence.witness.events)
