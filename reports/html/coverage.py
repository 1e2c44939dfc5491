# SPDX-License-Identifier: Apache-2.0
"""How much of each design was looked at: its states by search, its actions by runs of an implementation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from edgeproof.properties.evidence import Evidence
from edgeproof.reports.view import Sheet, View

__all__ = ["Covered", "coverage"]


@frozen
class Covered:
    """What was looked at of a design: most states and transitions of a case, steps of runs, and how often each action
    happened in them; those that could have and never did are `missing`.
    """

    design: str
    cases: int
    states: int
    transitions: int
    steps: int
    performed: int
    offered: int
    missing: tuple[str, ...]
    actions: tuple[tuple[str, int, int], ...]


def coverage(view: View) -> tuple[Covered, ...]:
    """A row per design of which anything was counted."""
    sheets: dict[str, list[Sheet]] = {}
    for sheet in view.sheets:
        sheets.setdefault(sheet.case.design, []).append(sheet)
    found = (_covered(design, together) for design, together in sheets.items())
    return tuple(one for one in found if one.states or one.steps)


def _covered(design: str, sheets: Sequence[Sheet]) -> Covered:
    evidence = [*_evidence(sheets)]
    searched = [one.measures for one in evidence if "states" in one.measures]
    runs = [one for one in _once_a_case(sheets) if one.fired or one.offered]
    fired: Counter[str] = Counter()
    for one in runs:
        fired.update({action: times for action, times in one.fired.items() if times})
    offered = dict.fromkeys(action for one in runs for action in (*one.offered, *one.fired))
    most = max(fired.values(), default=1)
    return Covered(
        design,
        len(sheets),
        max((int(one.get("states", 0)) for one in searched), default=0),
        max((int(one.get("transitions", 0)) for one in searched), default=0),
        sum(int(one.measures.get("steps", 0)) for one in runs),
        len([action for action in offered if fired[action]]),
        len(offered),
        tuple(action for action in offered if not fired[action]),
        tuple((action, fired[action], _tenths(fired[action], most)) for action in offered),
    )


def _evidence(sheets: Sequence[Sheet]) -> Iterator[Evidence]:
    return (finding.evidence for sheet in sheets for row in sheet.rows for finding in row.findings)


def _once_a_case(sheets: Sequence[Sheet]) -> Iterator[Evidence]:
    """What runs of an implementation did: the same runs are evidence about many properties, and count once a case."""
    for sheet in sheets:
        runs = (one for one in _evidence([sheet]) if one.engine == "fuzz" and one.fired)
        yield from [one for one, _ in zip(runs, range(1), strict=False)]


def _tenths(value: int, most: int) -> int:
    return -(-10 * value // most)
