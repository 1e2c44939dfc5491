# SPDX-License-Identifier: Apache-2.0
"""A run that breaks something, made short: steps are left out as long as the deployment still breaks it when asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from attrs import define, frozen

from edgeproof.impl.target.client import OverspentError
from edgeproof.impl.target.driver import Driver, EndedError, TargetError
from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.programs import Program
from edgeproof.impl.target.runs import Run
from edgeproof.properties.engines.fuzz.shrink import least
from edgeproof.properties.traffic.promise import Promise
from edgeproof.reports.target.judging import NEIGHBOURLY, reasons_in

__all__ = ["Breach", "breaches"]

TRIES: Final = 40
SECONDS: Final = 20.0
"""What making one run short may take, for as many as are made short."""
_SHORTENED: Final = 3
"""Breaches that are made short."""
_AGAIN: Final = 2
"""Times that a run is taken again to see whether it breaks the same."""


@frozen
class Breach:
    """What one run breaks, by property and how. `again` says that the run was seen to do so more than once."""

    reasons: dict[str, str]
    run: Run
    again: bool


@define
class _Trying:
    """Takes programs and says whether they break a property; `shortest` is the last run that did."""

    driver: Driver
    promise: Promise
    name: str
    until: float
    left: int = TRIES
    shortest: Run | None = None

    def attempt(self, program: Program) -> Program | None:
        """The program if it breaks the property, else None."""
        if self.left <= 0 or time.monotonic() > self.until or not program:
            return None
        self.left -= 1
        try:
            run = self.driver.take(program, neighbour=self.name == NEIGHBOURLY)
        except (TargetError, EndedError, OverspentError):
            self.left = 0
            return None
        if not _broken(self.driver, self.promise, run, [self.name]):
            return None
        self.shortest = run
        return program


def breaches(driver: Driver, promise: Promise, found: dict[str, Run]) -> list[Breach]:
    """What was broken in which run, each as the shortest run that could be found; one that breaks several things is
    there once.
    """
    open_ones, made = dict(found), list[Breach]()
    while open_ones and len(made) < _SHORTENED:
        name = next(iter(open_ones))
        breach = _short(driver, promise, name, open_ones.pop(name), [*open_ones])
        made.append(breach)
        open_ones = {other: run for other, run in open_ones.items() if other not in breach.reasons}
    return made


def _short(driver: Driver, promise: Promise, name: str, run: Run, others: Sequence[str]) -> Breach:
    trying = _Trying(driver, promise, name, time.monotonic() + SECONDS)
    if any(trying.attempt(run.program) for _ in range(_AGAIN)):
        least(run.program, trying.attempt)
    shortest = trying.shortest or run
    return Breach(_broken(driver, promise, shortest, [name, *others]), shortest, trying.shortest is not None)


def _broken(driver: Driver, promise: Promise, run: Run, names: Sequence[str]) -> dict[str, str]:
    return reasons_in(driver.target, promise, run, recorded(driver.target, run), names)
