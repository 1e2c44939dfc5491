# SPDX-License-Identifier: Apache-2.0
"""What the tests of every design's scoreboard ask: verdicts, witnesses on model and code, tight bounds, teeth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeproof.impl.references import ReferenceSystems
from edgeproof.impl.system import System
from edgeproof.model.expr import implies
from edgeproof.model.machine import Design, Instance, read_design
from edgeproof.model.trace import Trace, dump_trace, load_trace, replay
from edgeproof.properties.bounds import bound_beside, formula, present_terms, staleness_bound
from edgeproof.properties.cases import for_runs, instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property
from edgeproof.properties.catalogue.forms import answered, reading
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.fuzz.cover import coverage
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.evidence import Case, Evidence, Status, Verdict, conclude
from edgeproof.properties.replay import replay_on, replay_on_model

__all__ = [
    "Found",
    "bound_is_reached_on_code",
    "caught_in_lockstep",
    "depths",
    "expected_verdict",
    "proved",
    "reaches_the_bound",
    "reaches_the_bound_of_poison",
    "runs_in_lockstep",
    "searched",
    "shows_on_code",
    "steps",
    "told_at_the_bound",
    "told_poison_at_the_bound",
    "trace_of",
    "violated_by",
    "violations",
]

Found = Mapping[tuple[str, str], Evidence]
"""What the exhaustive search says, by case and property."""


def searched(design: str) -> Found:
    """Every property of every case of a design, with one kernel for all."""
    cases = scoreboard(design)
    source = kernel_source([instance_of(case) for case in cases], _asked(cases))
    return {
        (case.name, one.property): one
        for case in cases
        for one in explore(instance_of(case), [CATALOGUE[name] for name in case.properties], source)
    }


def violations(design: str) -> list[tuple[str, str]]:
    """The pairs of case and property that are expected to be violated."""
    return [(case.name, one) for case in scoreboard(design) for one in case.expected]


def trace_of(found: Found, case: str, name: str) -> Trace:
    """The witness of a violation that was found."""
    trace = found[case, name].witness
    assert trace is not None
    return trace


def depths(found: Found, of: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """How long the shortest witnesses of some violations are, in the shape of what is expected of them."""
    return {case: {name: len(trace_of(found, case, name).events) for name in names} for case, names in of.items()}


def expected_verdict(case: Case, found: Found) -> None:
    """Every property of the case comes out as its description has it."""
    for name in case.properties:
        conclusion = conclude(case, name, (found[case.name, name],))
        assert conclusion.status is Status.AS_EXPECTED, f"{name}: {conclusion.verdict} {conclusion.reason}"


def shows_on_code(trace: Trace | None) -> None:
    """A witness replays in the interpreter, and its design's implementation breaks the property in the same way."""
    assert trace is not None
    assert trace == load_trace(dump_trace(trace))
    assert replay_on_model(trace).confirmed is True
    system = ReferenceSystems()
    told = replay_on(trace, system)
    system.close()
    assert (told.mismatch, told.completed, told.confirmed) == ("", True, True)


def steps(found: Found) -> dict[str, dict[str, int]]:
    """How long the shortest witnesses are, by case and property."""
    lengths: dict[str, dict[str, int]] = {}
    for (case, name), one in found.items():
        if one.witness is not None and one.verdict is Verdict.VIOLATED:
            lengths.setdefault(case, {})[name] = len(one.witness.events)
    return lengths


def proved(case: Case) -> set[str]:
    """The properties of the case that are proved for any size."""
    found = prove(instance_of(case), [CATALOGUE[name] for name in case.properties], dossier_of(case.design).lemmas)
    return {one.property for one in found if one.verdict is Verdict.PROVED}


def told_at_the_bound() -> Property:
    """What must be violated where the bound is tight: nobody is told, at the bound itself, what was superseded then."""
    return Property(
        "before-the-bound",
        "A reader is never told something that was superseded as long ago as the bound.",
        "a test",
        step=answered(
            lambda before, after, p: implies(
                before.watching & (staleness_bound(before) <= before.since), after.served[p] >= before.watched
            )
        ),
        tested_step=reading(lambda before, after, p: before.watching),
    )


