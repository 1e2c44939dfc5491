# SPDX-License-Identifier: Apache-2.0
"""Whether moves that are said to commute do: two systems are driven side by side, with such moves exchanged."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random

from edgeproof.impl.interleaving import Interleaved

__all__ = ["exchanged"]


def exchanged(one: Interleaved, other: Interleaved, runs: int) -> Counter[frozenset[str]]:
    """How often each pair of moves was exchanged. Raises AssertionError where it makes a difference, then or later."""
    compared: Counter[frozenset[str]] = Counter()
    for seed in range(runs):
        _exchange(one, other, Random(seed), compared)
    return compared


def _exchange(one: Interleaved, other: Interleaved, random: Random, compared: Counter[frozenset[str]]) -> None:
    """Drive both, now and then two moves that commute in opposite orders: those that were `compared` least."""
    one.start()
    other.start()
    while moves := one.moves():
        pairs = [frozenset([a.name, b.name]) for a, b in combinations(moves, 2) if a.commutes(b)]
        made = [random.choice(moves).name]
        if pairs and random.random() < 0.5:
            least = min(pairs, key=lambda pair: compared[pair])
            compared[least] += 1
            made = sorted(least)
        for there, back in zip(made, reversed(made), strict=True):
            one.make(there)
            other.make(back)
        assert one.seen() == other.seen(), " and ".join(made)
