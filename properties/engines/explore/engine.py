# SPDX-License-Identifier: Apache-2.0
"""Exhaustive search: every reachable state of one instance, breadth first, so that every trace is a shortest one.

All properties are decided in one pass. No witness leaves before the interpreter has replayed it and has found the
property broken in it.

With `symmetry` one state of each orbit is looked at (`model.orbits`), where the tree shows that elements are alike
(`model.symmetry`): verdicts, counts and traces are those of a search of all states.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from edgeproof.model.interpret import Event, State, apply, evaluate, initial_count, initial_states
from edgeproof.model.kernel import Kernel, KernelSource, StateForm, StepForm, build_kernel
from edgeproof.model.machine import TICK, Action, DesignError, Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.explore.exchange import Exchange, prepare_exchange
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.liveness import Lasso, Loops, fair_cycle, fair_loops
from edgeproof.properties.engines.explore.search import Graph, Search, Searcher, prepare_search
from edgeproof.properties.engines.explore.threads import Threads
from edgeproof.properties.engines.explore.time import first_timelock
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.lasso import flaw
from edgeproof.properties.possible import POSSIBLE
from edgeproof.properties.timelock import TIME_DIVERGES, stops_time

__all__ = [
    "decide",
    "explore",
    "explore_with_time",
    "fired",
    "reached",
    "root_of",
    "search_instance",
    "stopped",
    "way_to",
]

ENGINE = "explore"


def search_instance(
    instance: Instance, source: KernelSource, limits: Limits, exchange: Exchange | None = None
) -> tuple[Searcher, Kernel, Search]:
    """Search an instance with a kernel made by `engines.kernels.kernel_source`; with an `exchange` of its like
    elements by orbits.

    Raises DesignError where the initial states alone are more than it may find.
    """
    if reason := _beyond(instance, limits):
        raise DesignError(reason)
    searcher = prepare_search(source)
    kernel = build_kernel(source, instance)
    initial = [kernel.pack(state) for state in initial_states(instance)]
    return searcher, kernel, searcher.run(kernel, initial, limits.states, limits.depth, limits.edges, exchange)


def explore(
    instance: Instance,
    properties: Sequence[Property],
    source: KernelSource,
    limits: Limits | None = None,
    *,
    symmetry: bool = False,
) -> list[Evidence]:
    """Decide `properties`, all of which `source` asks, on every reachable state of `instance`."""
    limits = limits or Limits()
    if reason := _beyond(instance, limits):
        return [Evidence(one.id, ENGINE, Verdict.UNKNOWN, reason=reason) for one in properties]
    explored = _explored(instance, source, limits, symmetry)
    return [_evidence(explored, one, len(properties)) for one in properties]


def explore_with_time(
    instance: Instance,
    properties: Sequence[Property],
    source: KernelSource,
    limits: Limits | None = None,
    facts: Sequence[Property] = (),
    *,
    symmetry: bool = False,
) -> list[Evidence]:
    """The same, and first whether time can always go on, of an instance that has clocks, and whether `facts` are found:
    each says, as a property that `source` asks too, that it never comes about.
    """
    limits = limits or Limits()
    if reason := _beyond(instance, limits):
        beside = [TIME_DIVERGES] * bool(instance.machine.clocks) + [POSSIBLE] * bool(facts)
        ids = [*beside, *(one.id for one in properties)]
        return [Evidence(name, ENGINE, Verdict.UNKNOWN, reason=reason) for name in ids]
    return _decided(_explored(instance, source, limits, symmetry), properties, facts)


def decide(
    searcher: Searcher,
    kernel: Kernel,
    search: Search,
    properties: Sequence[Property],
    limits: Limits | None = None,
    facts: Sequence[Property] = (),
    seconds: float = 0.0,
) -> list[Evidence]:
    """What a search that took so many `seconds` says of time, of `facts` and of `properties`; see
    `explore_with_time`.
    """
    explored = _Explored(searcher, kernel, search, limits or Limits(), seconds, fired(kernel, search))
    return _decided(explored, properties, facts)


def _decided(explored: _Explored, properties: Sequence[Property], facts: Sequence[Property]) -> list[Evidence]:
    kernel = explored.kernel
    on_time = [_time_diverges(explored)] if kernel.instance.machine.clocks else []
    on_facts = [_possible(explored, facts)] if facts else []
    return [*on_time, *on_facts, *(_evidence(explored, one, len(properties)) for one in properties)]


@frozen(slots=False)
class _Explored:
    """A search that is over, and what was looked up in it. By `exchange` it kept one state of each orbit; `reduction`
    says so, or why not, where that was asked for.
    """

    searcher: Searcher
    kernel: Kernel
    search: Search
    limits: Limits
    seconds: float
    fired: Mapping[str, int]
    exchange: Exchange | None = None
    reduction: str = ""

    @property
    def has_graph(self) -> bool:
        """Whether all edges are known, and fit in memory."""
        return self.search.complete and self.search.transitions <= self.limits.edges

    @cached_property
    def graph(self) -> Graph:
        return self.search.graph()

    @cached_property
    def truths(self) -> NDArray[np.int64]:
        """What the kernel says of every state."""
        return self.searcher.truths(self.kernel, self.search)

    @cached_property
    def loops(self) -> Loops:
        """Where runs can stay for ever: the same for all that settles."""
        hazards = _labels(self, lambda one: bool(one.hazard))
        if self.threads is not None:
            return self.threads.loops(self.graph, hazards)
        return fair_loops(self.graph, _labels(self, lambda one: one.fair), hazards)

    @property
    def threads(self) -> Threads | None:
        """What tells events apart where one state of each orbit was kept."""
        return None if self.exchange is None else Threads(self.searcher, self.kernel, self.search, self.exchange)


def _beyond(instance: Instance, limits: Limits) -> str:
    """Why a search would not even begin; empty where it does."""
    beginnings = initial_count(instance)
    if beginnings <= limits.states:
        return ""
    return f"a run may begin in {beginnings:,} states, more than a search holds: give it smaller sizes"


def _explored(instance: Instance, source: KernelSource, limits: Limits, symmetry: bool) -> _Explored:
    started = time.perf_counter()
    exchange, reduction = prepare_exchange(source, instance) if symmetry else (None, "")
    searcher, kernel, search = search_instance(instance, source, limits, exchange)
    if exchange is not None and search.left_range >= 0:
        # What was counted until then depends on the states that were looked at together.
        exchange, reduction = None, "none, as a variable left its range"
        searcher, kernel, search = search_instance(instance, source, limits)
    seconds = time.perf_counter() - started
    return _Explored(searcher, kernel, search, limits, seconds, fired(kernel, search), exchange, reduction)


def _evidence(explored: _Explored, one: Property, sharing: int) -> Evidence:
    """What the search says of a property; `sharing` properties share the time it took."""
    begun = time.perf_counter()
    search, forms = explored.search, explored.kernel.source.forms
    row = next(position for position, form in enumerate(forms) if form.name == one.id)
    if one.settles is None:
        verdict, reason, witness = _always(explored.kernel, search, row, forms[row])
    elif explored.has_graph:
        verdict, reason, witness = _settles(explored, row, forms[row])
    else:
        reason = f"liveness needs the whole state graph; {stopped(search, explored.kernel)}"
        verdict, witness = Verdict.UNKNOWN, None
    tested = {"tested": int(search.hits[row, 0])}
    seconds = explored.seconds / sharing + time.perf_counter() - begun
    return evolve(_found(explored, one.id, verdict, reason, witness, tested), seconds=seconds)


def _time_diverges(explored: _Explored) -> Evidence:
    begun = time.perf_counter()
    kernel, search = explored.kernel, explored.search
    verdict, reason, witness = Verdict.HOLDS_TO_BOUND, "", None
    if not explored.has_graph:
        verdict = Verdict.UNKNOWN
        reason = f"whether time can stop needs the whole state graph; {stopped(search, kernel)}"
    else:
        ticks, fair = _labels(explored, lambda action: action.name == TICK), _labels(explored, lambda one: one.fair)
        at = first_timelock(explored.graph, ticks, fair)
        if at is not None:
            verdict, reason = (
                Verdict.VIOLATED,
                "from its last state on time cannot pass, whatever is owed a turn happens",
            )
            witness = _timelock_witness(kernel, search, at)
    seconds = time.perf_counter() - begun
    return evolve(_found(explored, TIME_DIVERGES, verdict, reason, witness, {}), seconds=seconds)


def _possible(explored: _Explored, facts: Sequence[Property]) -> Evidence:
    kernel, search = explored.kernel, explored.search
    runs = {fact.says: _run_to(kernel, search, fact.id) for fact in facts}
    shown = {says: run for says, run in runs.items() if run is not None}
    missing = [says for says in runs if says not in shown]
    if not missing:
        verdict = Verdict.HOLDS_TO_BOUND
        steps = {says: len(run.events) for says, run in shown.items()}
        reason = " ".join(f"{says} Shown in {n} step{'' if n == 1 else 's'}." for says, n in steps.items())
    elif search.complete and search.left_range < 0:
        verdict, reason = Verdict.VIOLATED, f"in no state that can be reached: {' '.join(missing)}"
    else:
        verdict, reason = Verdict.UNKNOWN, f"{stopped(search, kernel)}, and had not met: {' '.join(missing)}"
    return evolve(_found(explored, POSSIBLE, verdict, reason, None, {}), shown=tuple(shown.values()))


def _run_to(kernel: Kernel, search: Search, fact: str) -> Trace | None:
    """The shortest run to a fact, which the interpreter confirms; None where there is none."""
    form = next(form for form in kernel.source.forms if form.name == fact)
    state, label = (int(n) for n in search.hits[kernel.source.forms.index(form), 1:])
    if state < 0:
        return None
    events = way_to(kernel, search, state) + ([kernel.events[label]] if label >= 0 else [])
    return _witness(kernel, search, events, form)


def _found(
    explored: _Explored,
    about: str,
    verdict: Verdict,
    reason: str,
    witness: Trace | None,
    measures: Mapping[str, int],
) -> Evidence:
    instance, search = explored.kernel.instance, explored.search
    reduced: dict[str, int | str] = {"reduction": explored.reduction} if explored.reduction else {}
    if explored.exchange is not None:
        reduced["orbits"] = search.count
    return Evidence(
        about,
        ENGINE,
        verdict,
        bound=_bound(explored),
        exhaustive=search.complete,
        assumptions=_assumptions(instance),
        measures={"states": search.found, "transitions": search.steps, "depth": search.depth, **measures, **reduced},
        witness=witness,
        reason=reason,
        fired=explored.fired,
        left_range=explored.kernel.source.fields[search.left_range].name if search.left_range >= 0 else "",
    )


def _labels(explored: _Explored, wanted: Callable[[Action], bool]) -> list[int]:
    """The labels of the actions that are wanted and happened."""
    actions = {action.name: action for action in explored.kernel.instance.machine.actions}
    labels = enumerate(explored.kernel.source.labels)
    return [n for n, (name, _) in labels if explored.search.fired[n] and wanted(actions[name])]


def reached(
    instance: Instance, source: KernelSource, states: Sequence[State], limits: Limits | None = None
) -> list[bool | None]:
    """Which of `states` a search of the instance meets (clocks compared up to their cut-off).

    None of one that it does not meet where it did not see all.
    """
    limits = limits or Limits()
    if _beyond(instance, limits):
        return [None] * len(states)
    _, kernel, search = search_instance(instance, source, limits)
    met = [bool((search.states == np.array(kernel.pack(state))).all(axis=1).any()) for state in states]
    return [one or (False if search.complete else None) for one in met]


def fired(kernel: Kernel, search: Search) -> dict[str, int]:
    """How often each action could happen in the states that were searched."""
    counts = {action.name: 0 for action in kernel.instance.machine.actions}
    for label, (name, _) in enumerate(kernel.source.labels):
        counts[name] += int(search.fired[label])
    return counts


def _always(kernel: Kernel, search: Search, row: int, form: StateForm | StepForm) -> tuple[Verdict, str, Trace | None]:
    tested, state, label = (int(n) for n in search.hits[row])
    if state >= 0:
        events = way_to(kernel, search, state) + ([kernel.events[label]] if label >= 0 else [])
        return Verdict.VIOLATED, "", _witness(kernel, search, events, form)
    if search.left_range >= 0:
        return Verdict.UNKNOWN, stopped(search, kernel), None
    if not tested:
        return Verdict.VACUOUS, "no state or step that was searched puts the property to the test", None
    return Verdict.HOLDS_TO_BOUND, "", None


def _settles(explored: _Explored, row: int, form: StateForm | StepForm) -> tuple[Verdict, str, Trace | None]:
    kernel, search = explored.kernel, explored.search
    if not search.hits[row, 0]:
        return Verdict.VACUOUS, "no state that was searched puts the property to the test", None
    unsettled = (explored.truths >> (2 * row + 1) & 1).astype(np.bool_)
    threads = explored.threads
    lasso = fair_cycle(explored.loops, unsettled, None if threads is None else threads.around)
    if lasso is None:
        return Verdict.HOLDS_TO_BOUND, "", None
    return Verdict.VIOLATED, "", _lasso_witness(kernel, search, lasso, form)


def way_to(kernel: Kernel, search: Search, state: int) -> list[Event]:
    """How the search first came to a state."""
    events = []
    while search.parents[state] >= 0:
        events.append(kernel.events[int(search.labels[state])])
        state = int(search.parents[state])
    return events[::-1]


def root_of(search: Search, state: int) -> int:
    """The initial state from which the search first came to a state."""
    while search.parents[state] >= 0:
        state = int(search.parents[state])
    return state


def _run(kernel: Kernel, first: State, events: Sequence[Event]) -> Iterator[State]:
    state = first
    yield state
    for event in events:
        state = apply(kernel.instance, state, event)
        yield state


def _witness(kernel: Kernel, search: Search, events: list[Event], form: StateForm | StepForm) -> Trace:
    state = int(search.hits[kernel.source.forms.index(form), 1])
    states = tuple(_run(kernel, kernel.unpack(search.states[root_of(search, state)]), events))
    if isinstance(form, StateForm):
        holds = evaluate(kernel.instance, form.holds, states[-1])
    else:
        condition = form.per_action[events[-1].action][0]
        holds = evaluate(kernel.instance, condition, states[-2], dict(events[-1].arguments))
    assert not holds, f"the interpreter does not confirm the witness against {form.name}"
    return _trace(kernel, states, events, form.name, None)


def _lasso_witness(kernel: Kernel, search: Search, lasso: Lasso, form: StateForm | StepForm) -> Trace:
    assert isinstance(form, StateForm)
    stem = way_to(kernel, search, lasso.entry)
    events = stem + [kernel.events[label] for label in lasso.labels]
    states = tuple(_run(kernel, kernel.unpack(search.states[root_of(search, lasso.entry)]), events))
    trace = _trace(kernel, states, events, form.name, len(stem))
    wrong = flaw(kernel.instance, trace, states, form, kernel.pack)
    assert not wrong, f"the interpreter does not confirm the lasso: {wrong}"
    return trace


def _timelock_witness(kernel: Kernel, search: Search, at: int) -> Trace:
    events = way_to(kernel, search, at)
    states = tuple(_run(kernel, kernel.unpack(search.states[root_of(search, at)]), events))
    assert stops_time(kernel.instance, states[-1]), "the interpreter does not confirm that time stops"
    return _trace(kernel, states, events, TIME_DIVERGES, None)


def _trace(kernel: Kernel, states: tuple[State, ...], events: Sequence[Event], about: str, loop: int | None) -> Trace:
    instance = kernel.instance
    return Trace(instance.machine.name, instance.values, states, tuple(events), about, loop, ENGINE)


def _bound(explored: _Explored) -> str:
    instance, search = explored.kernel.instance, explored.search
    numbers = {**instance.of_role("sort"), **instance.of_role("count"), **instance.of_role("duration")}
    sizes = ", ".join(f"{name}={value}" for name, value in numbers.items())
    how_far = "all" if search.complete else f"every run of up to {search.depth} steps,"
    return f"{how_far} {search.found:,} states" + (f" with {sizes}" if sizes else "")


def _assumptions(instance: Instance) -> tuple[str, ...]:
    return ("time advances in whole ticks",) if instance.machine.clocks else ()


def stopped(search: Search, kernel: Kernel) -> str:
    """Why a search did not come to its end, or why what it found is too much."""
    if search.left_range >= 0:
        return f"{kernel.source.fields[search.left_range].name} left its declared range: give the search larger sizes"
    if search.complete:
        return f"{search.transitions:,} transitions are more than fit in memory"
    return f"the search stopped at {search.found:,} states, {search.depth} steps deep"
