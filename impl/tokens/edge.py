# SPDX-License-Identifier: Apache-2.0
"""Tokens in KV: how a repo's table is published, and how a location checks a Git request by what it has of it.

A token has a key of its own, under its digest, and is looked up through the location's cache. There are three ways to
say in KV that a token is revoked. "delete": its key is deleted; absence looks like a token that never was. "tombstone":
its value says so. "mark": a second key says so, and the token's own key is left alone. KV puts are not fenced, so that
a late put of the token undoes either of the first two, but not a mark, which nothing ever takes back.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterator

from attrs import frozen

from edgeproof.impl.durable.replicator import Publication
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL, KVLocation, KVNamespace, KVUnreachable
from edgeproof.impl.runtime import Clock, Runtime
from edgeproof.impl.snapshot import Snapshot, to_json
from edgeproof.impl.tokens.table import KEEP
from edgeproof.impl.tokens.tokens import Decision, Request, TokenRecord, authorise, record_of, to_value

__all__ = ["REVOCATIONS", "PresenceGate", "TokenGate", "TokenPublication", "mark_key", "told_by"]

REVOCATIONS = ("tombstone", "delete", "mark")
"""The ways of saying in KV that a token is revoked."""


def mark_key(key: str) -> str:
    """The key of a token's mark, by the token's own."""
    return f"{key}:revoked"


def told_by(entry: KVEntry | None) -> TokenRecord | None:
    """What a token's key says. Raises ValueError for a value that is no record."""
    if entry is None:
        return None
    try:
        return record_of(json.loads(entry.value.decode()))
    except RecursionError as error:
        raise ValueError("not the record of a token") from error


@frozen
class TokenPublication(Publication):
    """Publishes every token of a repo at each attempt, so that any attempt repairs what late puts have done.

    `key` is what the keys of tokens begin with; their digest follows.
    """

    revoke: str = "mark"

    def __attrs_post_init__(self) -> None:
        if self.revoke not in REVOCATIONS:
            raise ValueError(f"a revocation is a {', '.join(REVOCATIONS)}, not {self.revoke!r}")

    def put(self, snapshot: Snapshot, kv: KVNamespace, runtime: Runtime, timeout: float) -> Awaitable[None]:
        """Start the puts; awaiting them raises what the first that failed raises, and the rest has not been tried."""

        def effect() -> None:
            for record in self._worth_telling(snapshot, runtime.now()):
                self._tell(record, kv)

        return runtime.call("kv.put", effect, payload=snapshot, timeout=timeout)

    def _worth_telling(self, snapshot: Snapshot, now: float) -> Iterator[TokenRecord]:
        # Long expired tokens are refused by that alone, and KV takes no expiration that is a minute away or less.
        records = (record_of(value) for value in snapshot.config.values())
        return (record for record in records if now < record.expires + KEEP / 2)

    def _tell(self, record: TokenRecord, kv: KVNamespace) -> None:
        key, expiration = self.key + record.digest, record.expires + KEEP
        if record.revoked_at is None or self.revoke == "tombstone":
            kv.put(key, to_json(to_value(record)), expiration=expiration)
        elif self.revoke == "delete":
            kv.delete(key)
        else:
            kv.put(mark_key(key), b"1", expiration=expiration)


class TokenGate:
    """The check of Git requests at one location: KV's copies, and the location's clock.

    `margin` is in seconds: how far behind the clock may be. `marks` says whether revocations have keys of their own;
    then each check reads two keys. What cannot be looked up, or not be read, is refused.
    """

    def __init__(
        self,
        location: KVLocation,
        runtime: Runtime,
        clock: Clock,
        prefix: str,
        *,
        marks: bool = True,
        margin: float = 0.0,
        cache_ttl: float = DEFAULT_CACHE_TTL,
    ) -> None:
        self._location, self._runtime, self._clock, self._prefix = location, runtime, clock, prefix
        self._marks, self._margin, self._cache_ttl = marks, margin, cache_ttl

    async def decide(self, request: Request) -> Decision:
        """Whether the location admits the request."""
        key = self._prefix + request.credential.digest
        try:
            entry, mark = await self._runtime.call("kv.get", lambda: self._get(key))
        except (KVUnreachable, OSError):
            return Decision(False, "unavailable")
        # A token may have been revoked since it was looked up: that is a part of the bound, and why the repo's object
        # checks a push again. Its expiry needs no news, and is judged by the clock as it is now.
        if mark is not None:
            return Decision(False, "revoked")
        try:
            record = told_by(entry)
        except ValueError:
            return Decision(False, "unreadable")
        return self._judge(record, request)

    def _judge(self, record: TokenRecord | None, request: Request) -> Decision:
        return authorise(record, request, self._clock.now(), self._margin)

    def _get(self, key: str) -> tuple[KVEntry | None, KVEntry | None]:
        """The token's key and its mark. They are read together, and cached apart.

        The mark is read last: a token that is revoked in between is refused.
        """
        entry = self._location.get(key, cache_ttl=self._cache_ttl)
        mark = self._location.get(mark_key(key), cache_ttl=self._cache_ttl) if self._marks else None
        return entry, mark


class PresenceGate(TokenGate):
    """The mistake: whoever has a token that KV knows is let through, whatever it is for."""

    def _judge(self, record: TokenRecord | None, request: Request) -> Decision:
        if record is None:
            return Decision(False, "unknown")
        presented = Request(record.repo, "fetch", request.credential)
        return super()._judge(record, presented)
