# SPDX-License-Identifier: Apache-2.0
"""`do_kv_per_key`: one location, as locations do not interact; what it breaks, a single reader sees."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Row

__all__ = ["BOARD"]

_ROWS: Final[tuple[Row, ...]] = (
    (
        "per-key",
        {"Pop": 1},
        ("no-partial-read",),
        "nothing is atomic across two keys: a reader assembles a mixture of two versions",
    ),
    (
        "per-key-faults",
        {"Pop": 1, "put_fails": True},
        ("no-partial-read",),
        "a put that fails between two keys makes the mixture last, and every key adds its D to the bound",
    ),
    (
        "per-key-partition",
        {"Pop": 1, "partition": True},
        ("no-partial-read", "local-reads"),
        "a plain reader has nothing once one of its cached copies has expired",
    ),
)

BOARD: Final = Board(_ROWS, anomalies=("read-your-writes", "cross-pop-monotonic"), room={"writes": 12})
