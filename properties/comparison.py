# SPDX-License-Identifier: Apache-2.0
"""Designs side by side: which promises each keeps, which level each reaches, and why one would choose another.

The yardstick is the pattern, `do_kv`. The answer to "why not another design?" is what
that one breaks and the pattern keeps; the pattern does not fit where somebody relies on what it breaks itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from properties.cases import instance_of
from properties.catalogue import CATALOGUE
from properties.evidence import HOLDS, Case, Conclusion, Ledger, Status, Verdict
from properties.levels import Standing, standing

__all__ = ["Answer", "Comparison", "Entry", "compare"]

_PATTERN: Final = "do_kv"
_NO_SYSTEM: Final = "levels"
"""The design that defines the consistency levels is no alternative to anything."""


@frozen
class Entry:
    """One configuration: what was concluded of each property, and how it stands to each consistency level."""

    case: Case
    conclusions: tuple[Conclusion, ...]
    standings: tuple[Standing, ...]

    @property
    def strongest(self) -> tuple[str, ...]:
        """The levels that it reaches and that no other level it reaches implies; empty for none."""
        reached = [one for one in self.standings if one.verdict in HOLDS]
        implied = {name for one in reached for name in one.level.implies}
        return tuple(one.level.name for one in reached if one.level.name not in implied)


@frozen
class Answer:
    """A question, what speaks against (each with its trace) and what speaks for, and a sentence that sums it up."""

    question: str
    text: str
    against: tuple[Conclusion, ...]
    instead: tuple[Conclusion, ...] = ()

    @property
    def by_case(self) -> tuple[tuple[Conclusion, ...], ...]:
        """What speaks against, case by case; in each the shortest trace comes first."""
        cases: dict[str, list[Conclusion]] = {}
        for one in self.against:
            cases.setdefault(one.case.name, []).append(one)
        return tuple(tuple(sorted(together, key=_length)) for together in cases.values())


@frozen
class Comparison:
    """Everything that the page shows.

    `entries` are the cases of the scoreboard, of which something is expected; `variations` differ from a design's first
    case in one choice and one hazard, and nothing is expected of them.
    """

    ledger: Ledger
    entries: tuple[Entry, ...]
    variations: tuple[Entry, ...]
    answers: tuple[Answer, ...]

    @property
    def exit_status(self) -> int:
        """That of the scoreboard; engines that contradict each other are a failure anywhere."""
        expected = {entry.case.name for entry in self.entries}
        counting = [c for c in self.ledger.conclusions if c.case.name in expected or c.status is Status.CONTRADICTION]
        return evolve(self.ledger, conclusions=tuple(counting)).exit_status


def compare(ledger: Ledger, variations: Sequence[Case] = ()) -> Comparison:
    """Arrange what was found by configuration, and answer the questions that it answers."""
    by_case: dict[str, list[Conclusion]] = {}
    for one in ledger.conclusions:
        if one.property in CATALOGUE:
            by_case.setdefault(one.case.name, []).append(one)
    varied = {case.name for case in variations}
    entries = tuple(_entry(found) for name, found in by_case.items() if name not in varied)
    others = tuple(_entry(found) for name, found in by_case.items() if name in varied)
    return Comparison(ledger, entries, others, tuple(_answers(entries)))


def _entry(conclusions: Sequence[Conclusion]) -> Entry:
    case = conclusions[0].case
    return Entry(case, tuple(conclusions), standing(instance_of(case), conclusions))


def _answers(entries: Sequence[Entry]) -> list[Answer]:
    kept, given_up = _of_the_pattern(entries)
    others = [e for e in entries if e.case.design not in (_PATTERN, _NO_SYSTEM)]
    answers = [
        _why_not(design, [e for e in others if e.case.design == design], kept, given_up)
        for design in dict.fromkeys(e.case.design for e in others)
    ]
    pattern = [e for e in entries if e.case.design == _PATTERN]
    against = _shortest([c for e in pattern for c in e.conclusions if c.property in given_up])
    instead = _first([c for e in others for c in e.conclusions if c.property in given_up and c.verdict in HOLDS])
    if against:
        answers.append(Answer("When does the pattern not fit?", _unfit(against, instead), against, instead))
    wrong = [c for e in pattern for c in _broken(e, kept)]
    if wrong:
        text = "One other choice, or a fault that nothing was done about, and the same pattern breaks what it promises."
        answers.append(Answer("What does a builder have to get right?", text, tuple(wrong)))
    return answers


def _of_the_pattern(entries: Sequence[Entry]) -> tuple[frozenset[str], frozenset[str]]:
    """What the pattern keeps in some configuration, and what it breaks in all."""
    found = [c for e in entries if e.case.design == _PATTERN for c in e.conclusions]
    kept = frozenset(c.property for c in found if c.verdict in HOLDS)
    return kept, frozenset(c.property for c in found if c.verdict is Verdict.VIOLATED) - kept


def _why_not(design: str, entries: Sequence[Entry], kept: frozenset[str], given_up: frozenset[str]) -> Answer:
    """What a design breaks in every configuration comes before what it breaks in some."""
    broken = [c for e in entries for c in _broken(e, kept)]
    held = {c.property for e in entries for c in e.conclusions if c.verdict in HOLDS}
    always = _shortest([c for c in broken if c.property not in held])
    sometimes = _shortest([c for c in broken if c.property in held])
    instead = _first([c for e in entries for c in e.conclusions if c.property in given_up and c.verdict in HOLDS])
    parts = []
    if always:
        parts.append(f"Every configuration of it here breaks {_names(always)}; the pattern can be built to keep that.")
    if sometimes:
        parts.append(f"It keeps {_names(sometimes)} {_unharmed(entries, sometimes)}.")
    if not broken:
        parts.append("It breaks nothing that the pattern keeps.")
    if instead:
        parts.append(f"In return it keeps {_names(instead)}, which the pattern gives up.")
    return Answer(f"Why not just {design}?", " ".join(parts), (*always, *sometimes), instead)


def _unharmed(entries: Sequence[Entry], broken: Sequence[Conclusion]) -> str:
    """The cases that break none of these properties."""
    names = {c.property for c in broken}
    safe = [e.case.name for e in entries if not any(c.property in names for c in _broken(e, frozenset(names)))]
    return f"only as {', '.join(safe)}" if safe else "one at a time, never all of it"


def _unfit(against: Sequence[Conclusion], instead: Sequence[Conclusion]) -> str:
    elsewhere = ", ".join(f"{c.property} ({c.case.design})" for c in instead)
    text = f"Where somebody relies on {_names(against)}: the pattern breaks that in every configuration."
    return f"{text} Other designs keep {elsewhere}." if elsewhere else text


def _broken(entry: Entry, kept: frozenset[str]) -> list[Conclusion]:
    return [c for c in entry.conclusions if c.property in kept and c.verdict is Verdict.VIOLATED]


def _shortest(conclusions: Sequence[Conclusion]) -> tuple[Conclusion, ...]:
    """Per property the one with the shortest trace; the first of several."""
    return _first(sorted(conclusions, key=_length))


def _first(conclusions: Sequence[Conclusion]) -> tuple[Conclusion, ...]:
    """Per property the first one, in the order of the catalogue."""
    found: dict[str, Conclusion] = {}
    for one in conclusions:
        found.setdefault(one.property, one)
    return tuple(found[name] for name in CATALOGUE if name in found)


def _length(conclusion: Conclusion) -> int:
    return len(conclusion.witness.events) if conclusion.witness is not None else 0


def _names(conclusions: Sequence[Conclusion]) -> str:
    return ", ".join(dict.fromkeys(c.property for c in conclusions))
