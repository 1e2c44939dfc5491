# SPDX-License-Identifier: Apache-2.0
"""The store's process in a run on the real clock: the Durable Object of the unit, its alarms, and a socket for writers.

A request is one line of JSON, its answer another. `{"op": "write", "set", "remove", "actor", "expected", "key"}` gives
`{"version", "repeated"}` or `{"refused": why}`. `{"op": "since", "version"}` gives `{"version", "set", "remove"}`: what
has changed since that version.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.storage_errors import StorageError
from edgeproof.impl.durable.store import StoreError, WriteResult
from edgeproof.impl.edge.centre import SqliteCentre
from edgeproof.impl.history import Recorder
from edgeproof.impl.live.network import FaultPlan, ReplicatorRuntime, WatchedCentre
from edgeproof.impl.live.options import LiveOptions, Paths
from edgeproof.impl.live.process import serve
from edgeproof.impl.pattern.deployment import DurableObject, boot
from edgeproof.impl.snapshot import REMOVED, Changes

__all__ = ["LINE_LIMIT", "StoreAssignment", "from_wire", "store_main", "to_wire"]

LINE_LIMIT: Final = 1 << 27
"""Bytes of a line: a first write carries the whole config."""

POLL: Final = 0.02
"""Seconds from one look at the alarm to the next."""


@frozen
class StoreAssignment:
    """What the process is to serve; `life` counts the processes that it follows."""

    options: LiveOptions
    paths: Paths
    life: int


async def store_main(assignment: StoreAssignment, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve the unit until it is time to stop."""
    options, paths = assignment.options, assignment.paths
    recorder = Recorder(paths.part(f"store-{assignment.life}"))
    centre = WatchedCentre(SqliteCentre(paths.kv))
    plan = FaultPlan(
        options, Random(f"{options.seed}/puts/{assignment.life}"), lambda late: _may_fail(options, unit, late)
    )

    def begin() -> tuple[str, float]:
        if unit.store.status().attempts == 1:
            paths.calm.touch()
        return plan.draw()

    runtime = ReplicatorRuntime(recorder, centre, begin)
    choices = options.choices()
    kv = choices.namespace(runtime, centre, options.parts)
    unit = boot(choices, runtime, connect(paths.store), kv, parts=options.parts)
    if unit.store.status().attempts == 0:
        paths.calm.touch()
    server = await asyncio.start_unix_server(
        lambda reader, writer: _converse(unit, reader, writer), str(paths.socket), limit=LINE_LIMIT
    )
    ready()
    try:
        await serve(stopping, unit.alarms.run(POLL))
    finally:
        server.close()


def to_wire(changes: Changes) -> dict[str, Any]:
    """Changes as JSON can say them."""
    removed = [name for name, value in changes.items() if value is REMOVED]
    return {"set": {name: value for name, value in changes.items() if value is not REMOVED}, "remove": removed}


def from_wire(said: dict[str, Any]) -> dict[str, Any]:
    """Changes as they came over the wire."""
    return {**said["set"], **dict.fromkeys(said["remove"], REMOVED)}


def _may_fail(options: LiveOptions, unit: DurableObject, late: int) -> bool:
    """Whether one more attempt may fail, considering that a crash and KV's own refusals may come on top."""
    return options.may_fail(unit.store.status().attempts - 1, late)


async def _converse(unit: DurableObject, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while line := await reader.readline():
            answer = await _answer(unit, json.loads(line))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
    except (ConnectionError, StorageError):
        pass  # the writer has gone, or has to ask again: what became of a write its key tells
    finally:
        writer.close()


async def _answer(unit: DurableObject, request: dict[str, Any]) -> dict[str, Any]:
    if request["op"] == "since":
        unit.front.look()
        changes = {entry.field: entry.new for entry in unit.store.changelog(request["version"])}
        return {"version": unit.store.version(), **to_wire(changes)}
    replies: list[WriteResult] = []
    asked = WriteRequest(from_wire(request), request["actor"], request["expected"], request["key"])
    try:
        await unit.front.write(asked, replies.append)
    except (StoreError, TypeError, ValueError) as error:
        return {"refused": f"{type(error).__name__}: {error}"}
    return {"version": replies[0].version, "repeated": replies[0].repeated}
