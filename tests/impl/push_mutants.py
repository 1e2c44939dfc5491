# SPDX-License-Identifier: Apache-2.0
"""Broken variants of the push system: what lockstep with the model has to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen

from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.push.push import ControlPlane, PushLocation, ReleaseFreeze
from edgeproof.impl.push.system import PushParts, PushSystem
from edgeproof.impl.snapshot import Config, Snapshot

__all__ = ["MUTANTS", "PushMutant"]


@frozen
class PushMutant:
    """A mistake, by name: what is wrong, the parts that make it, and the case in which it can show."""

    name: str
    wrong: str
    parts: PushParts
    case: str

    def system(self) -> PushSystem:
        """A system that makes the mistake."""
        return PushSystem(self.parts)


class PushesToAll(ControlPlane):
    def _may_have(self, location: int) -> bool:
        return True


class SkipsTheStages(ControlPlane):
    def proceed(self) -> None:
        super().proceed()
        if self.rollout.under_way:
            self.rollout = evolve(self.rollout, stage=self._plan.last_stage)


class WithdrawsWithoutAPush(ControlPlane):
    def hear(self, location: int, version: int, well: bool) -> None:
        super().hear(location, version, True)
        if not well:
            self.rollout = evolve(self.rollout, withdrawn=True)


class RemembersWhoWasWell(ControlPlane):
    def release(self, config: Config, *, actor: str) -> int:
        well = self.rollout.well
        version = super().release(config, actor=actor)
        self.rollout = evolve(self.rollout, well=well)
        return version


class OffersTheNewest(ControlPlane):
    def meant_for(self, location: int) -> Snapshot:
        return self.rollout.newest


class OffersToEveryStage(ControlPlane):
    def meant_for(self, location: int) -> Snapshot:
        return self.rollout.newest if self.rollout.under_way else self.rollout.good


class ReturnsToTheOneBefore(ControlPlane):
    def release(self, config: Config, *, actor: str) -> int:
        before = self.rollout.newest
        version = super().release(config, actor=actor)
        self.rollout = evolve(self.rollout, good=before)
        return version


class WaitsTwice(ControlPlane):
    def _open(self) -> bool:
        return super()._open() and self._clock.now() - self.rollout.pushed_at > 4 * self._plan.watch


class ReturnsUnasked(ControlPlane):
    def hear(self, location: int, version: int, well: bool) -> None:
        super().hear(location, version, well)
        if self.rollout.alerted:
            self.withdraw()


class ForgetsToSendTheReturn(ControlPlane):
    def withdraw(self) -> None:
        self.rollout = evolve(self.rollout, withdrawn=True, alerted=False)


class ThawsLate(ControlPlane):
    def release(self, config: Config, *, actor: str) -> int:
        if self.rollout.withdrawn and not self._have_pushes_ended(self._plan.push_delay):
            raise ReleaseFreeze("not yet")
        return super().release(config, actor=actor)


class NeverGoesBack(PushLocation):
    def take(self, snapshot: Snapshot) -> None:
        if snapshot.version > self.running.version:
            super().take(snapshot)


class AsksInVain(PushLocation):
    def pull(self, ask: Callable[[], Snapshot]) -> None:
        self._pulled_at = self._clock.now()


class GivesUpAsking(PushLocation):
    def pull(self, ask: Callable[[], Snapshot]) -> None:
        before = self._pulled_at
        super().pull(ask)
        try:
            ask()
        except OSError:
            self._pulled_at = before + 1e9


class SeesNoHarm(PushLocation):
    def health(self) -> bool | None:
        return super().health() is not False or None


class DropsWhatItCannotConfirm(PushLocation):
    def pull(self, ask: Callable[[], Snapshot]) -> None:
        super().pull(ask)
        try:
            ask()
            self.unsure = False
        except OSError:
            self.unsure = True

    def read(self) -> Snapshot:
        if getattr(self, "unsure", False):
            raise ConfigUnavailable("it may be outdated")
        return super().read()


def _mutant(name: str, wrong: str, case: str, **parts: Any) -> PushMutant:
    return PushMutant(name, wrong, PushParts(**parts), case)


MUTANTS: tuple[PushMutant, ...] = (
    _mutant("stages-ignored", "a staged release goes everywhere", "push-staged", control=PushesToAll),
    _mutant("stages-skipped", "after the first stage comes the last", "push-staged", control=SkipsTheStages),
    _mutant("no-return", "a withdrawn version is not replaced", "push-staged", control=WithdrawsWithoutAPush),
    _mutant("old-reports-count", "who was well stays well", "push-staged", control=RemembersWhoWasWell),
    _mutant("return-to-the-newest", "a return is to what was withdrawn", "push-staged", control=OffersTheNewest),
    _mutant("pull-ahead", "who asks gets what its stage may not have", "push-staged-cut", control=OffersToEveryStage),
    _mutant("return-to-the-one-before", "a return may be to a bad one", "push-staged", control=ReturnsToTheOneBefore),
    _mutant("gate-too-slow", "the gate opens too late", "push-unstaged", control=WaitsTwice),
    _mutant("no-operator", "it returns without being told to", "push-rollback-manual", control=ReturnsUnasked),
    _mutant(
        "return-unsent",
        "the operator's return is sent to nobody",
        "push-rollback-manual",
        control=ForgetsToSendTheReturn,
    ),
    _mutant("freeze-too-long", "a release is refused too long", "push-rollback", control=ThawsLate),
    _mutant("forward-only", "a location refuses to return", "push-staged", location=NeverGoesBack),
    _mutant("pull-without-taking", "what is pulled is not run", "push-unstaged-pull", location=AsksInVain),
    _mutant("one-failed-pull-is-the-last", "it never asks again", "push-unstaged-pull", location=GivesUpAsking),
    _mutant("health-unseen", "a bad version is not noticed", "push-staged", location=SeesNoHarm),
    _mutant("fail-closed", "who is cut off stops answering", "push-staged-cut", location=DropsWhatItCannotConfirm),
)
"""Every mutant; the names are unique."""
