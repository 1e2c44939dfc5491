# SPDX-License-Identifier: Apache-2.0
"""`no-partial-read`, of a history that is followed: contents that were read of a version, and those that it had.

A content may become known after it was read, so what is wrong is taken back where it turns out to be right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define

from edgeproof.properties.engines.history.findings import Findings
from edgeproof.properties.engines.history.window import VersionFacts
from edgeproof.properties.engines.history.wording import another_content
from edgeproof.properties.intake.row import Row

__all__ = ["Contents"]

_NAME: Final = "no-partial-read"

_DIGESTS: Final = 16
"""Of a version: contents that are told apart; more than that are as wrong as the first ones."""


@define
class Contents:
    """Compares what was read with what was committed."""

    findings: Findings

    def compare(self, row: Row, facts: VersionFacts, restored: bool) -> None:
        """A read was told a version, of a unit that may have been restored."""
        if row.kind != "read" or row.digest is None:
            return
        if not facts.digests:
            digest = row.digest if row.digest in facts.open or len(facts.open) < _DIGESTS else next(iter(facts.open))
            facts.open[digest] = (facts.open.get(digest, (0, row))[0] + 1, facts.open.get(digest, (0, row))[1])
            return
        self.findings.tested(_NAME, row.told != (0, 0))
        if row.digest not in facts.digests:
            if facts.bare or restored:
                self.findings.undecided(_NAME)
                return
            if len(facts.bad) < _DIGESTS:
                facts.bad[row.digest] = facts.bad.get(row.digest, 0) + 1
            self._violated(row, facts)

    def learn(self, digest: str | None, facts: VersionFacts) -> None:
        """Somebody made a version, with this content if that is said."""
        if digest is None:
            if not facts.bare:
                facts.bare = True
                self._doubt(facts)
        elif digest not in facts.digests and len(facts.digests) < _DIGESTS:
            facts.digests.append(digest)
            self._compare_again(facts)

    def finish(self, facts: VersionFacts) -> None:
        """Nobody says what the version contained: reads are compared with each other, and several contents are open."""
        self.findings.tested(_NAME, max(0, sum(times for times, _ in facts.open.values()) - 1))
        self.findings.undecided(_NAME, len(facts.open) > 1)

    def _compare_again(self, facts: VersionFacts) -> None:
        """A content became known: reads that had it were right, and those that waited are judged."""
        right = facts.digests[-1]
        if wrong := facts.bad.pop(right, 0):
            self.findings.withdraw(_NAME, wrong, _of(right))
        for digest, (times, row) in facts.open.items():
            self.findings.tested(_NAME, times)
            if digest in facts.digests:
                continue
            if facts.bare:
                self.findings.undecided(_NAME, times)
            else:
                facts.bad[digest] = times
                self._violated(row, facts, times)
        facts.open.clear()

    def _doubt(self, facts: VersionFacts) -> None:
        """Somebody made the version who does not say what it contains: it may have been what seemed wrong."""
        for wrong in tuple(facts.bad):
            times = facts.bad.pop(wrong)
            self.findings.withdraw(_NAME, times, _of(wrong))
            self.findings.undecided(_NAME, times)

    def _violated(self, row: Row, facts: VersionFacts, times: int = 1) -> None:
        of = f" of line {facts.line}" if facts.line else ""
        self.findings.violated(_NAME, row, f"{another_content(row, facts.digests[0])}{of}", times)


def _of(digest: str) -> Callable[[Row], bool]:
    return lambda row: row.digest == digest
