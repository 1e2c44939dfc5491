# SPDX-License-Identifier: Apache-2.0
"""Judging a deployment from outside: programs of what an outsider can do, and the catalogue's forms over what shows.

Nothing runs in lockstep here: alarms, puts and caches do what they do, when they do it, and nobody sees it. So no model
is followed. Before and after every action all is observed that can be; each property's form is evaluated over the two,
with what is not shown as unknown. False is a violation, whatever the unknown may be. A property is said to hold only
where no evaluation was left open.

Time is real, in milliseconds. A config is superseded at the latest when the write that did it was seen to be made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final

from attrs import define, evolve, field, frozen

from edgeproof.impl.system import ActionImpossible, ActionUnknown, Observation, System, SystemUnavailable
from edgeproof.model.expr import Expr, walk
from edgeproof.model.interpret import Event, State
from edgeproof.model.machine import TICK, Instance, Machine
from edgeproof.properties.catalogue import Property, state_form
from edgeproof.properties.engines.fuzz.engine import Budget
from edgeproof.properties.engines.fuzz.run import setup_of
from edgeproof.properties.engines.fuzz.shrink import least
from edgeproof.properties.engines.fuzz.sight import AFTER, in_own_words, needs
from edgeproof.properties.engines.outside.kleene import known_value
from edgeproof.properties.evidence import Evidence, Verdict

__all__ = ["CONTRACT", "outside"]

ENGINE: Final = "outside"
CONTRACT: Final = "front-contract"
"""The id of the verdict on the answers themselves."""

_MENU: Final = (
    (Event("write"), 4),
    (Event("read", (("pop", 0), ("cache", 0))), 5),
    (Event("retry"), 2),
    (Event("write_refused"), 2),
    (Event(TICK, delay=5), 1),
    (Event(TICK, delay=50), 1),
)
"""What an outsider can do, and how often it is drawn; time passes in milliseconds."""
_READ: Final = _MENU[1][0]
_PATIENCE_MS: Final = 3000
"""Runs that wait for longer are not shortened: that would be to wait so long again and again."""


@frozen
class Question:
    """One property as it is asked: per action (of a step) or under "" (of a state) what must hold, and where."""

    about: Property
    asked: Mapping[str, tuple[Expr, Expr]]
    watches: bool
    """Whether it speaks of a write under observation, so that it is asked of every one."""


class AnswerError(Exception):
    """The system could not be driven or observed; the message says how that went."""


@define
class Answers:
    """What came of asking: how often a property was put to the test, left open, and the run that broke it first."""

    tested: dict[str, int] = field(factory=dict)
    open: dict[str, int] = field(factory=dict)
    untold: dict[str, int] = field(factory=dict)
    """How often nothing that shows said whether a property was put to the test."""
    broken: dict[str, tuple[tuple[Event, ...], str]] = field(factory=dict)
    runs: int = 0
    steps: int = 0
    unanswered: int = 0
    fired: dict[str, int] = field(factory=dict)
    shown: tuple[str, ...] = ()
    ended: str = ""
    """Why the runs ended early."""


def outside(
    instance: Instance,
    properties: Sequence[Property],
    system: Callable[[], System],
    budget: Budget,
    bound_ms: int | None = None,
) -> list[Evidence]:
    """Evidence for each property, and first for `CONTRACT`. `bound_ms` is what readers were promised, if they were:
    the instance's own bound then has to be that. Raises SystemUnavailable where nothing could be asked at all.
    """
    questions = [_question(instance.machine, one) for one in properties if not _beyond_runs(one, bound_ms)]
    answers = Answers()
    started = time.perf_counter()
    under_test = system()
    try:
        for program in _programs(budget, bound_ms):
            _run(instance, questions, under_test, program, answers)
            if answers.ended:
                break
        _shorten(instance, questions, under_test, answers)
    finally:
        under_test.close()
    seconds = time.perf_counter() - started
    shared = Evidence(
        "",
        ENGINE,
        Verdict.UNKNOWN,
        bound=f"{answers.runs} runs, {answers.steps:,} steps of one client at one location",
        assumptions=("all reads of a run reach one location", "nobody else writes to the units of a run"),
        seed=budget.seed,
        seconds=seconds / (len(properties) + 1),
        measures={"runs": answers.runs, "steps": answers.steps, "unanswered": answers.unanswered},
        fired=answers.fired,
    )
    return [_contract(shared, answers), *(_verdict(shared, answers, instance, one, bound_ms) for one in properties)]


def _programs(budget: Budget, bound_ms: int | None) -> Iterator[tuple[Event, ...]]:
    events, weights = zip(*_MENU, strict=True)
    for number in range(budget.examples):
        random = Random(f"{budget.seed}/{number}")
        program = tuple(random.choices(events, weights, k=budget.steps))
        if bound_ms is not None and number == budget.examples - 1:
            # Once, what is old must be waited for.
            program += (Event(TICK, delay=bound_ms + 100), _READ)
        yield program


def _question(machine: Machine, one: Property) -> Question:
    if one.step is None:
        form = state_form(machine, one)
        asked: Mapping[str, tuple[Expr, Expr]] = {"": (form.holds, form.tested)}
    else:
        asked = in_own_words(machine, one).per_action
    names = {node.name for pair in asked.values() for part in pair for node in walk(part) if node.op == "var"}
    return Question(one, asked, "watched" in names)


class _Run:
    """One program on fresh units."""

    def __init__(self, instance: Instance, questions: Sequence[Question], system: System, answers: Answers) -> None:
        self.instance, self.questions, self.system, self.answers = instance, questions, system, answers
        self.done: list[Event] = []
        self.committed: dict[int, float] = {}
        answers.runs += 1
        system.start(setup_of(instance))
        self.now = self.look()
        self.ask("", self.now, {}, 0.0)

    def take(self, event: Event) -> None:
        """Do it, look, and judge; nothing happens where it cannot be done now."""
        before, began = self.now, time.monotonic()
        self.done.append(event)
        try:
            self.do(event)
        except ActionImpossible:
            self.done.pop()
            return
        answers, after = self.answers, self.look()
        self.now = after
        for version in range(_version(before) + 1, _version(after) + 1):
            self.committed[version] = time.monotonic()
        answers.steps += 1
        answers.fired[event.action] = answers.fired.get(event.action, 0) + 1
        answers.unanswered += after.get("request") == "lost" or after.get("failed") == (True,)
        arguments = dict(event.arguments)
        self.ask(event.action, {**before, **{name + AFTER: value for name, value in after.items()}}, arguments, began)
        self.ask("", after, {}, time.monotonic())

    def do(self, event: Event) -> None:
        if event.action == TICK:
            return time.sleep(float(event.delay) / 1000)
        try:
            self.system.perform(event.action, dict(event.arguments))
        except (ActionImpossible, ActionUnknown, SystemUnavailable):
            raise
        except Exception as error:
            raise self.no_answer(error) from error

    def look(self) -> Observation:
        try:
            seen = self.system.observe()
        except SystemUnavailable:
            raise
        except Exception as error:
            raise self.no_answer(error) from error
        self.answers.shown = tuple(seen)
        return seen

    def no_answer(self, error: Exception) -> AnswerError:
        self.broke(CONTRACT, lambda: str(error))
        return AnswerError(str(error))

    def ask(self, action: str, state: State, arguments: Mapping[str, int], at: float) -> None:
        """Ask what is to be asked of a step by this action, or ("") of a state."""
        for question in self.questions:
            if action not in question.asked:
                continue
            for watch in self.watches(at) if question.watches else [{}]:
                self.judge(question, action, {**state, **watch}, arguments)

    def watches(self, at: float) -> list[dict[str, Any]]:
        """Every write as the one under observation, with its age in milliseconds."""
        ages = {version: int(1000 * (at - since)) for version, since in self.committed.items()}
        return [{"watched": v, "watching": True, "since": age} for v, age in ages.items()]

    def judge(self, question: Question, action: str, state: State, arguments: Mapping[str, int]) -> None:
        answers, name = self.answers, question.about.id
        holds, tested = question.asked[action]
        # A version that a reader was told has been in KV: as much is known of what is not shown.
        served: Any = state.get("served", (0,))
        was_tested = known_value(self.instance, tested, {"kv": max(served), **state}, arguments)
        if was_tested is None:
            answers.untold[name] = answers.untold.get(name, 0) + 1
        elif was_tested:
            answers.tested[name] = answers.tested.get(name, 0) + 1
        found = known_value(self.instance, holds, state, arguments)
        if found is None:
            answers.open[name] = answers.open.get(name, 0) + 1
        elif not found:
            self.broke(name, lambda: _changes(needs(self.instance, question.about).variables, state))

    def broke(self, name: str, how: Callable[[], str]) -> None:
        known = self.answers.broken.get(name)
        if known is None or len(self.done) < len(known[0]):
            self.answers.broken[name] = (tuple(self.done), how())


def _run(
    instance: Instance, questions: Sequence[Question], system: System, program: Sequence[Event], answers: Answers
) -> None:
    try:
        run = _Run(instance, questions, system, answers)
        for event in program:
            run.take(event)
    except AnswerError:
        return
    except ActionUnknown as error:
        answers.ended = str(error)
    except SystemUnavailable as error:
        if answers.steps == 0:
            raise
        answers.ended = str(error)


def _shorten(instance: Instance, questions: Sequence[Question], system: System, answers: Answers) -> None:
    """Leave out of each failing run what its failure does not need; the deployment is asked each time."""
    for name, (events, _) in list(answers.broken.items()):
        if sum(event.delay for event in events if event.action == TICK) > _PATIENCE_MS:
            continue

        def attempt(fewer: tuple[Event, ...], name: str = name) -> tuple[Event, ...] | None:
            again = Answers(steps=1)
            _run(instance, questions, system, fewer, again)
            if name not in again.broken:
                return None
            answers.broken[name] = again.broken[name]
            return again.broken[name][0]

        least(events, attempt)


def _contract(shared: Evidence, answers: Answers) -> Evidence:
    this = evolve(shared, property=CONTRACT)
    if CONTRACT in answers.broken:
        return evolve(this, verdict=Verdict.VIOLATED, reason=_story(answers, CONTRACT))
    if answers.ended:
        return evolve(this, reason=f"the runs ended early: {answers.ended}")
    return evolve(this, verdict=Verdict.HOLDS_TO_BOUND)


def _verdict(shared: Evidence, answers: Answers, instance: Instance, one: Property, bound_ms: int | None) -> Evidence:
    tests = answers.tested.get(one.id, 0)
    this = evolve(shared, property=one.id, measures={**shared.measures, "tested": tests})
    if beyond := _beyond_runs(one, bound_ms):
        return evolve(this, reason=beyond)
    if one.id in answers.broken:
        return evolve(this, verdict=Verdict.VIOLATED, reason=_story(answers, one.id))
    if answers.ended:
        return evolve(this, reason=f"the runs ended early: {answers.ended}")
    if CONTRACT in answers.broken:
        return evolve(this, reason="runs ended early, as an answer was none that the front gives")
    if answers.open.get(one.id) or (not tests and answers.untold.get(one.id)):
        hidden = [name for name in needs(instance, one).variables if name not in answers.shown]
        return evolve(this, reason=f"an outsider does not see {', '.join(hidden)}; nothing that shows breaks it")
    if not tests:
        return evolve(this, verdict=Verdict.VACUOUS, reason="never put to the test by one client at one location")
    return evolve(this, verdict=Verdict.HOLDS_TO_BOUND)


def _beyond_runs(one: Property, bound_ms: int | None) -> str:
    """Why no run can say anything about a property; "" where one can."""
    if one.settles is not None:
        return "a run that ends decides nothing about what happens for ever"
    return "no bound was given to hold it to" if one.id == "bounded-staleness" and bound_ms is None else ""


def _story(answers: Answers, name: str) -> str:
    events, how = answers.broken[name]
    return f"{', '.join(str(event) for event in events) or 'the start'}: {how}"


def _changes(names: Sequence[str], state: State) -> str:
    """The named variables as far as they are shown, with what became of them."""
    said = []
    for name in names:
        if name in state:
            before, after = state[name], state.get(name + AFTER, state[name])
            said.append(f"{name} is {before}" if before == after else f"{name} goes from {before} to {after}")
    return ", ".join(said)


def _version(seen: Observation) -> int:
    version = seen.get("config")
    return version if isinstance(version, int) else 0
