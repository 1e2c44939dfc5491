# SPDX-License-Identifier: Apache-2.0
"""An isolate at the edge that keeps nothing: every read asks the unit's Durable Object."""

from __future__ import annotations

from collections.abc import Callable

from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.runtime import NetworkError, Runtime
from edgeproof.impl.snapshot import Snapshot

__all__ = ["RemoteReader"]


class RemoteReader:
    """Reads the config of one unit across the network. `ask` gives it, and raises NetworkError where nobody answers."""

    def __init__(self, runtime: Runtime, ask: Callable[[], Snapshot]) -> None:
        self._runtime, self._ask = runtime, ask
        self.reachable = True
        """Whether the link to the Durable Object works."""
        self.asked = 0
        """Requests that have left for the Durable Object."""

    async def read(self) -> Snapshot:
        """The config to evaluate a request against. Raises ConfigUnavailable."""
        try:
            return await self._runtime.call("do.get", self._get)
        except OSError as error:
            raise ConfigUnavailable(str(error)) from error

    def _get(self) -> Snapshot:
        if not self.reachable:
            raise NetworkError("the Durable Object cannot be reached from here")
        self.asked += 1
        return self._ask()
