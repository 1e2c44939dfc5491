# SPDX-License-Identifier: Apache-2.0
"""One isolate of the Worker whose questions to KV wait: whoever drives it says when each is answered, and with what.

What the isolate keeps, it keeps by unit, and of a unit that it was never asked for it has nothing: one process serves
any number of runs, each with a unit of its own.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from types import TracebackType
from typing import Final, Self

from attrs import define, field

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL, KVLocation, KVUnreachable, LocationCache
from edgeproof.impl.workerd.adversary import PATIENCE, Adversary, Held
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Call, Client, Reply, WorkerdError
from edgeproof.impl.workerd.config import Bindings, copy_worker, store_config
from edgeproof.impl.workerd.processes import Edits
from edgeproof.impl.workerd.runtime import Workerd, scratch_directory

__all__ = ["GATE", "HeldCall", "HeldIsolate", "HeldRead", "HoldingLocation"]

_TOKEN: Final = "a-token"
GATE: Final = "gate:"
"""What the keys of gates begin with: they are no questions to KV."""


@define(eq=False)
class HeldRead:
    """A question of the isolate's that waits for its answer, which it gets once."""

    key: str
    cache_ttl: float
    _entry: KVEntry | None = None
    _lost: bool = False
    _answered: Event = field(factory=Event)

    def answer(self, entry: KVEntry | None) -> None:
        """Answer with an entry, or None for nothing."""
        self._entry = entry
        self._answered.set()

    def lose(self) -> None:
        """Answer that KV cannot be reached."""
        self._lost = True
        self._answered.set()

    def wait(self) -> KVEntry | None:
        """For the location: the answer, once there is one. Raises KVUnreachable if it is lost."""
        if not self._answered.wait(PATIENCE) or self._lost:
            raise KVUnreachable("the suite has lost the answer")
        return self._entry


class HoldingLocation(KVLocation):
    """A location that holds every answer back while it is told to, and rings a bell for each question."""

    def __init__(self, inner: KVLocation) -> None:
        self.inner, self.holding = inner, False
        self.steps = 0
        """How often a request has been seen to go on."""
        self._waiting: SimpleQueue[HeldRead | Held] = SimpleQueue()
        self._ear, self._bell = socket.socketpair()

    def get(self, key: str, *, cache_ttl: float = DEFAULT_CACHE_TTL) -> KVEntry | None:
        """What the location has now, or whatever it is told to answer. Raises KVUnreachable."""
        if not self.holding:
            return self.inner.get(key, cache_ttl=cache_ttl)
        read = HeldRead(key, cache_ttl)
        self.park(read)
        return read.wait()

    def park(self, waits: HeldRead | Held) -> None:
        """Something waits here from now on."""
        self._waiting.put(waits)
        self._bell.send(b"!")

    def refresh(self, key: str, cache: LocationCache) -> None:
        """As the location itself does, which asks nothing of the isolate."""
        self.inner.refresh(key, cache)

    def send(self, isolate: Client, path: str, method: str = "GET", body: object = None) -> HeldCall:
        """Send a request, and hold back what it asks of KV here."""
        self.holding = True
        return HeldCall(isolate.send(method, path, body), self)

    def next_for(self, call: Call) -> HeldRead | Held | None:
        """What is held back next, unless the call is answered first. Raises WorkerdError if neither happens."""
        self.steps += 1
        if not select.select([self._ear.fileno(), call.fileno()], [], [], PATIENCE)[0]:
            raise WorkerdError("the isolate neither asks KV nor answers")
        try:
            waits = self._waiting.get_nowait()
        except Empty:
            return None
        self._ear.recv(1)
        return waits

    def close(self) -> None:
        """Close the bell. Closing twice is fine."""
        self._ear.close()
        self._bell.close()


class HeldCall:
    """A request to the isolate that has gone as far as it can: to a question for KV, to a write, or to its end."""

    def __init__(self, call: Call, place: HoldingLocation) -> None:
        self._call, self._place = call, place
        self.asks = place.next_for(call)
        """What it waits for; None once it is answered itself."""

    def look_up(self) -> KVEntry | None:
        """What the location has for it by now. Raises KVUnreachable."""
        read = self._asked()
        return self._place.inner.get(read.key, cache_ttl=read.cache_ttl)

    def answer(self, entry: KVEntry | None = None) -> None:
        """Answer what it asks; a write is answered as KV would."""
        self._place.holding = True
        if isinstance(self.asks, Held):
            self.asks.reply()
        else:
            self._asked().answer(entry)
        self.asks = self._place.next_for(self._call)

    def lose(self) -> None:
        """Let it find KV out of reach."""
        self._place.holding = True
        if isinstance(self.asks, Held):
            self.asks.fail()
        else:
            self._asked().lose()
        self.asks = self._place.next_for(self._call)

    def reply(self) -> Reply:
        """What it is told in the end."""
        return self._call.reply()

    def abandon(self) -> None:
        """See that nothing more comes of it."""
        while self.asks is not None:
            self.lose()
        self._call.drop()

    def _asked(self) -> HeldRead:
        if not isinstance(self.asks, HeldRead):
            raise ValueError("the request asks nothing of KV")
        return self.asks


class HeldIsolate:
    """A process with one isolate, at the one location of `kv` (a context manager).

    `options` are the Worker's, `history` is "log" if it is to log what happens, and `edits` break its sources on
    purpose. With `gates` the bodies of KV's answers wait, and whatever an object is asked and answers: each asks for
    its own name, after GATE. Raises RuntimeMissingError.
    """

    def __init__(
        self,
        options: Mapping[str, str | float],
        kv: Adversary,
        *,
        history: str = "",
        gates: bool = False,
        edits: Edits | None = None,
    ) -> None:
        self._place = kv.places[0].location = HoldingLocation(kv.places[0].location)
        kv.park = self._place.park
        self._door = Door(kv)
        self._scratch = scratch_directory()
        self._headers = {"Authorization": f"Bearer {_TOKEN}"}
        try:
            disk = Path(self._scratch.name) / "disk"
            disk.mkdir()
            sources = copy_worker(Path(self._scratch.name) / "worker", edits)
            # Store and location in one: nothing here dies alone.
            config = store_config(sources, Bindings(options, _TOKEN, history=history, gates=gates), "0")
            self._process = Workerd(config, disks={"disk": disk}, externals={"kv": self._door.address})
            self._process.start()
        except BaseException:
            self._release()
            raise
        self._client = Client(self._process.ports["http"], self._headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the process. Closing twice is fine."""
        self._client.close()
        self._process.kill()
        self._release()

    @property
    def steps(self) -> int:
        """How often a request has been seen to go on."""
        return self._place.steps

    def set_time(self, now: float) -> None:
        """What time it is, in seconds: every request from now on tells the isolate."""
        self._headers["edgeproof-now"] = str(round(now * 1000))

    def ask(
        self, path: str, method: str = "GET", body: object = None, headers: Mapping[str, str] | None = None
    ) -> HeldCall:
        """Send a request, and hold back what it asks of KV, and what it writes there if `kv` is holding."""
        client = Client(self._client.port, {**self._headers, **(headers or {})})
        return self._place.send(client, path, method, body)

    def get(self, path: str) -> Reply:
        """Send a request that KV answers at once."""
        self._place.holding = False
        return self._client.get(path)

    def log(self) -> str:
        """All that the isolate has logged."""
        return self._process.log.read_text(encoding="utf-8", errors="replace")

    def _release(self) -> None:
        self._door.close()
        self._place.close()
        self._scratch.cleanup()
