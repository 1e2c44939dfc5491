# SPDX-License-Identifier: Apache-2.0
"""What a run on the real clock is of: the store that is written to, and how its writers and readers reach it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from edgeproof.impl.durable.database import connect
from edgeproof.impl.edge.centre import SqliteCentre
from edgeproof.impl.history import Event, Recorder, now
from edgeproof.impl.live.options import UNIT, LiveOptions, Paths
from edgeproof.impl.live.pop import Isolate, LocationIsolate
from edgeproof.impl.live.process import Child, start, stop
from edgeproof.impl.live.store import StoreAssignment, store_main
from edgeproof.impl.live.truth import Truth
from edgeproof.impl.live.writers import SocketWire, Wire

__all__ = ["ReferenceSite", "Site"]

PATIENCE: Final = 10.0
"""Seconds to wait for an answer from a store that is there."""


class Site(Protocol):
    """The store's side of a run. Whoever writes and reads gets `wire` and `isolate`, which are pickled."""

    wire: Callable[[], Wire]
    isolate: Callable[[str], Isolate]
    """An isolate at the location of that name."""
    name: str
    """What it is called on the command line."""
    evicts: bool
    """Whether isolates lose their memory through `evict` here, rather than by themselves."""

    @property
    def children(self) -> list[Child]:
        """The processes that were started as children of the run's."""

    def start(self) -> None:
        """Start the store."""

    def check(self) -> None:
        """Raise LiveError if something has died that nobody killed."""

    def calm(self) -> bool:
        """Whether the store may be killed: an attempt that a crash cut off has been followed by a success."""

    def ask(self) -> None:
        """Ask the store something trivial, and wait. Raises OSError or HTTPException where nobody answers."""

    def crash(self, recorder: Recorder) -> None:
        """Kill the store, and start it again."""

    def evict(self, pop: str, recorder: Recorder) -> None:
        """Take the memory of a location's isolate away."""

    def stop(self, grace: float) -> None:
        """Stop the store, within so many seconds. Stopping what has stopped is fine."""

    def truth(self) -> Truth:
        """What the store says in the end, once it was stopped."""

    def truth_left(self) -> Truth:
        """What the store says that a killed run has left: nothing of this site was started."""


class ReferenceSite:
    """The reference implementation: the store's process over an SQLite file, KV's centre in another file."""

    name = "reference"
    evicts = False

    def __init__(self, options: LiveOptions, paths: Paths) -> None:
        self._options, self._paths = options, paths
        self._store: Child | None = None
        self._lives = 0
        self.wire: Callable[[], Wire] = partial(SocketWire, paths.socket)
        self.isolate: Callable[[str], Isolate] = partial(LocationIsolate, options, paths)

    @property
    def children(self) -> list[Child]:
        """The store's process."""
        return [] if self._store is None else [self._store]

    def start(self) -> None:
        """Start the store's process."""
        # Two processes that open a new database at once might each want to set it up.
        connect(self._paths.store).close()
        SqliteCentre(self._paths.kv).close()
        self._start()

    def check(self) -> None:
        """Nothing: the store's process is among the children."""

    def calm(self) -> bool:
        """What the store's process says."""
        return self._paths.calm.exists()

    def ask(self) -> None:
        """What has changed since a version that there will never be."""
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(PATIENCE)
            wire.connect(str(self._paths.socket))
            wire.sendall(b'{"op": "since", "version": 9007199254740991}\n')
            if not wire.recv(1):
                raise ConnectionError("the store has gone")

    def crash(self, recorder: Recorder) -> None:
        """Kill -9."""
        assert self._store is not None
        invoke = now()
        self._store.kill()
        recorder.record(Event("fault", UNIT, invoke, now(), "ok", note="crash"))
        self._paths.calm.unlink(missing_ok=True)
        self._start()

    def evict(self, pop: str, recorder: Recorder) -> None:
        """Nothing: the location's process does it."""

    def stop(self, grace: float) -> None:
        """Stop the store's process."""
        stop(self.children, grace)

    def truth(self) -> Truth:
        """What its database says."""
        return Truth.of(self._paths.store)

    def truth_left(self) -> Truth:
        """The same."""
        return self.truth()

    def _start(self) -> None:
        assignment = StoreAssignment(self._options, self._paths, self._lives)
        self._store = start("store", store_main, assignment)
        self._lives += 1
