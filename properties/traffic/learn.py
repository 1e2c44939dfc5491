# SPDX-License-Identifier: Apache-2.0
"""Learning the environment: the smallest delays, failures and cache times that a history respects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np
from attrs import evolve, frozen

from edgeproof.properties.traffic.assumptions import LATE, MONITORS
from edgeproof.properties.traffic.attempts import took
from edgeproof.properties.traffic.coded import SOURCE
from edgeproof.properties.traffic.facts import Ask, Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.table import Table

__all__ = ["Learnt", "learn", "numbers_of"]

TICKS: Final = 1000
"""Of a second: what is learnt is rounded up to milliseconds, so that nothing of what it was learnt from is over it."""

_MONITORS: Final = tuple(one for one in MONITORS.values() if one.id != LATE and one.symbol in "SDFRT")

_Measured = dict[str, tuple[float, int]]
"""By symbol, the largest value and how many there were."""


@frozen
class Learnt:
    """What was measured: per symbol the smallest value (seconds, or a count), 0 where nothing took longer than that.

    `seen` counts the events that each rests on; `unwatched` says why, of symbols that the history is not about.
    """

    values: Mapping[str, float]
    seen: Mapping[str, int]
    unwatched: Mapping[str, str]


def learn(ask: Ask, promise: Promise) -> Learnt:
    """Fit S, D, F, R, T to a history, each with the others as fitted before it."""
    # Puts that were given up took D as well, and retry delays are counted from there.
    longest, puts = _together(ask(_puts))["D"]
    parts = ask(partial(_others, promise=evolve(promise, put_timeout=longest if puts else None)))
    measured = {**_together(measured for measured, _, _ in parts), "D": (longest, puts)}
    recorded, cached = (sum(part[place] for part in parts) for place in (1, 2))
    return Learnt(
        {one.symbol: _up(measured[one.symbol][0]) for one in _MONITORS},
        {one.symbol: measured[one.symbol][1] for one in _MONITORS},
        {one.symbol: why for one in _MONITORS if (why := one.unwatched(recorded, cached))},
    )


def _puts(facts: Facts) -> _Measured:
    return {"D": _largest(took(facts))}


def _others(facts: Facts, promise: Promise) -> tuple[_Measured, int, int]:
    """What is measured but for D, and how many puts and reads from caches there are."""
    measured = {one.symbol: _largest(one.measure(facts, promise)) for one in _MONITORS if one.symbol != "D"}
    return measured, len(facts.publishes), int((facts.tellings.source == SOURCE["cache"]).sum())


def _together(parts: Iterable[_Measured]) -> _Measured:
    every = list(parts)
    return {
        symbol: (max(part[symbol][0] for part in every), sum(part[symbol][1] for part in every)) for symbol in every[0]
    }


def numbers_of(learnt: Learnt) -> dict[str, int | Fraction]:
    """What was learnt, exactly, by symbol (durations in seconds)."""
    return {n: int(v) if n == "F" else Fraction(round(v * TICKS), TICKS) for n, v in learnt.values.items()}


def _largest(measured: Table) -> tuple[float, int]:
    return float(np.fmax(measured.value, 0.0).max(initial=0.0)), len(measured)


def _up(value: float) -> float:
    nearest = round(value * TICKS)
    return (nearest if nearest / TICKS >= value else nearest + 1) / TICKS
