# SPDX-License-Identifier: Apache-2.0
"""What becomes of a mutant of the code: does any run come to it, can it be driven at all, does lockstep find it?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from edgeproof.properties.edits.alone import alone_within
from edgeproof.properties.edits.drive import drive
from edgeproof.properties.edits.edit import Edit
from edgeproof.properties.engines.fuzz.engine import Budget
from tests.edits.mutants.elsewhere import Search
from tests.edits.mutants.made import loud
from tests.edits.mutants.subjects import source_of
from tests.edits.trial import QUICK, builder_for, cases_of, tried

__all__ = ["Fate", "Standing", "judged", "judged_all"]

PATIENCE: Final = 600.0
"""Seconds for all cases of a mutant; one that is not done by then goes round for ever somewhere."""


BUDGETS: Final = {".py": evolve(QUICK, examples=20), ".js": evolve(QUICK, examples=5)}
"""How much a mutant of a language is driven in a case; `edgeproof verify` has 50 runs of a case by itself."""

_DEAD: Final = "the system cannot be started"
"""How lockstep says that a system could not begin its first run."""

SOME: Final = 5
"""One run in so many is enough to tell whether runs come to a statement."""


class Standing(StrEnum):
    """How a mutant stands."""

    STILLBORN = "stillborn"
    """Nothing can be started with it: whoever starts anything notices."""
    FOUND = "found"
    """A run that the sources pass without it fails."""
    HUNG = "hung"
    """It does not end."""
    UNREACHED = "unreached"
    """No run comes to the statement that it is in: one that throws there is not found either."""
    PASSES = "passes"
    """Runs come there, and all is as it should be."""


@frozen
class Fate:
    """What became of a mutant: in which case it was found, what was seen then, and in how many steps and seconds.

    Where lockstep does not find it and tests were run on it, `elsewhere` is what came of these.
    """

    name: str
    file: str
    standing: Standing
    case: str
    reason: str
    steps: int
    seconds: float
    elsewhere: Search | None = None

    @property
    def raised(self) -> bool:
        """Whether it was found because something was raised, which any test that comes there would see."""
        return self.standing is Standing.FOUND and ("the system says" in self.reason or "observed" in self.reason)


def judged(mutant: Edit, seed: int = 0) -> Fate:
    """Drive a mutant in its cases, until one shows it."""
    started = time.perf_counter()

    def fate(standing: Standing, reason: str = "", case: str = "", steps: int = 0) -> Fate:
        return Fate(mutant.name, mutant.file, standing, case, reason[-300:], steps, time.perf_counter() - started)

    other = loud(mutant, source_of(mutant.file))
    if other is not None and not _is_found(other, seed):
        return fate(Standing.UNREACHED)
    try:
        trial = tried(mutant, _budget(mutant, seed), PATIENCE)
    except TimeoutError as error:
        return fate(Standing.HUNG, str(error))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        return fate(Standing.FOUND if _starts(mutant, seed) else Standing.STILLBORN, reason)
    finding = trial.finding
    if trial.found:
        dead = finding.steps == 0 and finding.reason.startswith(_DEAD)
        return fate(Standing.STILLBORN if dead else Standing.FOUND, finding.reason, finding.case or "", finding.steps)
    return fate(Standing.PASSES, trial.otherwise, steps=finding.steps)


def judged_all(mutants: Sequence[Edit], processes: int, seed: int, notify: Callable[[Fate], None]) -> None:
    """Judge mutants, several at a time; `notify` hears of each when it is over."""
    with ThreadPoolExecutor(processes) as pool:
        for one in as_completed([pool.submit(judged, mutant, seed) for mutant in mutants]):
            notify(one.result())


def _budget(mutant: Edit, seed: int) -> Budget:
    return evolve(BUDGETS[Path(mutant.file).suffix], seed=seed)


def _starts(mutant: Edit, seed: int) -> bool:
    """Whether anything can be done with it: it is imported, started, and takes one step."""
    once = evolve(_budget(mutant, seed), examples=1, steps=1)
    try:
        alone_within(PATIENCE, drive, mutant, cases_of(mutant)[:1], builder_for(mutant), once)
    except RuntimeError:
        return False
    return True


@cache
def _is_found(edit: Edit, seed: int) -> bool:
    """Whether anything goes wrong with an edit in a few runs, be it that nothing starts or ends."""
    budget = _budget(edit, seed)
    some = evolve(budget, examples=budget.examples // SOME)
    try:
        return alone_within(PATIENCE, drive, edit, cases_of(edit), builder_for(edit), some).case is not None
    except (RuntimeError, TimeoutError):
        return True
