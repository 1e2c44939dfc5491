# SPDX-License-Identifier: Apache-2.0
"""What a driver does by hand with the client of the control plane, who writes through the front of a Durable Object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgeproof.impl.driven.base import Simulated, first, raise_error_of
from edgeproof.impl.driven.client import Client
from edgeproof.impl.durable.front import Front, Reply, WriteRequest
from edgeproof.impl.durable.store import ConfigStore, VersionConflict, WriteResult
from edgeproof.impl.runtime import Instance, Pending, Task
from edgeproof.impl.system import ActionImpossible, Value, Writes

__all__ = ["Rewriting", "Writing", "nobody_hears", "see_writing"]


class Writing(Simulated):
    """A system with one client, who writes and hears that the write was made."""

    client: Client
    instance: Instance
    """The Durable Object that runs."""
    store: ConfigStore
    front: Front
    before: int
    """How many writes were made before the run began."""

    def write_from(self, writes: Writes) -> None:
        """Write these from now on, those before the run at once."""
        self.client.write_from(writes)
        self.before = writes.before
        self._write_before([self.client.request() for _ in range(writes.before)])

    def _write_before(self, requests: Sequence[WriteRequest]) -> None:
        for request in requests:
            raise_error_of(self._send(request, nobody_hears))
            self.runtime.resolve(self._the("gate"))
        # The alarm of these writes is not of the run.
        self.store.disarm()

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action happen; the answers of the one before are forgotten then."""
        with self.client.anew():
            super().perform(action, arguments)

    def _do_write(self) -> None:
        self._write(self.client.request)

    def _write(self, request_next: Callable[[], WriteRequest]) -> None:
        if self.client.outstanding is not None or self.instance.under_way("commit"):
            raise ActionImpossible("the client waits for its write")
        request = request_next()
        self.client.outstanding = request
        raise_error_of(self._send(request, self.client.hear))

    def _do_acknowledge(self) -> None:
        self.runtime.resolve(self._the("gate"))

    def _the(self, label: str) -> Pending[None]:
        return first(self.instance.under_way(label), f"nothing waits for a {label}")

    def _send(self, request: WriteRequest, reply: Reply) -> Task:
        return self.instance.spawn(self.front.write(request, reply))


class Rewriting(Writing):
    """A system whose client sends a write again that lost its reply, and now and then bases one on an old version."""

    def _do_retry(self) -> None:
        request = self.client.outstanding
        if request is None or self.instance.under_way("gate"):
            raise ActionImpossible("no write has lost its reply")
        raise_error_of(self._send(request, self.client.hear))
        self.runtime.resolve(self._the("gate"))

    def _do_write_refused(self) -> None:
        task = self._send(self.client.refused(self.store.version()), self.client.hear_again)
        if isinstance(task.error, VersionConflict):
            self.client.hear_refused(task.error.current)
            return
        raise_error_of(task)
        if not task.done:
            self.runtime.resolve(self._the("gate"))


def see_writing(seen: dict[str, Value], system: Writing) -> None:
    """Add the store, and what the client knows of it, to an observation."""
    status = system.store.status()
    seen["config"], seen["logged"] = status.version, status.logged
    waiting = "stored" if system.instance.under_way("gate") else "lost"
    seen["request"] = "none" if system.client.outstanding is None else waiting
    seen["acked"] = system.client.acked


def nobody_hears(result: WriteResult) -> None:
    """The reply to a client that the run does not follow."""
