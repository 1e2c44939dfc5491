# SPDX-License-Identifier: Apache-2.0
"""The Worker in workerd behind one door: the setup says which design is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeproof.impl.pattern.in_flight import InFlightSystem
from edgeproof.impl.pattern.restores import RestoresSystem
from edgeproof.impl.system import Contents, Observation, Setup, Writes
from edgeproof.impl.workerd.in_flight import InFlightWorker
from edgeproof.impl.workerd.processes import Edits
from edgeproof.impl.workerd.restores import RestoresWorker
from edgeproof.impl.workerd.system import WorkerdSystem

__all__ = ["WorkerdSystems", "worker_for"]

_WORKERS: Final[Mapping[str, type[WorkerdSystem]]] = {
    InFlightSystem.design: InFlightWorker,
    RestoresSystem.design: RestoresWorker,
}


def worker_for(design: str) -> type[WorkerdSystem]:
    """The system of a design; one that has none is refused when a run is started."""
    return _WORKERS.get(design, WorkerdSystem)


class WorkerdSystems:
    """The system of whichever design a run is of; `edits` break the Worker's sources on purpose."""

    def __init__(self, edits: Edits | None = None) -> None:
        self._edits = edits
        self._system: WorkerdSystem | None = None

    def start(self, setup: Setup) -> None:
        """Begin a new run of the setup's design. Raises ValueError, SystemUnavailable and RuntimeMissingError."""
        kind = worker_for(setup.design)
        if type(self._system) is not kind:
            self.close()
            self._system = kind(self._edits)
        self._running().start(setup)

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action of the model happen."""
        self._running().perform(action, arguments)

    def observe(self) -> Observation:
        """What can be seen now."""
        return self._running().observe()

    def write_from(self, writes: Writes) -> None:
        """Write these from now on."""
        self._running().write_from(writes)

    def contents(self) -> Contents:
        """What is held now."""
        return self._running().contents()

    def close(self) -> None:
        """Kill the processes. Closing twice is fine, and `start` starts others."""
        if self._system is not None:
            self._system.close()
            self._system = None

    def _running(self) -> WorkerdSystem:
        if self._system is None:
            raise RuntimeError("nothing is started")
        return self._system
