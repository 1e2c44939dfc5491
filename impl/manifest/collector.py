# SPDX-License-Identifier: Apache-2.0
"""What deletes parts that nothing needs any more, and how long it has to wait before it may.

A reader may hold a manifest for as long as its location serves the cached copy, and then collects the parts; where the
grace runs from the write that dropped a part, the manifest before may also be in KV for as long as publishing takes.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from edgeproof.impl.durable.replicator import AlarmPlatform
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.kv import KVError
from edgeproof.impl.manifest.blobs import PartStore
from edgeproof.impl.manifest.ledger import PartLedger
from edgeproof.impl.runtime import Runtime

__all__ = ["Collector", "GraceTooShort", "Pace"]


class GraceTooShort(ValueError):
    """A collector with this grace would delete parts that a reader may still ask for."""


@frozen
class Pace:
    """Seconds that things take at most."""

    sync_delay: float
    """From when an alarm is due to its handler."""
    upload: float
    """The parts' puts of an attempt."""
    put: float
    """The manifest's put, and a delete."""
    retry: float
    """From a failed attempt to the next one."""
    failures: int
    """Attempts that fail in a row."""
    cache_ttl: float
    """How long a location serves its cached manifest."""
    load: float
    """From reading a manifest to having its parts."""

    def grace_from_confirmation(self) -> float:
        """The least grace that is safe if it runs from the confirmed put of a manifest without the part."""
        return self.cache_ttl + self.load

    def grace_from_write(self) -> float:
        """The least grace that is safe if it runs from the write that dropped the part: the staleness bound."""
        attempt = self.upload + self.put
        publishing = attempt + self.sync_delay + self.failures * (attempt + self.retry) + attempt
        return publishing + self.grace_from_confirmation()


class Collector:
    """Deletes the parts whose grace is over; `grace` is in seconds, None for a collector that does not wait.

    With `least` the collector is not made for a shorter grace. With `platform` it takes turns with the publisher: it
    works only where nothing waits to be published, and no alarm's handler runs meanwhile. Otherwise a part that comes
    back while its delete is under way is stored first and deleted then.
    """

    def __init__(
        self,
        store: ConfigStore,
        ledger: PartLedger,
        parts: PartStore,
        runtime: Runtime,
        *,
        grace: float | None,
        least: float | None = None,
        platform: AlarmPlatform | None = None,
        timeout: float = 10.0,
        prefix: str = "part/",
    ) -> None:
        """Raises GraceTooShort."""
        if least is not None and (grace is None or grace < least):
            raise GraceTooShort(f"a grace of {grace or 0:g} s is shorter than the {least:g} s that readers may need")
        self._store, self._ledger, self._parts, self._runtime = store, ledger, parts, runtime
        self._grace, self._platform, self._timeout, self._prefix = grace, platform, timeout, prefix
        self._running = False

    def may_begin(self) -> bool:
        """Whether there is a part to delete now, and it is this collector's turn."""
        busy = self._running or (self._platform is not None and self._platform.running)
        return not busy and bool(self._due())

    async def collect(self) -> int:
        """Delete what is due, part by part; how many went. One whose delete fails is left for the next time."""
        if not self.may_begin():
            return 0
        tried: list[str] = []
        gone = 0
        self._take_turn(True)
        try:
            # A write may come while a delete is under way: it waits for this one, and for no other.
            while names := [name for name in self._due() if name not in tried]:
                tried.append(names[0])
                gone += await self._delete(names[0])
        finally:
            self._take_turn(False)
        return gone

    def _due(self) -> list[str]:
        if self._platform is not None and self._store.alarm() is not None:
            return []
        return self._ledger.released() if self._grace is None else self._ledger.released_for(self._grace)

    def _take_turn(self, taken: bool) -> None:
        self._running = taken
        if self._platform is not None:
            self._platform.running = taken

    async def _delete(self, name: str) -> bool:
        # First the doubt, then the delete: whoever dies in between leaves a part that is put again, not one that is
        # believed to be there. The same afterwards: one that was put again meanwhile is put once more.
        self._ledger.doubt(name)
        try:
            await self._runtime.call("part.delete", self._deleting(name), payload=name, timeout=self._timeout)
        except (KVError, OSError):
            return False
        self._ledger.forget(name)
        return True

    def _deleting(self, name: str) -> Callable[[], None]:
        return lambda: self._parts.delete(self._prefix + name)
