# SPDX-License-Identifier: Apache-2.0
"""What engines return: evidence, and the ledger that holds it.

Evidence never travels without its bound, its assumptions, its seed and its time. A ledger compares what was found with
what was expected, and notices engines that contradict each other.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from edgeproof.model.interpret import State
from edgeproof.model.trace import Trace

__all__ = ["HOLDS", "Case", "Conclusion", "Evidence", "Ledger", "Status", "Verdict", "conclude"]


class Verdict(StrEnum):
    """What an engine says of a property."""

    PROVED = "PROVED"
    """For all sizes and, where it says so, all values of the parameters."""
    HOLDS_TO_BOUND = "HOLDS_TO_BOUND"
    """No violation within a bound that the evidence names."""
    VIOLATED = "VIOLATED"
    """There is a trace."""
    MISSED = "MISSED"
    """Not kept, as the environment broke an assumption that it rests on, which the reason names."""
    UNKNOWN = "UNKNOWN"
    """Undecided; the reason says what ran out."""
    VACUOUS = "VACUOUS"
    """Never put to the test."""


HOLDS: Final = (Verdict.PROVED, Verdict.HOLDS_TO_BOUND)


@frozen
class Evidence:
    """What one engine found about one property of one case.

    `bound` says what the verdict covers. `exhaustive` means that every behaviour of the case's instance was covered, so
    that a violation found elsewhere on the same instance contradicts it. `reason` says why a verdict is UNKNOWN or
    VACUOUS, or adds what a reader should know. `measures` are counts such as states or steps. `unsettled` is a state
    from which an induction failed; whether it is reachable is another engine's to say. `fired` counts, per action, how
    often it happened in what the engine looked at, and `offered` names those that could have. `left_range` names a
    variable that left its declared range.
    `withheld` names what it would have taken, and a system under test does not show or cannot perform: variables, then
    actions. `by_runs` says that it is from runs of a system that showed and did all that the property takes. `shown`
    are runs to what must be possible, each about its fact.
    """

    property: str
    engine: str
    verdict: Verdict
    bound: str = ""
    exhaustive: bool = False
    assumptions: tuple[str, ...] = ()
    seed: int | None = None
    seconds: float = 0.0
    measures: Mapping[str, int | float | str] = field(factory=dict)
    witness: Trace | None = None
    reason: str = ""
    unsettled: State | None = None
    fired: Mapping[str, int] = field(factory=dict)
    offered: tuple[str, ...] = ()
    left_range: str = ""
    withheld: tuple[str, ...] = ()
    by_runs: bool = False
    shown: tuple[Trace, ...] = ()


@frozen
class Case:
    """One configuration of a design and what is expected of it.

    `constants` are the options, hazards and numbers that differ from the design's defaults. `expected` names the
    properties that the pattern's description, or the platform's documentation, says must be VIOLATED; `because` says
    why. Every other property of `properties` must hold.
    """

    name: str
    design: str
    constants: Mapping[str, int | str | bool]
    properties: tuple[str, ...]
    expected: Mapping[str, Verdict] = field(factory=dict)
    because: str = ""


class Status(StrEnum):
    """How a property of a case stands, with expectations taken into account."""

    AS_EXPECTED = "as expected"
    VIOLATED = "violated"
    HOLDS_UNEXPECTEDLY = "expected to be violated, but holds"
    MISSED = "missed, as an assumption was broken"
    UNDECIDED = "undecided"
    NOT_BY_RUNS = "not decided by runs"
    """Only runs of a system were looked at, which end and are samples: they cannot decide it, or happened not to."""
    CONTRADICTION = "engines contradict each other"
    WEAKER = "not what is pinned"


@frozen
class Conclusion:
    """What all engines together say of one property of one case."""

    case: Case
    property: str
    verdict: Verdict
    status: Status
    evidence: tuple[Evidence, ...]
    reason: str = ""

    @builtins.property
    def witness(self) -> Trace | None:
        """The shortest trace that any engine found."""
        traces = [e.witness for e in self.evidence if e.witness is not None and e.verdict is Verdict.VIOLATED]
        return min(traces, key=lambda trace: len(trace.events), default=None)

    def __str__(self) -> str:
        """One line: the verdict and who says so, how it stands if not as expected, and what it covers or why."""
        telling = [e for e in self.evidence if e.verdict is self.verdict]
        by = f" by {', '.join(e.engine for e in telling)}" if telling else ""
        plain = Status.VIOLATED if self.verdict is Verdict.VIOLATED else Status.AS_EXPECTED
        stands = "" if self.status is plain else f" ({self.status})"
        length = 0 if self.witness is None else len(self.witness.events)
        steps = f"{length} step{'s' if length > 1 else ''}" if length else ""
        details = "; ".join(part for part in (steps, *(e.bound for e in telling[:1]), self.reason) if part)
        return f"{self.property}: {self.verdict}{by}{stands}" + (f"; {details}" if details else "")


@frozen
class Ledger:
    """All evidence of a run, with its seed."""

    conclusions: tuple[Conclusion, ...]
    seed: int
    seconds: float
    environment: Mapping[str, str] = field(factory=dict)

    @property
    def exit_status(self) -> int:
        """0 all as expected; 1 a violation, engines in contradiction, or evidence lost; 4 missed by an assumption; 3
        undecided or vacuous. Where several are so, it is the first of these.
        """
        statuses = {c.status for c in self.conclusions}
        if statuses & {Status.VIOLATED, Status.CONTRADICTION, Status.HOLDS_UNEXPECTEDLY, Status.WEAKER}:
            return 1
        if Status.MISSED in statuses:
            return 4
        return 3 if Status.UNDECIDED in statuses or not self.conclusions else 0

    @property
    def ok(self) -> bool:
        """Whether all is as expected: nothing violated that should hold, nothing undecided."""
        return self.exit_status == 0

    def of(self, property_id: str) -> Conclusion:
        """What was concluded of a property. Raises LookupError where that is nothing, or something per case."""
        found = [c for c in self.conclusions if c.property == property_id]
        if len(found) == 1:
            return found[0]
        what = f"{len(found)} cases conclude on" if found else "nothing was concluded on"
        known = ", ".join(dict.fromkeys(c.property for c in self.conclusions))
        raise LookupError(f"{what} {property_id!r}; there is {known}")

    def __str__(self) -> str:
        """A line per conclusion, with the name of its case where there are several."""
        several = len({c.case.name for c in self.conclusions}) > 1
        return "\n".join(f"{c.case.name}: {c}" if several else str(c) for c in self.conclusions)


def conclude(case: Case, property_id: str, evidence: tuple[Evidence, ...]) -> Conclusion:
    """Combine what the engines say of one property; the strongest verdict counts, a contradiction is a failure.

    Where a variable left its range in any engine, the design says nothing of what comes after: nothing holds then.
    """
    found = {e.verdict for e in evidence}
    certain = [e for e in evidence if e.verdict is Verdict.PROVED or (e.verdict in HOLDS and e.exhaustive)]
    broken = [e for e in evidence if e.verdict is Verdict.VIOLATED]
    order: tuple[Verdict, ...] = (
        *(Verdict.VIOLATED, Verdict.MISSED, Verdict.PROVED, Verdict.HOLDS_TO_BOUND),
        *(Verdict.VACUOUS, Verdict.UNKNOWN),
    )
    if Verdict.HOLDS_TO_BOUND not in found and any(e.verdict is Verdict.VACUOUS and e.exhaustive for e in evidence):
        # All that can happen was looked at, and nothing put the property to the test: a proof is about nothing then.
        order = (Verdict.VIOLATED, Verdict.VACUOUS, Verdict.PROVED, Verdict.HOLDS_TO_BOUND, Verdict.UNKNOWN)
    verdict = next((v for v in order if v in found), Verdict.UNKNOWN)
    if certain and broken:
        text = f"{certain[0].engine} says {certain[0].verdict}, {broken[0].engine} says {broken[0].verdict}"
        return Conclusion(case, property_id, verdict, Status.CONTRADICTION, evidence, text)
    reasons = "; ".join(f"{e.engine}: {e.reason}" for e in evidence if e.reason and e.verdict is verdict)
    left = next((e for e in evidence if e.left_range), None)
    if left is not None and verdict is not Verdict.VIOLATED:
        verdict, certain, reasons = Verdict.UNKNOWN, [], f"{left.engine}: {left.reason}"
    status = _status(case, property_id, verdict, bool(certain))
    if status is Status.UNDECIDED and evidence and all(e.by_runs for e in evidence):
        status = Status.NOT_BY_RUNS
    if status in (Status.UNDECIDED, Status.NOT_BY_RUNS) and verdict in HOLDS:
        reasons = "it must be violated, and nothing that was run shows it" + (f"; {reasons}" if reasons else "")
    return Conclusion(case, property_id, verdict, status, evidence, reasons)


def _status(case: Case, property_id: str, verdict: Verdict, certain: bool) -> Status:
    expected = case.expected.get(property_id)
    if verdict is Verdict.MISSED:
        return Status.AS_EXPECTED if verdict is expected else Status.MISSED
    if verdict in (Verdict.UNKNOWN, Verdict.VACUOUS):
        return Status.AS_EXPECTED if verdict is expected else Status.UNDECIDED
    if expected is Verdict.VIOLATED and verdict is not Verdict.VIOLATED:
        # Samples that do not show an anomaly do not show that there is none.
        return Status.HOLDS_UNEXPECTEDLY if certain else Status.UNDECIDED
    if expected is Verdict.VIOLATED:
        return Status.AS_EXPECTED
    return Status.VIOLATED if verdict is Verdict.VIOLATED else Status.AS_EXPECTED
