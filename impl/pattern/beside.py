# SPDX-License-Identifier: Apache-2.0
"""Another unit beside the one that a run is about: an object of its own, in the same KV namespace, read from the same
location.

It is published as soon as it is written to, so that nothing of it is ever under way.
"""

from __future__ import annotations

import contextlib
from typing import Final

from edgeproof.impl.driven.base import raise_error_of
from edgeproof.impl.driven.content import Held, Texts, copy_text
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.store import WriteResult
from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.edge.reader import ConfigUnavailable, EdgeReader
from edgeproof.impl.pattern.deployment import Choices, Location, boot
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import EMPTY, Snapshot, to_json

__all__ = ["NOBODY", "NeighbourUnit"]

NOBODY: Final[tuple[str, str, str, None, None]] = ('{"config":{},"era":0,"version":0}', "[]", "[]", None, None)
"""What there is to show of a unit that nobody has written to."""


class NeighbourUnit:
    """The other unit. `storage` is its own, and begins with nothing; `choices` say its key and its times."""

    def __init__(self, choices: Choices, runtime: SimulatedRuntime, kv: KVNamespace, storage: Storage) -> None:
        storage.wipe()
        self._runtime, self._kv, self._storage, self._key = runtime, kv, storage, choices.key
        self._instance = runtime.instance()
        self._unit = boot(choices, self._instance, storage.connection, kv)
        self._ttl = choices.cache_ttl
        self._held, self._texts = Held(), Texts()
        self._answer: WriteResult | None = None
        self._told: Snapshot = EMPTY

    def write(self, request: WriteRequest) -> None:
        """Make a write, and publish what it makes."""
        raise_error_of(self._instance.spawn(self._unit.front.write(request, self._hear)))
        self._resolve("gate")
        if self._unit.alarms.due():
            self._instance.spawn(self._unit.alarms.fire())
            self._resolve("kv.put")

    def read(self, location: Location) -> None:
        """Read it from a location, if it can be had there."""
        edge = self._runtime.instance()
        reader = EdgeReader(location.kv, edge, self._key, cache_ttl=self._ttl)
        with contextlib.suppress(ConfigUnavailable):
            self._told = edge.run(reader.read()).outcome()

    def contents(self) -> tuple[str | None, ...]:
        """Its config, its changelog, the last answer, KV's copy, and what was read."""
        config, changelog, _ = self._held.texts(self._unit.store, self._storage.connection)
        answers = [] if self._answer is None else [_said(self._answer)]
        copy = copy_text(self._kv.read_centre(self._key))
        return config, changelog, to_json(answers), copy, self._texts.of(self._told)

    def _hear(self, result: WriteResult) -> None:
        self._answer = result

    def _resolve(self, label: str) -> None:
        for op in self._instance.under_way(label):
            self._runtime.resolve(op)
            raise_error_of(op)


def _said(result: WriteResult) -> dict[str, int | bool]:
    return {"version": result.version, "repeated": result.repeated}
