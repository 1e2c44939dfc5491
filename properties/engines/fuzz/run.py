# SPDX-License-Identifier: Apache-2.0
"""One run of the model and a system side by side: which event comes next, and whether both agree after it."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Sequence, Set
from typing import Any, NoReturn

from attrs import define, field

from edgeproof.impl.system import MAY, ActionUnknown, Observation, Setup, System, SystemUnavailable
from edgeproof.model.interpret import Event, State
from edgeproof.model.kernel import Kernel
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.engines.fuzz.content import content_of
from edgeproof.properties.engines.fuzz.names import check_name

__all__ = ["ENGINE", "LOCKSTEP", "LockstepError", "Run", "Tally", "out_of_range", "setup_of"]

ENGINE = "fuzz"
LOCKSTEP = "lockstep"
"""The id of the verdict on the system itself: does it do what the model does?"""


class LockstepError(AssertionError):
    """The system did not do what the model does; the message says what differs after which event."""


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
        self.parameters = self.kernel.parameters
        most, words = self.kernel.most_successors, kernel.source.words
        self.out, self.labels, self.flags = [0] * (most * words), [0] * most, [0] * most
        self.said = self.kernel.unpack(self.words)
        """What the model says, by the names of its variables."""
        self.expanded: list[int] = []
        """The words of the state whose events `labels` has: none yet."""
        self.count, self.possible = 0, list[str]()
        """How many events can happen there, or what the kernel says instead; and their actions."""
        self.names: Set[str] | None = None
        """What the system shows; None before the first time."""
        self.may: dict[str, bool] = {}
        tally.runs += 1
        self.start()
        self.content = content_of(system, kernel.instance, first)
        self.seen: Observation = {}
        self.note(self.kernel.check(self.words, 0, self.parameters), self.kernel.source.states)
        self.compare()

    def start(self) -> None:
        """Begin a new run of the system."""
        try:
            self.system.start(setup_of(self.kernel.instance))
        except SystemUnavailable:
            raise
        except Exception as error:
            self.fail(f"the system cannot be started: {type(error).__name__}: {error}", error)

    def step(self) -> None:
        """Let one event happen that the model allows; an idle step where the dice say so or nothing can happen."""
        self.tally.steps += 1
        count = self.expand()
        if count < 0:
            self.tally.left_range = self.kernel.source.fields[-1 - count].name
            raise LockstepError(out_of_range(self.tally))
        self.turn += 1
        self.dice = dice = _scrambled(self.dice, self.turn)
        choice = self.choices(count, dice & 15)
        place = (dice >> 4) % (len(choice) + 1)
        if place == len(choice):
            return self.compare()
        return self.take(choice[place])

    def expand(self) -> int:
        """Find out what can happen here, as many events as are returned; the system must say the same of it."""
        if self.words != self.expanded:
            self.count = self.kernel.expand(self.words, 0, self.parameters, self.out, self.labels, self.flags)
            self.expanded, events = self.words, self.kernel.events
            self.possible = [events[label].action for label in self.labels[: max(self.count, 0)]]
        for action, may in self.may.items():
            if may != (action in self.possible):
                where = "the system, and not in the model" if may else "the model, and not in the system"
                self.fail(f"{self.after()}: {action} can happen in {where}")
        return self.count

    def choices(self, count: int, mood: int) -> list[int]:
        """Which of the possible events to choose from, by a mood from 0 to 15.

        Mostly those that lead where this run has not been yet, and of these mostly the favoured ones: else a run spends
        its steps on reads that change nothing. But now and then just what should change nothing, as a crash of an idle
        object or a refused write: a system that is wrong there shows it nowhere else. And now and then the action that
        has happened least in all runs so far, as some are possible only for a moment.
        """
        words, unknown, names = self.kernel.source.words, self.tally.impossible, self.possible
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
            if self.kernel.events[self.labels[which]] == event:
                self.take(which)
                return True
        return False

    def take(self, which: int) -> None:
        label, kernel = self.labels[which], self.kernel
        words, event = kernel.source.words, kernel.events[label]
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
        self.tally.transitions.add((label, *self.words))
        self.words = self.out[which * words : (which + 1) * words]
        for name in kernel.touched[label]:
            self.said[name] = kernel.readers[name](self.words)
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
            names = seen.keys()
            contents = {} if self.content is None else self.content.look()
        except Exception as error:
            self.fail(f"the system cannot be observed: {type(error).__name__}: {error}", error)
        said, others = self.said, names != self.names
        for name in names if others else ():
            if name not in said:
                check_name(name, self.kernel.instance.machine)
        for name, value in seen.items():
            if name in said and said[name] != value:
                self.fail(f"{self.after()}: {name} is {said[name]} in the model, {value} in the system")
        if others:
            self.names = frozenset(seen)
            self.may = {name.removeprefix(MAY): False for name in seen if name.startswith(MAY)}
            self.tally.shown = _every_time(self.tally.shown, said, seen)
        for action in self.may:
            self.may[action] = bool(seen[MAY + action])
        if self.content is not None:
            if event is not None:
                self.content.follow(event, self.seen, seen)
            if wrong := self.content.differs(seen, contents):
                self.fail(f"{self.after()}: content of {wrong}")
            if self.content.known != self.tally.contents:
                self.tally.contents = _every_time(self.tally.contents, self.content.known, self.content.known)
        self.seen = seen

    def after(self) -> str:
        return f"after {self.events[-1]}" if self.events else "at the start"

    def fail(self, why: str, cause: Exception | None = None) -> NoReturn:
        self.tally.failure, self.tally.why = self.trace(LOCKSTEP), why
        raise LockstepError(why) from cause

    def trace(self, about: str) -> Trace:
        instance = self.kernel.instance
        return Trace(instance.machine.name, instance.values, (self.first,), tuple(self.events), about, None, ENGINE)


def _scrambled(dice: int, turn: int) -> int:
    """The next well-mixed number (the finaliser of SplitMix64: Steele, Lea and Flood 2014)."""
    mixed = (dice ^ turn << 16) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return mixed ^ mixed >> 31


def _every_time(before: tuple[str, ...] | None, names: Iterable[str], seen: Container[str]) -> tuple[str, ...]:
    """Which of the names that were shown every time `before` (of all `names`, the first time) are `seen` now."""
    return tuple(name for name in (names if before is None else before) if name in seen)


def out_of_range(tally: Tally) -> str:
    """Why nothing can be said of the runs: which variable of the model left its range, and what to do."""
    return f"{tally.left_range} left its declared range in the model: give the run larger sizes"
