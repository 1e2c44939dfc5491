# SPDX-License-Identifier: Apache-2.0
"""What two reports say otherwise, and whether the evidence grew weaker. Times and environments do not count.

Evidence is as strong as what it shows: a proof is stronger than a search to a bound, a larger bound than a smaller one,
a violation that a shorter trace shows plainer. Where neither side is the stronger one, a change is only named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from attrs import frozen

from edgeproof.properties.covers import any_number, shape, sizes
from edgeproof.properties.evidence import HOLDS, Status, Verdict
from edgeproof.reports.reported import Found, Reported, ReportedCase, Standing

__all__ = ["Change", "Direction", "differences"]

K = TypeVar("K")
V = TypeVar("V")

NOTHING: Final = "-"
"""Stands for what is not there."""

_STRENGTH: Final = {
    Verdict.PROVED: 2,
    Verdict.HOLDS_TO_BOUND: 1,
    Verdict.MISSED: 0,
    Verdict.UNKNOWN: 0,
    Verdict.VACUOUS: 0,
}
_GOOD: Final = {Status.AS_EXPECTED: 2, Status.NOT_BY_RUNS: 1, Status.UNDECIDED: 1}

_COVERED: Final = ("states", "runs", "steps", "transitions", "actions", "performed", "reached")
"""The measures that say how much an engine looked at: less of it is a smaller bound."""

_SETTING: Final = re.compile(r"[A-Za-z_]\w*=\w+")


class Direction(StrEnum):
    """Which way a change goes."""

    WEAKER = "weaker"
    STRONGER = "stronger"
    OTHER = "other"


@frozen
class Change:
    """One thing that two reports say otherwise: `what` it is, of which case, property and engine (empty for all)."""

    direction: Direction
    design: str
    case: str
    property: str
    engine: str
    what: str
    old: str
    new: str


@frozen
class _Turn:
    """A change that has no place yet."""

    direction: Direction
    what: str
    old: object
    new: object


def differences(old: Reported, new: Reported) -> tuple[Change, ...]:
    """Everything that differs, in the order of the old report; what is new comes last."""
    return tuple(
        Change(turn.direction, design, case, one, engine, turn.what, str(turn.old), str(turn.new))
        for (design, case), before, after in _paired(old.cases, new.cases)
        for one, engine, turn in _of_case(before, after)
    )


def _of_case(old: ReportedCase | None, new: ReportedCase | None) -> Iterator[tuple[str, str, _Turn]]:
    if old is None or new is None:
        yield "", "", _come_or_gone("case", old, new)
        return
    for name, before, after in _paired(old.constants, new.constants):
        if before != after:
            # Nothing is known of the configuration that was checked before.
            yield "", "", _Turn(Direction.WEAKER, f"configuration, {name}", _said(before), _said(after))
    for name, one, other in _paired(old.properties, new.properties):
        for engine, turn in _of_property(one, other):
            yield name, engine, turn


def _of_property(old: Standing | None, new: Standing | None) -> Iterator[tuple[str, _Turn]]:
    if old is None or new is None:
        yield "", _come_or_gone("property", old, new)
        return
    if old.says != new.says:
        yield "", _Turn(Direction.OTHER, "statement", old.says, new.says)
    if old.expected != new.expected:
        yield "", _Turn(Direction.OTHER, "expected", _said(old.expected), _said(new.expected))
    if old.verdict != new.verdict:
        yield "", _Turn(_verdict_turns(old, new), "verdict", old.verdict, new.verdict)
    if old.status != new.status:
        yield "", _Turn(_more(_GOOD.get(old.status, 0), _GOOD.get(new.status, 0)), "standing", old.status, new.status)
    if old.shortest is not None and new.shortest is not None and old.shortest != new.shortest:
        direction = _more(new.shortest, old.shortest)
        yield "", _Turn(direction, "steps of the shortest trace", old.shortest, new.shortest)
    for engine, before, after in _paired(old.engines, new.engines):
        for turn in _of_engine(old, new, before, after):
            yield engine, turn


def _verdict_turns(old: Standing, new: Standing) -> Direction:
    """Which way the verdict of all engines together goes."""
    if new.verdict is Verdict.VIOLATED:
        awaited = old.expected is new.expected is Verdict.VIOLATED
        return Direction.STRONGER if awaited else Direction.WEAKER
    if old.verdict is Verdict.VIOLATED:
        mended = new.verdict in HOLDS and new.expected is not Verdict.VIOLATED
        return Direction.STRONGER if mended else Direction.WEAKER
    return _more(_STRENGTH[old.verdict], _STRENGTH[new.verdict])


def _of_engine(old: Standing, new: Standing, before: Found | None, after: Found | None) -> Iterator[_Turn]:
    if before is None or after is None:
        yield _come_or_gone("engine", before, after)
        return
    if before.verdict != after.verdict:
        yield _Turn(_engine_turns(old, new, before, after), "verdict", before.verdict, after.verdict)
    judged = before.verdict in HOLDS and after.verdict in HOLDS
    for turn in (*_of_bound(before, after), *_of_assumptions(before, after)):
        # What an engine looked at without an answer, or until a counterexample, is no evidence that could grow weaker.
        yield turn if judged else _Turn(Direction.OTHER, turn.what, turn.old, turn.new)


def _engine_turns(old: Standing, new: Standing, before: Found, after: Found) -> Direction:
    """Which way one engine's verdict goes, in the light of what all together say."""
    if after.verdict is Verdict.VIOLATED:
        return Direction.STRONGER if old.verdict is Verdict.VIOLATED else _verdict_turns(old, new)
    if before.verdict is Verdict.VIOLATED:
        return Direction.WEAKER if new.verdict is Verdict.VIOLATED else _verdict_turns(old, new)
    if old.verdict is new.verdict is Verdict.VIOLATED:
        return Direction.OTHER  # it did not show what another one did, before as after
    return _more(_STRENGTH[before.verdict], _STRENGTH[after.verdict])


