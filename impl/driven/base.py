# SPDX-License-Identifier: Apache-2.0
"""The base of every system under test: actions by name, and parts that run in this process and in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from edgeproof.impl.driven.setup import TICK
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.runtime import Pending, SimulatedRuntime, Task
from edgeproof.impl.system import ActionImpossible, ActionUnknown, Spent

__all__ = ["Driven", "Link", "Linked", "OverKV", "Simulated", "first", "impossible_on", "raise_error_of"]

_PREFIX: Final = "_do_"


class Driven:
    """A system whose action `x` is its method `_do_x`; None in its place takes an inherited one away."""

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action happen. Raises ActionUnknown, ActionImpossible, and whatever a part raises by mistake."""
        act: Callable[..., None] | None = getattr(self, _PREFIX + action, None)
        if act is None:
            raise ActionUnknown(f"no action {action!r}; there are {', '.join(self._known())}")
        act(**arguments)

    def _known(self) -> list[str]:
        names = (name for name in dir(self) if name.startswith(_PREFIX))
        return [name.removeprefix(_PREFIX) for name in names if getattr(self, name) is not None]


class Link(Protocol):
    """Something at a location that may be cut off from what it reads."""

    reachable: bool


class Linked(Driven):
    """A system whose locations may be cut off, each by its link."""

    @property
    def links(self) -> Sequence[Link]:
        """The links, a location each."""
        raise NotImplementedError

    def _do_partition(self, pop: int) -> None:
        self._set_link(pop, False)

    def _do_heal(self, pop: int) -> None:
        self._set_link(pop, True)

    def _set_link(self, pop: int, works: bool) -> None:
        if self.links[pop].reachable == works:
            raise ActionImpossible(f"the link of location {pop} is {'up' if works else 'down'} already")
        self.links[pop].reachable = works


class Simulated(Driven):
    """A system on a simulated runtime, a new one for every run: operations wait until an action decides on them.

    The same seed gives the same run. What outlives a crash is in the storage.
    """

    runtime: SimulatedRuntime

    def __init__(self, seed: int = 0, storage: Storage | None = None) -> None:
        self._seed = seed
        self.storage = storage or Storage()

    def close(self) -> None:
        """Close the storage. Closing twice is fine, and `start` opens it again."""
        self.storage.close()

    def power_cut(self, directory: Path) -> None:
        """Die, and start again over what a folder holds in the place of the storage. Raises ActionUnknown for a system
        that cannot crash, and what is raised by whoever opens the storage.
        """
        self.storage.move(directory)
        self.perform("crash", {})

    def _do_tick(self, delay: float = 1) -> None:
        self.runtime.advance(TICK * delay)

    def _land(self, op: Pending[Any]) -> None:
        """Let an operation take effect; its caller does not know yet. Raises what the far side raises."""
        op.apply()
        raise_error_of(op)

    def _settle(self, op: Pending[Any]) -> None:
        """Let an operation take effect, and its caller know. Raises what the far side raises."""
        self.runtime.resolve(op)
        raise_error_of(op)


class OverKV(Simulated):
    """A simulated system that publishes through Workers KV."""

    kv: KVNamespace

    def spent(self) -> Spent:
        """What the run has cost so far."""
        return Spent(self.kv.usage.fetches, self.kv.usage.written)


def first(ops: Iterable[Pending[Any]], otherwise: str) -> Pending[Any]:
    """The first of some operations. Raises ActionImpossible, which says `otherwise`, if there is none."""
    for op in ops:
        return op
    raise ActionImpossible(otherwise)


@contextmanager
def impossible_on(*errors: type[Exception]) -> Iterator[None]:
    """What a part refuses with one of these `errors` cannot happen now: ActionImpossible, which says why."""
    try:
        yield
    except errors as error:
        raise ActionImpossible(str(error)) from error


def raise_error_of(one: Pending[Any] | Task) -> None:
    """Raise what an operation or a task has ended with, if that is an error."""
    if one.error is not None:
        raise one.error
