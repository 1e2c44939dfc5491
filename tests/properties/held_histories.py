# SPDX-License-Identifier: Apache-2.0
"""Random histories, each check held against the definition of its property: the same lines break both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import Facts, gather
from edgeproof.properties.traffic.promise import Promise
from tests.properties.naive_traffic import Line, Numbers, breaking
from tests.properties.random_traffic import as_table, random_unit

__all__ = ["PROMISES", "hold"]

PROMISES: Final = (Promise(2.0, guarded=True, cache_ttl=1.0), Promise(2.0, guarded=True, skew=0.5), Promise(3.0))
"""What histories are held to, by turns: copies that expire, clocks that differ, and nothing known but a bound."""


def hold(
    seed: int, units: int, promise: Promise, draw: Callable[[Random, str], list[Line]] = random_unit
) -> Counter[str]:
    """Hold all checks against their definitions on random units; counts the units that break each property."""
    random = Random(seed)
    lines = [line for n in range(units) for line in draw(random, f"u{n:04}")]
    numbered = [{**line, "line": n} for n, line in enumerate(lines, 1)]
    facts = gather(as_table(lines))
    broken: Counter[str] = Counter()
    for name in CHECKS:
        bad = {b["line"] for b in breaking(name, numbered, Numbers(promise.bound_s, promise.cache_ttl, promise.slack))}
        _compare(name, facts, promise, lines, bad, f"seed {seed}, {units} units, {name}")
        broken[name] += len({lines[line - 1]["unit"] for line in bad})
    return broken


def _compare(name: str, facts: Facts, promise: Promise, lines: list[Line], bad: set[int], about: str) -> None:
    check = CHECKS[name]
    rows = check.violations(facts, promise)
    found = sorted(row["line"] for row in rows)
    if found != sorted(bad):
        odd = set(found) ^ bad
        unit = lines[min(odd) - 1]["unit"] if odd else "some line twice"
        raise AssertionError((about, sorted(odd), [(n, e) for n, e in enumerate(lines, 1) if e["unit"] == unit]))
    # Nothing explains a version that nobody made, nor one that is not on top of the one before it.
    unexplained = ("never-ahead", "single-writer-order", "no-partial-read", "label-is-content", "token-scope")
    assert name in unexplained or all(row["because_line"] for row in rows), f"explanations, {about}"
