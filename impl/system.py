# SPDX-License-Identifier: Apache-2.0
"""The one small interface that a system under test implements.

A `System` performs an action by name and says what can be observed. Engines drive it in lockstep with a model: after
every action the model's state and the observation must agree on every name that the system can see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from attrs import field, frozen

__all__ = [
    "MARKS",
    "MAY",
    "ActionImpossible",
    "ActionUnknown",
    "Contents",
    "MakeStore",
    "Metered",
    "Observation",
    "Setup",
    "Spent",
    "Store",
    "Stored",
    "System",
    "SystemUnavailable",
    "Value",
    "WithContent",
    "Write",
    "Writes",
]

Value = int | bool | str | tuple[int, ...] | tuple[bool, ...] | tuple[str, ...]
"""What can be observed under one name: a scalar, or one value per element of an array."""

Observation = Mapping[str, Value]
"""What a system shows, by the names of the model's variables. A name that is missing cannot be seen from here."""


MAY: Final = "may "
"""What begins a name that says of an action whether it could happen now: "may fire". The model's guard has to agree.
That a system refuses what comes too late shows by itself; that it would not refuse what comes too early shows here."""


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


# --- storage: what outlives a power cut


class Stored(System, Protocol):
    """A system that keeps what it must not lose in a folder, as files of SQLite."""

    def power_cut(self, directory: Path) -> None:
        """Die, and start again over what `directory` holds in the place of the storage; all else goes on.

        Raises whatever is raised by who opens the storage.
        """


@frozen
class Store:
    """A system with its storage in files, and which of the names that it shows are read of the storage alone."""

    system: Stored
    names: tuple[str, ...]


MakeStore: TypeAlias = Callable[[str, Path, Callable[[str], Connection]], Store]
"""Of a design, a folder for its storage, and what opens a file of SQLite: its store. Raises SystemUnavailable."""


# --- content: what a version stands for


MARKS: Final = ("first", "second")
"""Two fields that a write names together and first, both with one value, or not at all: what half a write has made can
be told by them. Where a field has a KV key of its own these are all that there are, each with a value of its own."""

Contents = Mapping[str, str | tuple[str | None, ...] | None]
"""JSON texts by the names of the model's variables: what the version under that name stands for. One per element of an
array, None where nothing is held. A name that is missing is not compared."""


@frozen
class Write:
    """What a client of the control plane asks for: fields to set and fields to remove, in this order, and by whom.

    It expects the store to be at `expected_version`, if it says so. `key` is its idempotency key, None for none.
    """

    changes: Mapping[str, Any]
    removed: tuple[str, ...] = ()
    actor: str = "client"
    key: str | None = None
    expected_version: int | None = None


class Writes(Protocol):
    """What the clients of one run write, in turn; a write that is sent again is not asked for again."""

    @property
    def before(self) -> int:
        """How many writes are made before the run begins: its versions are counted from there on.

        They are made as any other; then nothing of them is published, no alarm is armed, and no client has heard of
        them.
        """

    def made(self) -> Write:
        """The next write that is to be made."""

    def beside(self) -> Write | None:
        """The next write of a client of another unit, if there is one now: in the action of a request that is to change
        nothing. It carries the key of the last write that was made here, which says nothing there.
        """

    def refused(self) -> Write:
        """The next request that is to change nothing: it expects another version than the current one, or repeats the
        key of a write that was made, whose answer it gets once more.
        """


@runtime_checkable
class WithContent(System, Protocol):
    """A system whose client writes what it is given, and that shows what its versions stand for.

    A copy is `{"config": ..., "era": ..., "version": ...}`. Under `logged` stands the whole changelog: a list of
    `{"version", "field", "old", "new", "actor", "at", "key"}`, by version and by the UTF-8 of the field, without what
    there is not; `at` is in ticks since the run began. Under `later` stands what came after the last version but two.
    Under `answers` stands what clients were answered in the last action, in order: `{"version", "repeated"}`, or
    `{"refused": current version}`. Under `beside` stands of another unit: its config, its changelog, the last answer of
    its client, and where it is published and read KV's copy of it, and what a reader of it was told.
    """

    def write_from(self, writes: Writes) -> None:
        """From now on the run's writes are these. Called right after `start`, if at all."""

    def contents(self) -> Contents:
        """What is held now. Looking changes nothing."""
