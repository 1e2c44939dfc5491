# SPDX-License-Identifier: Apache-2.0
"""Designs side by side: which promises each keeps, which level each reaches, and why one would choose another.

The yardstick is the pattern, `do_kv`. The answer to "why not another design?" is what
that one breaks and the pattern keeps; the pattern does not fit where somebody relies on what it breaks itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from edgeproof.properties.cases import instance_of
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.costs.table import Cost
from edgeproof.properties.evidence import HOLDS, Case, Conclusion, Ledger, Status, Verdict
from edgeproof.properties.levels import Standing, standing
from edgeproof.properties.pattern import PATTERN

__all__ = ["Answer", "Comparison", "Entry", "compare"]

_ALTERNATIVES: Final[Mapping[str, str]] = {
    "kv_only": "Why not just KV?",
    "do_only": "Why not just the Durable Object?",
    "do_kv_per_key": "Why not a KV key per flag?",
    "global_push": "Why not push to every location?",
}
"""What one might build instead of the pattern, and the question whether to."""

_BUILT_ON_IT: Final[Mapping[str, str]] = {
    PATTERN: "What does a builder of the pattern have to get right?",
    "do_kv_regional": "What does KV's regional tier change?",
    "do_kv_content": "What becomes of a config that is bad?",
    "do_kv_manifest": "What do large configs, kept in parts, have to get right?",
    "artifacts_tokens": "What do tokens in KV have to get right?",
    "artifacts_repo": "What do Git repos in Durable Objects have to get right?",
    "flagship": "What do feature flags have to get right?",
}
"""The pattern and what is built on it. (The design that defines the levels is no alternative to anything.)"""


@frozen
class Entry:
    """One configuration: what was concluded of each property, and how it stands to each consistency level."""

    case: Case
    conclusions: tuple[Conclusion, ...]
    standings: tuple[Standing, ...]

    @property
    def level(self) -> str:
        """The strongest levels in words: `none` where all are broken, `not asked` or `undecided` where that is open,
        `-` where nobody is told a config.
        """
        if not self.standings:
            return "-"
        if self.strongest:
            return ", ".join(self.strongest)
        weakest = self.standings[-1]
        if weakest.verdict is not Verdict.UNKNOWN:
            return "none"
        return "undecided" if {one.property for one in self.conclusions}.issuperset(weakest.because) else "not asked"

    @property
    def strongest(self) -> tuple[str, ...]:
        """The levels that it reaches and that no other level it reaches implies; empty for none."""
        reached = [one for one in self.standings if one.verdict in HOLDS]
        implied = {name for one in reached for name in one.level.implies}
        return tuple(one.level.name for one in reached if one.level.name not in implied)


@frozen
class Answer:
    """A question, what speaks against (each with its trace) and what speaks for, and a sentence that sums it up.

    `design` is what one would build instead, empty where the question is about the pattern.
    """

    question: str
    text: str
    against: tuple[Conclusion, ...]
    instead: tuple[Conclusion, ...] = ()
    design: str = ""

    @property
    def by_case(self) -> tuple[tuple[Conclusion, ...], ...]:
        """What speaks against, case by case; in each the shortest trace comes first."""
        cases: dict[str, list[Conclusion]] = {}
        for one in self.against:
            cases.setdefault(one.case.name, []).append(one)
        return tuple(tuple(sorted(together, key=_length)) for together in cases.values())


@frozen
class Comparison:
    """Everything that the page shows; `costs` are those of the designs that have an implementation.

    `entries` are the cases of the scoreboard, of which something is expected; `variations` differ from a design's first
    case in one choice and one hazard, and nothing is expected of them.
    """

    ledger: Ledger
    entries: tuple[Entry, ...]
    variations: tuple[Entry, ...]
    answers: tuple[Answer, ...]
    costs: tuple[Cost, ...] = ()

    @property
    def exit_status(self) -> int:
        """That of the scoreboard; engines that contradict each other are a failure anywhere."""
        expected = {entry.case.name for entry in self.entries}
        counting = [c for c in self.ledger.conclusions if c.case.name in expected or c.status is Status.CONTRADICTION]
        return evolve(self.ledger, conclusions=tuple(counting)).exit_status


def compare(ledger: Ledger, variations: Sequence[Case] = (), costs: Sequence[Cost] = ()) -> Comparison:
    """Arrange what was found by configuration, and answer the questions that it answers."""
    by_case: dict[str, list[Conclusion]] = {}
    for one in ledger.conclusions:
        if one.property in CATALOGUE:
            by_case.setdefault(one.case.name, []).append(one)
    varied = {case.name for case in variations}
    entries = tuple(_entry(found) for name, found in by_case.items() if name not in varied)
    others = tuple(_entry(found) for name, found in by_case.items() if name in varied)
    return Comparison(ledger, entries, others, tuple(_answers(entries)), tuple(costs))


def _entry(conclusions: Sequence[Conclusion]) -> Entry:
    case = conclusions[0].case
    return Entry(case, tuple(conclusions), standing(instance_of(case), conclusions))


def _answers(entries: Sequence[Entry]) -> Iterator[Answer]:
    """First why one would not build something else, then when not to build the pattern, then how not to build it.

    Without the pattern among the entries there is nothing to compare with, and no answer to the first two.
    """
    kept, given_up = _of_the_pattern(entries)
    found = {design: [e for e in entries if e.case.design == design] for design in (*_ALTERNATIVES, *_BUILT_ON_IT)}
    for design, question in _ALTERNATIVES.items():
        if found[design] and found[PATTERN]:
            yield _why_not(design, question, _unfair(found[design], found[PATTERN]), kept, given_up)
    others = [e for design in _ALTERNATIVES for e in found[design]]
    against = _first([c for e in found[PATTERN] for c in e.conclusions if c.property in given_up])
    helpless = [c for e in found[PATTERN] for c in _unavoidable(e, found[PATTERN], kept)]
    instead = _first([c for e in others for c in e.conclusions if c.property in given_up and c.verdict in HOLDS])
    if against:
        against = (*against, *_first(sorted(helpless, key=lambda c: len(_hazards_of(c.case)))))
        yield Answer("When does the pattern not fit?", _unfit(against, given_up, instead), against, instead)
    for design, question in _BUILT_ON_IT.items():
        if wrong := [c for e in found[design] for c in _avoidable(e, found[design])]:
            text = "One other choice, or a fault that nothing was done about, breaks what could be kept."
            yield Answer(question, text, tuple(wrong))


def _unfair(entries: Sequence[Entry], pattern: Sequence[Entry]) -> list[Entry]:
    """The entries without what the pattern breaks just so, as it is and under the same hazards: that is no reason."""
    plain = pattern[0].case.constants if pattern else {}

    def same(entry: Entry, hazards: frozenset[str]) -> bool:
        unchanged = all(value is True or plain.get(name) == value for name, value in entry.case.constants.items())
        return unchanged and _hazards_of(entry.case) == hazards

    kept = []
    for entry in entries:
        too = {c.property for e in pattern if same(e, _hazards_of(entry.case)) for c in e.conclusions if _is_broken(c)}
        kept.append(evolve(entry, conclusions=tuple(c for c in entry.conclusions if c.property not in too)))
    return kept


def _hazards_of(case: Case) -> frozenset[str]:
    return frozenset(name for name, value in case.constants.items() if value is True)


def _of_the_pattern(entries: Sequence[Entry]) -> tuple[frozenset[str], frozenset[str]]:
    """What the pattern keeps in some configuration, and what it breaks in all."""
    return _kept_and_broken([e for e in entries if e.case.design == PATTERN])


def _kept_and_broken(entries: Sequence[Entry]) -> tuple[frozenset[str], frozenset[str]]:
    """What these keep in some configuration, and what they break in all."""
    found = [c for e in entries for c in e.conclusions]
    kept = frozenset(c.property for c in found if c.verdict in HOLDS)
    return kept, frozenset(c.property for c in found if _is_broken(c)) - kept


def _why_not(
    design: str, question: str, entries: Sequence[Entry], kept: frozenset[str], given_up: frozenset[str]
) -> Answer:
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
    return Answer(question, " ".join(parts), (*always, *sometimes), instead, design)


def _unharmed(entries: Sequence[Entry], broken: Sequence[Conclusion]) -> str:
    """The cases that break none of these properties."""
    names = {c.property for c in broken}
    safe = [e.case for e in entries if not any(c.property in names for c in _broken(e, frozenset(names)))]
    if not safe:
        return "one at a time, never all of it"
    return f"only as {'; or as '.join(f'{case.name} ({case.because})' for case in safe)}"


def _unfit(against: Sequence[Conclusion], given_up: frozenset[str], instead: Sequence[Conclusion]) -> str:
    always = [c for c in against if c.property in given_up]
    parts = [f"Where somebody relies on {_names(always)}: the pattern breaks that in every configuration."]
    if instead:
        parts.append(f"Other designs keep {', '.join(f'{c.property} ({c.case.design})' for c in instead)}.")
    for one in against:
        if one.property not in given_up:
            faults = " and ".join(sorted(_hazards_of(one.case)))
            parts.append(f"Nothing here keeps {one.property} under {faults}.")
    return " ".join(parts)


def _avoidable(entry: Entry, entries: Sequence[Entry]) -> list[Conclusion]:
    """What an entry breaks, and another one keeps under the same hazards or more."""
    stronger = [e for e in entries if _hazards_of(e.case) >= _hazards_of(entry.case)]
    return _broken(entry, frozenset(c.property for e in stronger for c in e.conclusions if c.verdict in HOLDS))


def _unavoidable(entry: Entry, entries: Sequence[Entry], kept: frozenset[str]) -> list[Conclusion]:
    """What an entry breaks, and none keeps under the same hazards, although it can be kept without them."""
    avoidable = {c.property for c in _avoidable(entry, entries)}
    return [c for c in _broken(entry, kept) if c.property not in avoidable]


def _broken(entry: Entry, kept: frozenset[str]) -> list[Conclusion]:
    return [c for c in entry.conclusions if c.property in kept and _is_broken(c)]


def _is_broken(conclusion: Conclusion) -> bool:
    return conclusion.verdict is Verdict.VIOLATED


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
