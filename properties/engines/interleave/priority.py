# SPDX-License-Identifier: Apache-2.0
"""Orders by priority, for programs with more orders than can be driven.

This is PCT (Burckhardt, Kothari, Musuvathi and Nagarakatte: A randomized scheduler with probabilistic guarantees of
finding bugs, ASPLOS 2010). Every actor has a priority, drawn anew for every order, and the highest that can move does;
at d - 1 places, drawn as well, whoever moves falls below all others. With n actors and k moves, each order shows a
fault of depth d (one that takes d orderings between two moves each) with a probability of at least 1 / (n * k^(d - 1)),
however rare it is. Where an actor has a choice, of losing an answer or not, it is drawn: that comes on top.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from edgeproof.impl.interleaving import Interleaved, Move
from edgeproof.properties.engines.interleave.schedule import Driven, Driver
from edgeproof.properties.engines.interleave.search import Count

__all__ = ["by_priority", "least_chance"]


def by_priority(system: Interleaved, count: Count, random: Random, depth: int, longest: int) -> Iterator[Driven]:
    """Drive one order after the other, without end. `longest` is how many moves an order is expected to have."""
    while True:
        driver = Driver(system)
        priorities: dict[str, float] = {}
        places = random.sample(range(longest), min(depth - 1, longest))
        # Below all that were drawn (0 to 1): whoever moves at the first place drawn falls least deep, wherever that is.
        falls = {place: -1.0 - number for number, place in enumerate(places)}
        while moves := driver.moves():
            move = _chosen(moves, priorities, random)
            if len(driver.made) in falls:
                priorities[move.actor] = falls[len(driver.made)]
            driver.make(move.name)
            count.actors.add(move.actor)
        driver.end()
        count.orders += 1
        count.moves += len(driver.made)
        longest = count.longest = max(longest, len(driver.made))
        yield driver.result()


def least_chance(actors: int, moves: int, depth: int) -> float:
    """With which probability, at least, one order shows a fault of that depth."""
    return 1.0 / (actors * float(moves) ** (depth - 1))


def _chosen(moves: Sequence[Move], priorities: dict[str, float], random: Random) -> Move:
    for move in moves:
        if move.actor not in priorities:
            priorities[move.actor] = random.random()
    highest = max((move.actor for move in moves), key=lambda actor: priorities[actor])
    return random.choice([move for move in moves if move.actor == highest])
