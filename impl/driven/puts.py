# SPDX-License-Identifier: Apache-2.0
"""What a driver does by hand with a publisher that has an outbox: fire its alarm, decide what becomes of its put."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from edgeproof.impl.driven.base import OverKV, first
from edgeproof.impl.durable.replicator import AlarmPlatform
from edgeproof.impl.durable.store import Status
from edgeproof.impl.runtime import Instance, NetworkError, Pending
from edgeproof.impl.system import ActionImpossible, Value

__all__ = ["SOON", "Alarmed", "DrivenPuts", "OnePut", "Put", "failure_of", "need_due", "see_alarm", "sending"]

SOON: Final = 1.0
"""Seconds. Time stands still between two ticks, which are longer, and alarms that follow each other at once are set to
one millisecond after the other: what is due so soon is due now."""


class NeverGivenUp(Exception):
    """A call hangs, and its caller's time-out does not strike."""


def failure_of(op: Pending[Any], now: float, within: float) -> Exception:
    """What a caller hears of a call that fails: at once that the connection is gone, or from its own time-out where it
    has waited for as long as the call may take. Raises NeverGivenUp where it waits for longer.
    """
    if op.expires <= now:
        return TimeoutError("the call has hung")
    if now - op.due >= within:
        raise NeverGivenUp("a call that hangs is still waited for when its time is up")
    return NetworkError("nobody answers")


class Alarmed(OverKV):
    """A system that publishes from the alarm of one Durable Object."""

    instance: Instance
    """The Durable Object that runs."""
    alarms: AlarmPlatform
    """What fires its alarm."""
    put_timeout: float
    """Seconds that a put may take; its caller has to see to that."""

    def _do_fire(self) -> None:
        need_due(self.alarms)
        self.instance.spawn(self.alarms.fire())

    def _do_tick(self, delay: float = 1) -> None:
        super()._do_tick(delay)
        for op in self.instance.under_way("kv.put"):
            # Too little time was given to one that is given up before it has taken as long as it may. One that takes
            # longer is nothing that happens by itself.
            if op.expires < self.runtime.time <= op.due + self.put_timeout:
                self.runtime.fail(op, TimeoutError("the put has hung"))

    def _fail_put(self, op: Pending[Any]) -> None:
        """Let a put fail that has not landed, and never will."""
        self.runtime.fail(op, self._failure_of(op))

    def _failure_of(self, op: Pending[Any]) -> Exception:
        return failure_of(op, self.runtime.time, self.put_timeout)


class OnePut(Alarmed):
    """The put lands and is confirmed in one step; no more than one is under way."""

    def put(self) -> Pending[Any] | None:
        """The KV put that is under way."""
        return next(iter(self.instance.under_way("kv.put")), None)

    def _do_put_lands(self) -> None:
        self._settle(self._the_put())

    def _do_put_fails(self) -> None:
        self._fail_put(self._the_put())

    def _the_put(self) -> Pending[Any]:
        return first(self.instance.under_way("kv.put"), "no put is under way")


class DrivenPuts(Alarmed):
    """The put lands, is confirmed after that, or outlives whoever waits for it."""

    strays: list[Pending[Any] | None]
    """The puts that nothing serialises any more, by slot."""

    def puts(self) -> list[Pending[Any]]:
        """The KV puts of the current instance that are under way, but for those of inline requests."""
        return [op for op in self.instance.under_way("kv.put") if op not in self.strays]

    def _do_put_lands(self) -> None:
        self._land(self._put(applied=False))

    def _do_put_confirmed(self) -> None:
        self.runtime.resolve(self._put(applied=True))

    def _do_put_fails(self) -> None:
        self._fail_put(self._put(applied=False))

    def _do_put_late(self, slot: int) -> None:
        op = self._straying(slot)
        self.runtime.orphan(op)
        self.strays[slot] = op
        self._crash()

    def _do_put_given_up(self, slot: int) -> None:
        op = self._straying(slot)
        self.strays[slot] = self.runtime.give_up(op, self._failure_of(op))

    def _do_stray_lands(self, slot: int) -> None:
        self._settle(self._stray(slot))

    def _do_stray_vanishes(self, slot: int) -> None:
        self.runtime.drop(self._stray(slot))

    def _do_crash(self) -> None:
        self._crash()

    def _crash(self) -> None:
        self.instance.kill()
        # What a request was putting itself is gone with it.
        self.strays = [op if op in self.runtime.pending else None for op in self.strays]
        self.storage.crash()
        self._boot()

    def _boot(self) -> None:
        """Start an instance of the Durable Object over its storage."""
        raise NotImplementedError

    def _put(self, applied: bool) -> Pending[Any]:
        found = (op for op in self.puts() if op.applied == applied)
        return first(found, f"the publisher has no put that is {'applied' if applied else 'on its way'}")

    def _straying(self, slot: int) -> Pending[Any]:
        """The put on its way, which the slot is free for."""
        op = self._put(applied=False)
        if self.strays[slot] is not None:
            raise ActionImpossible("the slot is taken")
        return op

    def _stray(self, slot: int) -> Pending[Any]:
        op = self.strays[slot]
        if op is None:
            raise ActionImpossible("no put in this slot")
        self.strays[slot] = None
        return op


def need_due(alarms: AlarmPlatform) -> None:
    """Raise ActionImpossible where the platform would not fire the alarm now."""
    if not alarms.due(within=SOON):
        raise ActionImpossible("no alarm is due, or its handler is at work")


def see_alarm(seen: dict[str, Value], status: Status, attempting: bool) -> None:
    """Add the alarm, and the failures that it has behind it, to an observation."""
    seen["alarm"] = "off" if status.alarm is None else status.alarm.reason
    # The attempt under way has not failed.
    seen["failures"] = status.attempts - (1 if attempting else 0)


class Put(Protocol):
    """A put that is under way."""

    @property
    def applied(self) -> bool:
        """Whether it has landed."""


def sending(puts: Sequence[Put]) -> str:
    """How a publisher's puts stand. "several" is no value of a model: one in flight is what a replicator is for."""
    if len(puts) > 1:
        return "several"
    return "idle" if not puts else "landed" if puts[0].applied else "flying"
