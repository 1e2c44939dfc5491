# SPDX-License-Identifier: Apache-2.0
"""Large configs: parts and a manifest, collected with and without a grace, and what else can lose a part."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.cases.board import Board, Constants, Row

__all__ = ["BOARD"]

_B: Final = 7
"""The staleness bound of the defaults without faults: U + D + S + U + D + T + L, each of 1."""

_ONE: Final[Constants] = {"Pop": 1}
_FAULTS: Final[Constants] = {"put_fails": True, "put_ambiguous": True, "crash": True}
_ASKED: Final[Constants] = {"parts": "r2", "missing": "probe", "negative_cache": True}
_COLLECTED: Final[Constants] = {**_ONE, "collector": "graceful", "K": _B}

_ROWS: Final[tuple[Row, ...]] = (
    (
        "manifest",
        {"collector": "checked", "K": _B},
        (),
        "parts are kept for the staleness bound after the write that drops them: nobody can hold an older manifest",
    ),
    (
        "manifest-faults",
        {**_ONE, **_FAULTS, "collector": "checked", "K": _B + 3},
        (),
        "the bound, and with it the grace, grows by the failed attempts",
    ),
    (
        "manifest-confirmed",
        {**_ONE, **_FAULTS, **_ASKED, "collector": "checked", "counted": "confirmed", "K": 2},
        (),
        "counted from the confirmed put, only caches and readers have to be outwaited: T + L; and R2 can be asked",
    ),
    (
        "manifest-no-grace",
        {**_ONE, **_FAULTS, "collector": "eager"},
        ("spill-integrity",),
        "the manifest in KV is new, and that in the location's cache is not",
    ),
    (
        "manifest-short-grace",
        {**_COLLECTED, "K": _B - 1},
        ("spill-integrity",),
        "one tick less than the staleness bound",
    ),
    (
        "manifest-collected-beside",
        {**_COLLECTED, "collects": "beside", "writes": 3},
        ("spill-integrity", "convergence"),
        "the same content comes back while its delete is under way, which then undoes the new put",
    ),
    (
        "manifest-late-delete",
        {**_COLLECTED, "counted": "confirmed", "K": 2, "delete_late": True, "writes": 3},
        ("spill-integrity", "convergence"),
        "taking turns does not help against a delete of a superseded instance: nothing fences it",
    ),
    (
        "manifest-late-delete-no-grace",
        {**_ONE, "collector": "eager", "delete_late": True, "writes": 3},
        ("spill-integrity", "convergence"),
        "a part that is deleted too early can be put again; one that a late delete takes stays away",
    ),
    (
        "manifest-probe-kv",
        {**_COLLECTED, "collector": "checked", "missing": "probe", "negative_cache": True, "K": _B + 1},
        ("spill-integrity",),
        "asking KV whether a part is there caches, at that location, that it is not",
    ),
    (
        "manifest-places",
        {**_ONE, "names": "place"},
        ("no-partial-read",),
        "parts that are overwritten in place give an older manifest newer content",
    ),
    (
        "manifest-partition",
        {**_ONE, "partition": True, "isolate": "keeps"},
        ("local-reads",),
        "an isolate that keeps its parts still needs a manifest, and a location's copy of that expires",
    ),
)

BOARD: Final = Board(
    _ROWS,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
)
