# SPDX-License-Identifier: Apache-2.0
"""How much the engine does, and the names of what it says; nothing here needs what the engine runs on."""

from __future__ import annotations

from typing import Final

from attrs import field, frozen

__all__ = ["ENGINE", "HONEST", "POWER_CUT", "Budget", "Effort"]

ENGINE: Final = "crash"
POWER_CUT: Final = "power-cut"
"""The id of the verdict on a store itself: what a power cut leaves is what the model's crash leaves, and goes on."""
HONEST: Final = "honest"
"""The kind of a disk that does what it says."""


@frozen
class Budget:
    """How much to try at one point.

    Where no more than `few` operations are not sure, every subset of them, and each of them torn and moved. Else so
    many `samples`, half of them singly and half of them together.
    """

    few: int = 4
    samples: int = 6

    def exhausts(self, pending: int) -> bool:
        """Whether so many operations that are not sure are few."""
        return pending <= self.few


@frozen
class Effort:
    """How many images to open at most, and what to try at each point of which kind of disk.

    So many per cent of the images are of runs by chance, which have up to so many `steps`.
    """

    images: int = 800
    budget: Budget = field(factory=Budget)
    disk: str = HONEST
    by_chance: int = 25
    steps: int = 30
    seed: int = 0
