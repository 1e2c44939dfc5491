# SPDX-License-Identifier: Apache-2.0
"""Pushes to a fleet behind the `System` interface: a control plane, its locations, and what is under way between them.

Every action is an operation on the real parts, and what is observed is read off them. A version is told apart by its
content: a file of features, of which a bad one has one too many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.content.content import FEATURES, MAX_FEATURES, is_valid
from edgeproof.impl.driven.base import Linked, Simulated, impossible_on
from edgeproof.impl.driven.setup import check_setup, seconds_of
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.push.push import (
    ControlPlane,
    GateClosed,
    NothingToWithdraw,
    PushLocation,
    ReleaseFreeze,
    RolloutPlan,
    RolloutUnderWay,
)
from edgeproof.impl.runtime import NetworkError, Pending, SimulatedRuntime
from edgeproof.impl.snapshot import EMPTY, REMOVED, Snapshot, apply_changes, to_json
from edgeproof.impl.system import MAY, ActionImpossible, Contents, Observation, Setup, Spent, Value, Writes

__all__ = ["PushParts", "PushSystem"]

_OPTIONS: Final = {
    "rollout": ("staged", "unstaged"),
    "gate": ("reports", "silence"),
    "pull": ("on", "off"),
    "rollback": ("automatic", "manual", "off"),
    "freeze": ("off", "on"),
}


@frozen
class PushParts:
    """What the system is built of. Replace one to break it on purpose."""

    control: Callable[..., ControlPlane] = ControlPlane
    location: Callable[..., PushLocation] = PushLocation


class PushSystem(Simulated, Linked):
    """A fleet, driven by hand."""

    def __init__(self, parts: PushParts | None = None) -> None:
        super().__init__()
        self._parts = parts or PushParts()

    # --- the System interface

    def start(self, setup: Setup) -> None:
        """Begin a new run, in which version 1 runs everywhere. Raises ValueError and SystemUnavailable."""
        said, size = check_setup(setup, "global_push", _OPTIONS), setup.sizes.get("Pop", 2)
        seconds = seconds_of(setup, "PWH")
        self.runtime = SimulatedRuntime(self._seed)
        self._network = self.runtime.instance()
        self.storage.wipe()
        store = ConfigStore(self.storage.connection, self.runtime, outbox=False)
        store.write(_file(1, bad=False), actor="operator")
        plan = RolloutPlan(
            staged=said["rollout"] == "staged",
            last_stage=setup.numbers.get("stages", 1),
            automatic=said["rollback"] == "automatic",
            freeze=said["freeze"] == "on",
            gate=said["gate"],
            push_delay=seconds["P"],
            watch=seconds["W"],
        )
        self.control = self._parts.control(store, self.runtime, plan, size, self._send)
        pull_every = seconds["H"] if said["pull"] == "on" else None
        first = store.snapshot()
        self.locations = [
            self._parts.location(self.runtime, first, watch=seconds["W"], pull_every=pull_every) for _ in range(size)
        ]
        self._sent = 0
        self._bads = setup.numbers.get("bads", 1)
        self.bad, self.flaws = 0, 0
        self.told = [0] * size
        self.heard = [EMPTY] * size
        self.failed = [False] * size
        self._writes: Writes | None = None

    @property
    def links(self) -> Sequence[PushLocation]:
        """Who can be cut off from the control plane."""
        return self.locations

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables."""
        rollout, places = self.control.rollout, range(len(self.locations))
        seen: dict[str, Value] = {
            "config": rollout.newest.version,
            "good": rollout.good.version,
            "good_is_bad": not is_valid(rollout.good.config),
            "bad": self.bad,
            "flaws": self.flaws,
            "withdrawn": rollout.withdrawn,
            "alerted": rollout.alerted,
            "stage": rollout.stage,
            "cohort": tuple(self.control.stage_of(one) for one in places),
            "pushing": tuple(self._push_to(one) is not None for one in places),
            "held": tuple(_version_in(one.running) for one in self.locations),
            "held_bad": tuple(not is_valid(one.running.config) for one in self.locations),
            "well": tuple(one in rollout.well for one in places),
            "cut": tuple(not one.reachable for one in self.locations),
            "served": tuple(self.told),
            "failed": tuple(self.failed),
            f"{MAY}proceed": self.control.may_proceed(),
        }
        return seen

    def write_from(self, writes: Writes) -> None:
        """What versions hold beside their features is from these writes from now on."""
        self._writes = writes

    def contents(self) -> Contents:
        """What is held now beside the features, by the names of the model's variables."""
        return {
            "config": _beside(self.control.rollout.newest),
            "good": _beside(self.control.rollout.good),
            "held": tuple(_beside(one.running) for one in self.locations),
            "served": tuple(_beside(one) for one in self.heard),
        }

    def spent(self) -> Spent:
        """What the run has cost so far: no read leaves its location."""
        return Spent(0, self._sent)

    # --- the control plane

    def _do_assign(self, pop: int) -> None:
        if self.control.rollout.newest.version > 1:
            raise ActionImpossible("stages are drawn up before the first release")
        with impossible_on(ValueError):
            self.control.assign(pop, self.control.stage_of(pop) + 1)

    def _do_release_good(self) -> None:
        self._release(bad=False)

    def _do_release_bad(self) -> None:
        self._release(bad=True)

    def _release(self, bad: bool) -> None:
        number = self.control.rollout.newest.version + 1
        if bad and self.flaws == self._bads:
            raise ActionImpossible("that is enough of bad versions for a run")
        with impossible_on(RolloutUnderWay, ReleaseFreeze):
            released = self.control.release(self._next_file(number, bad), actor="operator")
        if bad:
            self.bad, self.flaws = released, self.flaws + 1

    def _next_file(self, number: int, bad: bool) -> dict[str, Any]:
        if self._writes is None:
            return _file(number, bad)
        write = self._writes.made()
        changes = {**write.changes, **dict.fromkeys(write.removed, REMOVED)}
        return {**apply_changes(self.control.rollout.newest.config, changes), **_file(number, bad)}

    def _do_proceed(self) -> None:
        with impossible_on(GateClosed):
            self.control.proceed()

    def _do_withdraw(self) -> None:
        with impossible_on(NothingToWithdraw):
            self.control.withdraw()

    # --- pushes

    def _send(self, pop: int, snapshot: Snapshot) -> None:
        """A push leaves; one that has not arrived is no longer wanted."""
        older = self._push_to(pop)
        if older is not None:
            self.runtime.drop(older)
        self._sent += len(to_json(snapshot.config))
        self._network.call(f"push {pop}", lambda: self.locations[pop].take(snapshot), payload=snapshot)

    def _push_to(self, pop: int) -> Pending[Any] | None:
        return next(iter(self._network.under_way(f"push {pop}")), None)

    def _do_push_arrives(self, pop: int) -> None:
        self.runtime.resolve(self._push(pop, cut=False))

    def _do_push_lost(self, pop: int) -> None:
        self.runtime.drop(self._push(pop, cut=True))

    def _push(self, pop: int, cut: bool) -> Pending[Any]:
        op = self._push_to(pop)
        if op is None or self.locations[pop].reachable == cut:
            raise ActionImpossible(f"no push to location {pop} can {'get lost' if cut else 'arrive'}")
        return op

    # --- the locations

    def _do_pull_due(self, pop: int) -> None:
        if not self.locations[pop].pull_due():
            raise ActionImpossible(f"it is not yet time for location {pop} to ask")
        self.locations[pop].pull(lambda: self._ask(pop))

    def _ask(self, pop: int) -> Snapshot:
        if not self.locations[pop].reachable:
            raise NetworkError("the control plane cannot be reached")
        return self.control.meant_for(pop)

    def _do_say_well(self, pop: int) -> None:
        self._report(pop, well=True)

    def _do_say_well_late(self, pop: int) -> None:
        location, newest = self.locations[pop], self.control.rollout.newest
        if not location.reachable or location.running.version == newest.version:
            raise ActionImpossible(f"location {pop} has no other version to speak of, or cannot be heard")
        self.control.hear(pop, location.running.version, True)

    def _do_complain(self, pop: int) -> None:
        self._report(pop, well=False)

    def _report(self, pop: int, well: bool) -> None:
        location = self.locations[pop]
        if not location.reachable or location.health() is not well:
            raise ActionImpossible(f"location {pop} has no such thing to say, or cannot be heard")
        self.control.hear(pop, location.running.version, well)

    def _do_read(self, pop: int) -> None:
        try:
            self.heard[pop] = self.locations[pop].read()
            self.told[pop] = _version_in(self.heard[pop])
            self.failed[pop] = False
        except ConfigUnavailable:
            self.failed[pop] = True


def _file(number: int, bad: bool) -> dict[str, Any]:
    """The file of one version, which says its number in what it lists."""
    count = MAX_FEATURES + 1 if bad else 3
    return {FEATURES: [f"feature-{number}-{one}" for one in range(count)]}


def _beside(snapshot: Snapshot) -> str | None:
    """What a file holds beside its features, as a copy; None for no file."""
    if snapshot is EMPTY:
        return None
    config = {name: value for name, value in snapshot.config.items() if name != FEATURES}
    return to_json({"config": config, "era": snapshot.era, "version": snapshot.version})


def _version_in(snapshot: Snapshot) -> int:
    """The version of a file by its content; -1 where its label says otherwise."""
    number = int(snapshot.config[FEATURES][0].split("-")[1])
    return number if number == snapshot.version else -1
