# SPDX-License-Identifier: Apache-2.0
"""A control plane that keeps nothing but what is in KV: it reads the config there, changes it and puts it back.

Nothing is compared when the put lands, as KV has no conditional puts; "concurrent writes can end up overwriting one
another" (Workers KV, "Write key-value pairs"). What is lost is lost without an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import EMPTY, Changes, Snapshot, apply_changes, from_kv, to_json, to_kv

__all__ = ["LOG_PREFIX", "KvWriter", "Write", "changelog_in"]

LOG_PREFIX: Final = "changelog:"
"""What the keys of changelog entries beside the value begin with."""


@frozen(slots=True)
class Write:
    """What one request changes, and by whom; `id` is of this request alone."""

    id: str
    changes: Changes
    actor: str


class KvWriter:
    """Writes the config under one key.

    `base` reads what a write is based on. `changelog` "beside": an entry under a key of its own, put once the config's
    put has landed. "inside": the entries travel in the config's value.
    """

    def __init__(
        self,
        kv: KVNamespace,
        runtime: Runtime,
        key: str,
        base: Callable[[], KVEntry | None],
        *,
        changelog: str = "beside",
    ) -> None:
        if changelog not in ("beside", "inside"):
            raise ValueError(f"a changelog is beside or inside the value, not {changelog!r}")
        self._kv, self._runtime, self._key, self._base = kv, runtime, key, base
        self._beside = changelog == "beside"

    async def write(self, write: Write, reply: Callable[[int], None]) -> None:
        """Read, change and put; the reply tells the version once the put has landed. Raises what KV raises."""
        found = await self._runtime.call("kv.get", self._base)
        snapshot, value, label = self._changed(found, write)
        await self._runtime.call("kv.put", lambda: self._kv.put(self._key, value, metadata=label), payload=snapshot)
        reply(snapshot.version)
        if self._beside:
            entry = to_json(_entry(snapshot.version, write))
            await self._runtime.call("kv.log", lambda: self._kv.put(f"{LOG_PREFIX}{write.id}", entry))

    def _changed(self, found: KVEntry | None, write: Write) -> tuple[Snapshot, bytes, dict[str, int]]:
        held = EMPTY if found is None else from_kv(found.value)
        snapshot = Snapshot(held.version + 1, 0, apply_changes(held.config, write.changes))
        value, label = to_kv(snapshot)
        if not self._beside:
            entries = changelog_in(found)
            value = to_json({**json.loads(value), "changelog": [*entries, _entry(snapshot.version, write)]}).encode()
        return snapshot, value, label


def changelog_in(found: KVEntry | None) -> list[dict[str, Any]]:
    """The changelog entries that travel in a value, oldest first."""
    entries: list[dict[str, Any]] = [] if found is None else json.loads(found.value).get("changelog", [])
    return entries


def _entry(version: int, write: Write) -> dict[str, Any]:
    return {"version": version, "actor": write.actor, "changes": dict(write.changes)}
