# SPDX-License-Identifier: Apache-2.0
"""Every case by every engine, into one ledger.

Two processes share the work: one searches, the other proves, both fuzz. Where an induction failed, the search says at
the end whether the state that it failed from is reachable.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Final

from attrs import evolve, field, frozen

from edgeproof.impl.system import MakeStore, System
from edgeproof.model.interpret import State
from edgeproof.model.kernel import KernelSource
from edgeproof.model.machine import DesignError, Instance
from edgeproof.properties.cases import engines_for, for_runs, instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.crash import effort as cutting
from edgeproof.properties.engines.crash.effort import ENGINE as CRASH
from edgeproof.properties.engines.crash.effort import POWER_CUT
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.fuzz.cover import Least, coverage
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.cutoff import Cutoff
from edgeproof.properties.engines.prove.engine import Effort, prove_with_time
from edgeproof.properties.engines.prove.known import Known
from edgeproof.properties.evidence import HOLDS, Case, Conclusion, Evidence, Ledger, Verdict, conclude
from edgeproof.properties.extras import installed, missing
from edgeproof.properties.pins import held_to_pins, unasked
from edgeproof.properties.possible import POSSIBLE, facts_of
from edgeproof.properties.searching import EXPLORE, can_search, searched
from edgeproof.properties.second_look import (
    cutoffs_within,
    failed_inductions,
    only_searched,
    say_cutoffs,
    say_reachable,
)
from edgeproof.properties.staleness import say_reached
from edgeproof.properties.timelock import TIME_DIVERGES
from edgeproof.properties.workers import ended_together, workers

__all__ = ["ENGINES", "PLANS", "Beside", "Plan", "Progress", "Stores", "conclusions_of", "environment", "verify"]

ENGINES: Final = (EXPLORE, "prove", "fuzz", CRASH)


@frozen
class Beside:
    """A second system, driven in lockstep as well: in the cases named, so many runs of so many steps.

    Its evidence carries `name` instead of the engine's. Where it cannot be had that evidence is UNKNOWN, and the first
    system's decides.
    """

    name: str
    system: Callable[[], System]
    cases: tuple[str, ...]
    examples: int
    steps: int


@frozen
class Stores:
    """What makes a store in files of each of some designs, whose power is cut in the cases named; in every case of
    these designs that allows a crash where nothing else is done.
    """

    make: MakeStore
    designs: tuple[str, ...]
    cases: tuple[str, ...]


@frozen
class Plan:
    """How much each engine does: a search's limits, runs and steps of fuzzing, the prover's effort, how much is left of
    a store by power cuts, the seed.

    `least` is what the runs have to cover. Without `stores` no power is cut.
    """

    seed: int = 0
    engines: tuple[str, ...] = ENGINES
    limits: Limits = field(factory=Limits)
    examples: int = 50
    steps: int = 80
    effort: Effort = field(factory=Effort)
    cuts: cutting.Effort = field(factory=cutting.Effort)
    beside: Beside | None = None
    stores: Stores | None = None
    least: Least = field(factory=Least)


PLANS: Final[Mapping[str, Plan]] = {
    "quick": Plan(effort=Effort(depth=4)),
    "full": Plan(
        limits=Limits(states=60_000_000),
        examples=1000,
        steps=100,
        effort=Effort(depth=10, k=3, work=40_000_000),
        cuts=cutting.Effort(images=26_000, budget=cutting.Budget(few=6, samples=16)),
    ),
}


@frozen
class Progress:
    """One piece of work is done: which, and how many of how many."""

    case: str
    engine: str
    done: int
    total: int


def verify(
    cases: Sequence[Case], plan: Plan, system: Callable[[], System], notify: Callable[[Progress], None]
) -> Ledger:
    """Let the plan's engines decide every property of every case. `system` is pickled, so it needs a name to import."""
    started = time.perf_counter()
    if plan.engines == (CRASH,) and not (cases := _losing_power(cases, plan)):
        raise DesignError("in none of these cases a store can lose its power")
    found = _run(cases, plan, system, notify)
    concluded = [one for case in cases for one in conclusions_of(case, found[case.name])]
    able = [engine for engine in plan.engines if engine != EXPLORE or can_search()]
    conclusions = [*held_to_pins(concluded, able), *unasked(cases, concluded, able)]
    driven = [case for case in cases if "fuzz" in _engines(case, plan)]
    for design in dict.fromkeys(case.design for case in driven):
        conclusions.append(coverage([case for case in driven if case.design == design], found, least=plan.least))
    return Ledger(tuple(conclusions), plan.seed, time.perf_counter() - started, environment())


