# SPDX-License-Identifier: Apache-2.0
"""Stateful fuzzing: a Hypothesis state machine made from the model's actions drives a system in lockstep with it.

Every step picks one of the events that the model allows in its state, or an idle step, performs it on the system, and
compares everything that can be observed. Each run draws its own fault profile (which of the case's hazards may strike)
and its own favourites among the events (swarm testing: Groce et al. 2012). Where the two disagree the run has failed,
and is shortened; a property that the model's own run breaks is an anomaly of the design, which the system has then
shown as well.

All of a run follows from one number that is drawn, and scrambled at every step. What Hypothesis does of itself, to
repeat what it drew and to favour the ends of a range, is good for finding the edges of data, but makes a poor random
walk (measured: 494 different picks in 2,379). For the same reason a failing run is shortened event by event, not draw
by draw.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from attrs import evolve, field, frozen
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from edgeproof.impl.system import System, SystemUnavailable
from edgeproof.model.interpret import Event, State, initial_count, initial_state
from edgeproof.model.kernel import Kernel, KernelSource, build_kernel
from edgeproof.model.machine import Instance, Machine
from edgeproof.model.trace import Trace
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.fuzz.draws import backend_of
from edgeproof.properties.engines.fuzz.observed import observe
from edgeproof.properties.engines.fuzz.run import ENGINE, LOCKSTEP, LockstepError, Run, Tally, out_of_range
from edgeproof.properties.engines.fuzz.shrink import least, run_events, shortened
from edgeproof.properties.engines.fuzz.sight import followed, said_of, withheld
from edgeproof.properties.evidence import Evidence, Verdict

__all__ = ["Budget", "conformance", "fuzz", "lockstep_machine", "shorten_failure"]

_SHORTENINGS = 1_000
"""Attempts at a shorter failing run beyond the obvious ones: some two seconds on the reference system."""


@frozen
class Budget:
    """How much to try: runs, steps per run, the seed, and whether a run that fails is shortened.

    With a `database` of Hypothesis's a run that fails is kept there, under `name`, and tried first the next time.
    """

    examples: int = 50
    steps: int = 40
    seed: int = 0
    shorten: bool = True
    database: ExampleDatabase | None = field(default=None, eq=False)
    name: str = ""


def fuzz(
    instance: Instance,
    properties: Sequence[Property],
    source: KernelSource,
    system: Callable[[], System],
    budget: Budget | None = None,
    tally: Tally | None = None,
) -> list[Evidence]:
    """Run the system in lockstep; evidence for each property, and for `lockstep` itself, which comes first.

    What happened is added to `tally`, for whoever wants to know more of it.
    """
    budget = budget or Budget()
    started = time.perf_counter()
    tally = Tally() if tally is None else tally
    under_test = system()
    try:
        _run(lockstep_machine(instance, source, under_test, tally, budget.steps), budget, tally)
        if tally.failure is not None and budget.shorten:
            shorten_failure(tally, build_kernel(source, instance), under_test)
    except SystemUnavailable as error:
        unknown = Evidence("", ENGINE, Verdict.UNKNOWN, seed=budget.seed, reason=str(error))
        return [evolve(unknown, property=name) for name in (LOCKSTEP, *(one.id for one in properties))]
    finally:
        under_test.close()
    seconds = time.perf_counter() - started
    shared = evolve(
        Evidence("", ENGINE, Verdict.UNKNOWN),
        bound=f"{tally.runs} runs, {tally.steps:,} steps in lockstep",
        seed=budget.seed,
        seconds=seconds / (len(properties) + 1),
        measures={
            "runs": tally.runs,
            "steps": tally.steps,
            "transitions": len(tally.transitions),
            "steps/s": round(tally.steps / seconds),
        },
        fired=tally.fired,
        offered=tuple(sorted(tally.offered)),
    )
    return [conformance(shared, tally, instance), *(_verdict(shared, tally, instance, source, p) for p in properties)]


def _run(machine: type[RuleBasedStateMachine], budget: Budget, tally: Tally) -> None:
    quiet = settings(
        max_examples=budget.examples,
        # To Hypothesis a run is two steps, how it begins and the rest: one of its steps takes as long as one of ours.
        stateful_step_count=2,
        deadline=None,
        database=budget.database,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,) if budget.database is None else (Phase.reuse, Phase.generate),
        print_blob=False,
        backend=backend_of(budget.seed),
        # Several failures at once would come as a group; the shortest of them is enough.
        report_multiple_bugs=False,
    )
    if budget.name:
        # Hypothesis keeps what failed under a digest of what it can see, here a name.
        machine = type(budget.name, (machine,), {})
    try:
        run_state_machine_as_test(seed(budget.seed)(machine), settings=quiet)
    except LockstepError:
        return
    except Flaky:
        # Hypothesis ran the failing run again, and the system did not fail: it has failed all the same.
        if tally.left_range:
            return
        if tally.failure is None:
            raise
        tally.why += " (not every time)"


def lockstep_machine(
    instance: Instance, source: KernelSource, system: System, tally: Tally, steps: int
) -> type[RuleBasedStateMachine]:
    """A Hypothesis state machine for `instance`, of which each rule is a run's next `steps` steps.

    What happened is added to `tally`; a disagreement raises LockstepError.
    """
    hazards = instance.hazards
    beginnings = initial_count(instance)
    whole = build_kernel(source, instance)
    kernels: dict[tuple[str, ...], Kernel] = {}

    def kernel_for(struck: tuple[str, ...]) -> Kernel:
        if struck not in kernels:
            kernels[struck] = whole.with_hazards(struck)
        return kernels[struck]

    class Lockstep(RuleBasedStateMachine):
        run: Run

        @initialize(salt=st.integers(0, 2**64 - 1))
        def begin(self, salt: int) -> None:
            dice = random.Random(salt)
            struck = tuple(name for name in hazards if dice.getrandbits(1))
            run_salt, first = dice.getrandbits(64), initial_state(instance, dice.randrange(beginnings))
            self.run = Run(kernel_for(struck), system, tally, run_salt, first)

        @rule()
        def go_on(self) -> None:
            for _ in range(steps):
                self.run.step()

        def teardown(self) -> None:
            if hasattr(self, "run"):
                observe(self.run)

    return Lockstep


def shorten_failure(tally: Tally, whole: Kernel, system: System, guess: tuple[Event, ...] = ()) -> None:
    """Leave out of the failing run what its failure does not need; the system is asked each time.

    `guess` is a short run from the same state that may fail as well: where it does, little is left to leave out.
    """
    found = tally.failure
    assert found is not None
    hazards = [name for name in whole.instance.of_role("hazard") if found.constants[name]]
    kernel, first = whole.with_hazards(hazards), found.states[0]

    def attempt(events: tuple[Event, ...]) -> tuple[Event, ...] | None:
        failure = _failure(kernel, system, first, events)
        if failure is None:
            return None
        tally.failure, tally.why = failure
        return failure[0].events

    short = attempt(guess) if guess else None
    if short is None:
        least(found.events, attempt, _SHORTENINGS)
    else:
        least(short, attempt)


def _failure(kernel: Kernel, system: System, first: State, events: tuple[Event, ...]) -> tuple[Trace, str] | None:
    """The run of `events`, up to where the system fails, and why; None if it does not fail or cannot happen."""
    tally = Tally()
    try:
        run = Run(kernel, system, tally, 0, first)
        for event in events:
            if not run.follow(event):
                return None
        run.expand()
    except LockstepError:
        return None if tally.failure is None else (tally.failure, tally.why)
    return None


def conformance(shared: Evidence, tally: Tally, instance: Instance) -> Evidence:
    """What the runs of a tally say of the system itself; `shared` has what is said of all of them."""
    verdict, reason, witness = Verdict.HOLDS_TO_BOUND, _compared(tally, instance), None
    if tally.failure is not None:
        verdict, reason = Verdict.VIOLATED, tally.why
        witness = evolve(_with_states(tally.failure, instance.machine, shared.seed), note=tally.why)
    elif tally.left_range:
        verdict, reason = Verdict.UNKNOWN, out_of_range(tally)
    elif not tally.shown:
        verdict, reason = Verdict.VACUOUS, "the system shows nothing that the model knows"
    elif tally.impossible and not tally.fired:
        verdict, reason = Verdict.VACUOUS, f"the system cannot perform {', '.join(tally.impossible)}, and nothing else"
    elif not tally.fired and (tally.offered or not tally.steps):
        verdict, reason = Verdict.VACUOUS, "nothing was performed"
    return evolve(
        shared,
        property=LOCKSTEP,
        verdict=verdict,
        reason=reason,
        witness=witness,
        left_range=tally.left_range,
        withheld=tuple(tally.impossible),
    )


def _compared(tally: Tally, instance: Instance) -> str:
    shown, aside = tally.shown or (), followed(instance.machine)
    hidden = [name for name in instance.machine.variables if name not in shown and name not in aside]
    said = [f"compared: {', '.join(shown)}"]
    said += [f"content of: {', '.join(tally.contents)}" if tally.contents else "content was not compared"]
    said += [f"not shown: {', '.join(hidden)}"] if hidden else []
    said += [f"cannot be performed: {', '.join(tally.impossible)}"] if tally.impossible else []
    return "; ".join(said)


def _verdict(shared: Evidence, tally: Tally, instance: Instance, source: KernelSource, one: Property) -> Evidence:
    if one.settles is not None:
        reason = "a run that ends decides nothing about what happens for ever"
        return evolve(shared, property=one.id, reason=reason, by_runs=True)
    lacking = withheld(instance, one, tally.shown or (), tally.impossible)
    this = evolve(shared, property=one.id, withheld=(*lacking.variables, *lacking.actions))
    if lacking.variables:
        return evolve(this, reason=said_of(evolve(lacking, actions=())))
    form = next(form for form in source.forms if form.name == one.id)
    if one.id in tally.broken:
        broken = _with_states(tally.broken[one.id], instance.machine, shared.seed)
        witness = shortened(broken, instance.machine, form)
        return evolve(this, verdict=Verdict.VIOLATED, witness=witness)
    if tally.failure is not None:
        return evolve(this, reason=f"the runs ended early: {tally.why}")
    if tally.left_range:
        return evolve(this, reason=out_of_range(tally), left_range=tally.left_range)
    if lacking.actions:
        return evolve(this, reason=said_of(lacking))
    tests, this = tally.tested.get(one.id, 0), evolve(this, by_runs=True)
    if not tests:
        return evolve(this, verdict=Verdict.VACUOUS, reason="no step of any run put the property to the test")
    return evolve(this, verdict=Verdict.HOLDS_TO_BOUND, measures={**shared.measures, "tested": tests})


def _with_states(trace: Trace, machine: Machine, seed_used: int | None) -> Trace:
    """Fill in the states that the interpreter gives for the events of a run."""
    states = run_events(trace, machine)
    assert states is not None, "the interpreter refuses a run that the kernel made"
    return evolve(trace, states=states, seed=seed_used)
