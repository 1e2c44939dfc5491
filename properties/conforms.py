# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.conforms`: does a system do what a design does? Runs of both side by side, for a test to call.

It answers with an exception, so that a test that only calls it can fail. What holds of a part of a system is no answer
either: a system that does not show or cannot perform what it takes fails as well, unless the caller says that it is
meant to be only a part, or how much of it there has to be.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from attrs import evolve, frozen

from edgeproof.impl.system import System
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import with_room
from edgeproof.properties.catalogue import Property
from edgeproof.properties.coverage import Coverage, Required, came_to_by, check_required, coverage_of, shortfalls
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.fuzz.run import LOCKSTEP, Tally
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Conclusion, Evidence, Ledger, Status, Verdict, conclude
from edgeproof.properties.own import known
from edgeproof.properties.subject import AnyDesign, Subject, subject_of

__all__ = ["Conformance", "ConformanceError", "UndecidedWarning", "conformance", "conforms", "driven"]

_QUICK: Final = Budget(examples=50, steps=80)
"""What `edgeproof verify` gives to a case, too: about a second on a system that keeps everything in memory."""


class ConformanceError(AssertionError):
    """A system does not do what the design does, or breaks what is asked of it, or leaves open what it could decide.

    The message says which. `ledger` has all that was found; `trace` is the shortest run that shows it, None where there
    is none to show. `edgeproof.replay(error.trace, on=...)` does it again.
    """

    def __init__(self, message: str, ledger: Ledger, trace: Trace | None) -> None:
        super().__init__(message)
        self.ledger, self.trace = ledger, trace


class UndecidedWarning(UserWarning):
    """Runs left a property open, which says nothing for it or against it; more runs may decide."""


def conforms(
    system: Callable[[], System],
    design: AnyDesign,
    /,
    *,
    case: str | None = None,
    properties: Iterable[Property | str] | None = None,
    expected: Mapping[str, Verdict] | None = None,
    budget: Budget | None = None,
    partial: bool = False,
    require: Required | None = None,
    **constants: int | str | bool,
) -> Ledger:
    """Drive a system in lockstep with a design, and raise unless it does what the design does.

        edgeproof.conforms(MyStore, "do_kv", crash=True, put_fails=True)

    `system` is a class, or a function without arguments, that makes a `System`; one is made, and closed at the end.
    `design` is a name or a class of one's own, or where that is, as on the command line; `constants` are its options,
    hazards and numbers (durations in ticks), as `Instance.of` takes them; `case` names one of its scoreboard, or of the
    CASES beside the class, instead. Hazards that are on may strike or not, run
    by run. A design of ours gets room for long runs; one of one's own has the numbers that are given.

    `properties` are asked of the runs: those of the catalogue that the configuration can put to the test, unless given.
    `expected` names those that it is known to violate. `budget` is how many runs of how many steps, and the seed: 50
    runs of 80 steps and seed 0 unless given. The same seed makes the same runs.

    Returns a ledger: `lockstep` first (its evidence says what was compared, and in `fired` how often each action was
    performed), then each property. Runs cannot decide what settles in the end, such as `convergence`: that is UNKNOWN.
    A property that no run happened to put to the test is VACUOUS, and a warning (UndecidedWarning) says so.

    Raises ConformanceError, an AssertionError, where the system does otherwise than the design (the run is shortened
    first), where a property is violated that was not expected to be, and where something stays undecided because the
    system does not show or cannot perform what it takes. With `partial` it may, and what is left open is in the ledger
    and in the warning; with `require` it may as well, down to that minimum: how many `actions` have to be performed,
    `variables` to be compared, `properties` to be decided, or which, by name. Raises DesignError for what is asked and
    does not exist, and for a name that the system shows and the design does not have.
    """
    __tracebackhide__ = True
    if not callable(system):
        raise TypeError(f"a system is given as its class, or as a function that makes one, not as {system!r}")
    name = getattr(system, "__name__", "the system")
    with known(design, case) as asked:
        subject = subject_of(asked, constants, properties=properties, expected=expected, case=case)
        found = conformance(name, subject, system, budget or _QUICK, {} if partial and require is None else require)
    if found.failure:
        raise ConformanceError("\n".join((found.failure, *found.details)), found.ledger, found.trace)
    if undecided := list(_undecided(found.ledger)):
        warnings.warn(UndecidedWarning(f"{name}: undecided: {'; '.join(undecided)}"), stacklevel=2)
    return found.ledger


@frozen
class Conformance:
    """What came of driving a system: the ledger, and what the runs covered.

    `failure` says in a line why that is not enough or not right, "" where it is; `details` say more of it. `trace` is
    the shortest run that shows it, if there is one to show.
    """

    ledger: Ledger
    coverage: Coverage
    failure: str = ""
    details: tuple[str, ...] = ()
    trace: Trace | None = None


