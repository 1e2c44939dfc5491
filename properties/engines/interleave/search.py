# SPDX-License-Identifier: Apache-2.0
"""Every order of moves that differs from all others in more than the order of moves that commute.

This is stateless model checking (Godefroid 1997): a run cannot be taken back, so each order is driven from the start.
Of orders that only exchange neighbours that commute one is driven to its end, by sleep sets (Godefroid 1996, chapter
5): a move that was tried at a node sleeps in what is tried there after it, until a move is made that it does not
commute with. A run in which all possible moves sleep is cut off: it would be a repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import define, field

from edgeproof.impl.interleaving import Interleaved, Move
from edgeproof.properties.engines.interleave.schedule import Driven, Driver

__all__ = ["Count", "every_order"]


@define
class Count:
    """How much was driven: whole orders, runs that were cut off as repetitions, moves, and the longest order."""

    orders: int = 0
    cut_off: int = 0
    moves: int = 0
    longest: int = 0
    actors: set[str] = field(factory=set)
    complete: bool = False
    """Nothing is left to be tried."""


@define
class _Node:
    """A point of the run under way: the moves that are yet to be tried here, the one that is being tried, and those
    that need not be: they sleep.
    """

    awake: list[Move]
    asleep: dict[str, Move]
    chosen: Move

    def below(self) -> dict[str, Move]:
        """What sleeps once the move has been made."""
        return {name: move for name, move in self.asleep.items() if move.commutes(self.chosen)}

    def next(self) -> bool:
        """Try another move here; False if there is none."""
        self.asleep[self.chosen.name] = self.chosen
        if not self.awake:
            return False
        self.chosen = self.awake.pop(0)
        return True


def every_order(
    system: Interleaved, count: Count, *, sleep: bool = True, more: Callable[[], bool] = lambda: True
) -> Iterator[Driven]:
    """Drive the orders one by one, as long as somebody wants `more`; without `sleep` all of them, repetitions too."""
    path: list[_Node] = []
    while more():
        driver = _again(system, path, count)
        whole = _onwards(driver, path, count, sleep)
        count.orders += whole
        count.cut_off += not whole
        if whole:
            yield driver.result()
        if not _turned(path):
            count.complete = True
            return


def _again(system: Interleaved, path: list[_Node], count: Count) -> Driver:
    driver = Driver(system)
    for node in path:
        driver.make(node.chosen.name)
    count.moves += len(path)
    return driver


def _onwards(driver: Driver, path: list[_Node], count: Count, sleep: bool) -> bool:
    """Go on to the end, by whatever does not sleep; False where everything that is possible does."""
    while moves := driver.moves():
        asleep = path[-1].below() if path and sleep else {}
        awake = [move for move in moves if move.name not in asleep]
        if not awake:
            return False
        node = _Node(awake[1:], asleep, awake[0])
        path.append(node)
        driver.make(node.chosen.name)
        count.moves += 1
        count.actors.add(node.chosen.actor)
    count.longest = max(count.longest, len(path))
    driver.end()
    return True


def _turned(path: list[_Node]) -> bool:
    """Take the next way at the last point that has one; False if none has."""
    while path and not path[-1].next():
        path.pop()
    return bool(path)
