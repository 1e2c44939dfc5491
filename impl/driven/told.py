# SPDX-License-Identifier: Apache-2.0
"""What clients at the edge were told."""

from __future__ import annotations

from typing import Generic, TypeVar

from edgeproof.impl.driven.client import is_partial
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.runtime import Task
from edgeproof.impl.snapshot import Snapshot
from edgeproof.impl.system import Value

__all__ = ["Told", "see_told"]

T = TypeVar("T")


class Told(Generic[T]):
    """What a client at each location was told last (at first: `nothing`), and whether its last read got no answer."""

    def __init__(self, nothing: T, locations: int) -> None:
        self.answers = [nothing] * locations
        self.failed = [False] * locations

    def hear(self, location: int, reading: Task) -> None:
        """A read at the location is over. Raises what it raised, unless that says that there is no answer."""
        try:
            self.answers[location] = reading.outcome()
            self.failed[location] = False
        except ConfigUnavailable:
            self.failed[location] = True


def see_told(seen: dict[str, Value], told: Told[Snapshot]) -> None:
    """Add what clients were told to an observation; content that no single write made is no version."""
    seen["served"] = tuple(-1 if is_partial(one) else one.version for one in told.answers)
    seen["failed"] = tuple(told.failed)
