# SPDX-License-Identifier: Apache-2.0
"""Stateful fuzzing: a Hypothesis state machine made from the model's actions drives a system in lockstep with it.

Every step picks one of the events that the model allows in its state, or an idle step, performs it on the system, and
compares everything that can be observed. Each run draws its own fault profile (which of the case's hazards may strike)
and its own favourites among the events (swarm testing: Groce et al. 2012). Where the two disagree the run has failed,
and is shortened; a property that the model's own run breaks is an anomaly of the design, which the system has then
shown as well.

What Hypothesis draws is scrambled before it is used: it likes to repeat itself and to draw 0, which is good for finding
the edges of data, but makes a poor random walk (measured: 494 different picks in 2,379). For the same reason a failing
run is shortened event by event, not draw by draw.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, NoReturn

from attrs import define, evolve, field, frozen
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from edgeproof.impl.system import MAY, ActionUnknown, Observation, Setup, System, SystemUnavailable
from edgeproof.model.interpret import Event, State, initial_states
from edgeproof.model.kernel import Kernel, KernelSource, build_kernel
from edgeproof.model.machine import Instance, Machine
from edgeproof.model.trace import Trace
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.fuzz.content import content_of
from edgeproof.properties.engines.fuzz.shrink import least, run_events, shortened
from edgeproof.properties.engines.fuzz.sight import followed, not_judged, withheld
from edgeproof.properties.evidence import Evidence, Verdict

__all__ = [
    "LOCKSTEP",
    "Budget",
    "LockstepError",
    "Run",
    "Tally",
    "conformance",
    "fuzz",
    "lockstep_machine",
    "setup_of",
    "shorten_failure",
]

ENGINE = "fuzz"
_SHORTENINGS = 1_000
"""Attempts at a shorter failing run beyond the obvious ones: some two seconds on the reference system."""
_BURST = 8
"""Steps per draw. A draw costs Hypothesis as much as a step costs everybody else."""
LOCKSTEP = "lockstep"
"""The id of the verdict on the system itself: does it do what the model does?"""


class LockstepError(AssertionError):
    """The system did not do what the model does; the message says what differs after which event."""


@frozen
class Budget:
    """How much to try: runs, steps per run (rounded up to a multiple of 8), the seed, and whether a run that fails is
    shortened.
    """

    examples: int = 50
    steps: int = 40
    seed: int = 0
    shorten: bool = True


@define
class Tally:
    """What the runs of one machine came to."""

    runs: int = 0
    steps: int = 0
    fired: dict[str, int] = field(factory=dict)
    offered: set[str] = field(factory=set)
    """The actions that the model allowed in some state."""
    transitions: set[tuple[object, ...]] = field(factory=set)
    """The different steps of the model, each by the state that it began in and its event."""
    tested: dict[str, int] = field(factory=dict)
    broken: dict[str, Trace] = field(factory=dict)
    failure: Trace | None = None
    why: str = ""
    left_range: str = ""
    """The variable of the model that left its declared range."""
    shown: tuple[str, ...] | None = None
    """What the system has shown every time; None before the first time."""
    contents: tuple[str, ...] | None = None
    """The names of which the system has shown the content every time; None before the first time."""
    impossible: dict[str, None] = field(factory=dict)
    """The actions that the system says it does not know."""


def setup_of(instance: Instance) -> Setup:
    """An instance in the terms of a system under test."""
    return Setup(
        instance.machine.name,
        {name: str(value) for name, value in instance.of_role("option").items()},
        instance.hazards,
        {n: int(v) for n, v in {**instance.of_role("count"), **instance.of_role("duration")}.items()},
        {name: int(value) for name, value in instance.of_role("sort").items()},
    )


def fuzz(
    instance: Instance,
    properties: Sequence[Property],
    source: KernelSource,
    system: Callable[[], System],
    budget: Budget | None = None,
) -> list[Evidence]:
    """Run the system in lockstep; evidence for each property, and for `lockstep` itself, which comes first."""
    budget = budget or Budget()
    started = time.perf_counter()
    tally = Tally()
    under_test = system()
    try:
        _run(lockstep_machine(instance, source, under_test, tally), budget, tally)
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
        stateful_step_count=-(-budget.steps // _BURST),
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
        print_blob=False,
        # Several failures at once would come as a group; the shortest of them is enough.
        report_multiple_bugs=False,
    )
    try:
        run_state_machine_as_test(seed(budget.seed)(machine), settings=quiet)
    except LockstepError:
        return
    except Flaky:
        # Hypothesis ran the failing run again, and the system did not fail: it has failed all the same.
        if tally.failure is None:
            raise
        tally.why += " (not every time)"


def lockstep_machine(
    instance: Instance, source: KernelSource, system: System, tally: Tally
) -> type[RuleBasedStateMachine]:
    """A Hypothesis state machine for `instance`: its `TestCase` attribute is a unittest for pytest to collect.

    What happened is added to `tally`; a disagreement raises LockstepError.
    """
    hazards = instance.hazards
    firsts = list(initial_states(instance))
    whole = build_kernel(source, instance)
    kernels: dict[tuple[str, ...], Kernel] = {}

    def kernel_for(struck: tuple[str, ...]) -> Kernel:
        if struck not in kernels:
            kernels[struck] = whole.with_hazards(struck)
        return kernels[struck]

    class Lockstep(RuleBasedStateMachine):
        run: Run

        @initialize(salt=st.integers(0, 0xFFFFFFFF))
        def begin(self, salt: int) -> None:
            dice = random.Random(salt)
            struck = tuple(name for name in hazards if dice.getrandbits(1))
            self.run = Run(kernel_for(struck), system, tally, dice.getrandbits(64), dice.choice(firsts))

        @rule(pick=st.integers(0, 0xFFFF))
        def steps(self, pick: int) -> None:
            for _ in range(_BURST):
                self.run.step(pick)

    return Lockstep


def _scrambled(dice: int, turn: int, pick: int) -> int:
    """A well-mixed number from what was drawn (the finaliser of SplitMix64: Steele, Lea and Flood 2014)."""
    mixed = (dice ^ turn << 16 ^ pick) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return mixed ^ mixed >> 31


class Run:
    """One run of the model and the system side by side."""

    def __init__(self, kernel: Kernel, system: System, tally: Tally, salt: int, first: State) -> None:
        self.kernel = kernel
        self.system, self.tally, self.dice, self.first = system, tally, salt, first
        self.favoured = random.Random(salt).getrandbits(kernel.most_successors)
        self.turn = 0
        self.words = self.kernel.pack(first)
        self.visited = {tuple(self.words)}
        self.events: list[Event] = []
        self.parameters = [int(value) for value in self.kernel.parameters]
        most, words = self.kernel.most_successors, kernel.source.words
        self.out, self.labels, self.flags = [0] * (most * words), [0] * most, [0] * most
        self.may: dict[str, bool] = {}
        tally.runs += 1
        system.start(setup_of(kernel.instance))
        self.content = content_of(system, kernel.instance, first)
        self.seen: Observation = {}
        self.note(self.kernel.check(self.words, 0, self.parameters), self.kernel.source.states)
        self.compare()

    def step(self, pick: int) -> None:
        """Let one event happen that the model allows; an idle step where `pick` says so or nothing can happen."""
        self.tally.steps += 1
        count = self.expand()
        if count < 0:
            self.tally.left_range = self.kernel.source.fields[-1 - count].name
            raise LockstepError(_out_of_range(self.tally))
        # Each draw stirs all later ones: runs that Hypothesis makes by changing a draw of an earlier run soon part.
        self.turn += 1
        self.dice = dice = _scrambled(self.dice, self.turn, pick)
        choice = self.choices(count, dice & 15)
        place = (dice >> 4) % (len(choice) + 1)
        if place == len(choice):
            return self.compare()
        return self.take(choice[place])

    def expand(self) -> int:
        """Find out what can happen here, as many events as are returned; the system must say the same of it."""
        count = self.kernel.expand(self.words, 0, self.parameters, self.out, self.labels, self.flags)
        possible = {self.kernel.source.labels[label][0] for label in self.labels[: max(count, 0)]} if self.may else ()
        for action, may in self.may.items():
            if may != (action in possible):
                where = "the system, and not in the model" if may else "the model, and not in the system"
                self.fail(f"{self.after()}: {action} can happen in {where}")
        return count

    def choices(self, count: int, mood: int) -> list[int]:
        """Which of the possible events to choose from, by a mood from 0 to 15.

        Mostly those that lead where this run has not been yet, and of these mostly the favoured ones: else a run spends
        its steps on reads that change nothing. But now and then just what should change nothing, as a crash of an idle
        object or a refused write: a system that is wrong there shows it nowhere else. And now and then the action that
        has happened least in all runs so far, as some are possible only for a moment.
        """
        words, unknown, labels = self.kernel.source.words, self.tally.impossible, self.kernel.source.labels
        names = [labels[self.labels[n]][0] for n in range(count)]
        self.tally.offered.update(names)
        everything = [n for n in range(count) if names[n] not in unknown]
        if mood == 1:
            return everything
        if mood in (2, 3):
            times = [self.tally.fired.get(names[n], 0) for n in everything]
            return [n for n, often in zip(everything, times, strict=True) if often == min(times)]
        after = {n: tuple(self.out[n * words : (n + 1) * words]) for n in everything}
        if mood == 0:
            return [n for n in everything if after[n] == tuple(self.words)] or everything
        fresh = [n for n in everything if after[n] not in self.visited]
        liked = [n for n in fresh if self.favoured >> self.labels[n] & 1] if mood > 6 else []
        return liked or fresh or everything

    def follow(self, event: Event) -> bool:
        """Let this event happen, if the model allows it here."""
        for which in range(self.expand()):
            if self.kernel.event(self.labels[which]) == event:
                self.take(which)
                return True
        return False

    def take(self, which: int) -> None:
        words, event = self.kernel.source.words, self.kernel.event(self.labels[which])
        self.events.append(event)
        try:
            self.system.perform(event.action, dict(event.arguments))
        except ActionUnknown:
            self.events.pop()
            self.tally.impossible[event.action] = None
            return self.compare()
        except LockstepError:
            raise
        except Exception as error:
            self.fail(f"{event} is possible in the model, but the system says: {type(error).__name__}: {error}", error)
        self.tally.transitions.add((self.labels[which], *self.words))
        self.words = self.out[which * words : (which + 1) * words]
        self.visited.add(tuple(self.words))
        self.tally.fired[event.action] = self.tally.fired.get(event.action, 0) + 1
        self.compare(event)
        # Only now, as the system has shown the same: what the model's step breaks, the system has broken too.
        self.note(self.flags[which], self.kernel.source.steps)
        self.note(self.kernel.check(self.words, 0, self.parameters), self.kernel.source.states)

    def note(self, flags: int, forms: Sequence[Any]) -> None:
        """Add up which properties this step or state tested and broke."""
        position = 0
        while flags:
            if flags & 1:
                name = forms[position].name
                self.tally.tested[name] = self.tally.tested.get(name, 0) + 1
            if flags & 2:
                self.broke(forms[position].name)
            flags >>= 2
            position += 1

    def broke(self, name: str) -> None:
        known = self.tally.broken.get(name)
        if known is None or len(self.events) < len(known.events):
            self.tally.broken[name] = self.trace(name)

    def compare(self, event: Event | None = None) -> None:
        """Everything that the system shows must be what the model says; `event` has just happened, None where none."""
        try:
            seen = self.system.observe()
            contents = {} if self.content is None else self.content.look()
        except Exception as error:
            self.fail(f"the system cannot be observed: {type(error).__name__}: {error}", error)
        readers, words = self.kernel.readers, self.words
        for name, value in seen.items():
            if name in readers and readers[name](words) != value:
                self.fail(f"{self.after()}: {name} is {readers[name](words)} in the model, {value} in the system")
        self.may = {name.removeprefix(MAY): bool(value) for name, value in seen.items() if name.startswith(MAY)}
        self.tally.shown = _every_time(self.tally.shown, readers, seen)
        if self.content is not None:
            if event is not None:
                self.content.follow(event, self.seen, seen)
            if wrong := self.content.differs(seen, contents):
                self.fail(f"{self.after()}: content of {wrong}")
            known = self.content.known(seen, contents)
            self.tally.contents = _every_time(self.tally.contents, known, known)
        self.seen = seen

    def after(self) -> str:
        return f"after {self.events[-1]}" if self.events else "at the start"

    def fail(self, why: str, cause: Exception | None = None) -> NoReturn:
        self.tally.failure, self.tally.why = self.trace(LOCKSTEP), why
        raise LockstepError(why) from cause

    def trace(self, about: str) -> Trace:
        instance = self.kernel.instance
        return Trace(instance.machine.name, instance.values, (self.first,), tuple(self.events), about, None, ENGINE)


def _every_time(before: tuple[str, ...] | None, names: Iterable[str], seen: Container[str]) -> tuple[str, ...]:
    """Which of the names that were shown every time `before` (of all `names`, the first time) are `seen` now."""
    return tuple(name for name in (names if before is None else before) if name in seen)


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
        verdict, reason = Verdict.UNKNOWN, _out_of_range(tally)
    elif not tally.shown:
        verdict, reason = Verdict.VACUOUS, "the system shows nothing that the model knows"
    elif tally.impossible and not tally.fired:
        verdict, reason = Verdict.VACUOUS, f"the system cannot perform {', '.join(tally.impossible)}, and nothing else"
    return evolve(
        shared,
        property=LOCKSTEP,
        verdict=verdict,
        reason=reason,
        witness=witness,
        left_range=tally.left_range,
        withheld=tuple(tally.impossible),
    )


def _out_of_range(tally: Tally) -> str:
    return f"{tally.left_range} left its declared range in the model: give the run larger sizes"


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
    if hidden := not_judged(instance, one, tally.shown or ()):
        return evolve(this, reason=hidden)
    form = next(form for form in source.forms if form.name == one.id)
    if one.id in tally.broken:
        broken = _with_states(tally.broken[one.id], instance.machine, shared.seed)
        witness = shortened(broken, instance.machine, form)
        return evolve(this, verdict=Verdict.VIOLATED, witness=witness)
    if tally.failure is not None:
        return evolve(this, reason=f"the runs ended early: {tally.why}")
    if tally.left_range:
        return evolve(this, reason=_out_of_range(tally), left_range=tally.left_range)
    if undone := not_judged(instance, one, tally.shown or (), tally.impossible):
        return evolve(this, reason=undone)
    tests, this = tally.tested.get(one.id, 0), evolve(this, by_runs=True)
    if not tests:
        return evolve(this, verdict=Verdict.VACUOUS, reason="no step of any run put the property to the test")
    return evolve(this, verdict=Verdict.HOLDS_TO_BOUND, measures={**shared.measures, "tested": tests})


def _with_states(trace: Trace, machine: Machine, seed_used: int | None) -> Trace:
    """Fill in the states that the interpreter gives for the events of a run."""
    states = run_events(trace, machine)
    assert states is not None, "the interpreter refuses a run that the kernel made"
    return evolve(trace, states=states, seed=seed_used)
