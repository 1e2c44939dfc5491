# SPDX-License-Identifier: Apache-2.0
"""The client of the control plane in a run: what it writes, and what it is answered.

Left to itself it sets two fields to the number of the write, so that content which no single write made is seen to be
such. A run may give it other writes, which set both or neither of these fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from attrs import evolve

from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.store import WriteResult
from edgeproof.impl.snapshot import REMOVED, Snapshot
from edgeproof.impl.system import MARKS, ActionImpossible, ActionUnknown, Write, Writes

__all__ = ["FIELDS", "Client", "is_partial"]

FIELDS: Final = MARKS
"""The fields that every write sets, both to the number of the write, where the client is left to itself."""


class Client:
    """A client of the control plane: one write at a time, each sent again until it is answered."""

    __slots__ = ("_given", "_keyed", "_writes", "acked", "answers", "outstanding")

    def __init__(self, keyed: bool) -> None:
        self._keyed, self._writes = keyed, 0
        self._given: Writes | None = None
        self.acked = 0
        """The newest version that it was told its write made."""
        self.outstanding: WriteRequest | None = None
        """The write that it has had no answer to."""
        self.answers: list[dict[str, Any]] = []
        """What it was answered in the last action."""

    def write_from(self, writes: Writes) -> None:
        """Write these from now on."""
        self._given = writes

    def request(self) -> WriteRequest:
        """The next write: what it was given, or every field set to its number."""
        if self._given is not None:
            return _request(self._given.made())
        self._writes += 1
        key = f"write-{self._writes}" if self._keyed else None
        return WriteRequest(dict.fromkeys(FIELDS, self._writes), "client", idempotency_key=key)

    def refused(self, version: int) -> WriteRequest:
        """A request that is to change nothing while the store is at `version`."""
        if self._given is not None:
            return _request(self._given.refused())
        return evolve(self.request(), expected_version=version - 1)

    def beside(self) -> WriteRequest | None:
        """The next write to another unit, if there is one now."""
        write = None if self._given is None else self._given.beside()
        return None if write is None else _request(write)

    @contextmanager
    def anew(self) -> Iterator[None]:
        """During one action: what is heard is heard in it. Of one that does not happen nothing is left."""
        before, self.answers = self.answers, []
        try:
            yield
        except (ActionImpossible, ActionUnknown):
            self.answers = before
            raise

    def hear(self, result: WriteResult) -> None:
        """An acknowledgement arrives; those of several requests may arrive in any order."""
        self.acked = max(self.acked, result.version)
        self.outstanding = None
        self.hear_again(result)

    def hear_again(self, result: WriteResult) -> None:
        """An answer arrives that says nothing of the write in progress."""
        self.answers.append({"version": result.version, "repeated": result.repeated})

    def hear_refused(self, current: int) -> None:
        """It is told that the store is at another version than it had expected."""
        self.answers.append({"refused": current})


def _request(write: Write) -> WriteRequest:
    changes = {**write.changes, **dict.fromkeys(write.removed, REMOVED)}
    return WriteRequest(changes, write.actor, write.expected_version, write.key)


def is_partial(snapshot: Snapshot) -> bool:
    """Whether no single write made this content."""
    first, second = FIELDS
    return snapshot.config.get(first) != snapshot.config.get(second)
