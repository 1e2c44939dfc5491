# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.check_history`: recorded commits and reads, held against the catalogue and against a promise."""

from __future__ import annotations

import time
from collections.abc import Iterable
from math import inf
from os import PathLike
from pathlib import Path

from edgeproof.model.machine import DesignError
from edgeproof.properties.engines.history.engine import check_all
from edgeproof.properties.evidence import Ledger
from edgeproof.properties.intake import load, stated_mapping
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import at_once, gather
from edgeproof.properties.traffic.ledger import history_ledger
from edgeproof.properties.traffic.promise import Promise

__all__ = ["check_history"]

AnyPath = str | PathLike[str]


def check_history(
    paths: AnyPath | Iterable[AnyPath],
    promise: Promise | None = None,
    /,
    *,
    properties: Iterable[str] = (),
    mapping: AnyPath | None = None,
    times: str | None = None,
    strict: bool = False,
    memory: str = "4GB",
) -> Ledger:
    """Check recorded traffic: what readers were told, held against what was committed and when.

        edgeproof.check_history("logs/*.jsonl", edgeproof.promise("do_kv", S=2, D=5, T=60))

    `paths` are files (JSON Lines, CSV, Parquet, OTLP spans), folders of such and patterns, together one history; see
    `properties/HISTORY.md` for its format. `promise` is what it is held to: how stale a read may be, what that takes
    for granted, whether readers are guarded. Without one everything else is checked. `properties` are ids of the
    catalogue; unless given, whatever the history is about. `mapping` is a file that says which column is which, and
    `times` the unit of those times of which it states none: "s", "ms", "us", "ns", or "iso" for text. `memory` is what
    the database may use; it spills the rest to disk.

    Returns a ledger. A property is VIOLATED with the lines that show it, HOLDS_TO_BOUND for this history, MISSED where
    the environment broke what the promise takes for granted, and UNKNOWN where lines are malformed. What nothing in the
    history puts to the test is not in it, unless it was named, is the bound, or nothing else was tested either: then it
    is VACUOUS. What nobody promised, such as that a client reads its own writes, is as expected either way.

    Raises ValueError for a history that cannot be used (IntakeError), and with `strict` for its first malformed line
    (MalformedError); DesignError for a property that no history can be checked for; OSError for a file that cannot be
    read.
    """
    started = time.perf_counter()
    names = tuple(properties)
    if unknown := [name for name in names if name not in CHECKS]:
        raise DesignError(f"no history can be checked for {unknown[0]!r}; there is {', '.join(CHECKS)}")
    promise = promise or Promise(inf)
    sources = [Path(one) for one in ([paths] if isinstance(paths, str | PathLike) else paths)]
    columns = stated_mapping(None if mapping is None else Path(mapping), times)
    loaded = load(open_duckdb(memory), sources, columns, strict=strict)
    checked = check_all(at_once(gather(loaded)), loaded.malformed, promise, names)
    title, seconds = ", ".join(map(str, sources)), time.perf_counter() - started
    return history_ledger(title, promise, checked.evidence, checked.anomalies, seconds=seconds)
