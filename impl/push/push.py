# SPDX-License-Identifier: Apache-2.0
"""Fleet delivery without KV: a control plane pushes every version of a file to the locations, in stages or at once.

The shape is that of health-mediated rollouts: a version goes to the locations of one stage, is watched there, and goes
on when the gate opens; a complaint takes everybody back to the last good version, or alerts an operator who does. A
push goes out once, and a newer one takes the place of one that has not arrived: a release freeze lets a return arrive
first. Locations may ask as well (anti-entropy).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import evolve, field, frozen

from edgeproof.impl.content.content import is_valid
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.runtime import Clock
from edgeproof.impl.snapshot import Config, Snapshot, diff

__all__ = [
    "ControlPlane",
    "GateClosed",
    "NothingToWithdraw",
    "PushLocation",
    "ReleaseFreeze",
    "Rollout",
    "RolloutPlan",
    "RolloutUnderWay",
]


class RolloutUnderWay(Exception):
    """Another version is on its way through the stages; wait until it is everywhere, or withdrawn."""


class ReleaseFreeze(Exception):
    """Everybody is on the way back to the last good version; wait until that has had time to arrive."""


class NothingToWithdraw(Exception):
    """No version is under way that somebody has complained of."""


class GateClosed(Exception):
    """The version under way may not go on yet, or there is none."""


@frozen
class RolloutPlan:
    """How versions go out. Times are in seconds."""

    staged: bool = True
    last_stage: int = 1
    """The first is stage 0."""
    automatic: bool = True
    """Whether a complaint takes everybody back at once; else it stops the version, and an operator may withdraw it."""
    freeze: bool = False
    """Whether nothing is released until a return has arrived, or is lost."""
    gate: str = "reports"
    """reports: go on when every location so far has said that it is well. silence: when nobody has complained."""
    push_delay: float = 60.0
    """A push has arrived, or is lost, within this."""
    watch: float = 60.0
    """A bad version shows within this where it runs."""

    def __attrs_post_init__(self) -> None:
        if self.gate not in ("reports", "silence"):
            raise ValueError(f"a gate waits for reports or for silence, not {self.gate!r}")


@frozen
class Rollout:
    """How far the newest version has come, and the one to return to."""

    newest: Snapshot
    good: Snapshot
    stage: int = 0
    withdrawn: bool = False
    alerted: bool = False
    """Somebody has complained of the newest version, and an operator may withdraw it."""
    pushed_at: float = 0.0
    well: frozenset[int] = field(factory=frozenset)
    """The locations that have said that the newest version is well."""

    @property
    def under_way(self) -> bool:
        """Whether the newest version is neither everywhere nor withdrawn."""
        return self.good.version < self.newest.version and not self.withdrawn


class ControlPlane:
    """Releases versions to locations 0, 1, 2 and so on; `push` sends one location what it should run."""

    def __init__(
        self,
        store: ConfigStore,
        clock: Clock,
        plan: RolloutPlan,
        locations: int,
        push: Callable[[int, Snapshot], None],
    ) -> None:
        """What the store holds runs everywhere already, and is good."""
        self._store, self._clock, self._plan, self._push = store, clock, plan, push
        self._stages = [0] * locations
        here = store.snapshot()
        self.rollout = Rollout(here, here)

    def assign(self, location: int, stage: int) -> None:
        """Put a location into a stage. Raises RolloutUnderWay, and ValueError for a stage that there is not."""
        if not 0 <= stage <= self._plan.last_stage:
            raise ValueError(f"the stages are 0 to {self._plan.last_stage}, not {stage}")
        self._check_idle()
        self._stages[location] = stage

    def stage_of(self, location: int) -> int:
        """The stage that a location is in."""
        return self._stages[location]

    def release(self, config: Config, *, actor: str) -> int:
        """Begin to roll out a whole file; its version.

        Raises RolloutUnderWay, ReleaseFreeze, and ValueError (nothing has changed).
        """
        self._check_idle()
        if self._plan.freeze and self.rollout.withdrawn and not self._have_pushes_ended():
            raise ReleaseFreeze(f"everybody is returning from version {self.rollout.newest.version}")
        self._store.write(diff(self._store.snapshot().config, config), actor=actor)
        self.rollout = Rollout(self._store.snapshot(), self.rollout.good)
        self._send(self._reached())
        return self.rollout.newest.version

    def proceed(self) -> None:
        """On to the next stage; after the last one the version is the good one. Raises GateClosed."""
        rollout = self.rollout
        if not self.may_proceed():
            raise GateClosed("the version under way may not go on yet" if rollout.under_way else "none is under way")
        if not self._plan.staged or rollout.stage == self._plan.last_stage:
            self.rollout = evolve(rollout, good=rollout.newest)
            return
        self.rollout = evolve(rollout, stage=rollout.stage + 1)
        self._send(one for one, stage in enumerate(self._stages) if stage == self.rollout.stage)

    def may_proceed(self) -> bool:
        """Whether the version under way may go on now."""
        return self.rollout.under_way and self._open()

    def hear(self, location: int, version: int, well: bool) -> None:
        """A location says how it is with a version; what is not under way any more is of no interest."""
        rollout = self.rollout
        if not rollout.under_way or version != rollout.newest.version:
            return
        if well:
            self.rollout = evolve(rollout, well=rollout.well | {location})
        elif self._plan.automatic:
            self._return()
        else:
            self.rollout = evolve(rollout, alerted=True)

    def withdraw(self) -> None:
        """An operator takes everybody back to the last good version. Raises NothingToWithdraw."""
        if not self.rollout.alerted:
            raise NothingToWithdraw("nobody has complained of a version that is under way")
        self._return()

    def meant_for(self, location: int) -> Snapshot:
        """What a location should run now."""
        rollout = self.rollout
        return rollout.newest if rollout.under_way and self._may_have(location) else rollout.good

    def _return(self) -> None:
        self.rollout = evolve(self.rollout, withdrawn=True, alerted=False)
        self._send(self._reached())

    def _check_idle(self) -> None:
        if self.rollout.under_way:
            raise RolloutUnderWay(f"version {self.rollout.newest.version} is on its way through the stages")

    def _open(self) -> bool:
        if self.rollout.alerted:
            return False
        if self._plan.gate == "reports":
            return self.rollout.well.issuperset(self._reached())
        return self._have_pushes_ended(self._plan.watch)

    def _have_pushes_ended(self, ago: float = 0.0) -> bool:
        """Whether the last pushes have arrived or are lost, since longer ago than this."""
        return self._clock.now() - self.rollout.pushed_at > self._plan.push_delay + ago

    def _reached(self) -> list[int]:
        return [one for one in range(len(self._stages)) if self._may_have(one)]

    def _may_have(self, location: int) -> bool:
        return not self._plan.staged or self._stages[location] <= self.rollout.stage

    def _send(self, locations: Iterable[int]) -> None:
        self.rollout = evolve(self.rollout, pushed_at=self._clock.now())
        for one in locations:
            self._push(one, self.meant_for(one))


class PushLocation:
    """What runs at a location: a whole copy, and an eye on whether it is well."""

    def __init__(self, clock: Clock, first: Snapshot, *, watch: float, pull_every: float | None) -> None:
        self._clock, self._watch, self._pull_every = clock, watch, pull_every
        self.running = first
        self.reachable = True
        """Whether the control plane reaches the location, and the location the control plane."""
        self._since = self._pulled_at = clock.now()
        self._taken = 0
        """How often something has come, by push or by pull."""

    def take(self, snapshot: Snapshot) -> None:
        """Run a version, whichever it is: a return is a push like any other."""
        self._taken += 1
        if snapshot.version != self.running.version:
            self.running, self._since = snapshot, self._clock.now()

    def pull_due(self) -> bool:
        """Whether it is time to ask for what should run here."""
        return self._pull_every is not None and self._clock.now() - self._pulled_at >= self._pull_every

    def pull(self, ask: Callable[[], Snapshot]) -> None:
        """Ask, whatever the time; the next time is an interval later, with or without an answer.

        What a push brings while the answer is on its way stays, and the question stays due: as versions go back as
        well, nobody here can say which of the two is the newer decision.
        """
        before, taken = self._pulled_at, self._taken
        self._pulled_at = self._clock.now()
        try:
            answer = ask()
        except OSError:
            return
        if self._taken == taken:
            self.take(answer)
        else:
            self._pulled_at = before

    def health(self) -> bool | None:
        """Whether what runs here is well; None while that is open."""
        if not is_valid(self.running.config):
            return False
        return True if self._clock.now() - self._since > self._watch else None

    def read(self) -> Snapshot:
        """The config to serve a request with, wherever everybody else may be. Raises ConfigUnavailable."""
        if self.running.version == 0:
            raise ConfigUnavailable("nothing has been pushed here")
        return self.running
