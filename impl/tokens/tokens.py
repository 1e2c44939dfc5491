# SPDX-License-Identifier: Apache-2.0
"""Tokens for Git requests, as data: their text, what is kept of them, and what they open.

Everything here is a pure function of its arguments, but for the drawing of a secret. The form of a token, its scopes
and the range of its time are those of Artifacts (Git protocol, REST API and errors pages). Of a secret only its SHA-256
is kept: 160 random bits cannot be guessed from it, so that no salt and no slow hash is needed. A secret is shown once,
to whoever had it minted; `Credential` does not show it when it is printed.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from attrs import field, frozen

__all__ = [
    "MAX_TTL",
    "MIN_TTL",
    "SCOPES",
    "Credential",
    "Decision",
    "Entropy",
    "Request",
    "TokenRecord",
    "TokenTtlError",
    "authorise",
    "credential_of",
    "new_credential",
    "record_of",
    "to_value",
]

MIN_TTL: Final = 60
MAX_TTL: Final = 31_536_000
"""Seconds that a token may last, from a minute to a year."""

_SECRET_BYTES: Final = 20
_TOKEN: Final = re.compile(r"(art_v1_[0-9a-f]{40})(?:\?expires=([0-9]{1,12}))?", re.ASCII)

Entropy = Callable[[int], bytes]
"""Gives so many random bytes; `secrets.token_bytes` wherever it matters."""

SCOPES: Final = ("read", "write")

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {"fetch": SCOPES, "push": ("write",)}
"""The scopes that open each operation: write is read and push."""


class TokenTtlError(ValueError):
    """A token's time is out of range; `code` is the platform's number for that."""

    code = 10103


@frozen
class Credential:
    """What a client presents: the secret, and the expiry that it claims (nothing is decided by that)."""

    secret: str = field(repr=False)
    expires: int | None = None

    @property
    def text(self) -> str:
        """The whole token, as it is handed out once."""
        return self.secret if self.expires is None else f"{self.secret}?expires={self.expires}"

    @property
    def digest(self) -> str:
        """By which the token is known: SHA-256 of the secret, in hex."""
        return sha256(self.secret.encode()).hexdigest()


@frozen
class TokenRecord:
    """What is kept of a token. Times are in Unix seconds."""

    digest: str
    repo: str
    scope: str
    expires: int
    minted_at: float
    revoked_at: float | None = None

    @property
    def id(self) -> str:
        """A short name, for lists and revocations."""
        return self.digest[:16]

    def state(self, now: float) -> str:
        """active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if now <= self.expires else "expired"


@frozen
class Request:
    """What a Git request asks for: `operation` is fetch (clone and pull, too) or push."""

    repo: str
    operation: str
    credential: Credential = field(repr=False)


@frozen
class Decision:
    """Whether a request is admitted, and why not; the reason is for logs, and never for whoever asked."""

    admitted: bool
    reason: str


def new_credential(now: float, ttl: float, entropy: Entropy = secrets.token_bytes) -> Credential:
    """A fresh token that lasts `ttl` seconds. Raises TokenTtlError outside 60 s to a year."""
    if not MIN_TTL <= ttl <= MAX_TTL:
        raise TokenTtlError(f"a token lasts {MIN_TTL} to {MAX_TTL} seconds, not {ttl:g}")
    return Credential(f"art_v1_{entropy(_SECRET_BYTES).hex()}", int(now + ttl))


def credential_of(text: str) -> Credential | None:
    """What a client presents, from a bearer header (all of it) or a password (the secret alone); None if malformed."""
    found = _TOKEN.fullmatch(text)
    if found is None:
        return None
    return Credential(found[1], None if found[2] is None else int(found[2]))


def authorise(record: TokenRecord | None, request: Request, now: float, margin: float = 0.0) -> Decision:
    """Whether the token opens what is asked for, by what is known of it.

    `margin` is in seconds: the token is refused so long before it expires, by a clock that may be behind.
    """
    if record is None or not hmac.compare_digest(record.digest, request.credential.digest):
        return Decision(False, "unknown")
    if record.revoked_at is not None:
        return Decision(False, "revoked")
    if now + margin > record.expires:
        return Decision(False, "expired")
    if record.repo != request.repo:
        return Decision(False, "for another repo")
    if record.scope not in _NEEDS[request.operation]:
        return Decision(False, "out of scope")
    return Decision(True, "")


def to_value(record: TokenRecord) -> dict[str, Any]:
    """A record as JSON values."""
    return {
        "digest": record.digest,
        "repo": record.repo,
        "scope": record.scope,
        "expires": record.expires,
        "minted_at": record.minted_at,
        "revoked_at": record.revoked_at,
    }


def record_of(value: Mapping[str, Any]) -> TokenRecord:
    """The record in JSON values. Raises ValueError for anything that is not one."""
    try:
        revoked = value["revoked_at"]
        digest = str(value["digest"])
        if value["scope"] not in SCOPES or not digest.isascii():
            raise ValueError("a scope or a digest that is none")
        return TokenRecord(
            digest,
            str(value["repo"]),
            str(value["scope"]),
            int(value["expires"]),
            float(value["minted_at"]),
            None if revoked is None else float(revoked),
        )
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError("not the record of a token") from error
