# SPDX-License-Identifier: Apache-2.0
"""The one small interface that a system under test implements.

A `System` performs an action by name and says what can be observed. Engines drive it in lockstep with a model: after
every action the model's state and the observation must agree on every name that the system can see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from attrs import field, frozen

__all__ = [
    "ActionImpossible",
    "ActionUnknown",
    "Metered",
    "Observation",
    "Setup",
    "Spent",
    "System",
    "SystemUnavailable",
    "Value",
]

Value = int | bool | str | tuple[int, ...] | tuple[bool, ...] | tuple[str, ...]
"""What can be observed under one name: a scalar, or one value per element of an array."""

Observation = Mapping[str, Value]
"""What a system shows, by the names of the model's variables. A name that is missing cannot be seen from here."""


class ActionImpossible(Exception):
    """The system knows the action, and cannot perform it now; where the model can, the two disagree.

    Nothing has changed.
    """


class ActionUnknown(LookupError):
    """The system has no such action: it cannot be made to happen from here. Nothing has changed."""


class SystemUnavailable(ValueError):
    """The system cannot be had on this machine; the message names what is missing and what to run."""


@frozen
class Setup:
    """How a run is configured: the design, its options, the hazards that may strike, its numbers, its sort sizes.

    Durations in `numbers` are in ticks, the unit by which `tick` lets time pass.
    """

    design: str
    options: Mapping[str, str] = field(factory=dict)
    hazards: tuple[str, ...] = ()
    numbers: Mapping[str, int] = field(factory=dict)
    sizes: Mapping[str, int] = field(factory=dict)


class System(Protocol):
    """Something that can be driven step by step."""

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing; whatever an earlier run left is gone.

        Raises ValueError for a setup that the system does not know, and SystemUnavailable.
        """

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action of the model happen.

        Raises ActionUnknown for an action that the system does not know, ActionImpossible for one that cannot happen
        now.
        """

    def observe(self) -> Observation:
        """What can be seen now. Observing changes nothing."""

    def close(self) -> None:
        """Release files, processes and ports. Closing twice is fine."""


@frozen
class Spent:
    """What a run has cost so far: requests that left a location to answer a read, and bytes that were published."""

    hops: int
    published: int


class Metered(System, Protocol):
    """A system that counts what it does."""

    def spent(self) -> Spent:
        """What the run has cost since it was started."""
