# SPDX-License-Identifier: Apache-2.0
"""A KV key per field of the config: how it is published, key by key, and how a reader puts it together again.

Nothing is atomic across two keys of Workers KV ("How KV works"), neither while they are put nor in a location's cache.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from attrs import frozen

from edgeproof.impl.durable.replicator import Publication
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVLocation, KVNamespace, KVUnreachable
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import Snapshot, to_json

__all__ = ["Part", "PerKeyPublication", "PerKeyReader", "key_of", "part_of"]


@frozen(slots=True)
class Part:
    """One field as a reader sees it, and the version of the config that it was published with; 0 if it is absent."""

    version: int = 0
    value: Any = None


def key_of(prefix: str, field: str) -> str:
    """The KV key of a field."""
    return f"{prefix}:{field}"


def part_of(entry: KVEntry | None) -> Part:
    """The field in a KV entry. Raises ValueError for anything that is not one."""
    if entry is None:
        return Part()
    try:
        said = json.loads(entry.value)
        return Part(int(said["version"]), said["value"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a published field: {entry.value[:80]!r}") from error


@frozen
class PerKeyPublication(Publication):
    """Puts the fields one by one, in the order of their names, each within its share of the time-out."""

    def put(self, snapshot: Snapshot, kv: KVNamespace, runtime: Runtime, timeout: float) -> Awaitable[None]:
        """Put every field; what one put raises leaves those before it in KV."""
        return self._put_each(snapshot, kv, runtime, timeout / max(len(snapshot.config), 1))

    async def _put_each(self, snapshot: Snapshot, kv: KVNamespace, runtime: Runtime, timeout: float) -> None:
        for field in sorted(snapshot.config):
            text = to_json({"version": snapshot.version, "value": snapshot.config[field]})
            await runtime.call(
                "kv.put",
                lambda field=field, text=text: kv.put(key_of(self.key, field), text),  # type: ignore[misc]
                payload=(field, snapshot.version),
                timeout=timeout,
            )


class PerKeyReader:
    """Reads every field of a config, each under its own key, as KV has it."""

    def __init__(
        self, location: KVLocation, runtime: Runtime, prefix: str, fields: Sequence[str], *, cache_ttl: float
    ) -> None:
        self._location, self._runtime, self._prefix = location, runtime, prefix
        self._fields, self._cache_ttl = tuple(fields), cache_ttl

    async def read(self) -> Mapping[str, Part]:
        """The fields to evaluate a request against. Raises ConfigUnavailable where one of them cannot be had."""
        try:
            return {field: part_of(await self._runtime.call("kv.get", self._get(field))) for field in self._fields}
        except (KVUnreachable, OSError) as error:
            raise ConfigUnavailable(str(error)) from error

    def _get(self, field: str) -> Any:
        return lambda: self._location.get(key_of(self._prefix, field), cache_ttl=self._cache_ttl)
