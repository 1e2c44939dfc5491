# SPDX-License-Identifier: Apache-2.0
"""Push to a fleet: in stages and at once, with locations that are cut off, and with and without asking again."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Constants, Row

__all__ = ["BOARD"]

_AT_ONCE: Final[Constants] = {"rollout": "unstaged", "gate": "silence"}

_RETURN: Final = "monotonic-reads"
"""Every return to the last good version takes readers back: that is what it is for."""

_ROWS: Final[tuple[Row, ...]] = (
    (
        "push-staged",
        {"pull": "off", "writes": 3},
        (_RETURN,),
        "a version goes on only where every location so far says it is well",
    ),
    (
        "push-staged-cut",
        {"partition": True},
        (_RETURN,),
        "a location that is cut off says nothing, and the version waits for it",
    ),
    (
        "push-staged-silence",
        {"gate": "silence", "partition": True},
        (_RETURN, "staged-blast-radius"),
        "who is cut off does not complain, and silence is taken for health",
    ),
    (
        "push-unstaged",
        {**_AT_ONCE, "pull": "off"},
        (_RETURN, "staged-blast-radius"),
        "a bad version is everywhere before it shows anywhere",
    ),
    (
        "push-unstaged-cut",
        {**_AT_ONCE, "pull": "off", "partition": True},
        (_RETURN, "staged-blast-radius", "bounded-staleness", "convergence"),
        "a push that was lost does not come again",
    ),
    (
        "push-unstaged-pull",
        {**_AT_ONCE, "partition": True},
        (_RETURN, "staged-blast-radius"),
        "a location that missed the push asks for what it missed",
    ),
)

BOARD: Final = Board(_ROWS, anomalies=("cross-pop-monotonic",), room={"writes": 12, "Pop": 3, "stages": 2})
