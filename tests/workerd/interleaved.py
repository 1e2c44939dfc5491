# SPDX-License-Identifier: Apache-2.0
"""Two interleaved systems that are to be the same, driven the same way."""

from __future__ import annotations

from random import Random

from edgeproof.impl.interleaving import Interleaved

__all__ = ["compare"]


def compare(worker: Interleaved, reference: Interleaved, random: Random) -> None:
    """Drive both the same way; some runs stop on the way, and the next one must know nothing of it."""
    assert worker.start() == reference.start()
    while (moves := reference.moves()) and random.random() > 0.03:
        assert worker.moves() == moves
        move = random.choice(list(moves))
        assert worker.make(move.name) == reference.make(move.name), move.name
    if not moves:
        assert worker.end() == reference.end()
