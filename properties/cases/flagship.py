# SPDX-License-Identifier: Apache-2.0
"""`flagship`: a flag as it is built here, and what the documented API and two mistakes with buckets take from it."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Row

__all__ = ["BOARD"]

_ROWS: Final[tuple[Row, ...]] = (
    (
        "flag",
        {"put_fails": True},
        (),
        "a bucket depends on who asks alone, an editor says which version they have seen, a put that fails is retried",
    ),
    (
        "flag-blind",
        {"update": "blind", "Pop": 1, "writes": 3},
        ("no-lost-update",),
        "a full replace without a version: an editor turns on again what the kill switch has just turned off",
    ),
    (
        "flag-salted",
        {"bucketing": "salted"},
        ("rollout-monotone",),
        "with every version people are sorted anew, so that a higher percentage drops some of them",
    ),
    (
        "flag-random",
        {"bucketing": "random"},
        ("evaluation-pure", "rollout-monotone"),
        "without the attribute that a rollout hashes, every evaluation draws a bucket",
    ),
)

BOARD: Final = Board(_ROWS, anomalies=("cross-pop-monotonic",), room={"writes": 6, "scale": 3})
