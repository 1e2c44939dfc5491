# SPDX-License-Identifier: Apache-2.0
"""A location of the Worker whose KV answers wait: each is looked up at once, and leaves when a test says so."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.snapshot import Snapshot, to_kv
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.client import Reply, asked
from edgeproof.impl.workerd.held_reads import HeldCall, HeldIsolate

__all__ = ["Asked", "Edge", "Told"]

PATH: Final = "/apps/a/definitions"
KEY: Final = "config:app:a"


@frozen
class Told:
    """What a request was told: a version, how many seconds ago KV was asked about it, and what it was served from."""

    version: int
    age: int
    source: str = ""


class Edge:
    """One location's isolate with the suite's KV behind it (a context manager); `options` are the Worker's."""

    def __init__(self, options: Mapping[str, str | float], history: str = "") -> None:
        self.clock = SuiteClock()
        self.kv = Adversary(KVNamespace(self.clock, limits=Limits(write_spacing=0)), self.clock, 1)
        self._isolate = HeldIsolate(options, self.kv, history=history)
        self.wait(0)

    def __enter__(self) -> Edge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._isolate.close()

    def wait(self, seconds: float) -> None:
        """Let the suite's time pass, and tell the Worker."""
        self.clock.advance(seconds)
        self._isolate.set_time(self.clock.now())
        asked(self._isolate.get("/_/kept/nobody"))

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
        call = self._isolate.ask(PATH)
        return Asked(call, call.look_up())

    def read(self) -> Told:
        """A request that is answered at once."""
        return _told(self._isolate.get(PATH))

    def get(self, path: str) -> Reply:
        """Any request to the location."""
        return self._isolate.get(path)

    def log(self) -> str:
        """What the location's isolate has logged."""
        return self._isolate.log()


@frozen
class Asked:
    """A request that waits for KV."""

    call: HeldCall
    found: KVEntry | None

    def answer(self) -> Told:
        """Let KV's answer arrive; what the request is told then."""
        self.call.answer(self.found)
        return _told(self.call.reply())

    def lose(self) -> Told:
        """Let KV not answer; what the request is told then."""
        self.call.lose()
        return _told(self.call.reply())


def _told(reply: Reply) -> Told:
    said: Any = asked(reply)
    assert said["flags"] == ({} if said["version"] == 0 else {"n": said["version"]})
    status = reply.headers.get("Cache-Status", "")
    return Told(int(said["version"]), int(reply.headers["Age"]), status.removeprefix("isolate; hit; detail="))
