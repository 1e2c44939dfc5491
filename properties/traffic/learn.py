# SPDX-License-Identifier: Apache-2.0
"""Learning the environment: the smallest delays, failures and cache times that a history respects."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Final

import ibis.expr.types as ir
from attrs import evolve, frozen

from edgeproof.properties.traffic.assumptions import LATE, MONITORS, Monitor
from edgeproof.properties.traffic.attempts import took
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.keeping import largest
from edgeproof.properties.traffic.promise import Promise

__all__ = ["Learnt", "learn", "numbers_of"]

TICKS: Final = 1000
"""Of a second: what is learnt is rounded up to milliseconds, lest a last digit break it."""


@frozen
class Learnt:
    """What was measured: per symbol the smallest value (seconds, or a count), 0 where nothing took longer than that.

    `seen` counts the events that each rests on. A symbol with none was not measured at all.
    """

    values: Mapping[str, float]
    seen: Mapping[str, int]


def learn(facts: Facts, promise: Promise) -> Learnt:
    """Fit S, D, F, R, T to a history, each with the others as fitted before it."""
    values: dict[str, float] = {}
    seen: dict[str, int] = {}
    # Puts that were given up took D as well, and retry delays are counted from there.
    values["D"], seen["D"] = _largest(took(facts))
    promise = evolve(promise, put_timeout=values["D"] if seen["D"] else None)
    for one in _measured():
        values[one.symbol], seen[one.symbol] = _largest(one.measure(facts, promise))
    return Learnt({symbol: _up(value) for symbol, value in values.items()}, seen)


def numbers_of(learnt: Learnt) -> dict[str, int | Fraction]:
    """What was learnt, exactly, by symbol (durations in seconds)."""
    return {n: int(v) if n == "F" else Fraction(round(v * TICKS), TICKS) for n, v in learnt.values.items()}


def _measured() -> list[Monitor]:
    return [one for one in MONITORS.values() if one.id != LATE and one.symbol in "SFRT"]


def _largest(measured: ir.Table) -> tuple[float, int]:
    worst, count = largest(measured)
    return float(worst or 0.0), count


def _up(value: float) -> float:
    return ceil(round(value * TICKS, 6)) / TICKS
