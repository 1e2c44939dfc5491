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

_MODEST: Final = 130_000
"""States of a case in which mutants are searched that somebody has noticed already, but not the search."""
_DRIVEN: Final = 2
"""Cases in which the implementation is driven by a mutant, first those of other runs; twice as many, and as hard as
`verify` drives, where two have to notice it and nobody has."""


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
    seconds: dict[str, float] = field(factory=lambda: dict.fromkeys(ENGINES, 0.0))

    def noticed_by(self, engine: str) -> bool:
        """Whether an engine has noticed it by a verdict; then it need not look any further."""
        return any(kill.engine == engine and kill.how is How.VERDICT for kill in self.kills)

    @property
    def sure(self) -> int:
        """How many engines have noticed it by a verdict."""
        return sum(map(self.noticed_by, ENGINES))


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
    small = [case for case in _by_size(design) if most is None or _pinned_states(case) <= most]
    for case in small or _by_size(design)[:1]:
        if not (open_ones := [one for one in trials if one.sure < enough and not one.refused]):
            break
        different = _different_in(case, open_ones)
        if "search" in engines and case in small:
            _search(case, [one for one in different if _worth_searching(one, case)])
        if "proof" in engines and "prove" in engines_for(case):
            able = [one for one in different if not one.less and not one.noticed_by("proof")]
            _prove(case, [one for one in able if one.sure < enough])
    if "lockstep" in engines:
        for one in trials:
            other = one.runs or len(one.told) > one.looked
            if one.sure < enough and other and not one.less and not one.refused:
                _drive(one, system, hard=enough > 1 and not one.sure)
    return [_fate(design, one) for one in trials]


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


def _worth_searching(one: _Trial, case: Case) -> bool:
    """Large cases are for what no smaller one can tell from the design at all, or what nobody has noticed in one."""
    return not one.noticed_by("search") and (_pinned_states(case) <= _MODEST or not (one.apart and one.sure))


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
    try:
        looks = [*searched(case, [one.mutant for one in trials])]
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


def _drive(one: _Trial, system: Callable[[], System], *, hard: bool) -> None:
    begun = time.perf_counter()
    telling = sorted(one.told, key=lambda case: case.name != (one.runs or one.apart))
    if (kill := driven(telling[: 2 * _DRIVEN if hard else _DRIVEN], one.mutant, system, hard=hard)) is not None:
        one.kills.append(kill)
    one.seconds["lockstep"] += time.perf_counter() - begun


def _fate(design: str, one: _Trial) -> Fate:
    seconds = {engine: round(taken, 3) for engine, taken in one.seconds.items() if taken}
    mutant, cases = one.mutant, len(_by_size(design))
    return Fate(
        design, mutant.name, mutant.operator, mutant.says, tuple(one.kills), one.apart, one.runs,
        bool(one.told) and one.less, (cases, one.equal), one.looked, one.refused, seconds,
    )  # fmt: skip
