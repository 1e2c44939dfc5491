# SPDX-License-Identifier: Apache-2.0
"""Proof: for any number of POPs, puts and versions, and for all values of the parameters.

What the invariants do not give is asked once more over the instance's own sizes: bounded search looks for a violation,
k-induction for a proof that stops at these sizes. Where all fail, the verdict is UNKNOWN, and the counterexample to
induction is shown, marked as reachable or not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from attrs import evolve, frozen

from edgeproof.model.expr import TRUE, Expr
from edgeproof.model.interpret import NotEnabledError, OutOfRangeError, State, apply, evaluate
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.machine import TICK, DesignError, Instance, Machine
from edgeproof.model.smt import DELAY, TooManyFormulasError, UnencodableError, with_any_tick
from edgeproof.model.trace import Trace, replay
from edgeproof.properties.catalogue import Property, state_form, step_form
from edgeproof.properties.engines.prove.induct import (
    Inductive,
    UndecidedError,
    breaks_step,
    can_be_tested,
    inductive_part,
    leaves_range,
)
from edgeproof.properties.engines.prove.known import Known
from edgeproof.properties.engines.prove.reach import RUNS, STEPS, met
from edgeproof.properties.engines.prove.solver import WORK
from edgeproof.properties.engines.prove.time import time_goes_on
from edgeproof.properties.engines.prove.unroll import Counterexample, Unrolling, unrolling
from edgeproof.properties.evidence import HOLDS, Evidence, Verdict

__all__ = ["Effort", "prove", "prove_with_time"]

ENGINE = "prove"
EVERYTHING = "any number of elements and versions, all values of the parameters"


@frozen
class Effort:
    """How hard to try: steps of bounded search, k of k-induction, work per question to the solver (see WORK).

    Without `reach` nobody looks for what puts a proved property to the test: whoever asks so has it from a search.
    """

    depth: int = 6
    k: int = 1
    work: int = WORK
    reach: bool = True


@frozen(slots=False)
class _Context:
    instance: Instance
    inductive: Inductive
    effort: Effort
    seconds: float
    """What it took to find the invariants."""

    @cached_property
    def general(self) -> Machine:
        """The machine of which is proved what holds of any passing of time."""
        return with_any_tick(self.instance.machine)

    @cached_property
    def left_range(self) -> tuple[str, str] | None:
        """A natural that may become negative, and by which action: no proof holds of it."""
        return leaves_range(self.inductive)

    @cached_property
    def runs(self) -> Unrolling:
        """Runs in real time, for bounded search; made only for a property that no invariant gives."""
        return unrolling(self.instance, max(self.effort.depth, self.effort.k))

    @cached_property
    def whole(self) -> Unrolling:
        """Runs in whole ticks, for k-induction."""
        return unrolling(self.instance, self.effort.k, whole_time=True)


def prove(
    instance: Instance,
    properties: list[Property],
    lemmas: Mapping[str, Callable[[Any], Expr]],
    effort: Effort | None = None,
    known: Known | None = None,
) -> list[Evidence]:
    """Try to prove each property, with the help of candidate lemmas.

    What is `known` of the machine, from other instances of it with as much work per question, is not asked again.
    """
    begun = _begin(instance, properties, lemmas, effort or Effort(), Known() if known is None else known)
    return _proofs(begun, properties)


def prove_with_time(
    instance: Instance,
    properties: list[Property],
    lemmas: Mapping[str, Callable[[Any], Expr]],
    effort: Effort | None = None,
    known: Known | None = None,
) -> list[Evidence]:
    """The same, and before it whether time can always go on, where the machine has clocks."""
    effort, known = effort or Effort(), Known() if known is None else known
    begun = _begin(instance, properties, lemmas, effort, known)
    on_time = [_on_time(begun, time_goes_on(instance, effort.work, known))] if instance.machine.clocks else []
    return [*on_time, *_proofs(begun, properties)]


@frozen
class _GivenUp:
    """That there is no invariant to prove anything with."""

    reason: str


def _begin(
    instance: Instance,
    properties: list[Property],
    lemmas: Mapping[str, Callable[[Any], Expr]],
    effort: Effort,
    known: Known,
) -> _Context | _GivenUp:
    started = time.perf_counter()
    symbolic = instance.machine.state()
    candidates = {name: lemma(symbolic) for name, lemma in lemmas.items()}
    candidates |= {p.id: state_form(instance.machine, p).holds for p in properties if p.state}
    try:
        inductive = _inductive_part(instance, candidates, effort.work, known)
    except (UndecidedError, UnencodableError) as error:
        return _GivenUp(f"the solver gave up on {error}")
    return _Context(instance, inductive, effort, time.perf_counter() - started)


def _on_time(begun: _Context | _GivenUp, found: Evidence) -> Evidence:
    """What is said of time, which is a proof only while every natural is one."""
    if found.verdict is not Verdict.PROVED:
        return found
    if isinstance(begun, _GivenUp):
        return evolve(found, verdict=Verdict.UNKNOWN, bound="", reason=begun.reason)
    if begun.left_range is None:
        return found
    reason = _out_of_range(*begun.left_range)
    return evolve(found, verdict=Verdict.UNKNOWN, bound="", reason=reason, left_range=begun.left_range[0])


def _proofs(begun: _Context | _GivenUp, properties: list[Property]) -> list[Evidence]:
    if isinstance(begun, _GivenUp):
        return [Evidence(p.id, ENGINE, Verdict.UNKNOWN, reason=begun.reason) for p in properties]
    seconds = dict.fromkeys((one.id for one in properties), begun.seconds / max(1, len(properties)))
    answers = {}
    for one in properties:
        started = time.perf_counter()
        answers[one.id] = _decide(begun, one)
        seconds[one.id] += time.perf_counter() - started
    holding = [one for one in properties if answers[one.id].verdict in HOLDS]
    started = time.perf_counter()
    if begun.effort.reach:
        answers |= _put_to_the_test(begun, holding, answers)
    for one in holding:
        seconds[one.id] += (time.perf_counter() - started) / len(holding)
    return [_evidence(begun, one, answers[one.id], seconds[one.id]) for one in properties]


def _inductive_part(instance: Instance, candidates: Mapping[str, Expr], work: int, known: Known) -> Inductive:
    """The inductive part of the candidates, without those whose quantifiers are nested too deep, if there are any."""
    while True:
        try:
            return inductive_part(instance, candidates, work, known)
        except TooManyFormulasError:
            depths = {name: _nesting(node) for name, node in candidates.items()}
            deepest = max(depths.values(), default=0)
            if deepest < 2:
                raise
            candidates = {name: node for name, node in candidates.items() if depths[name] < deepest}


def _nesting(node: Expr) -> int:
    """How deep quantifiers are nested."""
    return max(map(_nesting, node.args), default=0) + (node.op in ("forall", "exists"))


def _evidence(context: _Context, one: Property, answer: _Answer, seconds: float) -> Evidence:
    inductive = context.inductive
    return Evidence(
        one.id,
        ENGINE,
        answer.verdict,
        bound=answer.bound,
        exhaustive=answer.verdict is Verdict.HOLDS_TO_BOUND,
        assumptions=_assumptions(context.instance),
        seconds=seconds,
        measures={"invariants": len(inductive.kept), "queries": inductive.queries},
        witness=answer.witness,
        reason=answer.reason,
        unsettled=answer.unsettled,
        left_range=answer.left_range,
    )


@frozen
class _Answer:
    verdict: Verdict
    bound: str = ""
    reason: str = ""
    witness: Trace | None = None
    unsettled: State | None = None
    left_range: str = ""


def _decide(context: _Context, one: Property) -> _Answer:
    if one.settles and one.within is None:
        return _Answer(Verdict.UNKNOWN, reason="nothing says how soon it settles; liveness is left to the search")
    form = _form(context.general, one)
    try:
        if _follows(context, form):
            if context.left_range is not None:
                name, _ = context.left_range
                return _Answer(Verdict.UNKNOWN, reason=_out_of_range(*context.left_range), left_range=name)
            reason = "as a bound on the time it takes" if one.settles else one.detail(context.instance)
            return _Answer(Verdict.PROVED, EVERYTHING, reason)
        if one.settles:
            reason = "no invariant bounds the time it takes; liveness is left to the search"
            return _Answer(Verdict.UNKNOWN, reason=reason)
        return _at_these_sizes(context, form)
    except (UndecidedError, UnencodableError, TimeoutError) as error:
        return _Answer(Verdict.UNKNOWN, reason=f"the solver gave up {error}")


def _out_of_range(name: str, action: str) -> str:
    return f"{name} may become negative by {action}, as far as the invariants say: no proof holds of that"


def _follows(context: _Context, form: StateForm | StepForm) -> bool:
    if isinstance(form, StateForm):
        return form.name in context.inductive.kept
    return breaks_step(context.inductive, form) is None


def _form(machine: Machine, one: Property) -> StateForm | StepForm:
    """The form that is proved: of one that settles how soon it does."""
    return state_form(machine, one) if one.state else step_form(machine, one)


def _put_to_the_test(
    context: _Context, holding: Sequence[Property], answers: Mapping[str, _Answer]
) -> dict[str, _Answer]:
    """The answers that say that a property holds; VACUOUS instead where no run puts it to the test."""
    machine = context.instance.machine
    try:
        seen = met(context.instance, [_form(machine, one) for one in holding])
    except DesignError:
        seen = set()
    return {one.id: answers[one.id] if one.id in seen else _met_by_search(context, one, answers) for one in holding}


def _met_by_search(context: _Context, one: Property, answers: Mapping[str, _Answer]) -> _Answer:
    """The same of one property that no run at random puts to the test."""
    form, effort = _form(context.general, one), context.effort
    try:
        if context.runs.search(_never_tested(form), effort.depth, effort.work) is not None:
            return answers[one.id]
        reason = "no state that satisfies the invariants puts the property to the test"
        if can_be_tested(context.inductive, form):
            looked = f"{RUNS} runs of {STEPS} steps, bounded search of {effort.depth} steps"
            reason = f"nothing was found that puts the property to the test: {looked}"
        return _Answer(Verdict.VACUOUS, reason=reason)
    except (UndecidedError, UnencodableError, TimeoutError) as error:
        return _Answer(Verdict.UNKNOWN, reason=f"the solver gave up {error}, asked what puts the property to the test")


def _never_tested(form: StateForm | StepForm) -> StateForm | StepForm:
    """What is violated by a run that puts a property to the test."""
    if isinstance(form, StateForm):
        return StateForm(form.name, ~form.tested, TRUE)
    return StepForm(form.name, {name: (~tested, TRUE) for name, (_, tested) in form.per_action.items()})


def _at_these_sizes(context: _Context, form: StateForm | StepForm) -> _Answer:
    depth, k, work = context.effort.depth, context.effort.k, context.effort.work
    # The first k states of every run have to be covered: induction over k steps begins after them.
    found = context.runs.search(form, max(depth, k), work)
    if found is not None:
        bound = f"bounded search, {len(found.events)} steps"
        return _Answer(Verdict.VIOLATED, bound, witness=_witness(context, form, found))
    for length in range(1, k + 1):
        step = context.whole.induct(form, context.inductive.kept, length, context.whole.ranges(), work)
        if step is None:
            sizes = ", ".join(f"{n}={v}" for n, v in context.instance.of_role("sort").items())
            return _Answer(
                Verdict.HOLDS_TO_BOUND, f"{length}-induction over {sizes}, within the declared ranges, in whole ticks"
            )
    assert step is not None
    reason = f"bounded search found nothing in {depth} steps; {_describe(context, step)}"
    return _Answer(Verdict.UNKNOWN, reason=reason, unsettled=step.first)


def _describe(context: _Context, step: Counterexample) -> str:
    """A counterexample to induction in words: what its first state differs in from an initial one, and the events."""
    state = dict(step.first)
    interesting = {name: value for name, value in state.items() if value != _blank(context.instance, name)}
    shown = ", ".join(f"{name}={value}" for name, value in interesting.items())
    events = ", ".join(str(event) for event in step.events)
    return f"induction fails from [{shown}] by {events}"


def _blank(instance: Instance, name: str) -> Any:
    variable = instance.machine.variables[name]
    value = variable.initial
    if not variable.over:
        return value
    return (value,) * instance.number(instance.machine.sort_size_name(variable.over))


def _witness(context: _Context, form: StateForm | StepForm, found: Counterexample) -> Trace:
    """Replay what the solver found, in whole ticks if the durations can be told in a unit that makes them whole."""
    unit = lcm(*(Fraction(event.delay).denominator for event in found.events))
    for scale in dict.fromkeys((unit, 1)):
        trace = _replayed(context.instance, form, found, scale)
        if trace is not None:
            replay(context.instance.machine, trace)
            return trace
    raise AssertionError(f"the interpreter does not confirm the witness against {form.name}")


def _replayed(whole: Instance, form: StateForm | StepForm, found: Counterexample, scale: int) -> Trace | None:
    """The run in units `scale` times smaller, if the interpreter comes to the same conclusion as the solver."""
    durations = {n: int(v) * scale for n, v in whole.of_role("duration").items()}
    instance = whole.with_(**durations)
    events = tuple(evolve(e, delay=_plain(e.delay * scale)) if e.action == TICK else e for e in found.events)
    states = [dict(found.first)]
    for event in events:
        try:
            states.append(apply(instance, states[-1], event))
        except OutOfRangeError as error:
            raise UndecidedError(f"as the run leaves a range: {error}") from error
        except NotEnabledError:
            return None
    if isinstance(form, StateForm):
        holds = evaluate(instance, form.holds, states[-1])
    else:
        last = events[-1]
        arguments = {**dict(last.arguments), DELAY.name: last.delay}
        holds = evaluate(instance, form.per_action[last.action][0], states[-2], arguments)
    if holds:
        return None
    return Trace(instance.machine.name, instance.values, tuple(states), events, form.name, None, ENGINE)


def _plain(delay: int | Fraction) -> int | Fraction:
    return int(delay) if delay == int(delay) else delay


def _assumptions(instance: Instance) -> tuple[str, ...]:
    values = {**instance.of_role("option"), **dict.fromkeys(instance.hazards, "on")}
    return tuple(f"{name}={value}" for name, value in values.items())
