# SPDX-License-Identifier: Apache-2.0
"""The consistency levels: what each promises holds, and what only a higher one promises is violated.

By these cases the chain of implications between the levels is checked, and that no two of them are the same. Bounded
staleness and session are not one above the other: each allows what the other forbids.
"""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Row

__all__ = ["BOARD"]

_ROWS: Final[tuple[Row, ...]] = (
    ("level-strong", {"level": "strong"}, (), "strong: a read gives the last write, so everything else follows"),
    (
        "level-bounded",
        {"level": "bounded"},
        ("read-your-writes", "cross-pop-monotonic"),
        "bounded staleness: never older than B, but perhaps older than one's own write",
    ),
    (
        "level-session",
        {"level": "session"},
        ("bounded-staleness", "cross-pop-monotonic"),
        "session: never older than one's own writes, but others' may stay unseen for ever",
    ),
    (
        "level-prefix",
        {"level": "prefix"},
        ("bounded-staleness", "read-your-writes", "cross-pop-monotonic"),
        "consistent prefix: committed configs in their order",
    ),
    (
        "level-eventual",
        {"level": "eventual"},
        ("monotonic-reads", "bounded-staleness", "read-your-writes", "cross-pop-monotonic"),
        "eventual: in the end the last write, until then anything that was committed",
    ),
)

BOARD: Final = Board(_ROWS, engines=("explore", "prove"))