def conformance(
    name: str,
    subject: Subject,
    system: Callable[[], System],
    budget: Budget,
    required: Required | None,
    tally: Tally | None = None,
) -> Conformance:
    """Drive a system, called `name`, and judge it as `conforms` does, without raising.

    `required` is the minimum that its runs have to come to; None where nothing may be open because of the system.
    What happened is added to `tally`. Raises DesignError where the minimum cannot be met by any system.
    """
    check_required(required or {}, subject.instance, subject.case.properties)
    started, tally = time.perf_counter(), Tally() if tally is None else tally
    found = driven(subject, system, budget, tally)
    ledger = Ledger(_concluded(subject, found), budget.seed, time.perf_counter() - started)
    came_to = Conformance(ledger, coverage_of(subject.instance, tally, ledger.conclusions))
    wrong = _wrong(name, subject, ledger)
    if wrong is None and required is None:
        wrong = _withheld(name, subject, ledger, came_to.coverage)
    elif wrong is None and (short := tuple(shortfalls(came_to.coverage, required or {}))):
        does = f"{name} does what {subject.instance.machine.name} does as far as it goes, which is not far enough:"
        wrong = does, tuple(f"    {line}" for line in short), None
    return came_to if wrong is None else evolve(came_to, failure=wrong[0], details=wrong[1], trace=wrong[2])


def driven(
    subject: Subject, system: Callable[[], System], budget: Budget, tally: Tally | None = None
) -> list[Evidence]:
    """What runs of a system in lockstep say: of the system itself, then of each property."""
    instance = with_room(subject.instance)
    source = kernel_source([instance], subject.properties)
    return fuzz(instance, subject.properties, source, system, budget, tally)


def _concluded(subject: Subject, evidence: Iterable[Evidence]) -> tuple[Conclusion, ...]:
    """The conclusions of runs alone, which nobody expects to decide what settles in the end."""
    settling = {one.id: Verdict.UNKNOWN for one in subject.properties if one.settles is not None}
    case = evolve(subject.case, expected={**subject.case.expected, **settling})
    return tuple(conclude(case, one.property, (one,)) for one in evidence)


_Wrong: TypeAlias = tuple[str, tuple[str, ...], Trace | None]
"""What is wrong: in a line, in more lines, and as a run."""


def _wrong(name: str, subject: Subject, ledger: Ledger) -> _Wrong | None:
    """The system does otherwise than the design, or both break what is asked."""
    lockstep, *others = ledger.conclusions
    design = subject.instance.machine.name
    if lockstep.verdict is Verdict.VIOLATED:
        said = f"{name} does not do what {design} does: {lockstep.evidence[0].reason}"
        return said, tuple(_steps(lockstep.witness)), lockstep.witness
    if lockstep.verdict is not Verdict.HOLDS_TO_BOUND:
        return f"whether {name} does what {design} does is {lockstep.verdict}: {lockstep.evidence[0].reason}", (), None
    broken = [one for one in others if one.status in (Status.VIOLATED, Status.CONTRADICTION)]
    if not broken:
        return None
    said = f"{name} does what {design} does, and that breaks {', '.join(one.property for one in broken)}"
    lines = [line for one in broken for line in (f"{one.property}:", *_steps(one.witness))]
    return said, tuple(lines), broken[0].witness


def _withheld(name: str, subject: Subject, ledger: Ledger, coverage: Coverage) -> _Wrong | None:
    """It is for the system that something is undecided."""
    open_ones = {one.property: one.evidence[0].withheld for one in ledger.conclusions if _is_withheld(one)}
    if not open_ones:
        return None
    design, variables = subject.instance.machine.name, subject.instance.machine.variables
    names = dict.fromkeys(name for withheld in open_ones.values() for name in withheld)
    lines = []
    if hidden := [one for one in names if one in variables]:
        lines.append(f"    it does not show {', '.join(hidden)}")
    if undone := [one for one in names if one not in variables]:
        lines.append(f"    it cannot perform {', '.join(undone)}")
    lines.append(f"which leaves open: {', '.join(open_ones)}")
    lines.append(f"If that is meant, say how much there has to be: require={came_to_by(coverage)}")
    return f"{name} does what {design} does as far as it goes, but", tuple(lines), None


def _is_withheld(one: Conclusion) -> bool:
    return bool(one.evidence[0].withheld) and (one.property == LOCKSTEP or one.verdict is Verdict.UNKNOWN)


def _undecided(ledger: Ledger) -> Iterator[str]:
    for one in ledger.conclusions:
        undecided = one.status in (Status.UNDECIDED, Status.NOT_BY_RUNS)
        if undecided and one.verdict in (Verdict.UNKNOWN, Verdict.VACUOUS):
            yield f"{one.property} ({one.evidence[0].reason})"
        elif one.property == LOCKSTEP and one.evidence[0].withheld:
            yield f"{one.property} (the system cannot perform {', '.join(one.evidence[0].withheld)})"


def _steps(trace: Trace | None) -> list[str]:
    events = trace.events if trace is not None else ()
    return [f"    {number}. {event}" for number, event in enumerate(events, 1)] or ["    at the start"]
