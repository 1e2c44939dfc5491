# SPDX-License-Identifier: Apache-2.0
"""The client of the control plane in a run, and how its writes can be told from each other by looking at a config.

Each write sets two fields to the number of the write, so that content which no single write made is seen to be such.
"""

from __future__ import annotations

from typing import Final

from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.store import WriteResult
from edgeproof.impl.snapshot import Snapshot

__all__ = ["FIELDS", "Client", "is_partial"]

FIELDS: Final = ("first", "second")
"""The fields that every write sets, both to the number of the write."""


class Client:
    """A client of the control plane: one write at a time, each sent again until it is answered."""

    __slots__ = ("_keyed", "_writes", "acked", "outstanding")

    def __init__(self, keyed: bool) -> None:
        self._keyed, self._writes = keyed, 0
        self.acked = 0
        """The newest version that it was told its write made."""
        self.outstanding: WriteRequest | None = None
        """The write that it has had no answer to."""

    def request(self) -> WriteRequest:
        """The next write: every field set to its number."""
        self._writes += 1
        key = f"write-{self._writes}" if self._keyed else None
        return WriteRequest(dict.fromkeys(FIELDS, self._writes), "client", idempotency_key=key)

    def hear(self, result: WriteResult) -> None:
        """An acknowledgement arrives; those of several requests may arrive in any order."""
        self.acked = max(self.acked, result.version)
        self.outstanding = None


def is_partial(snapshot: Snapshot) -> bool:
    """Whether no single write made this content."""
    first, second = FIELDS
    return snapshot.config.get(first) != snapshot.config.get(second)