def reaches_the_bound(instance: Instance) -> Trace:
    """The shortest run in which a reader is told, exactly at the bound, what was superseded at its beginning."""
    return _shortest_run(instance, told_at_the_bound())


def told_poison_at_the_bound() -> Property:
    """What must be violated where the bound of poison is tight."""
    return Property(
        "before-the-bound",
        "A bad version is told nowhere as long after its commit as the bound.",
        "a test",
        step=answered(
            lambda before, after, p: implies(
                before.poisoned & (bound_beside(before, "poison-bounded") <= before.poisoned_for),
                ~after.told_bad[p] | (after.served[p] >= before.watched),
            )
        ),
        tested_step=reading(lambda before, after, p: before.poisoned),
    )


def bound_is_reached_on_code(at: Instance, text: str, bound: int) -> None:
    """The bound is this formula, worth so many ticks; a run of the model and of the implementation reaches it."""
    assert formula(at) == text
    assert sum(value for _, value in present_terms(at)) == bound
    trace = reaches_the_bound(at)
    assert trace.states[-1]["since"] == bound
    _follows(trace)


def reaches_the_bound_of_poison(instance: Instance) -> Trace:
    """The shortest run in which a client is told, exactly at its bound, a bad version; the implementation follows."""
    trace = _shortest_run(instance, told_poison_at_the_bound())
    _follows(trace)
    return trace


def _follows(trace: Trace) -> None:
    system = ReferenceSystems()
    told = replay_on(trace, system)
    system.close()
    assert (told.completed, told.mismatch) == (True, "")


def _shortest_run(instance: Instance, violating: Property) -> Trace:
    (found,) = explore(instance, [violating], kernel_source([instance], [violating]))
    assert found.verdict is Verdict.VIOLATED, found.reason
    assert found.witness is not None
    replay(instance.machine, found.witness)
    return found.witness


def violated_by(design: type[Design], name: str, declared: str, **chosen: int | str | bool) -> bool:
    """Whether a design that is broken on purpose, under the name of the sound one, violates a property."""
    instance = Instance.of(read_design(design, declared), **chosen)
    one = CATALOGUE[name]
    (found,) = explore(instance, [one], kernel_source([instance], [one]))
    return found.verdict is Verdict.VIOLATED


def caught_in_lockstep(case: Case, mutant: Callable[[], System], sound: Callable[[], System]) -> bool:
    """Whether a broken implementation is told from the model, by a run which the sound one follows to its end."""
    instance = for_runs(case)
    source = kernel_source([instance], _asked([case]))
    found = fuzz(instance, [], source, mutant, Budget(50, 80, 0, shorten=False))[0]
    if found.verdict is not Verdict.VIOLATED:
        return False
    assert found.witness is not None
    told = replay_on(found.witness, sound())
    assert (told.completed, told.mismatch) == (True, "")
    return True


def runs_in_lockstep(design: str, found: Found) -> None:
    """The implementation does what the model does in every case, and every action that can happen does."""
    cases = scoreboard(design)
    source = kernel_source([for_runs(case) for case in cases], [])
    evidence: dict[str, list[Evidence]] = {}
    for case in cases:
        (lockstep,) = fuzz(for_runs(case), [], source, ReferenceSystems, Budget(12, 80, 1))
        assert lockstep.verdict is Verdict.HOLDS_TO_BOUND, f"{case.name}: {lockstep.reason}"
        evidence[case.name] = [lockstep, *(one for (name, _), one in found.items() if name == case.name)]
    covered = coverage(cases, evidence)
    assert covered.verdict is Verdict.HOLDS_TO_BOUND, covered.reason


def _asked(cases: list[Case] | tuple[Case, ...]) -> list[Property]:
    asked = {name for case in cases for name in case.properties}
    return [one for one in CATALOGUE.values() if one.id in asked]
