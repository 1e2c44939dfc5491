# SPDX-License-Identifier: Apache-2.0
"""Two interleaved systems that are to be the same, driven the same way; and a fault, found and shown again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from random import Random
from typing import Final

from edgeproof.impl.interleaving import Interleaved
from edgeproof.properties.engines.interleave.engine import Effort, interleave
from edgeproof.properties.engines.interleave.schedule import replay

__all__ = ["READERS", "compare", "found_and_shown_again"]

READERS: Final = ("worker-plain", "worker-guarded", "worker-memo")


def compare(worker: Interleaved, reference: Interleaved, random: Random) -> None:
    """Drive both the same way; some runs stop on the way, and the next one must know nothing of it."""
    assert worker.start() == reference.start()
    while (moves := reference.moves()) and random.random() > 0.03:
        assert worker.moves() == moves
        move = random.choice(list(moves))
        assert worker.make(move.name) == reference.make(move.name), move.name
    if not moves:
        assert worker.end() == reference.end()


def found_and_shown_again(
    faulty: Callable[[], Interleaved], mended: Callable[[], Interleaved], breaks: Collection[str], effort: Effort
) -> None:
    """What is broken is broken again by its schedule, and not in the code that is right."""
    shown = interleave("faulty", faulty, effort).witnesses
    assert shown.keys() & set(breaks)
    with closing(faulty()) as system, closing(mended()) as sound:
        for about, schedule in shown.items():
            assert replay(schedule, system).broken[about] == schedule.why
            assert not replay(schedule, sound).broken
