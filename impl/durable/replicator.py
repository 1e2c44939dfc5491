# SPDX-License-Identifier: Apache-2.0
"""What copies a unit's config from its store to KV: an alarm-driven replicator, or (the mistake) the request itself.

The alarm is the outbox: a write arms it in its own transaction, and it stays armed until a put of the current config is
confirmed. One put is in flight at a time, so that a single instance mostly cannot overtake itself. KV puts are not
fenced: a put of an instance that has been superseded may still land, which no code here can prevent (an unmerged guide
by a KV engineer; Durable Objects, "Known issues"). Nor can it take back a put whose time is up: that one is given up,
the next one is begun after the wait, and the first may land last. The heartbeat repairs both.

KV takes one put of a key a second, and refuses what comes sooner. So the alarm is set for when that second is over: the
store remembers the last put that was confirmed, and no wait after a failure is shorter; a put that a crash cuts off may
land until its lease ends, which a restore leaves as it is. Writes that come faster share a put. Nobody knows when a put
lands that is late: only after such a one can another still be refused.

The platform has been seen to lose an alarm: it stays set, in the past, and never fires (workerd issue 6866,
cloudflare-docs issue 18324). So every request looks after the alarm as well: one that is overdue by more than the
platform may take is armed again, and if that one is overdue by as much the alarm is dead, and the request publishes.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from attrs import frozen

from edgeproof.impl.durable.storage_errors import StorageError
from edgeproof.impl.durable.store import Alarm, ConfigStore
from edgeproof.impl.edge.kv import KVError, KVNamespace
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import Snapshot, to_kv

__all__ = [
    "ALARM_ATTEMPTS",
    "ALARM_STEP",
    "STORAGE_PAUSE",
    "AlarmPlatform",
    "Backoff",
    "InlinePublisher",
    "Publication",
    "Replicator",
    "Timing",
]

_LOG: Final = logging.getLogger(__name__)

ALARM_ATTEMPTS: Final = 7
"""A handler that keeps throwing runs this often, six retries included; then the alarm is gone (Durable Objects alarms
page; measured on workerd 1.20261117.1)."""

ALARM_STEP: Final = 0.001
"""Seconds: alarms are set to the millisecond. One that its handler sets for the millisecond that it was fired for is
lost (seen on workerd 1.20261117.1)."""

PLATFORM_CAP: Final = 300.0
"""Seconds that the platform waits at most before it runs a handler again that threw."""

STORAGE_PAUSE: Final = 1.0
"""Seconds until the platform looks again at an alarm of a storage that could not be used."""


@frozen
class Backoff:
    """How long to wait after a failure: `base` seconds, doubled by every further one, at most `cap`."""

    base: float = 2.0
    cap: float = 300.0

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        # Far beyond any cap the power is no float any more.
        return min(self.cap, self.base * 2.0 ** min(max(failures - 1, 0), 60))

    def at_least(self, seconds: float) -> Backoff:
        """The same, but no wait is shorter than this."""
        return Backoff(max(self.base, seconds), max(self.cap, seconds))


@frozen
class Timing:
    """Seconds: how long a put may take, how long to wait after a failure, and the heartbeat if there is one."""

    put_timeout: float = 10.0
    retry: Backoff = Backoff()
    heartbeat: float | None = None
    sync_delay: float = 60.0
    """How late an alarm may be before it is taken for lost. Mostly it is milliseconds, but the platform allows itself
    up to a minute, during maintenance and while an object moves to another machine (Durable Objects alarms page)."""
    watchdog: float | None = None
    """From one poke of the watchdog to the next, if there is one."""


@frozen
class Publication:
    """Where and how a unit's config is put: the KV key, whether copies carry the era (else it is 0 on all), and how a
    snapshot becomes value and metadata.
    """

    key: str
    epoch: bool = False
    pack: Callable[[Snapshot], tuple[bytes, dict[str, int]]] = to_kv

    def begin(self, snapshot: Snapshot) -> None:
        """What has to be noted in the transaction that leases the alarm for an attempt: nothing."""

    def end(self, snapshot: Snapshot) -> None:
        """What has to be noted in the transaction that ends an attempt which has put this: nothing."""

    def put(self, snapshot: Snapshot, kv: KVNamespace, runtime: Runtime, timeout: float) -> Awaitable[None]:
        """Start the put; awaiting it raises KVError, OSError or TimeoutError, and the last two leave open whether it
        took effect.
        """
        carried = snapshot if self.epoch else Snapshot(snapshot.version, 0, snapshot.config)
        value, metadata = self.pack(carried)
        return runtime.call(
            "kv.put", lambda: kv.put(self.key, value, metadata=metadata), payload=carried, timeout=timeout
        )


class Replicator:
    """Publishes one unit from its alarm.

    `handler` "rearms": a failed put is caught, and the alarm armed again, for ever (also if the config is over one of
    KV's limits, until a write makes it smaller). "throws": it is left to the platform, which gives up after
    ALARM_ATTEMPTS.
    """

    def __init__(
        self,
        store: ConfigStore,
        kv: KVNamespace,
        runtime: Runtime,
        publication: Publication,
        *,
        timing: Timing = Timing(),
        handler: str = "rearms",
    ) -> None:
        if handler not in ("rearms", "throws"):
            raise ValueError(f"a handler rearms or throws, not {handler!r}")
        self._store, self._kv, self._runtime = store, kv, runtime
        self._publication, self._timing, self._handler = publication, timing, handler
        self._fired = float("-inf")
        """What the alarm that fired last was set for."""
        self._publishing = False

    # --- looking after the alarm

    def tend(self) -> None:
        """What every request does, and the watchdog asks for: see to it that the alarm is alive, or do its work.

        An alarm that was armed again and is overdue once more is dead, and an attempt to publish is begun here. It
        reads the config when it takes the lease, as the alarm's own attempts do: what it puts is what was committed
        last, and a crash leaves the lease.
        """
        alarm = self._overdue()
        if alarm is None or alarm.reason != "again":
            return self._arm_again(alarm)
        # Several requests may find it dead. A task may begin later: the others have to see this now.
        self._publishing = True
        # The platform runs no request again: what fails here is armed again, whatever the handler does.
        self._runtime.spawn(self._publish("rearms"))

    def rearm(self) -> None:
        """What an instance does that starts: arm an alarm that is overdue again, and leave a dead one to requests.

        An alarm that is later than any that is ever set was set by a clock that has gone back since: it is due now.
        """
        alarm, now = self._store.alarm(), self._runtime.now()
        if alarm is not None and alarm.due - now > self._furthest:
            self._store.arm(now, "sync")
        else:
            self._arm_again(self._overdue())

    def _arm_again(self, overdue: Alarm | None) -> None:
        # Once, as arming it every time would let a stream of requests put it off for ever.
        if overdue is not None and overdue.reason != "again":
            self._store.arm(self._runtime.now(), "again")

    def _overdue(self) -> Alarm | None:
        # An attempt that is under way ends by arming the alarm, whatever has become of it meanwhile.
        alarm = None if self._publishing else self._store.alarm()
        late = alarm is not None and self._runtime.now() > alarm.due + self._timing.sync_delay
        return alarm if late else None

    # --- publishing

    async def on_alarm(self) -> None:
        """The alarm fires: publish, unless a request is at it. One put is in flight.

        The platform is done with an alarm whose handler returns: a request that dies has to leave another one, and so
        the alarm is leased for it again.
        """
        status = self._store.status()
        self._fired = self._runtime.now() if status.alarm is None else status.alarm.due
        if self._publishing:
            self._store.arm(max(self._runtime.now() + self._lease(status.attempts), self._soonest), "lease")
        else:
            await self._publish(self._handler)

    async def _publish(self, handler: str) -> None:
        self._publishing = True
        try:
            await self._attempt(handler)
        finally:
            self._publishing = False

    async def _attempt(self, handler: str) -> None:
        """Publish the config as it is now; one attempt."""
        lease = self._lease(self._store.status().attempts + 1)
        snapshot = self._store.begin_attempt(self._runtime.now() + lease, self._publication.begin)
        try:
            await self._put(snapshot)
        except (KVError, OSError):
            if handler == "throws":
                raise
            # Nobody else has counted attempts meanwhile: one is under way at a time.
            wait = self._timing.retry.after(self._store.status().attempts)
            self._store.arm(max(self._runtime.now() + wait, self._soonest), "retry")
            return
        heartbeat = self._timing.heartbeat
        beat_at = None if heartbeat is None else self._runtime.now() + heartbeat
        noting = partial(self._publication.end, snapshot)
        self._store.end_attempt(self._settled(snapshot), beat_at, note=noting, not_before=self._soonest)

    def _lease(self, attempts: int) -> float:
        """Seconds until the last of so many attempts can no longer be under way, and then as long as after a failure: a
        second instance that finds the lease must not put beside the first.
        """
        return self._timing.put_timeout + self._timing.retry.after(attempts)

    @property
    def _furthest(self) -> float:
        """Seconds from now to the latest alarm that may be set."""
        longest_wait = max(self._timing.retry.cap, PLATFORM_CAP)
        return max(self._timing.heartbeat or 0.0, self._timing.put_timeout + longest_wait) + ALARM_STEP

    @property
    def _soonest(self) -> float:
        """An alarm that is set for the very millisecond of the one that fired last would be lost."""
        return self._fired + ALARM_STEP

    def _settled(self, read: Snapshot) -> Snapshot:
        """The snapshot beyond which there is something to publish, after an attempt that began with this one."""
        return read

    async def _put(self, snapshot: Snapshot) -> None:
        await self._publication.put(snapshot, self._kv, self._runtime, self._timing.put_timeout)


class InlinePublisher:
    """The mistake: the request that writes also puts, after its commit and before its acknowledgement.

    Nothing remembers a put that was lost, and nothing orders the puts of two requests.
    """

    def __init__(
        self,
        store: ConfigStore,
        kv: KVNamespace,
        runtime: Runtime,
        publication: Publication,
        *,
        timing: Timing = Timing(),
    ) -> None:
        self._store, self._kv, self._runtime = store, kv, runtime
        self._publication, self._timing = publication, timing

    async def publish(self) -> None:
        """Put the config as it is now. Raises what the put raises; the write is committed all the same."""
        await self._publication.put(self._store.snapshot(), self._kv, self._runtime, self._timing.put_timeout)


class AlarmPlatform:
    """What the platform does with a unit's alarm: fires it when it is due, and again after a handler that threw.

    It may lose one: on purpose (`lose`), or where a handler has set it for the very time that it was fired for. Then
    the store has it as before, and it never fires; one that is set anew does.

    `attempts` is how often a handler that keeps throwing runs before the alarm is dropped; None for ever. Runs that a
    crash cut off count, and an alarm that is set after one was dropped starts anew. The platform's own wait is 2 s,
    doubled (Durable Objects alarms page).
    """

    def __init__(
        self,
        store: ConfigStore,
        runtime: Runtime,
        handler: Callable[[], Awaitable[None]],
        *,
        retry: Backoff = Backoff(),
        attempts: int | None = ALARM_ATTEMPTS,
    ) -> None:
        self._store, self._runtime, self._handler = store, runtime, handler
        self._retry, self._attempts = retry, attempts
        self.running = False
        self.lost: tuple[float, str] | None = None
        """The alarm that was lost last: when it is due, and why. It outlives the instance, as the platform does."""

    def due(self, within: float = 0.0) -> bool:
        """Whether the alarm should fire now, or `within` so many seconds: its handler is not at work, it is not lost,
        and its time has come.
        """
        armed = None if self.running else self._armed()
        return armed is not None and armed != self.lost and armed[0] <= self._runtime.now() + within

    def stuck(self) -> bool:
        """Whether the alarm that is armed has been lost."""
        return self.lost is not None and self._armed() == self.lost

    def lose(self) -> None:
        """Lose the alarm that is armed. Raises LookupError if there is none to be lost."""
        armed = self._armed()
        if armed is None or armed == self.lost:
            raise LookupError("no alarm is armed that could be lost")
        self.lost = armed

    def forget(self) -> None:
        """Let go of a lost alarm that is armed no more: another may be due when it was, for the same reason."""
        if self.lost is not None and self._armed() != self.lost:
            self.lost = None

    async def fire(self) -> None:
        """Run the handler once, whatever the time; what it throws is logged nowhere and leads to a retry."""
        self._store.count_run()
        fired = self._armed()
        self.running = True
        try:
            await self._handler()
            armed = self._armed()
            if fired is not None and armed is not None and armed[0] == fired[0]:
                self.lost = armed
        except StorageError:
            # No fault of the handler's, and nothing could be armed now: the alarm stays as it is.
            raise
        except Exception:
            alarm = self._store.alarm()
            runs = 1 if alarm is None else alarm.runs
            if self._attempts is not None and runs >= self._attempts:
                self._store.disarm()
            else:
                self._store.arm(self._runtime.now() + self._retry.after(runs), "retry")
        finally:
            self.running = False

    def _armed(self) -> tuple[float, str] | None:
        alarm = self._store.alarm()
        return None if alarm is None else (alarm.due, alarm.reason)

    async def run(self, poll: float = 0.05) -> None:
        """Fire the alarm whenever it is due, looking every `poll` seconds; ends when it is cancelled.

        While the storage cannot be used it says so, once for each cause, looks every second, and goes on afterwards.
        """
        trouble = ""
        while True:
            try:
                if self.due():
                    await self.fire()
                trouble = ""
            except StorageError as error:
                if str(error) != trouble:
                    _LOG.warning("an alarm waits: %s", error)
                trouble = str(error)
            await self._runtime.sleep(max(poll, STORAGE_PAUSE) if trouble else poll)
