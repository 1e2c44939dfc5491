# SPDX-License-Identifier: Apache-2.0
"""`kv_only`: writers that race, writers that do not, and a base that is not what KV holds."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Constants, Row

__all__ = ["BOARD"]

_LOST: Final = ("single-writer-order", "durable-ack", "never-ahead", "monotonic-kv", "monotonic-reads")
_TORN: Final = ("atomic-write", "changelog-complete")
_ALONE: Final[Constants] = {"writing": "in_turn", "Writer": 1, "changelog": "inside"}

_ROWS: Final[tuple[Row, ...]] = (
    ("kv-only", {}, _LOST + _TORN, "two writers read, change and put; the last put wins, whatever it was based on"),
    (
        "kv-only-log-inside",
        {"changelog": "inside", "Pop": 1},
        _LOST,
        "in one value the changelog is whole, and forgets a lost write together with the config",
    ),
    (
        "kv-only-one-stream",
        {**_ALONE, "crash": True},
        (),
        "writes one after the other, each based on what the one before put: the documented advice",
    ),
    (
        "kv-only-one-stream-stale",
        {**_ALONE, "base": "cache"},
        _LOST,
        "even a single writer goes back if it reads as readers do: its base may be a cached copy",
    ),
    (
        "kv-only-partition",
        {**_ALONE, "partition": True, "Pop": 1},
        ("local-reads",),
        "a plain reader has nothing once its cached copy has expired",
    ),
)

BOARD: Final = Board(_ROWS, anomalies=("read-your-writes", "cross-pop-monotonic"), room={"writes": 12})
