# SPDX-License-Identifier: Apache-2.0
"""Pushes and pulls of one location under way together, while the control plane changes its mind.

A bad version is released, withdrawn by a complaint, and a good one released after it. Each decision is pushed, and
takes the place of a push that has not arrived; the location asks by itself as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.interleaved.base import CLOCK, Begin, Lines, Subject, Touch, touch
from edgeproof.impl.interleaved.beside import Beside
from edgeproof.impl.interleaved.place import label_of
from edgeproof.impl.interleaving import Ended, Fact, Promise
from edgeproof.impl.push.push import ControlPlane, PushLocation, RolloutPlan
from edgeproof.impl.runtime import Pending
from edgeproof.impl.snapshot import Snapshot

__all__ = ["PushSubject"]

_CONTROL: Final = "the control plane"
_LOCATION: Final = "the location"
_MINUTE: Final = 60.0


class PushSubject(Subject):
    """A control plane and one location."""

    promise = Promise(("convergence", "ends-well"))

    def __init__(self, operations: int, *, location: Callable[..., PushLocation] = PushLocation) -> None:
        super().__init__(operations)
        self._build = location
        self._beside, self._storage = Beside(), Storage()

    def set_up(self) -> None:
        """Version 1 runs at the location, and is good."""
        self._storage.wipe()
        self._push: Pending[None] | None = None
        store = ConfigStore(self._storage.connection, self.world, outbox=False)
        store.write(_file(1), actor="operator")
        self.control = ControlPlane(store, self.world, RolloutPlan(staged=False), 1, self._send)
        self.location = self._build(self.world, store.snapshot(), watch=_MINUTE, pull_every=_MINUTE)

    def lines(self) -> Lines:
        """What the operator decides, and pulls."""
        decision = touch([CLOCK], [_CONTROL, _LOCATION])
        pulls = [f"pull {number}" for number in range(1, self.operations + 1)]
        return {
            "operator": [
                Begin("release of 2", lambda: self._release(2), decision, _LOCATION),
                Begin("complaint", lambda: self.control.hear(0, 2, well=False), decision, _LOCATION),
                Begin("release of 3", lambda: self._release(3), decision, _LOCATION),
            ],
            "location": [Begin(name, self._pulling, touch([CLOCK], [_LOCATION]), _LOCATION) for name in pulls],
        }

    def far_side(self, label: str, home: str) -> Touch | None:
        """The control plane says what it means now; of a push nothing is to be seen before it arrives."""
        return touch([_CONTROL]) if label == "ask" else None

    def end(self) -> Sequence[Fact]:
        """What runs, and what should."""
        return [Ended(_LOCATION, label_of(self.location.running), label_of(self.control.meant_for(0)))]

    def memory(self) -> Mapping[str, Any]:
        """What runs, what should, and whether the location would ask again."""
        return {_LOCATION: (self.location.running, self.location.pull_due()), _CONTROL: self.control.rollout}

    def close(self) -> None:
        """Close the store."""
        super().close()
        self._storage.close()

    def _release(self, version: int) -> None:
        self.control.release(_file(version), actor="operator")

    def _send(self, location: int, snapshot: Snapshot) -> None:
        """A push leaves; one that has not arrived is no longer wanted."""
        if self._push in self.world.pending:
            self.world.drop(self._push)
        self._push = self.instance.call("push", lambda: self.location.take(snapshot))

    def _pulling(self) -> Any:
        return self._beside.run(self.instance, lambda: self.location.pull(self._ask))

    def _ask(self) -> Snapshot:
        return self._beside.call_out("ask", lambda: self.control.meant_for(0))


def _file(version: int) -> dict[str, Any]:
    return {"features": [f"feature-{version}"]}