def conclusions_of(case: Case, found: Sequence[Evidence]) -> list[Conclusion]:
    """What all engines together say: of the system, of its store, of time and of what is possible first, where they do,
    then of the case's properties, unless nothing was done but cut the power.
    """
    on_itself = (LOCKSTEP, POWER_CUT, TIME_DIVERGES, POSSIBLE)
    asked = () if found and all(e.engine == CRASH for e in found) else case.properties
    ids = tuple(one for one in on_itself if any(e.property == one for e in found)) + asked
    return [conclude(case, one, tuple(e for e in found if e.property == one)) for one in ids]


def environment() -> dict[str, str]:
    """The versions of what the verdicts rest on."""
    packages = ("hypothesis", "z3-solver", "numba")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages if find_spec(name.partition("-")[0])},
    }


def _run(
    cases: Sequence[Case], plan: Plan, system: Callable[[], System], notify: Callable[[Progress], None]
) -> dict[str, list[Evidence]]:
    found: dict[str, list[Evidence]] = {case.name: [] for case in cases}
    shape = _shape(cases)
    with workers() as searching, workers() as proving, ended_together():
        work: dict[Future[list[Evidence]], tuple[Case, str]] = {}
        for engine in plan.engines:
            for number, case in enumerate(case for case in cases if engine in _engines(case, plan)):
                if engine == "explore":
                    future = searching.submit(_explore, case, shape, plan)
                elif engine == "prove":
                    # All by one, as what is proved in one case serves the next. And who proves what is fixed: asked the
                    # same questions in the same order, the solver gives the same answers.
                    future = proving.submit(_prove, case, plan)
                else:
                    worker = (proving, searching)[number % 2]
                    future = worker.submit(_fuzz, case, shape, plan, system)
                work[future] = (case, engine)
        if plan.beside is not None and "fuzz" in plan.engines:
            for number, case in enumerate(one for one in cases if one.name in plan.beside.cases):
                worker = (proving, searching)[number % 2]
                work[worker.submit(_fuzz_beside, case, shape, plan, plan.beside)] = (case, plan.beside.name)
        for number, case in enumerate(_losing_power(cases, plan)):
            worker = (proving, searching)[number % 2]
            work[worker.submit(_cut_power, case, plan)] = (case, CRASH)
        for done, future in enumerate(as_completed(work), start=1):
            case, engine = work[future]
            found[case.name] += future.result()
            notify(Progress(case.name, engine, done, len(work)))
        for case, again in _ask_proofs_again(cases, found, proving, plan):
            found[case.name] = [one for one in found[case.name] if one.engine != "prove"] + again.result()
        if EXPLORE in plan.engines and can_search():
            unsettled = {c.name: _ask_reached(c, found[c.name], searching, shape, plan) for c in cases}
            lifted = {case.name: _ask_cutoffs(case, found[case.name], proving) for case in cases}
            for name, evidence in found.items():
                found[name] = _looked_at_again(evidence, unsettled[name], lifted[name])
    order = (*plan.engines, *(() if plan.beside is None else (plan.beside.name,)))
    return {name: sorted(all_of, key=lambda e: order.index(e.engine)) for name, all_of in found.items()}


