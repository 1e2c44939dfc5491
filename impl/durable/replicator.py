# SPDX-License-Identifier: Apache-2.0
"""What copies a unit's config from its store to KV: an alarm-driven replicator, or (the mistake) the request itself.

The alarm is the outbox: a write arms it in its own transaction, and it stays armed until a put of the current config is
confirmed. One put is in flight at a time, so that a single instance cannot overtake itself. KV puts are not fenced: a
put of an instance that has been superseded may still land, which no code here can prevent (an unmerged guide by a KV
engineer; Durable Objects, "Known issues").
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from attrs import frozen

from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.kv import KVError, KVNamespace
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import Snapshot, to_kv

__all__ = [
    "ALARM_ATTEMPTS",
    "AlarmPlatform",
    "Backoff",
    "InlinePublisher",
    "Publication",
    "Replicator",
    "Timing",
]

ALARM_ATTEMPTS: Final = 7
"""A handler that keeps throwing runs this often, six retries included; then the alarm is gone (Durable Objects alarms
page; measured on workerd 1.20261117.1)."""


@frozen
class Backoff:
    """How long to wait after a failure: `base` seconds, doubled by every further one, at most `cap`."""

    base: float = 2.0
    cap: float = 300.0

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        # Far beyond any cap the power is no float any more.
        return min(self.cap, self.base * 2.0 ** min(max(failures - 1, 0), 60))


@frozen
class Timing:
    """Seconds: how long a put may take, how long to wait after a failure, and the heartbeat if there is one."""

    put_timeout: float = 10.0
    retry: Backoff = Backoff()
    heartbeat: float | None = None


@frozen
class Publication:
    """Where and how a unit's config is put: the KV key, and whether copies carry the era (else it is 0 on all)."""

    key: str
    epoch: bool = False

    def put(self, snapshot: Snapshot, kv: KVNamespace, runtime: Runtime, timeout: float) -> Awaitable[None]:
        """Start the put; awaiting it raises KVError, OSError or TimeoutError, and the last two leave open whether it
        took effect.
        """
        carried = snapshot if self.epoch else Snapshot(snapshot.version, 0, snapshot.config)
        value, metadata = to_kv(carried)
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

    async def on_alarm(self) -> None:
        """Publish the config as it is now; one attempt."""
        # Until this attempt can no longer be under way, and then as long as after a failure: a second instance that
        # finds the lease must not put beside the first.
        lease = self._timing.put_timeout + self._timing.retry.after(self._store.status().attempts + 1)
        snapshot = self._store.begin_attempt(self._runtime.now() + lease)
        try:
            await self._put(snapshot)
        except (KVError, OSError):
            if self._handler == "throws":
                raise
            wait = self._timing.retry.after(self._store.status().attempts)
            self._store.arm(self._runtime.now() + wait, "retry")
            return
        heartbeat = self._timing.heartbeat
        self._store.end_attempt(snapshot, None if heartbeat is None else self._runtime.now() + heartbeat)

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

    def due(self) -> bool:
        """Whether the alarm should fire now: its time has come, and its handler is not at work."""
        alarm = self._store.alarm()
        return not self.running and alarm is not None and alarm.due <= self._runtime.now()

    async def fire(self) -> None:
        """Run the handler once, whatever the time; what it throws is logged nowhere and leads to a retry."""
        self.running = True
        self._store.count_run()
        try:
            await self._handler()
        except Exception:
            alarm = self._store.alarm()
            runs = 1 if alarm is None else alarm.runs
            if self._attempts is not None and runs >= self._attempts:
                self._store.disarm()
            else:
                self._store.arm(self._runtime.now() + self._retry.after(runs), "retry")
        finally:
            self.running = False

    async def run(self, poll: float = 0.05) -> None:
        """Fire the alarm whenever it is due, looking every `poll` seconds; ends when it is cancelled."""
        while True:
            if self.due():
                await self.fire()
            await self._runtime.sleep(poll)
