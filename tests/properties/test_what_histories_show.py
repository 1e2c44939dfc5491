# SPDX-License-Identifier: Apache-2.0
"""Small histories of one kind of fault each, or of what only looks like one: what is found, and by which lines.

They are one history, in which each has a unit, locations and isolates of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import pytest

from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import gather
from edgeproof.properties.traffic.promise import Promise
from tests.properties.histories import Line, commit, fault, publish, read
from tests.properties.random_traffic import as_table

PROMISE: Final = Promise(90.0, guarded=True, cache_ttl=60.0)

A, B = "a" * 64, "b" * 64

ROLLBACK: Final = fault("rollback", 100, 100.1, version=1)
PUBLISHED: Final = [commit(1, 1, 2), publish(1, 2, 3), commit(2, 5, 6), publish(2, 6, 7)]


def told(version: int, invoke: float, returned: float | None = None, **more: Any) -> Line:
    """A read, of nobody knows what source and content."""
    return read(
        version, invoke, invoke + 0.1 if returned is None else returned, digest=None, **{"source": None, **more}
    )


Case = tuple[Sequence[Line], Mapping[str, Sequence[int]]]
"""A history, and the lines that break something; other properties are broken by none."""

STALE: Final = ("read-your-writes", "bounded-staleness", "convergence")

CASES: Final[Mapping[str, Case]] = {
    # --- the identity of a write
    "a write is sent again and answered, after it was published": (
        [commit(None, 8, key="k"), publish(1, 9, 9.2), told(1, 9.3), commit(1, 10, 10.1, key="k")],
        {},
    ),
    "a write is sent again and answered, after another one was": (
        [commit(None, 8, key="k1"), commit(2, 9, 9.5, key="k2"), commit(1, 10, 10.1, key="k1")],
        {},
    ),
    "a write is answered twice, and another one between": (
        [commit(1, 1, 2, key="k1"), commit(2, 3, 4, key="k2"), commit(1, 5, 6, key="k1")],
        {},
    ),
    "without keys they are three writes": (
        [commit(1, 1, 2), commit(2, 3, 4), commit(1, 5, 6)],
        {"single-writer-order": [3], "durable-ack": [3]},
    ),
    "an answered attempt excuses nothing": (
        [commit(None, 1, key="k"), commit(1, 3, 4, key="k"), told(5, 9)],
        {"never-ahead": [3]},
    ),
    "an attempt that nobody answered may be anything": ([commit(None, 1, key="k"), told(5, 9)], {}),
    "an attempt before a restore is another than the one that is answered after it": (
        [commit(1, 1, 2), commit(None, 3, key="k"), fault("rollback", 10, 11, version=1), commit(2, 12, 13, key="k")]
        + [told(3, 5, 6)],
        {},
    ),
    "two writes are told one version": (
        [commit(1, 0, 1, key="a"), commit(1, 2, 3, key="b")],
        {"single-writer-order": [2]},
    ),
    # --- a restore undoes from its own time on
    "a breach stays one, however long after it a restore comes": (
        [commit(1, 0, 1), commit(2, 2, 3), told(1, 86400, source="store")]
        + [fault("rollback", 3e7, 3e7 + 1, version=1, era=1)],
        {"durable-ack": [3], "read-your-writes": [3], "bounded-staleness": [3]},
    ),
    "after it what it took back supersedes nothing": ([*PUBLISHED, ROLLBACK, told(1, 1000)], {}),
    "a read that overlaps it may have come before or after": (
        [*PUBLISHED, {**ROLLBACK, "return": 200}, told(1, 150), told(2, 150)],
        {},
    ),
    "a commit that overlaps it may have come before or after": (
        [*PUBLISHED, {**ROLLBACK, "return": 110}, commit(3, 105, 106), told(3, 300), told(1, 301, reader="r2")],
        {},
    ),
    "of two that overlap either may have been the last one": (
        [*PUBLISHED, {**ROLLBACK, "return": 110}, {**ROLLBACK, "invoke": 105, "return": 115, "version": 2}]
        + [told(2, 300), told(1, 301, reader="r2")],
        {},
    ),
    "what it took back is ahead where copies carry no era": (
        [*PUBLISHED, ROLLBACK, publish(1, 101, 102), told(2, 300)],
        {"never-ahead": [7], "monotonic-kv": [6], "convergence": [7]},
    ),
    "committed again it is there again": ([*PUBLISHED, ROLLBACK, commit(2, 110, 111), told(2, 300)], {}),
    "in a new era it is only old": (
        [*PUBLISHED, {**ROLLBACK, "era": 1}, told(2, 300)],
        {name: [6] for name in STALE},
    ),
    # --- contents
    "a put has another content than its commit": (
        [commit(1, 0, 1, digest=A), publish(1, 2, 3, digest=B)],
        {"label-is-content": [2]},
    ),
    "one version is told with two contents, and its commit says none": (
        [commit(1, 0, 1, digest=None), read(1, 2, 3, digest=A), read(1, 4, 5, digest=B)],
        {"no-partial-read": [3], "label-is-content": [3]},
    ),
    "a number is given away again after a restore, with another content": (
        [commit(1, 0, 1, digest=A), commit(2, 2, 3, digest=None), fault("rollback", 4, 5, version=1)]
        + [commit(2, 6, 7, digest=None), read(2, 8, 9, digest=A), read(2, 10, 11, digest=B)],
        {"label-is-content": [6]},
    ),
    # --- intervals
    "a put is recorded from when its alarm fired": ([publish(1, 10, 14), commit(1, 12, 13), told(1, 15)], {}),
    "an isolate is evicted in the millisecond of a read": (
        [*PUBLISHED, told(2, 25, 25), fault("evict", 25, 25, pop="lis", reader="r1"), told(1, 27, 27)],
        {"read-your-writes": [7]},
    ),
    "its eviction names another unit": (
        [*PUBLISHED, told(2, 25), fault("evict", 26, 26, pop="lis", reader="r1", unit="elsewhere"), told(1, 27)],
        {"read-your-writes": [7]},
    ),
    "a whole location is evicted": (
        [*PUBLISHED, told(2, 25), fault("evict", 26, 26, pop="lis"), told(1, 27)],
        {"read-your-writes": [7]},
    ),
    # Before all that there is in other cases, as it is of their isolates as well.
    "all isolates there are are evicted": ([told(2, -110), fault("evict", -100, -100), told(1, -90)], {}),
    "those of another location are": (
        [told(2, -80), fault("evict", -70, -70, pop="gru"), told(1, -60)],
        {"monotonic-reads": [3]},
    ),
    "an eviction that failed evicts nobody": (
        [*PUBLISHED, told(2, 25), fault("evict", 26, 26, pop="lis", reader="r1", outcome="fail"), told(1, 27)],
        {"read-your-writes": [7], "monotonic-reads": [7]},
    ),
    # --- what a read was served from
    "what KV.get returned at two locations is two copies": (
        [*PUBLISHED, told(2, 8, source="kv"), told(1, 9, source="kv", pop="gru", reader="r2")],
        {"read-your-writes": [6], "cross-pop-monotonic": [6]},
    ),
    "no copy is that old": (
        [*PUBLISHED, told(2, 8, source="kv"), told(1, 70, source="kv", pop="gru", reader="r2")],
        {"read-your-writes": [6], "cross-pop-monotonic": [6], "monotonic-kv": [6]},
    ),
    "the centre has one copy": (
        [*PUBLISHED, told(2, 8, source="centre"), told(1, 9, source="centre", pop="gru", reader="r2")],
        {"read-your-writes": [6], "cross-pop-monotonic": [6], "monotonic-kv": [6]},
    ),
    "one location goes back": (
        [*PUBLISHED, told(2, 25), told(1, 27, reader="r2")],
        {"read-your-writes": [6]},
    ),
    # --- a read that failed
    "a loaded isolate fails while cut off": (
        [*PUBLISHED, told(2, 8), fault("partition", 9, 20, pop="lis"), told(0, 10, outcome="fail")],
        {"local-reads": [7], "serves-last-good": [7]},
    ),
    "it was told that there is no config": (
        [told(0, 0), fault("partition", 9, 20, pop="lis"), told(0, 10, outcome="fail")],
        {},
    ),
    "it was evicted meanwhile": (
        [*PUBLISHED, told(2, 7.2), fault("evict", 8, 8.1, pop="lis", reader="r1")]
        + [fault("partition", 9, 20, pop="lis"), told(0, 10, outcome="fail")],
        {},
    ),
}


@cache
def found() -> Mapping[str, Mapping[str, list[int]]]:
    """By case and property, the lines that break it, counted from the beginning of the case."""
    lines = [line for case, (lines, _) in CASES.items() for line in (_own(line, case) for line in lines)]
    places = [(case, n) for case, (lines, _) in CASES.items() for n in range(1, len(lines) + 1)]
    facts = gather(as_table(lines))
    broken: dict[str, dict[str, list[int]]] = {case: {} for case in CASES}
    for name, check in CHECKS.items():
        for row in check.violations(facts, PROMISE):
            case, n = places[row["line"] - 1]
            broken[case].setdefault(name, []).append(n)
    return broken


def _own(line: Line, case: str) -> Line:
    where = {"pop": f"{line['pop']} of {case}"} if line.get("pop") else {}
    return {**line, **where, "unit": case if line["unit"] == "app" else f"{line['unit']} of {case}"}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_found_and_nothing_else(case: str) -> None:
    assert found()[case] == CASES[case][1]
