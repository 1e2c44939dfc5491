# SPDX-License-Identifier: Apache-2.0
"""A schedule: which move was made after which, by name, as something to keep in a file and to drive again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from attrs import asdict, evolve, frozen

from edgeproof.impl.interleaving import Interleaved, Move, MoveImpossible
from edgeproof.model.strict_json import strict_json
from edgeproof.properties.engines.fuzz.shrink import least
from edgeproof.properties.engines.interleave.checks import Run, judged

__all__ = ["Driven", "Schedule", "ScheduleError", "drive", "dump_schedule", "load_schedule", "replay", "shorten"]

_FORMAT: Final = 1


class ScheduleError(ValueError):
    """What was read is no schedule."""


@frozen
class Schedule:
    """Moves in their order, of a subject with so many operations, and what they are about: a property, and how."""

    subject: str
    operations: int
    moves: tuple[str, ...]
    about: str = ""
    why: str = ""


@frozen
class Driven:
    """What came of driving a system: the moves that were made, and per property how it was broken first."""

    moves: tuple[str, ...]
    broken: dict[str, str]
    tested: Counter[str]
    missing: str = ""
    """A move that could not be made, and ended it."""


class Driver:
    """One run of a system, judged move by move."""

    def __init__(self, system: Interleaved) -> None:
        self._system, self._run = system, Run(system.promise)
        self.made: list[str] = []
        self.broken: dict[str, str] = {}
        self.tested: Counter[str] = Counter()
        self._judge(system.start())

    def moves(self) -> Sequence[Move]:
        """What may happen next."""
        return self._system.moves()

    def make(self, name: str) -> None:
        """Make a move. Raises MoveImpossible, and what a part raises by mistake."""
        facts = self._system.make(name)
        self.made.append(name)
        self._judge(facts)

    def end(self) -> None:
        """No move is left: judge what there is in the end."""
        self._judge(self._system.end())

    def result(self, missing: str = "") -> Driven:
        """What has come of it."""
        return Driven(tuple(self.made), self.broken, self.tested, missing)

    def _judge(self, facts: Any) -> None:
        for name, wrong in judged(self._run, facts, self._system.promise.properties):
            self.tested[name] += 1
            if wrong:
                self.broken.setdefault(name, wrong)


def drive(system: Interleaved, moves: Sequence[str], *, skip: bool = False) -> Driven:
    """Make these moves; one that cannot be made ends it, or is left out with `skip`."""
    driver = Driver(system)
    for name in moves:
        try:
            driver.make(name)
        except MoveImpossible as error:
            if not skip:
                return driver.result(str(error))
    if not driver.moves():
        driver.end()
    return driver.result()


def replay(schedule: Schedule, system: Interleaved) -> Driven:
    """Drive a schedule again, as it is."""
    return drive(system, schedule.moves)


def shorten(schedule: Schedule, system: Interleaved) -> Schedule:
    """The schedule without the moves that its violation does not need; itself where it does not happen again."""

    def attempt(moves: tuple[str, ...]) -> tuple[str, ...] | None:
        driven = drive(system, moves, skip=True)
        return driven.moves if schedule.about in driven.broken else None

    moves = least(schedule.moves, attempt)
    return evolve(schedule, moves=moves, why=drive(system, moves).broken.get(schedule.about, schedule.why))


def dump_schedule(schedule: Schedule) -> str:
    """As JSON text."""
    return json.dumps({"schedule": _FORMAT, **asdict(schedule)}, indent=2) + "\n"


def load_schedule(text: str) -> Schedule:
    """A schedule from JSON text. Raises ScheduleError."""
    try:
        said = strict_json(text)
    except ValueError as error:
        raise ScheduleError(f"not JSON: {error}") from error
    if not isinstance(said, dict) or said.pop("schedule", None) != _FORMAT:
        raise ScheduleError("not a schedule")
    kinds = {"subject": str, "operations": int, "moves": list, "about": str, "why": str}
    if said.keys() != kinds.keys() or any(type(said[name]) is not kind for name, kind in kinds.items()):
        raise ScheduleError(f"a schedule has {', '.join(kinds)}")
    if not all(isinstance(name, str) for name in said["moves"]):
        raise ScheduleError("moves are names")
    return Schedule(**{**said, "moves": tuple(said["moves"])})