def _of_bound(old: Found, new: Found) -> Iterator[_Turn]:
    """How much was covered, where both say the same: all there is or not, the bound's sizes, and what was counted."""
    if old.verdict is not new.verdict:
        return
    if old.exhaustive != new.exhaustive:
        yield _Turn(_more(old.exhaustive, new.exhaustive), "exhaustive", _said(old.exhaustive), _said(new.exhaustive))
    before, after = sizes(old.bound), sizes(new.bound)
    # A number that only one of them has came with the design, or went with it.
    yield from _of_numbers(before, after, before.keys() & after.keys())
    for sort, known, knows in _paired(_each(any_number(old.bound)), _each(any_number(new.bound))):
        if known is None or knows is None:
            direction = Direction.STRONGER if known is None else Direction.WEAKER
            yield _Turn(direction, f"for any number of {sort}", _said(bool(known)), _said(bool(knows)))
    if shape(old.bound) != shape(new.bound):
        yield _Turn(Direction.OTHER, "bound", _said(old.bound), _said(new.bound))
    yield from _of_numbers(_counts(old), _counts(new), _COVERED)


def _of_numbers(old: Mapping[str, float], new: Mapping[str, float], covering: Collection[str]) -> Iterator[_Turn]:
    """The numbers that differ; of those that are `covering`, less is weaker, and none is nothing."""
    for name, before, after in _paired(old, new):
        if before != after:
            direction = _more(before or 0, after or 0) if name in covering else Direction.OTHER
            yield _Turn(direction, name, _said(before), _said(after))


def _of_assumptions(old: Found, new: Found) -> Iterator[_Turn]:
    """What more is taken for granted; the configuration, which some engines name here, is told of the case."""
    before, after = _assumed(old), _assumed(new)
    for text, held, holds in _paired(before, after):
        if held is None or holds is None:
            direction = Direction.WEAKER if held is None else Direction.STRONGER
            yield _Turn(direction, "assumption", text if held else NOTHING, text if holds else NOTHING)


def _assumed(found: Found) -> dict[str, bool]:
    """The assumptions that are no setting."""
    return {text: True for text in found.assumptions if not _SETTING.fullmatch(text)}


def _each(names: Iterable[str]) -> dict[str, bool]:
    return dict.fromkeys(names, True)


def _counts(found: Found) -> dict[str, float]:
    """The measures that are numbers, without rates, which the machine decides."""
    return {n: v for n, v in found.measures.items() if not isinstance(v, str) and not n.endswith("/s")}


def _come_or_gone(what: str, old: object, new: object) -> _Turn:
    here, gone = "there", NOTHING
    return _Turn(Direction.STRONGER, what, gone, here) if old is None else _Turn(Direction.WEAKER, what, here, gone)


def _more(old: float, new: float) -> Direction:
    """Which way something goes that is the better the more there is of it."""
    return Direction.OTHER if old == new else Direction.STRONGER if new > old else Direction.WEAKER


def _said(value: object) -> str:
    """A value in words: a count has no fraction."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.12g}"
    return str(value)


def _paired(old: Mapping[K, V], new: Mapping[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
    """What is in either, with None for what is not in the other."""
    for name in {**old, **new}:
        yield name, old.get(name), new.get(name)
