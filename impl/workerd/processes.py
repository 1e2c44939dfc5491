# SPDX-License-Identifier: Apache-2.0
"""The processes of one deployment on the real runtime: one with the store, and one for each location.

A process each, as each can die alone: killing the store's must not take the isolates' memory with it, nor the other
way round. A location's process runs the same Worker and has no way to the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeproof.impl.workerd.client import Client
from edgeproof.impl.workerd.config import Bindings, copy_worker, location_config, store_config
from edgeproof.impl.workerd.runtime import Workerd, scratch_directory

__all__ = ["Edits", "Processes"]

Edits = Mapping[str, Sequence[tuple[str, str]]]


class Processes:
    """Started by the constructor, over a temporary directory; `headers` go with every request to any of them."""

    def __init__(
        self,
        bindings: Bindings,
        locations: int,
        kv: str,
        headers: dict[str, str],
        edits: Edits | None = None,
        disk: Path | None = None,
    ) -> None:
        """`disk` is where the store's process keeps its files, in the temporary directory unless it is given."""
        self._headers = headers
        self._scratch = scratch_directory()
        self.kills = 0
        """How often the store's process was killed."""
        root = Path(self._scratch.name)
        sources = copy_worker(root / "worker", edits)
        disk = root / "disk" if disk is None else disk
        disk.mkdir(exist_ok=True)
        externals = {"kv": kv}
        self._store = Workerd(store_config(sources, bindings), disks={"disk": disk}, externals=externals)
        self._locations = [
            Workerd(location_config(sources, bindings, n), disks={}, externals=externals) for n in range(locations)
        ]
        self._clients: dict[Workerd, Client] = {}
        try:
            for process in (self._store, *self._locations):
                process.launch()
            for process in (self._store, *self._locations):
                process.wait()
                self._connect(process)
        except BaseException:
            self.close()
            raise

    @property
    def store(self) -> Client:
        """Talks to the store's process."""
        return self._clients[self._store]

    def location(self, number: int) -> Client:
        """Talks to a location's process."""
        return self._clients[self._locations[number]]

    def kill_store(self) -> None:
        """Kill -9 the store's process, and start another over what is on its disk."""
        self.kills += 1
        self._start(self._store)

    def kill_location(self, number: int) -> None:
        """Kill -9 a location's process, and start another: an isolate with nothing in its memory."""
        self._start(self._locations[number])

    def ended(self) -> str:
        """The name of a process that nobody killed and that has ended; "" if there is none."""
        if self._store.ended:
            return "the store's workerd"
        gone = [number for number, process in enumerate(self._locations, 1) if process.ended]
        return f"the workerd of location {gone[0]}" if gone else ""

    def log(self, most: int = 4000) -> str:
        """What the store's process printed last, at most so many characters of it."""
        return self._store.log.read_text(encoding="utf-8", errors="replace")[-most:]

    def location_log(self, number: int) -> str:
        """All that a location's process has printed."""
        return self._locations[number].log.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Kill all, and remove their directory. Closing twice is fine."""
        for client in self._clients.values():
            client.close()
        for process in (self._store, *self._locations):
            process.kill()
        self._scratch.cleanup()

    def _start(self, process: Workerd) -> None:
        if process in self._clients:
            self._clients[process].close()
        process.restart()
        self._connect(process)

    def _connect(self, process: Workerd) -> None:
        self._clients[process] = Client(process.ports["http"], self._headers)
