# SPDX-License-Identifier: Apache-2.0
"""What systems that are driven by hand have in common: actions by name, and a client that writes through a front."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from attrs import evolve

from edgeproof.impl.durable.front import Front, Reply, WriteRequest
from edgeproof.impl.durable.snapshot import Snapshot
from edgeproof.impl.durable.store import ConfigStore, VersionConflict, WriteResult
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.pattern.observation import is_partial
from edgeproof.impl.pattern.setup import TICK
from edgeproof.impl.pattern.system import Client
from edgeproof.impl.runtime import Instance, Pending, SimulatedRuntime, Task
from edgeproof.impl.system import ActionImpossible, Setup, SystemUnavailable, Value

__all__ = ["Driven", "Link", "Linked", "Told", "Writing", "check_design", "check_setup", "see_told"]


def check_setup(setup: Setup, design: str, options: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The option values that a setup means, the first one of each where it says nothing.

    Raises ValueError for what there is not, SystemUnavailable for T=0 or another design.
    """
    check_design(setup, design)
    if setup.numbers.get("T") == 0:
        raise SystemUnavailable("T=0 is below KV's smallest cacheTtl (30 s, half a tick): only a model can have it")
    for name, value in setup.options.items():
        if value not in options.get(name, ()):
            raise ValueError(f"no option {name} = {value}; there are {options}")
    return {name: setup.options.get(name, values[0]) for name, values in options.items()}


def check_design(setup: Setup, design: str) -> None:
    """Raise SystemUnavailable for a setup of another design."""
    if setup.design != design:
        raise SystemUnavailable(f"this system implements {design}, not {setup.design}")


class Driven:
    """A system whose action `x` is its method `_do_x`; time is that of its `runtime`."""

    runtime: SimulatedRuntime

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action happen. Raises LookupError, ActionImpossible, and whatever a part raises by mistake."""
        act: Callable[..., None] | None = getattr(self, f"_do_{action}", None)
        if act is None:
            known = [name.removeprefix("_do_") for name in dir(self) if name.startswith("_do_")]
            raise LookupError(f"no action {action!r}; there are {', '.join(known)}")
        act(**arguments)

    def _do_tick(self, delay: float = 1) -> None:
        self.runtime.advance(TICK * delay)


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
        self._set(pop, False)

    def _do_heal(self, pop: int) -> None:
        self._set(pop, True)

    def _set(self, pop: int, works: bool) -> None:
        if self.links[pop].reachable == works:
            raise ActionImpossible(f"the link of location {pop} is {'up' if works else 'down'} already")
        self.links[pop].reachable = works


T = TypeVar("T")


class Told(Generic[T]):
    """What a client at each location was told last (at first: `nothing`), and whether its last read got an answer."""

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


class Writing(Driven):
    """A system with one client of the control plane, who writes through the front of a Durable Object."""

    client: Client
    instance: Instance
    store: ConfigStore
    front: Front

    def _do_write(self) -> None:
        if self.client.outstanding is not None:
            raise ActionImpossible("the client waits for its write")
        request = self.client.request()
        self.client.outstanding = request
        _unless_it_failed(self._send(request, self.client.hear))

    def _do_acknowledge(self) -> None:
        self.runtime.resolve(self.the("gate"))

    def _do_write_refused(self) -> None:
        request = evolve(self.client.request(), expected_version=self.store.version() - 1)
        task = self._send(request, _nobody_hears)
        if not isinstance(task.error, VersionConflict):
            _unless_it_failed(task)

    def the(self, label: str) -> Pending[Any]:
        """The operation of this name that the Durable Object waits for. Raises ActionImpossible if there is none."""
        for op in self.instance.pending:
            if op.label == label:
                return op
        raise ActionImpossible(f"nothing waits for a {label}")

    def under_way(self, label: str) -> bool:
        """Whether the Durable Object waits for an operation of this name."""
        return any(op.label == label for op in self.instance.pending)

    def see_writing(self, seen: dict[str, Value]) -> None:
        """Add the store, and what the client knows of it, to an observation."""
        status = self.store.status()
        seen["config"], seen["logged"] = status.version, status.logged
        waiting = "stored" if self.under_way("gate") else "lost"
        seen["request"] = "none" if self.client.outstanding is None else waiting
        seen["acked"] = self.client.acked

    def _send(self, request: WriteRequest, reply: Reply) -> Task:
        return self.instance.spawn(self.front.write(request, reply))


def _unless_it_failed(task: Task) -> None:
    if task.error is not None:
        raise task.error


def _nobody_hears(result: WriteResult) -> None:
    """The reply to a client that the run does not follow."""
