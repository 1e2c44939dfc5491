# SPDX-License-Identifier: Apache-2.0
"""The Durable Object's request handler: where a write comes in and its acknowledgement goes out.

Every request has the replicator look after its alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from attrs import frozen

from edgeproof.impl.durable.replicator import InlinePublisher, Replicator
from edgeproof.impl.durable.storage_errors import StorageError
from edgeproof.impl.durable.store import ConfigStore, VersionConflict, WriteResult
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import Changes

__all__ = ["Front", "Reply", "WriteRequest"]


@frozen(slots=True)
class WriteRequest:
    """What a client of the control plane sends; the last two are its to leave out."""

    changes: Changes
    actor: str
    expected_version: int | None = None
    idempotency_key: str | None = None


Reply = Callable[[WriteResult], None]
"""How the acknowledgement reaches the client."""


class Front:
    """Takes writes for one unit.

    `ack` "gated": the reply waits until the write is durable, as the platform's output gate has it. "early": the reply
    leaves before (`allowUnconfirmed`). With `inline` the write is put to KV before it is acknowledged, and the put
    waits for the gate as the reply does.
    """

    def __init__(
        self,
        store: ConfigStore,
        runtime: Runtime,
        *,
        ack: str = "gated",
        inline: InlinePublisher | None = None,
        replicator: Replicator | None = None,
    ) -> None:
        if ack not in ("gated", "early"):
            raise ValueError(f"an acknowledgement is gated or early, not {ack!r}")
        self._store, self._runtime, self._ack, self._inline = store, runtime, ack, inline
        self._replicator = replicator

    def look(self) -> None:
        """What the watchdog asks for, and whoever reads of the store has done: look after the alarm.

        Where the storage cannot be used it is left to the next one: a read can be served all the same, and a write that
        was committed is.
        """
        if self._replicator is not None:
            with suppress(StorageError):
                self._replicator.tend()

    async def write(self, request: WriteRequest, reply: Reply) -> None:
        """Serve one write. Raises what the store and the put raise; a put that fails leaves the write committed."""
        if self._inline is not None:
            result = self._commit(request)
            await self._inline.publish()
            reply(result)
        elif self._ack == "early":
            current = self._store.version()
            if request.expected_version not in (None, current):
                raise VersionConflict(request.expected_version, current)
            reply(WriteResult(current + 1))
            await self._runtime.call("commit", _nothing)
            self._commit(request)
        else:
            result = self._commit(request)
            # Others may commit meanwhile: what a client is told is what became of its own write.
            await self._runtime.call("gate", _nothing)
            reply(result)

    def _commit(self, request: WriteRequest) -> WriteResult:
        result = self._store.write(
            request.changes,
            actor=request.actor,
            expected_version=request.expected_version,
            idempotency_key=request.idempotency_key,
        )
        # After the commit: what is put for a dead alarm has this write in it.
        self.look()
        return result


def _nothing() -> None:
    """What the far side does in a call that stands for waiting: SQLite's COMMIT returns once it is durable."""
