# SPDX-License-Identifier: Apache-2.0
"""The base of every subject: lines of operations on a simulated runtime, and a move for each step that they can take.

A line is what one client or part begins, in its order; nothing waits there for what was begun before. What is under way
moves on by two steps a call: the call takes effect at the far side, and its answer comes. Names say nothing of the
order in which things happened, so that a list of names is a schedule that can be driven again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from attrs import define, frozen

from edgeproof.impl.interleaving import Broke, Fact, Kept, Label, Move, MoveImpossible, Promise
from edgeproof.impl.runtime import NetworkError, Pending, SimulatedRuntime, Task

__all__ = ["CLOCK", "Begin", "Lines", "Subject", "Touch", "touch"]

CLOCK: Final = "the clock"
_FAULTS: Final = "the faults that are left"


@frozen(slots=True)
class Touch:
    """The places that a step looks at, and those that it may change."""

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()


def touch(reads: Iterable[str] = (), writes: Iterable[str] = ()) -> Touch:
    """A touch of places by their names."""
    return Touch(frozenset(reads), frozenset(writes))


@frozen
class Begin:
    """What a line does next: something at once, or work that is under way from then on."""

    name: str
    act: Callable[[], Coroutine[Any, Any, Any] | None]
    touches: Touch
    home: str = ""
    """The memory in which the work goes on: every answer may change it."""


Lines: TypeAlias = Mapping[str, Sequence[Begin]]
"""By the name of the line."""


@define(eq=False)
class _Call:
    """A call that an operation waits for."""

    name: str
    operation: str
    home: str
    op: Pending[Any]
    moves: list[str]


class Subject:
    """A program on real parts; a subclass builds them and says what its steps touch."""

    promise: Promise
    faults = 0
    """How many answers may be lost in a run."""

    def __init__(self, operations: int) -> None:
        if operations < 1:
            raise ValueError("at least one operation is under way")
        self.operations = operations
        self.world = SimulatedRuntime()
        self.instance = self.world.instance()

    # --- for a subclass

    def set_up(self) -> None:
        """Build the parts anew, on `self.world`."""
        raise NotImplementedError

    def lines(self) -> Lines:
        """The program."""
        raise NotImplementedError

    def far_side(self, label: str, home: str) -> Touch | None:
        """What a call touches where it takes effect; None if nothing happens there that anybody could see."""
        raise NotImplementedError

    def near_side(self, label: str, home: str) -> Touch:
        """What the answer to a call touches: the memory that has waited for it."""
        return touch([CLOCK], [home])

    def can_be_lost(self, label: str) -> bool:
        """Whether the answer to a call may be that the network is down."""
        return False

    def answered(self, operation: str, task: Task) -> None:
        """An operation has come to its end: say what it was told. Raises what the operation should not have raised."""
        task.outcome()

    def kept(self) -> Iterable[tuple[str, Label]]:
        """What the memories hold that must not go back."""
        return ()

    def memory(self) -> Mapping[str, Any]:
        """Everything that the parts hold."""
        raise NotImplementedError

    def say(self, fact: Fact) -> None:
        """Something was seen."""
        self._said.append(fact)

    # --- the interface

    def start(self) -> Sequence[Fact]:
        """Begin the program anew. What is there at the start."""
        self._end_what_is_under_way()
        self.world = SimulatedRuntime()
        self.instance = self.world.instance()
        self._ready: dict[str, tuple[Move, Callable[[], None]]] = {}
        self._tasks: dict[str, Task] = {}
        self._calls: list[_Call] = []
        self._said: list[Fact] = []
        self._history: list[Fact] = []
        self._held: dict[str, Label] = {}
        self._faults_left = self.faults
        self.set_up()
        for name, line in self.lines().items():
            self._offer_begin(name, deque(line))
        return self._told()

    def moves(self) -> Sequence[Move]:
        """What may happen next."""
        moves = [move for move, _ in self._ready.values()]
        return moves if self._faults_left else [m for m in moves if _FAULTS not in m.writes]

    def make(self, name: str) -> Sequence[Fact]:
        """Make one move. Raises MoveImpossible."""
        if name not in self._ready:
            raise MoveImpossible(f"{name}: not now; there is {', '.join(self._ready) or 'nothing left'}")
        move, act = self._ready.pop(name)
        if _FAULTS in move.writes:
            if not self._faults_left:
                self._ready[name] = (move, act)
                raise MoveImpossible(f"{name}: no answer is lost any more")
            self._faults_left -= 1
        act()
        return self._told()

    def end(self) -> Sequence[Fact]:
        """What there is once no move is left."""
        return ()

    def seen(self) -> Mapping[str, Any]:
        """Everything that can be seen now."""
        return {
            "time": self.world.time,
            "moves": sorted(self._ready),
            "facts": sorted(map(repr, self._history)),
            **self.memory(),
        }

    def close(self) -> None:
        """Release what the subject holds. Closing twice is fine."""
        self._end_what_is_under_way()

    # --- beginning

    def _offer_begin(self, line: str, rest: deque[Begin]) -> None:
        if rest:
            begin = rest.popleft()
            # Work goes on by itself; what happens at once is done by whoever does one such thing after another.
            actor = begin.name if begin.home else line
            move = Move(begin.name, actor, begin.touches.reads, begin.touches.writes)
            self._ready[begin.name] = (move, partial(self._begin, line, rest, begin))

    def _begin(self, line: str, rest: deque[Begin], begin: Begin) -> None:
        self._offer_begin(line, rest)
        work = begin.act()
        if work is not None:
            self._tasks[begin.name] = self.instance.spawn(work)
        self._after(begin.name, begin.home)

    # --- moving on

    def _after(self, operation: str, home: str) -> None:
        """Code of an operation has run: what it waits for now, and whether it has ended."""
        self._calls = [one for one in self._calls if self._is_under_way(one)]
        known = [one.op for one in self._calls]
        for op in self.world.pending:
            if op not in known:
                self._offer_call(operation, home, op)
        task = self._tasks.get(operation)
        if task is not None and task.done:
            del self._tasks[operation]
            try:
                self.answered(operation, task)
            except Exception as error:
                self.say(Broke(operation, f"{type(error).__name__}: {error}"))

    def _is_under_way(self, call: _Call) -> bool:
        if call.op in self.world.pending:
            return True
        for name in call.moves:
            self._ready.pop(name, None)
        return False

    def _offer_call(self, operation: str, home: str, op: Pending[Any]) -> None:
        others = sum(one.operation == operation and one.op.label == op.label for one in self._calls)
        name = f"{operation}: {op.label}{f' {others + 1}' if others else ''}"
        call = _Call(name, operation, home, op, [])
        self._calls.append(call)
        effect = self.far_side(op.label, home)
        if effect is None:
            self._offer_answer(call)
        else:
            self._offer(call, "takes effect", effect, self._take_effect)
        if self.can_be_lost(op.label):
            lost = self.near_side(op.label, home)
            self._offer(call, "is lost", Touch(lost.reads, lost.writes | {_FAULTS}), self._lose)

    def _offer_answer(self, call: _Call) -> None:
        self._offer(call, "is answered", self.near_side(call.op.label, call.home), self._answer)

    def _offer(self, call: _Call, what: str, touches: Touch, act: Callable[[_Call], None]) -> None:
        # Whatever happens to a call excludes what else could have happened to it.
        others = sum(one.operation == call.operation for one in self._calls)
        actor = call.operation if others == 1 else call.name
        move = Move(f"{call.name} {what}", actor, touches.reads, touches.writes | {call.name})
        call.moves.append(move.name)
        self._ready[move.name] = (move, partial(act, call))

    def _take_effect(self, call: _Call) -> None:
        call.op.apply()
        self._offer_answer(call)

    def _answer(self, call: _Call) -> None:
        self.world.resolve(call.op)
        self._after(call.operation, call.home)

    def _lose(self, call: _Call) -> None:
        self.world.fail(call.op, NetworkError("the answer was lost"))
        self._after(call.operation, call.home)

    # --- saying

    def _told(self) -> Sequence[Fact]:
        """What was seen since somebody last asked."""
        for place, label in self.kept():
            if self._held.get(place) != label:
                self._held[place] = label
                self.say(Kept(place, label))
        said, self._said = self._said, []
        self._history += said
        return said

    def _end_what_is_under_way(self) -> None:
        self.instance.kill()
