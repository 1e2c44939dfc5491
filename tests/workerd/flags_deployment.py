# SPDX-License-Identifier: Apache-2.0
"""Flags of one app on the real runtime: the Worker as it would be deployed, in front of the suite's KV."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.live.pulse import Pulse
from edgeproof.impl.runtime import Clock
from edgeproof.impl.snapshot import Snapshot, from_kv
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Client, Reply
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Edits, Processes
from tests.workerd.openapi import check_path

__all__ = ["FlagDeployment", "RealClock", "flag"]

TOKEN: Final = "a-token"
PATIENCE: Final = 60.0
"""Seconds of real time for what should come at once; a slow machine may take its time."""
LIMITS: Final = Limits(write_spacing=0, min_cache_ttl=1)
"""KV's, lowered so that a test in real time takes seconds."""


class RealClock:
    """Seconds of the machine's monotonic clock."""

    def now(self) -> float:
        """What time it is."""
        return time.monotonic()


def flag(key: str, *rules: Mapping[str, Any], enabled: bool = True, **changed: Any) -> dict[str, Any]:
    """A flag that is `off` unless a rule says otherwise."""
    return {
        "key": key,
        "enabled": enabled,
        "default_variation": "off",
        "variations": {"on": True, "off": False},
        "rules": list(rules),
        **changed,
    }


class SlowNamespace(KVNamespace):
    """KV whose centre takes its time."""

    delay = 0.0
    """Seconds that a put takes to land, and a read to be answered."""

    def put(self, key: str, value: bytes | str, **details: Any) -> None:
        """Write a key, later."""
        time.sleep(self.delay)
        super().put(key, value, **details)

    def read_centre(self, key: str) -> KVEntry | None:
        """What the centre holds, later."""
        found = super().read_centre(key)
        time.sleep(self.delay)
        return found


class FlagDeployment:
    """A store's process and so many locations' (a context manager); `options` are the Worker's."""

    def __init__(
        self,
        options: Mapping[str, str | float] | None = None,
        locations: int = 1,
        edits: Edits | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`edits` break the Worker on purpose; `clock` is KV's, and stands still if there is none."""
        self.clock = SuiteClock()
        self._pulses: list[Pulse] = []
        given = clock or self.clock
        self.namespace = SlowNamespace(given, limits=LIMITS)
        self.kv = Adversary(self.namespace, given, locations)
        self.door = Door(self.kv)
        self.headers = {"Authorization": f"Bearer {TOKEN}", "Edgeproof-Actor": "ana"}
        bindings = Bindings(options or {}, TOKEN, main="index.js")
        self.processes = Processes(bindings, locations, self.door.address, self.headers, edits)

    def __enter__(self) -> FlagDeployment:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def store(self) -> Client:
        """The control plane."""
        return self.processes.store

    def edge(self, location: int = 0) -> Client:
        """A location."""
        return self.processes.location(location)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """One request to the control plane, with more headers (underscores stand for hyphens).

        The reply has to be one that the Worker's OpenAPI document has.
        """
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = Client(self.store.port, {**self.headers, **said}).do(method, path, body)
        check_path(method, path, reply)
        return reply

    def published(self, app: str, version: int, within: float = PATIENCE) -> None:
        """Wait until KV's centre has this version of an app, or a newer one. Raises TimeoutError."""
        self.wait_for(f"config:app:{app}", lambda snapshot: snapshot.version >= version, within)

    def wait_for(self, key: str, good: Callable[[Snapshot], bool], within: float = PATIENCE) -> None:
        """Wait until KV's centre has a config under the key that is good. Raises TimeoutError."""
        deadline = time.monotonic() + within
        while (entry := KVNamespace.read_centre(self.namespace, key)) is None or not good(from_kv(entry.value)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{key} is not as it should be in KV after {within:g} s")
            time.sleep(0.005)

    def pulse(self) -> Pulse:
        """How late the machine is by itself, from now on: reads of nobody's unit, in the store's process."""
        pulse = Pulse(lambda: Client(self.store.port, {}).do("GET", "/edge/nobody"))
        pulse.start()
        self._pulses.append(pulse)
        return pulse

    def close(self) -> None:
        """Kill the processes, close the door. Closing twice is fine."""
        for pulse in self._pulses:
            pulse.end()
        self.processes.close()
        self.door.close()
