# SPDX-License-Identifier: Apache-2.0
"""An isolate at the edge, reading its unit's config from KV and keeping what it read."""

from __future__ import annotations

from edgeproof.impl.durable.snapshot import EMPTY, Snapshot, from_kv
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL, KVLocation, KVUnreachable
from edgeproof.impl.runtime import Runtime

__all__ = ["ConfigUnavailable", "EdgeReader"]


class ConfigUnavailable(Exception):
    """No config can be told: KV cannot be reached, and the isolate has none that it may use instead."""


class EdgeReader:
    """Reads one key; its memory lasts as long as the isolate.

    `policy` "plain": KV as it comes. "guarded": never older than last time. "memo": the isolate's own copy is served
    while it is at most `memo_ttl` seconds old. Guarded and memo fall back on the isolate's copy, of whatever age, when
    KV cannot be reached.
    """

    def __init__(
        self,
        location: KVLocation,
        runtime: Runtime,
        key: str,
        *,
        policy: str = "plain",
        cache_ttl: float = DEFAULT_CACHE_TTL,
        memo_ttl: float = 0.0,
    ) -> None:
        if policy not in ("plain", "guarded", "memo"):
            raise ValueError(f"a reader is plain, guarded or memo, not {policy!r}")
        self._location, self._runtime, self._key = location, runtime, key
        self._policy, self._cache_ttl, self._memo_ttl = policy, cache_ttl, memo_ttl
        self.kept: Snapshot | None = None
        """The config that the isolate read last; None before the first one and where KV said that there is none."""
        self._kept_at = 0.0

    def age(self) -> float:
        """Seconds since KV last said what `read` tells; more than the memo's time only while KV cannot be reached, or
        says something older.
        """
        return max(0.0, self._runtime.now() - self._kept_at)

    async def read(self) -> Snapshot:
        """The config to evaluate a request against; EMPTY where none is published.

        Raises ConfigUnavailable, and ValueError for a value in KV that is no config.
        """
        if self._policy == "memo" and self.kept is not None and self._runtime.now() - self._kept_at <= self._memo_ttl:
            return self.kept
        try:
            entry = await self._runtime.call("kv.get", self._get)
        except (KVUnreachable, OSError) as error:
            if self._policy == "plain" or self.kept is None:
                raise ConfigUnavailable(str(error)) from error
            return self.kept
        found = EMPTY if entry is None else from_kv(entry.value)
        if not self._refuses(found):
            self.kept = found if entry is not None else None
            self._kept_at = self._runtime.now()
        return self.kept or EMPTY

    def _get(self) -> KVEntry | None:
        return self._location.get(self._key, cache_ttl=self._cache_ttl)

    def _refuses(self, found: Snapshot) -> bool:
        # The guard is set by what was kept before, not by what was asked for: reads may overtake each other.
        return self._policy == "guarded" and self.kept is not None and not found.at_least(self.kept)
