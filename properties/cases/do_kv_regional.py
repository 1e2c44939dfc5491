# SPDX-License-Identifier: Apache-2.0
"""`do_kv_regional`: what a tier between the locations and the centre changes, and what it leaves as it was."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Constants, Row

__all__ = ["BOARD"]

_OUTBOX: Final[Constants] = {"publisher": "outbox", "Put": 1, "Pop": 1}

_ROWS: Final[tuple[Row, ...]] = (
    ("regional", {**_OUTBOX, "Pop": 2}, (), "the region's copy is one more that may be old: the bound grows by G"),
    (
        "regional-faults",
        {**_OUTBOX, "crash": True, "put_fails": True},
        (),
        "what fails on the way to KV and what is old behind it add up",
    ),
    (
        "regional-memo",
        {**_OUTBOX, "reader": "memo"},
        (),
        "a third copy, in the isolate: three times to live, one after the other",
    ),
    (
        "regional-partition",
        {**_OUTBOX, "partition": True},
        ("local-reads",),
        "a location that is cut off from its region is as silent as one without",
    ),
)

BOARD: Final = Board(_ROWS, anomalies=("read-your-writes", "cross-pop-monotonic"), room={"writes": 12})
