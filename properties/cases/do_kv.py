# SPDX-License-Identifier: Apache-2.0
"""The pattern: `do_kv` without faults, with each fault, and with each choice that breaks a promise."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Constants, Row

__all__ = ["BOARD"]

_OUTBOX: Final[Constants] = {"publisher": "outbox", "Put": 1}
_INLINE: Final[Constants] = {"publisher": "inline", "Put": 2}
_FAULTS: Final[Constants] = {"crash": True, "put_fails": True, "put_ambiguous": True}
_EXHAUSTED: Final[Constants] = {**_OUTBOX, "put_fails": True, "alarm_exhausted": True, "F": 7}
_LATE: Final[Constants] = {**_OUTBOX, "put_late": True, "writes": 3}

_REPAIRED: Final[Constants] = {"repair": "heartbeat", "reader": "guarded", "epoch": "on"}

_ROWS: Final[tuple[Row, ...]] = (
    ("outbox", {**_OUTBOX}, (), "the pattern without any fault"),
    ("outbox-faults", {**_OUTBOX, **_FAULTS}, (), "a put that fails is retried, a crash finds the alarm armed"),
    ("outbox-memo", {**_OUTBOX, "reader": "memo", "put_fails": True}, (), "the isolate's own copy adds M to the bound"),
    ("negative-cache", {**_OUTBOX, "negative_cache": True}, (), "absence is as stale as any other copy"),
    (
        "recommended",
        {**_LATE, **_FAULTS, **_REPAIRED, "disjoint_caches": True, "writes": 2},
        ("monotonic-kv",),
        "a late put takes KV back; the heartbeat repairs it and the guard hides it from readers",
    ),
    (
        "inline",
        {**_INLINE},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "two writes, first put slow: both acknowledged, KV stays on the older",
    ),
    (
        "inline-crash",
        {**_INLINE, "crash": True},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "a crash between commit and put, and nothing publishes again",
    ),
    (
        "throwing-handler",
        {**_EXHAUSTED, "handler": "throws"},
        ("convergence", "bounded-staleness"),
        "after 7 failures the alarm is gone",
    ),
    (
        "rearming-handler",
        {**_EXHAUSTED, "handler": "rearms"},
        (),
        "a handler that catches and re-arms never uses it up",
    ),
    (
        "late-put",
        {**_LATE},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "a superseded instance's put lands after a newer one, and nothing publishes again",
    ),
    (
        "late-put-heartbeat",
        {**_LATE, "repair": "heartbeat"},
        ("monotonic-kv", "monotonic-reads"),
        "KV still goes back, but only until the next heartbeat: the bound grows by Z and H",
    ),
    (
        "disjoint-caches",
        {**_OUTBOX, "disjoint_caches": True},
        ("monotonic-reads",),
        "two reads at one location may be served by two caches",
    ),
    (
        "disjoint-caches-guarded",
        {**_OUTBOX, "disjoint_caches": True, "reader": "guarded"},
        (),
        "the guard keeps the newer",
    ),
    (
        "guard-evicted",
        {**_OUTBOX, "disjoint_caches": True, "reader": "guarded", "evict": True},
        ("monotonic-reads",),
        "the guard is memory, and an evicted isolate has none",
    ),
    (
        "rollback",
        {**_OUTBOX, "reader": "guarded", "rollback": True},
        ("convergence", "never-ahead", "monotonic-kv"),
        "the guard refuses the restored config for ever",
    ),
    (
        "rollback-epoch",
        {**_OUTBOX, "reader": "guarded", "rollback": True, "epoch": "on"},
        (),
        "an epoch makes the restored config the newer one",
    ),
    (
        "bare-statements",
        {**_OUTBOX, "statements": "bare", "uncaught": True},
        ("atomic-write", "changelog-complete", "no-partial-read", "bounded-staleness", "convergence"),
        "an exception keeps the statements before it",
    ),
    (
        "transaction",
        {**_OUTBOX, "statements": "transaction", "uncaught": True},
        (),
        "a transaction keeps all or nothing",
    ),
    (
        "partition",
        {**_OUTBOX, "partition": True},
        ("local-reads",),
        "a plain reader has nothing once its cached copy has expired",
    ),
    (
        "partition-guarded",
        {**_OUTBOX, "partition": True, "reader": "guarded"},
        ("bounded-staleness",),
        "a reader that keeps its last config answers, however old that is",
    ),
    (
        "early-ack",
        {**_OUTBOX, "ack": "early", "crash": True},
        ("durable-ack",),
        "an acknowledgement that does not wait for the disk",
    ),
    ("blind-retry", {**_OUTBOX, "retries": "blind", "crash": True}, ("idempotent-write",), "a retry without its key"),
    ("shared-key", {**_OUTBOX, "kv_key": "shared"}, ("unit-isolation",), "two units under one KV key"),
)

BOARD: Final = Board(
    _ROWS,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
)
