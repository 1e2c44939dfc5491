# SPDX-License-Identifier: Apache-2.0
"""The control plane's process in a run on the real clock: clients that write at the same time.

Each follows the changelog, draws a change, and writes it with the version that it expects and an idempotency key, by
which it sends the write again until it has an answer. Now and then a client expects an old version on purpose, and must
be refused, or sends again what was answered, and must be given the same version.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

from attrs import evolve, frozen

from edgeproof.impl.documents import draw_change, flag_documents
from edgeproof.impl.history import Event, Recorder, now
from edgeproof.impl.live.options import UNIT, LiveOptions, Paths
from edgeproof.impl.live.process import serve
from edgeproof.impl.live.store import LINE_LIMIT, from_wire, to_wire
from edgeproof.impl.snapshot import Changes, apply_changes

__all__ = ["SocketWire", "Wire", "WritersAssignment", "writers_main"]

PATIENCE: Final = 5.0
"""Seconds that a client goes on asking when it is time to stop."""


class Wire(Protocol):
    """How a client reaches the store, in the words of `impl.live.store`."""

    async def ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a request; None, or OSError, where there is none and it may have been served."""

    def drop(self) -> None:
        """Forget the connection, if there is one."""


class SocketWire:
    """The store's process over its socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._wire: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """One line there, one line back."""
        if self._wire is None:
            self._wire = await asyncio.open_unix_connection(str(self._socket), limit=LINE_LIMIT)
        reader, writer = self._wire
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        answer = await reader.readline()
        if not answer.endswith(b"\n"):
            return None
        found: dict[str, Any] = json.loads(answer)
        return found

    def drop(self) -> None:
        """Close it."""
        if self._wire is not None:
            self._wire[1].close()
        self._wire = None


@frozen
class WritersAssignment:
    """What the process is to do, and how its clients reach the store."""

    options: LiveOptions
    paths: Paths
    wire: Callable[[], Wire]


async def writers_main(assignment: WritersAssignment, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """Write the first config, then let every client write until it is time to stop."""
    options = assignment.options
    recorder = Recorder(assignment.paths.part("writers"))
    documents = flag_documents(options.seed, options.flags, options.size)
    first = Client(0, assignment, recorder, stopping)
    await first.write(documents, expected=0, key="first")
    ready()
    clients = [Client(index, assignment, recorder, stopping) for index in range(1, options.writers + 1)]
    for client in clients:
        client.config, client.version = documents, 1
    work = asyncio.gather(*(client.run() for client in clients))
    await serve(stopping, asyncio.shield(work))
    await asyncio.wait_for(work, PATIENCE + 1)


class Client:
    """One client of the control plane, and the config as it knows it."""

    def __init__(self, index: int, assignment: WritersAssignment, recorder: Recorder, stopping: asyncio.Event) -> None:
        self.name = f"writer-{index}"
        self.config: dict[str, Any] = {}
        self.version = 0
        self._options = assignment.options
        self._recorder, self._stopping = recorder, stopping
        self._random = Random(f"{assignment.options.seed}/{self.name}")
        self._wire = assignment.wire()

    async def run(self) -> None:
        """Write every now and then, until it is time to stop."""
        count = 0
        while not await self._pause(self._random.uniform(0.5, 1.5) / self._options.writes_per_second):
            if not await self._catch_up():
                return
            count += 1
            change = draw_change(self._random, self.config, actor=f"{self.name}@example.com", limit=self._options.flags)
            stale = self._random.random() < 0.1 and self.version > 1
            expected = self.version - 1 if stale else self.version
            await self.write(change.changes, expected, f"{self.name}/{count}", again=self._random.random() < 0.1)

    async def write(self, changes: Changes, expected: int, key: str, again: bool = False) -> None:
        """Write, and record how it went; with `again`, send it once more although it was answered."""
        request = {"op": "write", **to_wire(changes), "actor": self.name, "expected": expected, "key": key}
        began = Event("commit", UNIT, now(), None, "unknown", note="no answer", key=key, base=expected)
        version = await self._send(request, began)
        if again and version is not None:
            # What it tells may have been done by the first request already: the event begins with that.
            await self._send(request, began)

    async def _send(self, request: dict[str, Any], began: Event) -> int | None:
        """The version that a write made, if it is known to have made one."""
        number = self._recorder.record(began)
        answer = await self._ask(request)
        if answer is None:
            return None
        ended = _ended(began, answer)
        self._recorder.record(ended, replaces=number)
        return ended.version

    async def _catch_up(self) -> bool:
        """Learn what has changed; False if nobody tells."""
        news = await self._ask({"op": "since", "version": self.version})
        if news is None:
            return False
        self.config, self.version = apply_changes(self.config, from_wire(news)), news["version"]
        return True

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a request, which is sent again until there is one; None if it is time to stop before."""
        give_up = None
        while give_up is None or now() < give_up:
            try:
                found = await self._wire.ask(request)
                if found is not None:
                    return found
            except OSError:
                pass  # the store is down, and will be back
            self._wire.drop()
            if give_up is None and self._stopping.is_set():
                give_up = now() + PATIENCE
            await asyncio.sleep(0.02)
        return None

    async def _pause(self, seconds: float) -> bool:
        """Wait; whether it is time to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True


def _ended(began: Event, answer: dict[str, Any]) -> Event:
    if "refused" in answer:
        return evolve(began, returned=now(), outcome="fail", note=str(answer["refused"]))
    return evolve(began, returned=now(), outcome="ok", version=int(answer["version"]), era=0, note=None)