def _shape(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Whatever decides how fine the states of a search are: of a named case all that is named of its design, so that it
    has the same states whichever others are chosen beside it.
    """
    named = {case.design: scoreboard(case.design) for case in cases if dossier_of(case.design).cases}
    beside = [one for of in named.values() if any(case.name == one.name for case in cases for one in of) for one in of]
    return (*cases, *beside)


def _ask_reached(
    case: Case, evidence: list[Evidence], searching: ProcessPoolExecutor, shape: tuple[Case, ...], plan: Plan
) -> Future[list[bool | None]] | None:
    """Have looked for the counterexamples to induction: which of them are states that the system can be in."""
    states = [one.unsettled for one in failed_inductions(evidence) if one.unsettled is not None]
    return searching.submit(_reached, case, shape, plan, states) if states else None


def _ask_cutoffs(case: Case, evidence: list[Evidence], proving: ProcessPoolExecutor) -> list[Future[list[Cutoff]]]:
    """Have it proved, of what the search alone decides, for which index sorts its bound is none."""
    open_ones = only_searched(evidence, case.properties)
    sorts = instance_of(case).of_role("sort") if open_ones else {}
    return [proving.submit(_cutoffs, case, open_ones, sort, int(size)) for sort, size in sorts.items()]


def _looked_at_again(
    evidence: list[Evidence], met: Future[list[bool | None]] | None, lifted: list[Future[list[Cutoff]]]
) -> list[Evidence]:
    marked = say_reachable(evidence, met.result()) if met is not None else evidence
    return say_cutoffs(marked, [one for future in lifted for one in future.result()])


def _cutoffs(case: Case, properties: list[str], sort: str, size: int) -> list[Cutoff]:
    return cutoffs_within(instance_of(case), [CATALOGUE[name] for name in properties], sort, size)


def _engines(case: Case, plan: Plan) -> tuple[str, ...]:
    possible = engines_for(case)
    return tuple(engine for engine in plan.engines if engine in possible)


def _properties(case: Case) -> list[Property]:
    return [CATALOGUE[name] for name in case.properties]


def _searched(shape: tuple[Case, ...], design: str) -> KernelSource:
    """The kernel for searches, which look for what must be possible as well."""
    facts = {fact.id: fact for case in shape if case.design == design for fact in facts_of(case)}
    return _source(shape, design, instance_of, [*facts.values()])


def _source(
    shape: tuple[Case, ...], design: str, instance: Callable[[Case], Instance], facts: Sequence[Property] = ()
) -> KernelSource:
    """One kernel for all the cases of a design: compiled once, run with each case's constants."""
    instances = [instance(case) for case in shape if case.design == design]
    asked = {name for case in shape if case.design == design for name in case.properties}
    return kernel_source(instances, [*(p for p in CATALOGUE.values() if p.id in asked), *facts])


def _explore(case: Case, shape: tuple[Case, ...], plan: Plan) -> list[Evidence]:
    source = _searched(shape, case.design)
    found = searched(instance_of(case), _properties(case), source, plan.limits, facts_of(case))
    return say_reached(instance_of(case), found)


def _reached(case: Case, shape: tuple[Case, ...], plan: Plan, states: list[State]) -> list[bool | None]:
    from edgeproof.properties.engines.explore.engine import reached

    return reached(instance_of(case), _searched(shape, case.design), states, plan.limits)


def _prove(case: Case, plan: Plan) -> list[Evidence]:
    # What puts a property to the test the search knows, where there is one.
    effort = evolve(plan.effort, reach="explore" not in _engines(case, plan))
    known = _known_of(case.design, effort.work)
    instance = instance_of(case)
    return prove_with_time(instance, _properties(case), dossier_of(case.design).lemmas, effort, known)


@lru_cache(maxsize=1)
def _known_of(design: str, work: int) -> Known:
    """What this process has proved of a design, with so much work per question: its cases follow each other."""
    return Known()


def _ask_proofs_again(
    cases: Sequence[Case], found: Mapping[str, Sequence[Evidence]], proving: ProcessPoolExecutor, plan: Plan
) -> list[tuple[Case, Future[list[Evidence]]]]:
    """Have proved anew, and put to the test by the prover itself, what the search has not seen to its end."""
    alone = evolve(plan, engines=("prove",))
    return [(case, proving.submit(_prove, case, alone)) for case in cases if _is_open(found[case.name])]


def _is_open(evidence: Sequence[Evidence]) -> bool:
    """Whether something is proved of which the search, if there was one, has not seen all that can happen."""
    unseen = {one.property for one in evidence if one.engine == "explore" and not one.exhaustive}
    return any(one.engine == "prove" and one.verdict in HOLDS and one.property in unseen for one in evidence)


def _fuzz(case: Case, shape: tuple[Case, ...], plan: Plan, system: Callable[[], System]) -> list[Evidence]:
    budget = Budget(plan.examples, plan.steps, plan.seed)
    return fuzz(for_runs(case), _properties(case), _source(shape, case.design, for_runs), system, budget)


def _losing_power(cases: Sequence[Case], plan: Plan) -> list[Case]:
    """The cases in which the power of the store is cut."""
    stores = plan.stores
    if stores is None or CRASH not in plan.engines:
        return []
    if plan.engines != (CRASH,):
        return [case for case in cases if case.name in stores.cases]
    return [case for case in cases if case.design in stores.designs and "crash" in instance_of(case).hazards]


def _cut_power(case: Case, plan: Plan) -> list[Evidence]:
    if not installed("crash"):
        return [Evidence(POWER_CUT, CRASH, Verdict.UNKNOWN, reason=missing("crash"))]
    from edgeproof.properties.engines.crash.engine import cut_power

    assert plan.stores is not None
    kept = [one for one in _properties(case) if one.id not in case.expected]
    return [cut_power(for_runs(case), kept, plan.stores.make, evolve(plan.cuts, seed=plan.seed))]


def _fuzz_beside(case: Case, shape: tuple[Case, ...], plan: Plan, beside: Beside) -> list[Evidence]:
    smaller = evolve(plan, examples=beside.examples, steps=beside.steps)
    return [evolve(one, engine=beside.name) for one in _fuzz(case, shape, smaller, beside.system)]
