# SPDX-License-Identifier: Apache-2.0
"""The small interface of a system whose operations are under way together, one move at a time.

An `Interleaved` system says which moves are possible, makes the one that it is told, and says what could be seen of it
as facts. Whoever drives it explores the orders in which that can go. It is started anew for every order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from attrs import frozen

__all__ = [
    "ALWAYS",
    "Asked",
    "Broke",
    "Ended",
    "Fact",
    "Interleaved",
    "Judged",
    "Kept",
    "Label",
    "Move",
    "MoveImpossible",
    "Promise",
    "Published",
    "Replaced",
    "Revoked",
    "Told",
]

Label: TypeAlias = tuple[int, int]
"""How new something is: the era, then the version."""


class MoveImpossible(Exception):
    """The move cannot be made now; nothing has changed."""


@frozen(slots=True)
class Move:
    """What may happen next: something is begun, takes effect at the far side, or is answered.

    `name` is unique in a run, and the same whatever the order of other moves. What one `actor` does has an order of its
    own. `reads` and `writes` name the places (memories, stores, the clock) that the move may look at and change: two
    moves commute where neither writes what the other reads or writes.
    """

    name: str
    actor: str
    reads: frozenset[str]
    writes: frozenset[str]

    def commutes(self, other: Move) -> bool:
        """Whether the two, in either order, come to the same."""
        return (
            self.writes.isdisjoint(other.writes)
            and self.writes.isdisjoint(other.reads)
            and self.reads.isdisjoint(other.writes)
        )


# --- facts: times are in seconds of the system's clock


@frozen(slots=True)
class Published:
    """From now on the source of truth holds this; what it held before is superseded."""

    label: Label
    content: str
    at: float


@frozen(slots=True)
class Asked:
    """A client at a place has asked for what is current."""

    operation: str
    place: str
    at: float


@frozen(slots=True)
class Told:
    """The answer to an operation: how new it is said to be, what it is, and how many seconds old it claims to be."""

    operation: str
    label: Label
    content: str
    at: float | None = None
    """When that was: of interest only where it claims to be of an age."""
    age: float | None = None
    stands_in: bool = False
    """It says that KV could not be told from, and that this is what there was."""


@frozen(slots=True)
class Kept:
    """What a memory holds now that must not go back while others are under way."""

    place: str
    label: Label


@frozen(slots=True)
class Revoked:
    """What was revoked is known to be so at the source of truth, from now on."""

    at: float


@frozen(slots=True)
class Judged:
    """The answer to an operation that asked to be let in."""

    operation: str
    admitted: bool


@frozen(slots=True)
class Replaced:
    """Something has been replaced, or was refused to be, for somebody who had seen one version of it, at another."""

    operation: str
    seen: int
    current: int
    done: bool


@frozen(slots=True)
class Broke:
    """An operation ended in an error that its caller was never told to expect."""

    operation: str
    error: str


@frozen(slots=True)
class Ended:
    """Nothing is under way any more: what there is at a place, and what should be."""

    place: str
    found: Label
    meant: Label


Fact: TypeAlias = Published | Asked | Told | Kept | Revoked | Judged | Replaced | Broke | Ended
"""What can be seen of a move."""


@frozen
class Promise:
    """What a system is held to: properties by name, and the seconds that they speak of."""

    properties: tuple[str, ...]
    staleness: float = 0.0
    """When it was asked for, what is told had been superseded, or what is let in revoked, for no longer than this."""
    ageing: float = 0.0
    """What claims to be so many seconds old may be older by this: the time for which a cache serves its copy."""


ALWAYS: Final = ("monotonic-reads", "bounded-staleness", "never-ahead", "no-partial-read", "ends-well")
"""What every system is held to that tells configs."""


class Interleaved(Protocol):
    """A system with a program of operations to be under way together."""

    @property
    def promise(self) -> Promise:
        """What it is held to."""

    @property
    def operations(self) -> int:
        """How many operations can be under way together."""

    def start(self) -> Sequence[Fact]:
        """Begin the program anew, from nothing; whatever an earlier run left is gone. What is there at the start."""

    def moves(self) -> Sequence[Move]:
        """What may happen next; nothing at the end."""

    def make(self, name: str) -> Sequence[Fact]:
        """Make one move, by its name. Raises MoveImpossible, and whatever a part raises by mistake."""

    def end(self) -> Sequence[Fact]:
        """What there is once no move is left."""

    def seen(self) -> Mapping[str, Any]:
        """Everything that can be seen now: memories, what is under way, what everybody was told."""

    def close(self) -> None:
        """Release threads and files. Closing twice is fine."""
