# SPDX-License-Identifier: Apache-2.0
"""What a history that is followed came to so far: counts, and the first texts of what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from edgeproof.properties.engines.history.wording import what
from edgeproof.properties.intake.row import Row

__all__ = ["COLLECTED", "Findings", "Violation"]

COLLECTED: Final = 100
"""Violations that wait to be collected, at most."""

_SHOWN: Final = 3
"""Texts that are kept of what goes wrong in one way."""


@frozen
class Violation:
    """What breaks a property: the line, and what is wrong with it."""

    property: str
    line: int
    text: str


@define
class Findings:
    """`counts` are malformed and late lines, and per property what was tested, violated, and left undecided; `notes`
    has the first texts of the former, `first` of what broke a property (with its event). `new` are violations that
    nobody has collected yet.
    """

    counts: Counter[str] = field(factory=Counter)
    notes: dict[str, list[str]] = field(factory=dict)
    first: dict[str, list[tuple[str, Row]]] = field(factory=dict)
    new: list[Violation] = field(factory=list)

    def note(self, what: str, text: str) -> None:
        """Count a line that cannot be judged."""
        self.counts[what] += 1
        kept = self.notes.setdefault(what, [])
        if len(kept) < _SHOWN:
            kept.append(text)

    def tested(self, name: str, times: int = 1) -> None:
        """Count what put a property to the test."""
        self.counts[f"{name} tested"] += times

    def undecided(self, name: str, times: int = 1) -> None:
        """Count what cannot be decided on the way."""
        self.counts[f"{name} undecided"] += times

    def violated(self, name: str, row: Row, why: str, times: int = 1) -> None:
        """Count what broke a property, as the first of so many did."""
        self.counts[f"{name} violated"] += times
        violation = Violation(name, row.line, f"{what(row)}, {why}")
        if len(self.new) < COLLECTED:
            self.new.append(violation)
        shown = self.first.setdefault(name, [])
        if len(shown) < _SHOWN:
            shown.append((f"line {violation.line}: {violation.text}", row))

    def withdraw(self, name: str, times: int, those: Callable[[Row], bool]) -> None:
        """Take back that so many broke a property: it turned out that they did not."""
        self.counts[f"{name} violated"] -= times
        self.first[name] = [one for one in self.first[name] if not those(one[1])]

    def collected(self) -> tuple[Violation, ...]:
        """The violations since this was asked last."""
        new, self.new = tuple(self.new), []
        return new
