# SPDX-License-Identifier: Apache-2.0
"""`do_kv_backoff`: how late a reader is told where the waits after failures grow.

The bound has a term more, and nothing else changes: lemmas and worst run are those of `do_kv`, with these waits.

What it costs: as `do_kv`, and fewer puts while KV fails.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from edgeproof.properties.designs import do_kv
from edgeproof.properties.designs.dossier import Constants, Fact, Row
from edgeproof.properties.designs.parts.possible import acknowledged

__all__ = ["DOSSIER"]

_DOUBLED: Final[Constants] = {"publisher": "outbox", "Put": 1, "Pop": 1, "waits": "doubled", "F": 2}

_CASES: Final[tuple[Row, ...]] = (
    (
        "doubled-waits",
        {**_DOUBLED, "put_fails": True, "crash": True, "S": 1, "D": 2, "R": 3, "T": 4, "H": 5, "Z": 6},
        (),
        "the second failure in a row is followed by twice the wait, and so is its lease",
    ),
)

DOSSIER: Final = evolve(
    do_kv.DOSSIER,
    cases=_CASES,
    possible={
        "a-write-is-acknowledged": acknowledged("doubled-waits"),
        "a-second-wait-is-longer": Fact(
            "doubled-waits",
            "A retry waits for all of 2*R.",
            lambda s: (s.alarm == "retry") & (s.sending == "idle") & (s.armed == 2 * s.R),
        ),
    },
    regardless={},
)
