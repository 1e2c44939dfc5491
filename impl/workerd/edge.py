# SPDX-License-Identifier: Apache-2.0
"""The locations of a deployment on the real runtime: a process with an isolate each, in front of the suite's KV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeproof.impl.driven.base import impossible_on
from edgeproof.impl.edge.kv import KVUnreachable
from edgeproof.impl.snapshot import EMPTY, Snapshot
from edgeproof.impl.system import ActionImpossible
from edgeproof.impl.workerd.adversary import Place
from edgeproof.impl.workerd.client import Reply, asked
from edgeproof.impl.workerd.processes import Processes

__all__ = ["Edge"]


class Edge:
    """What clients do and see at every location, in one run; `unit` is what they read."""

    def __init__(self, places: Sequence[Place], processes: Processes, unit: str) -> None:
        self._places, self._processes, self._unit = places, processes, unit
        self.path = f"/edge/{unit}"
        self.told: list[Snapshot] = [EMPTY] * len(places)
        """What a client was told last."""
        self.failed = [False] * len(places)
        """Whether the last read got no answer."""
        self.kept: list[Snapshot | None] = [None] * len(places)
        """What the isolate says that it keeps: asked after reads and evictions, as nothing else can change it."""

    def read(self, pop: int, cache: int) -> None:
        """A client asks at `pop`, and what reaches KV is served by the cache of `cache`."""
        self._places[pop].serving = self._places[cache].cache
        self.hear(pop, self._processes.location(pop).get(self.path))

    def hear(self, pop: int, reply: Reply) -> None:
        """A client at `pop` is answered."""
        self.failed[pop] = reply.status == 503
        if not self.failed[pop]:
            self.told[pop] = _snapshot(asked(reply))
        self.look(pop)

    def refresh(self, cache: int, key: str) -> None:
        """KV refreshes a hot key in a location's cache. Raises ActionImpossible."""
        place = self._places[cache]
        with impossible_on(LookupError, KVUnreachable):
            place.location.refresh(key, place.cache)

    def evict(self, pop: int) -> None:
        """Kill the location's process, and start another. Raises ActionImpossible."""
        if self.kept[pop] is None:
            raise ActionImpossible("the isolate has nothing in memory")
        self._processes.kill_location(pop)
        self.look(pop)

    def look(self, pop: int) -> None:
        """Ask the isolate what it keeps, and tell it what time it is."""
        kept = asked(self._processes.location(pop).get(f"/_/kept/{self._unit}"))
        self.kept[pop] = None if kept is None else _snapshot(kept["snapshot"])


def _snapshot(said: Mapping[str, Any]) -> Snapshot:
    return Snapshot(said["version"], said["era"], said["config"])
