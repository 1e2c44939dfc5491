# SPDX-License-Identifier: Apache-2.0
"""`answered-write`: nobody waits for an answer for ever."""

from __future__ import annotations

from edgeproof.model.machine import Instance
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _has_room(instance: Instance) -> bool:
    """A write that is repeated blindly is another one, for which a search may have no room left."""
    return instance.values.get("retries") != "blind"


PROPERTY = Property(
    "answered-write",
    "When writes stop and faults heal, every write that was begun has come to its end: answered, and stored.",
    "HTTP: a request gets a response, or its connection breaks. Durable Objects: a client that saw neither asks again.",
    needs=("pending",),
    settles=lambda s: ~s.pending,
    tested=lambda s: s.pending,
    applies=_has_room,
)
