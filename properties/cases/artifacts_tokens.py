# SPDX-License-Identifier: Apache-2.0
"""Tokens in KV: as we would build them, with what a revocation may do, and with each check left out."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Constants, Row

__all__ = ["BOARD"]

_FAULTS: Final[Constants] = {"crash": True, "put_fails": True, "negative_cache": True, "L": 8}
_LATE: Final[Constants] = {"put_late": True, "L": 10}
_BEAT: Final[Constants] = {"repair": "heartbeat"}

_ROWS: Final[tuple[Row, ...]] = (
    (
        "tokens",
        {**_LATE, **_FAULTS, "revoke": "mark", "margin": "on", "skew": True},
        (),
        "a mark that nothing overwrites, pushes checked again, and a margin for clocks that are behind",
    ),
    ("tokens-tombstone", {**_FAULTS}, (), "tombstone and token take turns under one key, put by one publisher"),
    (
        "tokens-tombstone-late",
        {**_LATE},
        ("token-revocation-bound", "monotonic-kv"),
        "KV puts are not fenced: a late put of the token lands over its tombstone, and nothing publishes again",
    ),
    (
        "tokens-tombstone-heartbeat",
        {**_LATE, **_BEAT},
        ("monotonic-kv",),
        "the next heartbeat puts the tombstone again: the bound grows by Z and H",
    ),
    (
        "tokens-delete-late",
        {**_LATE, "revoke": "delete"},
        ("token-revocation-bound", "monotonic-kv"),
        "a late put of the token brings a deleted key back, and nothing deletes it again",
    ),
    (
        "tokens-push-unchecked",
        {"recheck": "off"},
        ("push-revocation",),
        "a push that only the edge has checked is as stale as a fetch",
    ),
    ("tokens-skew", {"skew": True}, ("token-expiry",), "a clock that is behind accepts what has expired"),
    (
        "tokens-presence",
        {"check": "presence", "recheck": "off"},
        ("token-scope", "push-revocation"),
        "that KV has a token says nothing of its repo and its scope",
    ),
)

BOARD: Final = Board(_ROWS, anomalies=("immediate-revocation",), room={"Pop": 2, "Put": 2})
