# SPDX-License-Identifier: Apache-2.0
"""What each engine says of a design, held to what the others say, and to the interpreter.

Each check raises AssertionError where two disagree, and counts what it compared: a check that compares nothing would
agree with anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import product
from typing import Any, Final

from edgeproof.model.interpret import OutOfRangeError, apply, evaluate
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.machine import Instance
from edgeproof.model.smt import UnencodableError
from edgeproof.model.trace import Trace, replay
from edgeproof.properties.catalogue import Property, state_form, step_form
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.prove.cutoff import cutoffs
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.engines.prove.induct import UndecidedError, inductive_part
from edgeproof.properties.engines.prove.known import Known
from edgeproof.properties.engines.prove.solver import WORK
from edgeproof.properties.engines.prove.unroll import Counterexample, Unrolling, unrolling
from edgeproof.properties.evidence import Evidence, Verdict
from tests.model.drawing import SORTS
from tests.model.random_designs import state_formula
from tests.properties.brute import BruteSearch
from tests.properties.interpreted import Interpreted, Lying
from tests.properties.random_subjects import LARGEST, Subject
from tests.properties.reductions import differences, reduction

__all__ = [
    "CHECKS",
    "bounded_search_agrees",
    "cutoffs_agree",
    "fuzzing_agrees",
    "orbits_agree",
    "proofs_agree",
    "search_agrees",
]

Compared = Counter[str]

DEPTH: Final = 3
"""Steps of bounded search."""

BUDGET: Final = Budget(examples=6, steps=24)

ORBITS_OF: Final = ({"P": 3, "Q": 3}, {"P": 2, "Q": 3})
"""How many elements are exchanged. Where they belong to each other, three cannot be shared out evenly among two."""


def search_agrees(subject: Subject) -> Compared:
    """Exhaustive search finds what a plain one does: every state, step and shortest violation, and what settles."""
    found = subject.searched(subject.instance)
    try:
        expected = subject.plain()
    except OutOfRangeError:
        for evidence in found.values():
            assert evidence.verdict in (Verdict.UNKNOWN, Verdict.VIOLATED), (
                f"{evidence.property}: a natural left its range"
            )
            assert evidence.left_range, f"{evidence.property}: a natural left its range"
        return Counter({"searches that leave a range": 1})
    if expected is None:
        return Counter({"searches too large for the plain one": 1})
    _same_graph(expected, found)
    compared = Counter({"searches": 1})
    for one in subject.safety:
        compared += _same_violation(subject, one, expected, found[one.id])
    compared += _same_end(subject, expected, found["settles"])
    if subject.instance.machine.clocks:
        compared += _told_apart(subject, expected)
    return compared


def orbits_agree(subject: Subject) -> Compared:
    """A search of orbits says what a search of all states says: verdicts, counts, and runs step by step."""
    compared: Compared = Counter()
    for elements in ORBITS_OF[: 1 + subject.spec.belonging]:
        at = subject.instance.with_(**elements)
        unreduced, reduced = (subject.searched_with_time(at, symmetry=symmetry) for symmetry in (False, True))
        if unreduced[0].exhaustive or unreduced[0].left_range:
            wrong = differences(unreduced, reduced)
            assert not wrong, f"of {elements}, {reduction(reduced)}: {wrong}"
            compared[f"searches by {reduction(reduced).partition(' by ')[0]}"] += 1
            compared["sorts refused"] += "none by" in reduction(reduced)
            compared["fair runs shown that do not settle"] += reduced[-1].verdict is Verdict.VIOLATED
    return compared


def proofs_agree(subject: Subject) -> Compared:
    """What is proved no search violates, whatever the sizes and numbers; what is violated replays.

    The prover begins with what it has proved of the design's other configurations.
    """
    compared: Compared = Counter()
    found = subject.searched(subject.instance)
    for evidence in prove(subject.instance, subject.safety, subject.lemmas, Effort(DEPTH, k=2), _taught(subject)):
        at_hand, one = found[evidence.property], _named(subject, evidence.property)
        if evidence.verdict is Verdict.PROVED:
            compared += _holds_everywhere(subject, evidence)
        if evidence.verdict is Verdict.HOLDS_TO_BOUND:
            assert at_hand.verdict is not Verdict.VIOLATED, f"{one.id}: held by induction, and violated"
            compared["k-inductions"] += 1
        if evidence.verdict is Verdict.VIOLATED:
            _replays(subject, one, evidence.witness)
            _as_soon(subject, at_hand, evidence)
            compared["violations of proof replayed"] += 1
        if evidence.reason.startswith("bounded search found nothing"):
            shortest = _steps(at_hand)
            assert shortest is None or shortest > DEPTH, f"{one.id}: bounded search missed {shortest} steps"
            compared["bounded searches that find nothing"] += 1
    return compared


def bounded_search_agrees(subject: Subject) -> Compared:
    """In whole ticks, bounded search finds a violation where breadth-first search does, and as short a one.

    What k-induction then adds to it, that nothing violates the property at all, breadth-first search says as well.
    """
    compared: Compared = Counter()
    runs = unrolling(subject.instance, DEPTH, whole_time=True)
    for one in subject.safety:
        searched = subject.searched(subject.instance)[one.id]
        if searched.left_range or not (searched.exhaustive or searched.verdict is Verdict.VIOLATED):
            continue
        shortest = _steps(searched)
        for depth in range(DEPTH + 1):
            found = runs.search(_form(subject, one), depth, WORK)
            assert (found is not None) == (shortest is not None and shortest <= depth), (
                f"{one.id}: within {depth} steps bounded search finds {found}, breadth-first search {shortest} steps"
            )
        if found is None:
            compared += _inducts(runs, _form(subject, one), shortest)
        else:
            assert len(found.events) == shortest, f"{one.id}: {len(found.events)} steps, but {shortest} do"
            _replays(subject, one, _trace(subject.instance, found))
            compared["violations of bounded search replayed"] += 1
        compared["bounded searches"] += 1
    return compared


def cutoffs_agree(subject: Subject) -> Compared:
    """Where so many elements are said to decide, no larger number shows a violation that they do not."""
    compared: Compared = Counter()
    for sort in SORTS:
        for claim in cutoffs(subject.instance, subject.safety, sort):
            if not 0 < claim.elements < LARGEST:
                continue
            few = subject.searched(subject.instance.with_(**{sort: claim.elements}))[claim.property]
            if few.exhaustive and few.verdict is not Verdict.VIOLATED:
                for more in range(claim.elements + 1, LARGEST + 1):
                    many = subject.searched(subject.instance.with_(**{sort: more}))[claim.property]
                    assert many.verdict is not Verdict.VIOLATED, f"{claim} do not decide: {more} violate it"
                compared["cut-offs of what holds"] += 1
            compared["cut-offs"] += 1
    return compared


def fuzzing_agrees(subject: Subject) -> Compared:
    """A system that does what the model does is in lockstep, one that shows something else is not; anomalies replay."""
    shown = [name for name, one in subject.instance.machine.variables.items() if one.type.kind != "time"]
    # A system is not told with which of its first states a run begins.
    if subject.spec.free or not shown:
        return Counter()
    machine = subject.instance.machine
    lockstep, *anomalies = _fuzzed(subject, lambda: Interpreted(machine))
    lied, *_ = _fuzzed(subject, lambda: Lying(machine))
    if lockstep.left_range:
        return Counter({"lockstep runs that leave a range": 1})
    assert lockstep.verdict is Verdict.HOLDS_TO_BOUND, f"the interpreter is not in lockstep: {lockstep.reason}"
    compared = Counter({"lockstep runs": 1})
    if lockstep.fired:
        assert lied.verdict is Verdict.VIOLATED, "a system that shows something else passes"
        compared["false systems found"] += 1
    for evidence in anomalies:
        if evidence.verdict is Verdict.VIOLATED:
            one = _named(subject, evidence.property)
            assert evidence.witness is not None
            _replays(subject, one, evidence.witness)
            struck = Instance.of(machine, **evidence.witness.constants)
            _shown_as_soon(subject.searched(struck)[one.id], len(evidence.witness.events))
            compared["violations of fuzzing replayed"] += 1
    return compared


CHECKS: Final[Mapping[str, Callable[[Subject], Compared]]] = {
    "search": search_agrees,
    "orbits": orbits_agree,
    "proof": proofs_agree,
    "bounded search": bounded_search_agrees,
    "cut-offs": cutoffs_agree,
    "fuzzing": fuzzing_agrees,
}


# --- bounded search


def _inducts(runs: Unrolling, form: StateForm | StepForm, shortest: int | None) -> Compared:
    """A k-induction whose base is known: it succeeds only where nothing violates the form."""
    for k in range(1, DEPTH):
        if runs.induct(form, {}, k, runs.ranges(), WORK) is None:
            assert shortest is None, f"{form.name}: {k}-induction holds it, but {shortest} steps violate it"
            return Counter({f"{k}-inductions": 1})
    return Counter()


# --- search


def _same_graph(expected: BruteSearch, found: Mapping[str, Evidence]) -> None:
    for evidence in found.values():
        assert evidence.measures["states"] == len(expected.states), "not every state was found, or too many"
        assert evidence.measures["transitions"] == len(expected.edges), "not every step was found, or too many"


def _same_violation(subject: Subject, one: Property, expected: BruteSearch, found: Evidence) -> Compared:
    assert _steps(found) == expected.violated.get(one.id), f"{one.id}: not a shortest violation"
    if found.verdict is Verdict.VIOLATED:
        _replays(subject, one, found.witness)
        return Counter({"violations of search replayed": 1})
    wanted = Verdict.HOLDS_TO_BOUND if one.id in expected.tested else Verdict.VACUOUS
    assert found.verdict is wanted, f"{one.id} is {found.verdict}, not {wanted}"
    return Counter()


def _same_end(subject: Subject, expected: BruteSearch, found: Evidence) -> Compared:
    formula = state_form(subject.instance.machine, _named(subject, "settles")).holds

    def holds(state: Mapping[str, Any]) -> bool:
        return bool(evaluate(subject.instance, formula, state))

    settles = expected.settles(holds)
    wanted = Verdict.HOLDS_TO_BOUND if settles else Verdict.VIOLATED
    assert found.verdict is wanted, f"whether it settles: {found.verdict}, not {wanted}"
    if settles:
        return Counter({"fair runs that settle": 1})
    assert found.witness is not None
    assert found.witness.loop is not None
    states = replay(subject.instance.machine, found.witness)
    assert not all(holds(state) for state in states[found.witness.loop :])
    return Counter({"lassos replayed": 1})


def _told_apart(subject: Subject, expected: BruteSearch) -> Compared:
    """Clocks that are cut off later show nothing else."""
    try:
        longer = subject.plain(slack=2)
    except OutOfRangeError:
        raise AssertionError("a natural leaves its range only where clocks go on for longer") from None
    if longer is None:
        return Counter()
    assert longer.violated == expected.violated, "clocks are cut off too early"
    return Counter({"clocks cut off later": 1})


# --- proof


def _holds_everywhere(subject: Subject, evidence: Evidence) -> Compared:
    searches = [*subject.sizes(), *subject.numbers()]
    for instance in searches:
        at = {name: instance.values[name] for name in "PQND"}
        verdict = subject.searched(instance)[evidence.property].verdict
        assert verdict is not Verdict.VIOLATED, f"{evidence.property}: proved, and violated with {at}"
    assert not subject.below_zero(), f"{evidence.property}: proved, and a natural falls below 0"
    return Counter({"proofs": 1, "searches of what is proved": len(searches)})


def _taught(subject: Subject) -> Known:
    known, state = Known(), subject.instance.machine.state()
    candidates = {name: lemma(state) for name, lemma in subject.lemmas.items()}
    candidates |= {one.id: state_form(subject.instance.machine, one).holds for one in subject.safety if one.state}
    for mode, storm in product(("plain", "fancy"), (False, True)):
        other = subject.instance.with_(mode=mode, storm=storm)
        if other != subject.instance:
            with suppress(UndecidedError, UnencodableError):
                inductive_part(other, candidates, known=known)
    return known


def _as_soon(subject: Subject, searched: Evidence, proved: Evidence) -> None:
    """Bounded search is no later than breadth-first search, whose ticks are whole; without clocks they are equal."""
    steps, shortest = _steps(proved), _steps(searched)
    assert steps is not None
    assert shortest is None or steps <= shortest, f"{proved.property}: {steps} steps, but {shortest} do"
    if not subject.instance.machine.clocks:
        _shown_as_soon(searched, steps)


def _shown_as_soon(searched: Evidence, steps: int) -> None:
    """Breadth-first search shows a violation in at most so many steps, unless it ended before."""
    shortest = _steps(searched)
    if shortest is None:
        assert not searched.exhaustive, f"{searched.property}: {steps} steps violate it, but none that were searched"
    else:
        assert shortest <= steps, f"{searched.property}: {shortest} steps are not the fewest, {steps} do"


# --- witnesses


def _fuzzed(subject: Subject, system: Callable[[], Interpreted]) -> list[Evidence]:
    return fuzz(subject.instance, subject.safety, subject.source, system, BUDGET)


def _replays(subject: Subject, one: Property, witness: Trace | None) -> None:
    """The interpreter makes the same run, and its last state or step breaks the property."""
    assert witness is not None, f"{one.id}: violated without a witness"
    states = replay(subject.instance.machine, witness)
    instance = Instance.of(subject.instance.machine, **witness.constants)
    formula = state_formula(subject.instance, subject.spec)
    truths = [bool(evaluate(instance, formula, state)) for state in states]
    assert truths[-1:] == [False] if one.id == "holds" else truths[-2:] == [True, False], f"{one.id}: not broken"


def _trace(instance: Instance, found: Counterexample) -> Trace:
    """The run of a counterexample, of the states that the interpreter gives."""
    states = [dict(found.first)]
    for event in found.events:
        states.append(apply(instance, states[-1], event))
    return Trace(instance.machine.name, instance.values, tuple(states), found.events)


def _steps(evidence: Evidence) -> int | None:
    """How long the violation is that was found; None if there is none."""
    if evidence.verdict is not Verdict.VIOLATED:
        return None
    assert evidence.witness is not None, f"{evidence.property}: violated without a witness"
    return len(evidence.witness.events)


def _form(subject: Subject, one: Property) -> StateForm | StepForm:
    machine = subject.instance.machine
    return state_form(machine, one) if one.state else step_form(machine, one)


def _named(subject: Subject, name: str) -> Property:
    return next(one for one in subject.properties if one.id == name)
