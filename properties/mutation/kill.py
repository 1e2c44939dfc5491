# SPDX-License-Identifier: Apache-2.0
"""What became of a mutant: who noticed it, by what, or why nobody could."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

__all__ = ["ENGINES", "Fate", "How", "Kill", "Standing"]

ENGINES = ("search", "proof", "lockstep")


class How(StrEnum):
    """By what a mutant is noticed, the best first."""

    VERDICT = "verdict"
    """A property, a fact or the passing of time does not stand as it should, or the implementation differs."""
    MEASURE = "measure"
    """What is shown is shown by a longer trace, or a bound is not reached any more."""
    STATES = "states"
    """There are more states, or fewer, and nothing else is wrong."""


@frozen
class Kill:
    """An engine noticed, in a case: which property, by what, how it stands, and for a violation in how many steps."""

    engine: str
    case: str
    property: str
    how: How
    status: str
    reason: str
    steps: int


class Standing(StrEnum):
    """How a mutant stands in the end."""

    TWICE = "by two engines"
    ALONE = "by the one engine that can"
    ONCE = "by one engine of several"
    MEASURE = "by measure"
    STATES = "by states"
    REFUSED = "refused"
    PROVED_EQUAL = "equal by proof"
    SAME_GRAPHS = "equal graphs"
    SAME_RUNS = "the same runs"
    OPEN = "not looked at everywhere"
    EXCEPTED = "excepted"
    UNEXPLAINED = "unexplained"


@frozen
class Fate:
    """What became of a mutant.

    `kills` are all that the engines noticed in the first case in which each noticed it. `apart` names a case in which
    it has another state graph, or owes other actions a turn, and `runs` one in which that lets something else happen,
    or be told, than in the design: what clocks show while nobody looks at them is neither. `less` says that, where it
    is not the design in other words, it was proved to do less than that and nothing else. `equal` says how many
    cases there are, and in how many of these it was proved to change nothing; in so many of the others it was searched
    (`looked`). `refused` says why it is no design at all. `seconds` are by engine.
    """

    design: str
    mutant: str
    operator: str
    says: str
    kills: tuple[Kill, ...]
    apart: str
    runs: str
    less: bool
    equal: tuple[int, int]
    looked: int
    refused: str
    seconds: dict[str, float]

    def by(self, how: How) -> tuple[str, ...]:
        """The engines that noticed it by that or better."""
        good = list(How)[: list(How).index(how) + 1]
        return tuple(one for one in ENGINES if any(kill.engine == one and kill.how in good for kill in self.kills))

    @property
    def noticed(self) -> bool:
        """Whether `verify` would fail: by a verdict, or by a measure that is pinned."""
        return bool(self.refused or self.by(How.MEASURE))

    def standing(self, reason: str = "") -> Standing:
        """How it stands, where its exception's `reason` is this."""
        if self.refused:
            return Standing.REFUSED
        if sure := self.by(How.VERDICT):
            return Standing.TWICE if len(sure) > 1 else Standing.ALONE if self.less else Standing.ONCE
        if self.by(How.MEASURE):
            return Standing.MEASURE
        if not self.apart:
            cases, proved = self.equal
            if proved == cases:
                return Standing.PROVED_EQUAL
            return Standing.SAME_GRAPHS if self.looked == cases - proved else Standing.OPEN
        if not self.runs:
            return Standing.SAME_RUNS
        if reason:
            return Standing.EXCEPTED
        return Standing.STATES if self.kills else Standing.UNEXPLAINED
