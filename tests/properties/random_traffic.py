# SPDX-License-Identifier: Apache-2.0
"""Random small histories: few versions, few moments, so that everything collides with everything."""

from __future__ import annotations

from random import Random
from typing import Any

import pyarrow as pa

from edgeproof.properties.intake import EVENTS
from tests.properties.histories import digest

__all__ = ["as_table", "random_unit", "restored_unit"]

Line = dict[str, Any]


def random_unit(random: Random, unit: str, most: int = 12) -> list[Line]:
    """The events of one unit, well-formed and otherwise lawless."""
    tokens = random.random() < 0.45
    # Some histories know no faults, as those excuse much.
    weights = (4, 2, 8, random.choice((0, 0, 2)))
    return [_event(random, unit, tokens, weights) for _ in range(random.randint(2, most))]


def restored_unit(random: Random, unit: str) -> list[Line]:
    """The events of one unit that is restored again and again, and cut off at times."""
    lines = []
    for line in random_unit(random, unit, 30):
        if random.random() < 0.25:
            kind = {"kind": "fault", "note": random.choice(("rollback", "rollback", "rollback", "partition"))}
            line = {**line, **kind, "version": line["version"] or 1, "outcome": random.choice(("ok", "ok", "unknown"))}
        lines.append(line)
    return lines


def as_table(lines: list[Line]) -> pa.Table:
    """Events as a table, each with its place as its line."""
    rows = [{**line, "returned": line["return"], "file": "h", "line": n} for n, line in enumerate(lines, 1)]
    filled = [{"era": 0, **{k: v for k, v in row.items() if v is not None}} for row in rows]
    return pa.Table.from_pylist(filled, schema=EVENTS)


def _event(random: Random, unit: str, tokens: bool, weights: tuple[int, int, int, int]) -> Line:
    kind = random.choices(("commit", "publish", "read", "fault"), weights)[0]
    invoke = random.randrange(0, 20) / 2
    outcome = random.choices(("ok", "unknown", "fail"), (8, 1, 3 if kind == "read" else 1))[0]
    returned = None if outcome == "unknown" and random.random() < 0.5 else invoke + random.choice((0, 0.5, 1, 3))
    line: Line = {"kind": kind, "unit": unit, "invoke": invoke, "return": returned, "outcome": outcome}
    version = random.randrange(0, 4)
    era = random.choices((0, 1), (5, 1))[0]
    known = None if random.random() < 0.2 else digest(version if random.random() < 0.9 else 9)
    line |= {"version": version, "era": era, "digest": known, "note": None}
    return {**line, **_more(random, unit, kind, outcome, tokens, version)}


def _more(random: Random, unit: str, kind: str, outcome: str, tokens: bool, version: int) -> Line:
    # Isolates of the unit's own, as an eviction ends what they know of any unit.
    where = {"pop": f"{random.choice(('lis', 'ams'))} {unit}", "reader": random.choice(("r1", "r2"))}
    repo = random.choice(("one", "one", "two", None))
    if kind == "read":
        asked = {"repo": repo, "scope": random.choice(("read", "write", None)), "admitted": random.random() < 0.7}
        sources = ("memo", "cache", "kv", "centre", "fallback", "last_good", "store", None)
        source = random.choice(sources if outcome != "fail" else ("fallback", None))
        return {**where, "source": source, **(asked if tokens else {})}
    if kind == "commit":
        grant: dict[str, Any] = {"repo": repo, "scope": random.choice(("none", "read", "write", None))}
        grant["expires"] = random.choice((None, 4.0))
        made = {
            "key": random.choice((None, None, "k1", "k2")),
            "base": random.choice((None, None, max(version - 1, 0))),
        }
        forgotten = {"version": None, "digest": None} if outcome == "unknown" and random.random() < 0.5 else {}
        return {**made, **(grant if tokens else {}), **forgotten}
    if kind == "fault":
        note = random.choice(("evict", "partition", "rollback", "crash"))
        nowhere = {"version": None, "digest": None} if note != "rollback" or random.random() < 0.2 else {}
        if note == "evict":
            place = random.choice((where, where, {"pop": where["pop"]}))
            return {"note": note, **place, **nowhere, "unit": random.choice((unit, unit, f"beside {unit}"))}
        named = note == "partition" and random.random() < 0.5
        return {"note": note, **(where if named else {}), **nowhere}
    return {}
