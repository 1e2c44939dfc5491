# SPDX-License-Identifier: Apache-2.0
"""`do_only`: what it gains by having no copies, and what it pays for that."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Row

__all__ = ["BOARD"]

_ROWS: Final[tuple[Row, ...]] = (
    ("do-only", {}, (), "one place, one order: what is acknowledged is what everybody is told"),
    (
        "do-only-crash",
        {"crash": True},
        ("local-reads",),
        "while the object is down no location has anything to answer with",
    ),
    (
        "do-only-partition",
        {"partition": True},
        ("local-reads",),
        "a location that cannot reach the object has nothing to answer with",
    ),
)

BOARD: Final = Board(_ROWS, room={"writes": 12})
