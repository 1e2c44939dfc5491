# SPDX-License-Identifier: Apache-2.0
"""A location of the Worker whose KV answers wait: each is looked up at once, and leaves when a test says so."""

from __future__ import annotations

from collections.abc import Mapping
from queue import Queue
from threading import Event
from types import TracebackType
from typing import Any, Final

from attrs import define, field, frozen

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVLocation, KVNamespace, KVUnreachable, Limits
from edgeproof.impl.snapshot import Snapshot, to_kv
from edgeproof.impl.workerd.adversary import PATIENCE, Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Call, Reply, asked
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Processes

__all__ = ["Asked", "Edge", "Told"]

PATH: Final = "/apps/a/definitions"
KEY: Final = "config:app:a"


@frozen
class Told:
    """What a request was told: a version, how many seconds ago KV was asked about it, and what it was served from."""

    version: int
    age: int
    source: str = ""


@define(eq=False)
class HeldRead:
    """An answer that has been looked up and has not left; `lost` if it never will."""

    entry: KVEntry | None
    lost: bool = False
    _released: Event = field(factory=Event)

    def release(self) -> None:
        """Let the answer go."""
        self._released.set()

    def lose(self) -> None:
        """Answer that KV cannot be reached."""
        self.lost = True
        self._released.set()

    def wait(self) -> KVEntry | None:
        """For the location: what it answers. Raises KVUnreachable if the answer is lost."""
        if not self._released.wait(PATIENCE) or self.lost:
            raise KVUnreachable("the suite has lost the answer")
        return self.entry


class HoldingLocation(KVLocation):
    """A location that holds its answers back while it is told to."""

    holding = False

    def __init__(self, inner: KVLocation) -> None:
        self._inner = inner
        self.arrivals: Queue[HeldRead] = Queue()

    def get(self, key: str, *, cache_ttl: float = 60.0) -> KVEntry | None:
        """What the location has by now, later."""
        held = HeldRead(self._inner.get(key, cache_ttl=cache_ttl))
        if not self.holding:
            return held.entry
        self.arrivals.put(held)
        return held.wait()


class Edge:
    """One location's isolate with the suite's KV behind it (a context manager); `options` are the Worker's."""

    def __init__(self, options: Mapping[str, str | float], history: str = "") -> None:
        self.clock = SuiteClock()
        self.kv = Adversary(KVNamespace(self.clock, limits=Limits(write_spacing=0)), self.clock, 1)
        self.place = HoldingLocation(self.kv.places[0].location)
        self.kv.places[0].location = self.place
        self._door = Door(self.kv)
        self._headers = {"Authorization": "Bearer a-token"}
        self._processes = Processes(Bindings(options, "a-token", history=history), 1, self._door.address, self._headers)
        self.wait(0)

    def __enter__(self) -> Edge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.close()
        self._door.close()

    def wait(self, seconds: float) -> None:
        """Let the suite's time pass, and tell the Worker."""
        self.clock.advance(seconds)
        self._headers["edgeproof-now"] = str(round(self.clock.now() * 1000))
        asked(self._processes.location(0).get("/_/kept/nobody"))

    def publish(self, version: int, era: int = 0) -> None:
        """Put a config to KV's centre, and let the location forget its copy."""
        value, metadata = to_kv(Snapshot(version, era, {"n": version}))
        self.kv.put(KEY, value, metadata=metadata)
        self.forget()

    def forget(self) -> None:
        """Let the location's cache be empty."""
        self.kv.places[0].cache.copies.clear()

    def ask(self) -> Asked:
        """A request whose answer from KV is looked up now, and waits."""
        self.place.holding = True
        call = self._processes.location(0).send("GET", PATH)
        held = self.place.arrivals.get(timeout=PATIENCE)
        self.place.holding = False
        return Asked(call, held)

    def read(self) -> Told:
        """A request that is answered at once."""
        return _told(self._processes.location(0).send("GET", PATH))

    def get(self, path: str) -> Reply:
        """Any request to the location."""
        return self._processes.location(0).do("GET", path)

    def log(self) -> str:
        """What the location's isolate has logged."""
        return self._processes.location_log(0)


@frozen
class Asked:
    """A request that waits for KV."""

    call: Call
    held: HeldRead

    def answer(self) -> Told:
        """Let KV's answer arrive; what the request is told then."""
        self.held.release()
        return _told(self.call)

    def lose(self) -> Told:
        """Let KV not answer; what the request is told then."""
        self.held.lose()
        return _told(self.call)


def _told(call: Call) -> Told:
    reply = call.reply()
    said: Any = asked(reply)
    assert said["flags"] == ({} if said["version"] == 0 else {"n": said["version"]})
    status = reply.headers.get("Cache-Status", "")
    return Told(int(said["version"]), int(reply.headers["Age"]), status.removeprefix("isolate; hit; detail="))
