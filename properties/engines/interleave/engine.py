# SPDX-License-Identifier: Apache-2.0
"""The engine: all orders of a subject's moves if there are not too many, else so many by priority; and what they show.

A glance comes first, at a few orders by priority, as many faults are nowhere near the order that is tried first.
A violation ends the search. It is shortened, driven once more, and shown only if it happens then.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from random import Random
from typing import Final

from attrs import define, evolve, field, frozen

from edgeproof.impl.interleaving import Interleaved
from edgeproof.properties.engines.interleave.priority import by_priority, least_chance
from edgeproof.properties.engines.interleave.schedule import Driven, Schedule, replay, shorten
from edgeproof.properties.engines.interleave.search import Count, every_order
from edgeproof.properties.evidence import Evidence, Verdict

__all__ = ["ENGINE", "Effort", "Interleaving", "interleave"]

ENGINE: Final = "interleave"
_GLANCE: Final = 60
"""Orders by priority that come first."""
_EXPECTED: Final = 12
"""Moves that an order by priority is expected to have before any was driven."""


@frozen
class Effort:
    """How much to drive: all orders if there are no more than `schedules`, else so many by priority, for faults of
    `depth`.
    """

    schedules: int = 10_000
    depth: int = 4
    seed: int = 0


@frozen
class Interleaving:
    """Evidence for each property of a subject, and for each that is broken a short schedule that shows it."""

    evidence: tuple[Evidence, ...]
    witnesses: Mapping[str, Schedule]
    measures: Mapping[str, int | float | str]


@define
class _Tally:
    tested: Counter[str] = field(factory=Counter)
    broken: Driven | None = None

    def add(self, driven: Driven) -> bool:
        """Count what an order has shown; whether it broke something."""
        self.tested += driven.tested
        if driven.broken:
            self.broken = driven
        return bool(driven.broken)


def interleave(
    name: str,
    subject: Callable[[], Interleaved],
    effort: Effort = Effort(),
    notify: Callable[[Count], None] = lambda _: None,
) -> Interleaving:
    """Drive the orders of a subject, which is called `name`. `notify` hears of every order, and how many there were."""
    started = time.perf_counter()
    system = subject()
    tally, all_of, some = _Tally(), Count(), Count()
    try:
        _search(system, effort, tally, all_of, some, notify)
        seconds = time.perf_counter() - started
        schedules = _shortest(name, system, tally.broken)
    finally:
        system.close()
    measures: dict[str, int | float | str] = {
        "schedules": all_of.orders + some.orders,
        "cut_off": all_of.cut_off,
        "moves": all_of.moves + some.moves,
        "schedules/s": round((all_of.orders + some.orders) / seconds),
    }
    shared = Evidence(
        "",
        ENGINE,
        Verdict.UNKNOWN,
        bound=_covered(system, effort, all_of, some),
        exhaustive=all_of.complete and tally.broken is None,
        seed=None if all_of.complete else effort.seed,
        seconds=seconds / len(system.promise.properties),
        measures=measures,
    )
    evidence = [_verdict(evolve(shared, property=one), tally, schedules) for one in system.promise.properties]
    return Interleaving(tuple(evidence), schedules, measures)


def _search(
    system: Interleaved, effort: Effort, tally: _Tally, all_of: Count, some: Count, notify: Callable[[Count], None]
) -> None:
    by_chance = by_priority(system, some, Random(effort.seed), effort.depth, _EXPECTED)
    in_turn = every_order(system, all_of, more=lambda: all_of.orders + all_of.cut_off < effort.schedules)
    glance = islice(by_chance, min(_GLANCE, effort.schedules))
    for count, orders in ((some, glance), (all_of, in_turn), (some, by_chance)):
        for driven in orders:
            notify(count)
            if tally.add(driven):
                return
            if some.orders >= effort.schedules:
                break
        if all_of.complete:
            return


def _shortest(name: str, system: Interleaved, broken: Driven | None) -> dict[str, Schedule]:
    """For each property that was broken a short schedule that breaks it, again and again."""
    found: dict[str, Schedule] = {}
    for about, why in (broken.broken if broken else {}).items():
        assert broken is not None
        short = shorten(Schedule(name, system.operations, broken.moves, about, why), system)
        if about in replay(short, system).broken:
            found[about] = short
    return found


def _covered(system: Interleaved, effort: Effort, all_of: Count, some: Count) -> str:
    under_way = f"{system.operations} operations under way"
    if all_of.complete:
        return f"all orders of {under_way}: {all_of.orders:,}, but for moves that commute"
    said = f"{all_of.orders:,} orders of {under_way}"
    if some.orders:
        chance = least_chance(len(some.actors), some.longest, effort.depth)
        said += f", and {some.orders:,} by priority; each shows a fault of depth {effort.depth} with at least"
        said += f" 1 in {round(1 / chance):,}"
    return said


def _verdict(shared: Evidence, tally: _Tally, schedules: Mapping[str, Schedule]) -> Evidence:
    one, tested = shared.property, tally.tested[shared.property]
    shared = evolve(shared, measures={**shared.measures, "tested": tested})
    if one in schedules:
        schedule = schedules[one]
        return evolve(shared, verdict=Verdict.VIOLATED, reason=f"{schedule.why}: {'; '.join(schedule.moves)}")
    if tally.broken is not None:
        broken = ", ".join(tally.broken.broken)
        reason = "it was broken once, and not again" if one in tally.broken.broken else f"{broken} ended the search"
        return evolve(shared, reason=reason)
    if not tested:
        return evolve(shared, verdict=Verdict.VACUOUS, reason="no order put it to the test")
    return evolve(shared, verdict=Verdict.HOLDS_TO_BOUND)
