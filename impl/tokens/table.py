# SPDX-License-Identifier: Apache-2.0
"""The tokens of one repo, in the store of its Durable Object: minting, revoking, listing, and the second check.

A token is one field of the store's config, so that a minting or a revocation is a write like any other: logged, in one
transaction with the alarm that publishes it. A revoked token stays in the table (and its revocation in what is
published) until nothing that carries it may still be about.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from attrs import evolve

from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.runtime import Clock
from edgeproof.impl.snapshot import REMOVED, Changes
from edgeproof.impl.tokens.tokens import (
    SCOPES,
    Credential,
    Decision,
    Entropy,
    Request,
    TokenRecord,
    authorise,
    credential_of,
    new_credential,
    record_of,
    to_value,
)

__all__ = ["KEEP", "STATES", "TokenTable"]

KEEP: Final = 86_400.0
"""Seconds that a token is remembered beyond its expiry: longer than any put or copy of it is under way."""

STATES: Final = ("active", "expired", "revoked")


class TokenTable:
    """What one repo's Durable Object knows of its tokens.

    `look` is called by every request but `find`, after what it writes: it looks after the alarm.
    """

    def __init__(
        self,
        repo: str,
        store: ConfigStore,
        clock: Clock,
        entropy: Entropy = secrets.token_bytes,
        *,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        self._repo, self._store, self._clock, self._entropy, self._look = repo, store, clock, entropy, look

    def mint(self, scope: str = "write", ttl: float = 86_400, *, actor: str = "owner") -> Credential:
        """A new token, whose secret is told here and never again. Raises TokenTtlError, and ValueError for a scope."""
        if scope not in SCOPES:
            raise ValueError(f"a scope is {' or '.join(SCOPES)}, not {scope!r}")
        now = self._clock.now()
        credential = new_credential(now, ttl, self._entropy)
        assert credential.expires is not None
        record = TokenRecord(credential.digest, self._repo, scope, credential.expires, now)
        self._keep(record, actor)
        return credential

    def revoke(self, which: str, *, actor: str = "owner") -> bool:
        """Revoke a token by its id or by its text; False if there is none that was not revoked before."""
        credential = credential_of(which)
        # Nothing is awaited between the look and the write: no other request of the object comes in between.
        record = self._records().get(which if credential is None else credential.digest[:16])
        if record is None or record.revoked_at is not None:
            self._look()
            return False
        self._keep(evolve(record, revoked_at=self._clock.now()), actor)
        return True

    def list(self, state: str = "active") -> list[TokenRecord]:
        """The tokens in one state, or in any ("all"), the oldest first. Raises ValueError for another word."""
        if state not in (*STATES, "all"):
            raise ValueError(f"a token is {', '.join(STATES)}, not {state!r}")
        self._look()
        now = self._clock.now()
        found = [one for one in self._records().values() if state in ("all", one.state(now))]
        return sorted(found, key=lambda one: (one.minted_at, one.id))

    def find(self, id: str) -> TokenRecord | None:
        """A token by its id."""
        return self._records().get(id)

    def decide(self, request: Request) -> Decision:
        """Whether this repo admits the request, by its own table and clock: nothing here is a copy."""
        self._look()
        return authorise(self._records().get(request.credential.digest[:16]), request, self._clock.now())

    def prune(self, *, actor: str = "table") -> int:
        """Forget the tokens that expired more than KEEP ago; how many there were."""
        now = self._clock.now()
        old = [id for id, record in self._records().items() if record.expires + KEEP < now]
        if old:
            self._write(dict.fromkeys(old, REMOVED), actor)
        return len(old)

    def _records(self) -> dict[str, TokenRecord]:
        return {id: record_of(value) for id, value in self._store.snapshot().config.items()}

    def _keep(self, record: TokenRecord, actor: str) -> None:
        self._write({record.id: to_value(record)}, actor)

    def _write(self, changes: Changes, actor: str) -> None:
        self._store.write(changes, actor=actor)
        # After the commit: what is put for a dead alarm has this write in it.
        self._look()
