# SPDX-License-Identifier: Apache-2.0
"""One unit put together from its parts, on any runtime: its Durable Object, KV, and the locations that read it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from attrs import evolve, field, frozen

from edgeproof.impl.durable.front import Front
from edgeproof.impl.durable.replicator import (
    ALARM_ATTEMPTS,
    AlarmPlatform,
    Backoff,
    InlinePublisher,
    Publication,
    Replicator,
    Timing,
)
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.centre import Centre, KVEntry
from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL, KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.edge.reader import EdgeReader
from edgeproof.impl.runtime import Clock, Runtime

__all__ = ["Choices", "DurableObject", "Location", "Parts", "boot"]


@frozen
class Parts:
    """What the system is built of. Replace one to break it on purpose."""

    store: Callable[..., ConfigStore] = ConfigStore
    front: Callable[..., Front] = Front
    inline: Callable[..., InlinePublisher] = InlinePublisher
    publication: Callable[..., Publication] = Publication
    replicator: Callable[..., Replicator] = Replicator
    platform: Callable[..., AlarmPlatform] = AlarmPlatform
    kv: Callable[..., KVNamespace] = KVNamespace
    cache: Callable[..., LocationCache] = LocationCache
    location: Callable[..., KVLocation] = KVLocation
    reader: Callable[..., EdgeReader] = EdgeReader


@frozen
class Choices:
    """What the designer decides. The words are those of the parts that they go to; times are in seconds."""

    publisher: str = "outbox"
    """outbox: the alarm puts. inline: the request that writes puts."""
    statements: str = "transaction"
    handler: str = "rearms"
    ack: str = "gated"
    reader: str = "plain"
    install: str = "newer"
    overlap: str = "newest"
    dated: str = "asked"
    epoch: bool = False
    key: str = "config"
    """The unit's KV key."""
    timing: Timing = field(factory=Timing)
    platform_retry: Backoff = field(factory=Backoff)
    """The platform's own wait before it runs a handler again that threw."""
    alarm_attempts: int | None = ALARM_ATTEMPTS
    cache_ttl: float = DEFAULT_CACHE_TTL
    memo_ttl: float = 0.0
    negative_caching: bool = True
    limits: Limits = field(factory=Limits)

    def __attrs_post_init__(self) -> None:
        if self.publisher not in ("outbox", "inline"):
            raise ValueError(f"a publisher is outbox or inline, not {self.publisher!r}")

    def namespace(self, clock: Clock, centre: Centre | None = None, parts: Parts = Parts()) -> KVNamespace:
        """A KV namespace as chosen; `centre` keeps its entries, in memory if it is None."""
        return parts.kv(clock, centre, limits=self.limits, negative_caching=self.negative_caching)


@frozen(slots=True)
class DurableObject:
    """One instance of a unit's Durable Object. The storage outlives it; nothing else of it does."""

    runtime: Runtime
    store: ConfigStore
    front: Front
    alarms: AlarmPlatform


def boot(
    choices: Choices,
    runtime: Runtime,
    connection: sqlite3.Connection,
    kv: KVNamespace,
    *,
    parts: Parts = Parts(),
    fault: Callable[[str], None] | None = None,
) -> DurableObject:
    """Start an instance over the unit's storage, new or left behind by an instance that died.

    Somebody has to run its alarms: `runtime.spawn(it.alarms.run())`.
    """
    outbox = choices.publisher == "outbox"
    spacing = choices.limits.write_spacing
    store = parts.store(connection, runtime, statements=choices.statements, outbox=outbox, spacing=spacing, fault=fault)
    # A put that a crash cuts off may have been taken when its time was all but up.
    timing = evolve(choices.timing, retry=choices.timing.retry.at_least(spacing))
    publication = parts.publication(choices.key, choices.epoch)
    inline = None if outbox else parts.inline(store, kv, runtime, publication, timing=timing)
    replicator = parts.replicator(store, kv, runtime, publication, timing=timing, handler=choices.handler)
    replicator.rearm()
    return DurableObject(
        runtime,
        store,
        parts.front(store, runtime, ack=choices.ack, inline=inline, replicator=replicator),
        parts.platform(
            store, runtime, replicator.on_alarm, retry=choices.platform_retry, attempts=choices.alarm_attempts
        ),
    )


class Location:
    """One location: a cache, a link to KV's centre, and an isolate with its reader."""

    __slots__ = ("_choices", "_parts", "_runtime", "cache", "kv", "reachable", "reader")

    def __init__(
        self,
        choices: Choices,
        runtime: Runtime,
        kv: KVNamespace,
        *,
        parts: Parts = Parts(),
        choose: Callable[[], LocationCache] | None = None,
        behind: Callable[[str], KVEntry | None] | None = None,
    ) -> None:
        """`choose` says which cache serves the next read, where a location has several; its own if it is None.

        `behind` is what the location asks when its cache misses: KV's centre if it is None.
        """
        self._choices, self._parts, self._runtime = choices, parts, runtime
        self.cache = parts.cache(choices.overlap)
        self.reachable = True
        """Whether the link to the centre works."""
        self.kv = parts.location(
            kv, runtime, choose or (lambda: self.cache), lambda: self.reachable, behind, dated=choices.dated
        )
        self.reader = self._isolate()

    def evict(self) -> None:
        """The isolate goes, and a new one comes; the cache stays."""
        self.reader = self._isolate()

    def refresh(self) -> None:
        """Refresh the unit's key in the cache. Raises KVUnreachable, and LookupError if it is not cached."""
        self.kv.refresh(self._choices.key, self.cache)

    def _isolate(self) -> EdgeReader:
        choices = self._choices
        return self._parts.reader(
            self.kv,
            self._runtime,
            choices.key,
            policy=choices.reader,
            cache_ttl=choices.cache_ttl,
            memo_ttl=choices.memo_ttl,
            install=choices.install,
        )
