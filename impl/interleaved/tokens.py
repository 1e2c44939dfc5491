# SPDX-License-Identifier: Apache-2.0
"""Requests at one location's token door under way together, while their token is revoked.

Each looks up two keys, the token's and its mark, and its look-ups stand still before the centre has been read and
before the cache is filled. When they begin, the cache's copies have become too old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, Final

from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import LocationCache
from edgeproof.impl.interleaved.base import CLOCK, Begin, Lines, Subject, Touch, touch
from edgeproof.impl.interleaved.beside import Beside, Suspending
from edgeproof.impl.interleaved.place import CACHE, CACHE_TTL, CENTRE, Place, wait
from edgeproof.impl.interleaving import Asked, Judged, Label, Promise, Revoked
from edgeproof.impl.runtime import Task
from edgeproof.impl.tokens.edge import TokenGate, TokenPublication, mark_key
from edgeproof.impl.tokens.table import TokenTable
from edgeproof.impl.tokens.tokens import Decision, Request

__all__ = ["TokenSubject"]

_PREFIX: Final = "token:"
_TABLE: Final = "the table of tokens"
_PATIENCE: Final = 10.0


class TokenSubject(Subject):
    """A repo's table of tokens, and the gate of one location."""

    promise = Promise(("token-revocation-bound", "kept-goes-forward", "ends-well"), staleness=CACHE_TTL)

    def __init__(
        self,
        operations: int,
        *,
        gate: Callable[..., TokenGate] = TokenGate,
        cache: Callable[[], LocationCache] = LocationCache,
    ) -> None:
        super().__init__(operations)
        self._build, self._cache = gate, cache
        self._beside, self._storage = Beside(), Storage()
        self._publication = TokenPublication(_PREFIX)

    def set_up(self) -> None:
        """A token is published, and the location has heard of it, too long ago."""
        self._storage.wipe()
        self.place = Place(self.world, self._cache, self._fetch)
        self.store = ConfigStore(self._storage.connection, self.world)
        self.table = TokenTable("repo", self.store, self.world, Random(0).randbytes)
        self.credential = self.table.mint()
        self._key = _PREFIX + self.credential.digest
        runtime = Suspending(self._beside, self.instance)
        self.gate = self._build(self.place.location, runtime, self.world, _PREFIX, cache_ttl=CACHE_TTL)
        self._publish()
        for key in (self._key, mark_key(self._key)):
            self.place.location.get(key, cache_ttl=CACHE_TTL)
        self.world.advance(CACHE_TTL + 1)

    def lines(self) -> Lines:
        """Requests, a revocation, and time."""
        requests = [f"request {number}" for number in range(1, self.operations + 1)]
        return {
            "clients": [Begin(name, self._asking(name), touch([CLOCK], [CACHE]), CACHE) for name in requests],
            "owner": [Begin("revocation", self._revoke, touch([CLOCK], [_TABLE, CENTRE]))],
            "time": [wait(lambda: self.world, 1, CACHE_TTL + 1)],
        }

    def far_side(self, label: str, home: str) -> Touch | None:
        """The centre is read."""
        return touch([CENTRE, CLOCK])

    def answered(self, operation: str, task: Task) -> None:
        """A request has been admitted or refused."""
        decision: Decision = task.outcome()
        self.say(Judged(operation, decision.admitted))

    def kept(self) -> Iterable[tuple[str, Label]]:
        """The cache's copy of the mark: there is none, and then there is one."""
        copy = self.place.cache.copies.get(mark_key(self._key))
        if copy is not None:
            yield CACHE, (0, int(copy.entry is not None))

    def memory(self) -> Mapping[str, Any]:
        """The cache, and what the centre holds."""
        keys = (self._key, mark_key(self._key))
        return {CACHE: dict(self.place.cache.copies), CENTRE: [self.place.kv.read_centre(key) for key in keys]}

    def close(self) -> None:
        """Close the table."""
        super().close()
        self._storage.close()

    def _fetch(self, key: str) -> KVEntry | None:
        return self._beside.call_out("centre", lambda: self.place.kv.read_centre(key))

    def _asking(self, name: str) -> Callable[[], Any]:
        def ask() -> Any:
            self.say(Asked(name, CACHE, self.world.time))
            return self.gate.decide(Request("repo", "fetch", self.credential))

        return ask

    def _revoke(self) -> None:
        self.table.revoke(self.credential.text)
        self._publish()
        self.say(Revoked(self.world.time))

    def _publish(self) -> None:
        self._publication.put(self.store.snapshot(), self.place.kv, self.instance, _PATIENCE)
        self.world.resolve(self.world.pending[-1])
