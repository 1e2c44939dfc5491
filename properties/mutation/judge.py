# SPDX-License-Identifier: Apache-2.0
"""Who notices mutants of a design: its cases are searched and proved, small ones first, and the reference is driven.

Where the solver shows that a mutant does in a case what the design does, nobody has to look at it there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import Final

from attrs import define, field

from edgeproof.impl.system import System
from edgeproof.model.machine import DesignError
from edgeproof.properties.cases import engines_for, scoreboard
from edgeproof.properties.covers import states
from edgeproof.properties.evidence import Case
from edgeproof.properties.mutation.driven import driven
from edgeproof.properties.mutation.equal import Likeness, likeness
from edgeproof.properties.mutation.kill import ENGINES, Fate, How, Kill
from edgeproof.properties.mutation.mutants import Mutant
from edgeproof.properties.mutation.proved import Proofs, lost_first, proofs_of
from edgeproof.properties.mutation.searched import Look, searched
from edgeproof.properties.pins import pins_for

__all__ = ["judged"]

_MODEST: Final = 40_000
"""States of a case in which mutants are looked at, too, that somebody has noticed already: larger ones, but for the
smallest, are for those that nobody has.
"""
_DRIVEN: Final = 2
"""Cases in which the implementation is driven by a mutant, first those of other runs: one as soon as it is told from
the design, the rest in the end; twice as many, and as hard as `verify` drives, where nobody has noticed it.
"""


@define(eq=False)
class _Trial:
    """One mutant, as far as it has been looked at."""

    mutant: Mutant
    kills: list[Kill] = field(factory=list)
    apart: str = ""
    runs: str = ""
    told: list[Case] = field(factory=list)
    equal: int = 0
    looked: int = 0
    less: bool = True
    refused: str = ""
    driven: set[str] = field(factory=set)
    seconds: dict[str, float] = field(factory=lambda: dict.fromkeys(ENGINES, 0.0))

    def noticed_by(self, engine: str) -> bool:
        """Whether an engine has noticed it by a verdict; then it need not look any further."""
        return any(kill.engine == engine and kill.how is How.VERDICT for kill in self.kills)

    @property
    def sure(self) -> int:
        """How many engines have noticed it by a verdict."""
        return sum(map(self.noticed_by, ENGINES))

    @property
    def noticed(self) -> bool:
        """Whether some engine has noticed it, by a verdict or by a measure."""
        return any(kill.how is not How.STATES for kill in self.kills)


def judged(
    design: str,
    mutants: Sequence[Mutant],
    system: Callable[[], System],
    engines: Collection[str] = ENGINES,
    enough: int = 2,
    most: int | None = None,
) -> list[Fate]:
    """What becomes of mutants of a design. Of one that so many engines have noticed no more is asked.

    With `most`, only cases of so many states are looked at, or the smallest one.
    """
    trials = [_Trial(one) for one in mutants]
    every = _by_size(design)
    cases = [case for case in every if most is None or _pinned_states(case) <= most]
    searches, lockstep = bool(cases) and "search" in engines, "lockstep" in engines
    for number, case in enumerate(cases or every[:1]):
        modest = number == 0 or _pinned_states(case) <= _MODEST
        left = [one for one in trials if not one.refused and one.sure < enough and (modest or not one.noticed)]
        _look(case, left, enough, searches, "proof" in engines)
        if lockstep:
            _drive(system, [one for one in left if one.sure < enough and not one.driven], 1)
    if lockstep:
        _drive(system, [one for one in trials if one.sure < enough], _DRIVEN)
        _drive(system, [one for one in trials if not one.noticed], 2 * _DRIVEN, hard=True)
    return [_fate(design, one) for one in trials]


def _look(case: Case, trials: Sequence[_Trial], enough: int, search: bool, proof: bool) -> None:
    """Search and prove a case of those mutants that the solver does not show to be the design there."""
    if not trials:
        return
    different = _different_in(case, trials)
    if search:
        _search(case, [one for one in different if not one.noticed_by("search")])
    if proof and "prove" in engines_for(case):
        able = [one for one in different if not one.less and not one.noticed_by("proof")]
        _prove(case, [one for one in able if one.sure < enough])


@cache
def _by_size(design: str) -> tuple[Case, ...]:
    return tuple(sorted(scoreboard(design), key=_pinned_states))


def _pinned_states(case: Case) -> int:
    return max((states(pin.covers) for pin in pins_for(case.design).get(case.name, {}).values()), default=0)


@cache
def _invariant(case_name: str, design: str) -> Proofs:
    return proofs_of(next(one for one in scoreboard(design) if one.name == case_name))


def _proofs(case: Case) -> Proofs:
    proofs = _invariant(case.name, case.design)
    proofs.again()
    return proofs


def _different_in(case: Case, trials: Sequence[_Trial]) -> list[_Trial]:
    """Those of which the solver does not show that they do in this case what the design does."""
    proofs, found = _proofs(case), []
    for one in trials:
        begun = time.perf_counter()
        like = likeness(proofs, one.mutant)
        if like is Likeness.SAME:
            one.equal += 1
        else:
            one.told.append(case)
            one.less = one.less and like is Likeness.LESS
            found.append(one)
        one.seconds["proof"] += time.perf_counter() - begun
    return found


def _search(case: Case, trials: Sequence[_Trial]) -> None:
    for one, look in _looks(case, trials):
        better = [kill for kill in look.kills if kill.how is not How.STATES]
        if better or not any(kill.engine == "search" for kill in one.kills):
            one.kills = [kill for kill in one.kills if kill.engine != "search"] + list(look.kills)
        one.looked += 1
        one.apart = one.apart or (case.name if look.apart else "")
        one.runs = one.runs or (case.name if look.runs else "")
        one.seconds["search"] += look.seconds


def _looks(case: Case, trials: Sequence[_Trial]) -> Iterator[tuple[_Trial, Look]]:
    """What the search says of each; those without a kernel are no designs, and are found by halving."""
    if not trials:
        return
    compare = [not (one.runs or one.sure) for one in trials]
    try:
        looks = [*searched(case, [one.mutant for one in trials], compare)]
    except (DesignError, ValueError, OverflowError) as error:
        if len(trials) == 1:
            trials[0].refused = f"{type(error).__name__}: {error}"[:200]
            return
        half = len(trials) // 2
        yield from _looks(case, trials[:half])
        yield from _looks(case, trials[half:])
        return
    yield from zip(trials, looks, strict=True)


def _prove(case: Case, trials: Sequence[_Trial]) -> None:
    proofs = _proofs(case)
    for one in trials:
        begun = time.perf_counter()
        if (kill := lost_first(proofs, one.mutant)) is not None:
            one.kills.append(kill)
        one.seconds["proof"] += time.perf_counter() - begun


def _drive(system: Callable[[], System], trials: Sequence[_Trial], most: int, hard: bool = False) -> None:
    """Drive the implementation by those mutants that may do something else, in so many cases at most."""
    for one in trials:
        other = one.runs or len(one.told) > one.looked
        if not other or one.less or one.refused or one.noticed_by("lockstep"):
            continue
        begun = time.perf_counter()
        telling = sorted(one.told, key=lambda case: case.name != (one.runs or one.apart))
        able = [case for case in telling if "fuzz" in engines_for(case)][:most]
        new = able if hard else [case for case in able if case.name not in one.driven][: most - len(one.driven)]
        one.driven |= {case.name for case in new}
        if (kill := driven(new, one.mutant, system, hard=hard)) is not None:
            one.kills.append(kill)
        one.seconds["lockstep"] += time.perf_counter() - begun


def _fate(design: str, one: _Trial) -> Fate:
    seconds = {engine: round(taken, 3) for engine, taken in one.seconds.items() if taken}
    mutant, cases = one.mutant, len(_by_size(design))
    return Fate(
        design, mutant.name, mutant.operator, mutant.says, tuple(one.kills), one.apart, one.runs,
        bool(one.told) and one.less, (cases, one.equal), one.looked, one.refused, seconds,
    )  # fmt: skip
