# SPDX-License-Identifier: Apache-2.0
"""What a driver does by hand with a publisher whose put lands and is confirmed in one step."""

from __future__ import annotations

from typing import Any

from edgeproof.impl.driven.puts import fire
from edgeproof.impl.driven.steps import Driven
from edgeproof.impl.durable.replicator import AlarmPlatform
from edgeproof.impl.runtime import Instance, NetworkError, Pending
from edgeproof.impl.system import ActionImpossible

__all__ = ["OnePut"]


class OnePut(Driven):
    """The actions of the publisher of one Durable Object; no more than one put is under way."""

    instance: Instance
    alarms: AlarmPlatform

    def put(self) -> Pending[Any] | None:
        """The KV put that is under way."""
        return next((op for op in self.instance.pending if op.label == "kv.put"), None)

    def _do_fire(self) -> None:
        fire(self.alarms, self.instance)

    def _do_put_lands(self) -> None:
        op = self._the_put()
        self.runtime.resolve(op)
        if op.error is not None:
            raise op.error

    def _do_put_fails(self) -> None:
        self.runtime.fail(self._the_put(), NetworkError("KV cannot be reached"))

    def _the_put(self) -> Pending[Any]:
        put = self.put()
        if put is None:
            raise ActionImpossible("no put is under way")
        return put
