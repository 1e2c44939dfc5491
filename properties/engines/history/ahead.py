# SPDX-License-Identifier: Apache-2.0
"""`never-ahead`, of a history that is followed: what was known of a version before its commit was asked for.

It is held to what is known by then of the record of its unit: where the record begins, whether a write whose answer was
lost may have made the version. Both may look otherwise once a write is answered, however late, so what hangs on them is
kept until that happens, or to the end.
"""

from __future__ import annotations

from math import inf
from typing import Final

from attrs import define

from edgeproof.properties.engines.history.findings import Findings
from edgeproof.properties.engines.history.window import Unit, VersionFacts
from edgeproof.properties.intake.row import Row

__all__ = ["Ahead"]

_NAME: Final = "never-ahead"

_ACCUSED: Final = 16
"""Of a version: events that are kept which were said to be ahead."""


@define
class Ahead:
    """Says what is ahead, with clocks that are apart by at most `slack` (seconds)."""

    findings: Findings
    slack: float

    def known(self, row: Row, moment: float, unit: Unit, facts: VersionFacts) -> None:
        """Somebody knew a version at a moment. Of one that may have been undone by then nothing is said here."""
        if unit.may_be_undone(row.told, facts.asked - self.slack, moment + self.slack):
            self.findings.undecided(_NAME)
            return
        if unit.begun and (self._asked_by(moment, facts) or unit.on_record(row.told)):
            self.findings.tested(_NAME)
            self._held(row, moment, unit, facts)
        else:
            facts.wait(moment, row)

    def learn(self, unit: Unit, facts: VersionFacts) -> None:
        """It became known when the commit of a version was asked for."""
        if facts.excused is not None and facts.excused[0] + self.slack < facts.asked:
            self._accuse(facts.excused[1], facts.excused[0], facts)
        facts.excused = None
        if unit.ambiguous and facts.accused:
            self._excuse_accused(facts)

    def begin_record(self, unit: Unit) -> None:
        """With its first commit a unit's record begins: what was known before is held to it."""
        unit.begun = True
        for told, facts in unit.versions.items():
            if facts.early is not None and unit.on_record(told):
                self.findings.tested(_NAME, facts.early.count)
                self._held(facts.early.row, facts.early.first, unit, facts)
                facts.early = None

    def finish(self, unit: Unit) -> None:
        """All answers are known that there will be."""
        if unit.recorded is not None:
            self.begin_record(unit)
        for facts in unit.versions.values():
            self._still_excused(unit, facts)
        self._left(unit)

    def _held(self, row: Row, moment: float, unit: Unit, facts: VersionFacts) -> None:
        """Hold what was known at a moment to when it was asked for."""
        if self._asked_by(moment, facts) or not unit.on_record(row.told):
            return
        if facts.asked == inf and self._lost_by(moment, unit):
            if facts.excused is None or moment < facts.excused[0]:
                facts.excused = (moment, row)
        else:
            self._accuse(row, moment, facts)

    def _accuse(self, row: Row, moment: float, facts: VersionFacts) -> None:
        never = facts.asked == inf
        if len(facts.accused) < _ACCUSED:
            facts.accused.append((moment, row))
        self.findings.violated(_NAME, row, "which was never committed" if never else f"before line {facts.line} asked")

    def _excuse_accused(self, facts: VersionFacts) -> None:
        """A write that had been answered was answered anew, with this version: it was asked for long before."""
        excused = [row for moment, row in facts.accused if self._asked_by(moment, facts)]
        self.findings.undecided(_NAME, len(facts.accused) == _ACCUSED)
        facts.accused = [one for one in facts.accused if one[1] not in excused]
        if excused:
            self.findings.withdraw(_NAME, len(excused), lambda row: row in excused)

    def _still_excused(self, unit: Unit, facts: VersionFacts) -> None:
        """Ask once more whether a lost answer accounts for what was known too early."""
        if facts.excused is None:
            return
        moment, row = facts.excused
        if self._lost_by(moment, unit):
            self.findings.undecided(_NAME, unit.unsure)
        else:
            self._accuse(row, moment, facts)

    def _left(self, unit: Unit) -> None:
        """What was known of versions that are not on record: asked for by then, or nobody knows."""
        left = [(facts, facts.early) for facts in unit.versions.values() if facts.early is not None]
        self.findings.tested(_NAME, sum(self._asked_by(early.last, facts) for facts, early in left))
        if unit.ambiguous:
            self.findings.undecided(_NAME, unit.left or bool(left))
        elif not self.findings.counts[f"{_NAME} tested"]:
            self.findings.undecided(_NAME, unit.left)

    def _asked_by(self, moment: float, facts: VersionFacts) -> bool:
        return facts.asked < inf and facts.asked <= moment + self.slack

    def _lost_by(self, moment: float, unit: Unit) -> bool:
        lost = unit.lost()
        return lost < inf and lost <= moment + self.slack
