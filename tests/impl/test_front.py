# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.front import Front, WriteRequest
from edgeproof.impl.durable.replicator import InlinePublisher, Publication
from edgeproof.impl.durable.store import ConfigStore, VersionConflict, WriteResult
from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.runtime import NetworkError, SimulatedRuntime, Task


class Desk:
    """A front, and the replies that left it."""

    def __init__(self, ack: str = "gated", inline: bool = False) -> None:
        self.world = SimulatedRuntime()
        self.instance = self.world.instance()
        self.store = ConfigStore(connect(), self.world, outbox=not inline)
        self.kv = KVNamespace(self.world)
        publisher = InlinePublisher(self.store, self.kv, self.instance, Publication("config")) if inline else None
        self.front = Front(self.store, self.instance, ack=ack, inline=publisher)
        self.replies: list[WriteResult] = []

    def send(self, number: int = 1, expected: int | None = None, key: str | None = None) -> Task:
        request = WriteRequest({"a": number}, "ann", expected, key)
        return self.instance.spawn(self.front.write(request, self.replies.append))

    def answer(self) -> None:
        self.world.resolve(self.world.pending[0])


def test_a_gated_reply_leaves_after_the_commit() -> None:
    desk = Desk()
    desk.send()
    assert (desk.store.version(), desk.replies) == (1, [])
    desk.answer()
    assert desk.replies == [WriteResult(1)]


def test_a_crash_before_the_reply_loses_the_reply_and_keeps_the_write() -> None:
    desk = Desk()
    desk.send(key="k")
    desk.instance.kill()
    assert (desk.store.version(), desk.replies) == (1, [])
    desk.send(key="k")
    desk.answer()
    assert desk.replies == [WriteResult(1, repeated=True)]


def test_an_early_reply_leaves_before_the_commit_and_a_crash_between_loses_an_acknowledged_write() -> None:
    desk = Desk(ack="early")
    desk.send()
    assert (desk.store.version(), desk.replies) == (0, [WriteResult(1)])
    desk.instance.kill()
    assert desk.store.version() == 0


def test_an_early_reply_is_followed_by_the_commit() -> None:
    desk = Desk(ack="early")
    desk.send()
    desk.answer()
    assert desk.store.version() == 1


@pytest.mark.parametrize("ack", ["gated", "early"])
def test_a_conflict_is_told_and_not_acknowledged(ack: str) -> None:
    desk = Desk(ack)
    task = desk.send(expected=5)
    with pytest.raises(VersionConflict):
        task.outcome()
    assert (desk.store.version(), desk.replies) == (0, [])


def test_an_inline_put_comes_after_the_commit_and_before_the_reply() -> None:
    desk = Desk(inline=True)
    desk.send()
    assert (desk.store.version(), desk.kv.read_centre("config"), desk.replies) == (1, None, [])
    desk.answer()
    assert desk.kv.read_centre("config") is not None
    assert desk.replies == [WriteResult(1)]


def test_an_inline_put_that_fails_is_an_error_for_a_write_that_is_committed() -> None:
    desk = Desk(inline=True)
    task = desk.send()
    desk.world.fail(desk.world.pending[0], NetworkError())
    with pytest.raises(NetworkError):
        task.outcome()
    assert (desk.store.version(), desk.replies) == (1, [])


def test_only_the_two_kinds_of_acknowledgement_are_accepted() -> None:
    with pytest.raises(ValueError, match="gated or early"):
        Desk(ack="never")
