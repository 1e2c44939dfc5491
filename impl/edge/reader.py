# SPDX-License-Identifier: Apache-2.0
"""An isolate at the edge, reading its unit's config from KV and keeping what it read."""

from __future__ import annotations

from typing import Final, Literal

from attrs import frozen

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL, KVLocation, KVUnreachable
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import EMPTY, Snapshot, from_kv

__all__ = ["NO_CONFIG", "ConfigUnavailable", "EdgeReader", "Reading", "ServedFrom"]


ServedFrom = Literal["kv", "memo", "fallback", "last_good"]
"""Where an isolate has a config from. kv: from KV just now, be it the location's cache. The others are its own memory.
memo: it need not ask, or KV said something older. fallback: KV cannot be reached. last_good: what KV has is no config.
"""

NO_CONFIG: Final = "the value in KV is no config"


class ConfigUnavailable(Exception):
    """No config can be told: KV cannot be reached or has none that can be read, and the isolate has none either that it
    may use instead.
    """


@frozen(slots=True)
class Reading:
    """What a request is told, and how the isolate came by it."""

    snapshot: Snapshot
    age: float
    """Seconds since KV was asked that said so last."""
    source: ServedFrom = "kv"
    note: str = ""
    """Why KV itself could not be told from."""


class EdgeReader:
    """Reads one key; its memory lasts as long as the isolate.

    `policy` "plain": KV as it comes. "guarded": never older than last time. "memo": the isolate's own copy is served
    while it is at most `memo_ttl` seconds old. Guarded and memo fall back on the isolate's copy, of whatever age, when
    KV cannot be reached and when what it has is no config; a plain reader, which vouches for nothing but KV, fails.

    `install` "newer": a copy is as old as the question that it answers, and one that was overtaken gives way to a newer
    one. "latest": a memo keeps whatever came last, from when it came, as if reads could not overtake each other.
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
        install: str = "newer",
    ) -> None:
        if policy not in ("plain", "guarded", "memo"):
            raise ValueError(f"a reader is plain, guarded or memo, not {policy!r}")
        if install not in ("newer", "latest"):
            raise ValueError(f"a reader installs the newer answer or the latest, not the {install!r}")
        self._location, self._runtime, self._key = location, runtime, key
        self._policy, self._cache_ttl, self._memo_ttl = policy, cache_ttl, memo_ttl
        self._careful = install == "newer"
        self.kept: Snapshot | None = None
        """The config that the isolate read last; None before the first one and where KV said that there is none."""
        self._kept_at = 0.0

    def age(self) -> float:
        """Seconds since KV was asked that said last what `read` tells; more than the memo's time only while KV cannot
        be reached, says something older, or has no config.
        """
        return max(0.0, self._runtime.now() - self._kept_at)

    async def read(self) -> Snapshot:
        """The config to evaluate a request against; EMPTY where none is published. Raises ConfigUnavailable."""
        return (await self.find()).snapshot

    async def find(self) -> Reading:
        """The same, and how the isolate came by it. Raises ConfigUnavailable."""
        mine, asked_at = self.kept, self._runtime.now()
        if self._policy == "memo" and mine is not None and asked_at - self._kept_at <= self._memo_ttl:
            return Reading(mine, self.age(), "memo")
        try:
            entry = await self._runtime.call("kv.get", self._get)
        except (KVUnreachable, OSError) as error:
            return self._instead("fallback", str(error))
        try:
            found = EMPTY if entry is None else self._open(entry.value)
        except ConfigUnavailable as error:
            return self._instead("last_good", str(error))
        if self.kept is not None and self._refuses(found, self.kept, overtaken=self.kept is not mine):
            return Reading(self.kept, self.age(), "memo")
        self._keep(found if entry is not None else None, asked_at)
        return Reading(found, self.age())

    def _open(self, value: bytes) -> Snapshot:
        """The config in a value. Raises ConfigUnavailable, which says why, where there is none that may be told."""
        try:
            return from_kv(value)
        except ValueError as error:
            raise ConfigUnavailable(NO_CONFIG) from error

    def _instead(self, source: ServedFrom, why: str) -> Reading:
        """What is told without KV: what is kept by now, which another request may have brought meanwhile."""
        if self._policy == "plain" or self.kept is None:
            raise ConfigUnavailable(why)
        return Reading(self.kept, self.age(), source, why)

    def _keep(self, found: Snapshot | None, asked_at: float) -> None:
        # KV may have moved on while its answer was on the way: the answer is as old as the question.
        self._kept_at = asked_at if self._careful else self._runtime.now()
        self.kept = found

    def _get(self) -> KVEntry | None:
        return self._location.get(self._key, cache_ttl=self._cache_ttl)

    def _refuses(self, found: Snapshot, kept: Snapshot, *, overtaken: bool) -> bool:
        """Whether to stay with what is kept. `overtaken`: it came while this answer was waited for."""
        # Requests may be under way together, and answers come in any order. A memo takes what KV has, be it older, but
        # an answer that another has overtaken does not say what KV has now, and must bring something newer.
        if self._policy != "plain" and overtaken and self._careful:
            return kept.at_least(found)
        return self._policy == "guarded" and not found.at_least(kept)
