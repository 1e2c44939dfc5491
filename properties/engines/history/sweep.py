# SPDX-License-Identifier: Apache-2.0
"""A history swept once, from its beginning to its end, in memory that does not grow with it: what breaks a property.

It says what is certain as it comes, and leaves the rest to the checks on the finished file: reads that may have seen a
restore, contents that a commit without a digest may have had, versions that only a lost answer accounts for.

Lines come in about the order of time. What happened is judged up to a moment that lies some patience before the newest
line: by then everything is known that had begun before. A line that comes later than that is counted as late.
"""

from __future__ import annotations

import heapq
from math import inf, nextafter

from attrs import define, field

from edgeproof.properties.engines.history.ahead import Ahead
from edgeproof.properties.engines.history.contents import Contents
from edgeproof.properties.engines.history.findings import COLLECTED, Findings
from edgeproof.properties.engines.history.window import Limits, Mark, Session, Unit, VersionFacts, Window, newest
from edgeproof.properties.engines.history.wording import another_content, version_text
from edgeproof.properties.intake.lines import BOM
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import rows_of
from edgeproof.properties.traffic.labels import EMPTY_DIGEST
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.serves_last_good import STOOD_IN

__all__ = ["Sweep"]


@define
class Sweep:
    """Events in the order of their moments, and what they came to. Begins, ends and acknowledgements are moments each.

    `mapping` says what is in a line, which may be several events, or none. `staleness` is that of the worst read so far
    (seconds).
    """

    promise: Promise
    limits: Limits
    mapping: ColumnMapping = field(factory=ColumnMapping)
    lines: int = 0
    events: int = 0
    staleness: float = 0.0
    window: Window = field(init=False)
    findings: Findings = field(factory=Findings)
    _ahead: Ahead = field(init=False)
    _contents: Contents = field(init=False)
    _newest: float = -inf
    _floor: float = -inf
    _queue: list[tuple[float, int, int, str, Row]] = field(factory=list)
    _number: int = 0

    def __attrs_post_init__(self) -> None:
        self.window = Window(self.limits.versions, self.limits.sessions)
        self._ahead = Ahead(self.findings, self.promise.slack)
        self._contents = Contents(self.findings)

    def take(self, line: bytes) -> None:
        """Read the next line."""
        self.lines += 1
        if self.lines == 1:
            line = line.removeprefix(BOM)
        for row in rows_of(self.lines, line, self.mapping):
            if isinstance(row, ValueError):
                self.findings.note("malformed", f"line {self.lines}: {row}")
            else:
                self._take(row)

    def _take(self, row: Row) -> None:
        self.events += 1
        if row.invoke < self._floor:
            by = self._floor - row.invoke
            self.findings.note("late", f"line {row.line} began {by:g} s before what had been judged by then")
        self._schedule(self.window.unit(row.unit).since_sent_first(row))
        self._newest = max(self._newest, row.invoke if row.returned == inf else row.returned)
        self._advance(self._newest - self.limits.patience)

    def finish(self) -> None:
        """Judge what was waiting, puts that nobody saw end last."""
        self._advance(inf)
        for _, _, _, act, row in sorted(self._queue, key=lambda one: one[2]):
            self._do(act, row)
        self._queue.clear()
        for unit in self.window.units.values():
            self._ahead.finish(unit)
            for facts in unit.versions.values():
                self._contents.finish(facts)

    @property
    def waiting(self) -> int:
        """How much there is to be done about events that were read."""
        return len(self._queue)

    # --- in which order things happen

    def _schedule(self, row: Row) -> None:
        """Put down at which moments something is to be done about an event. Checks come before what they check."""
        match row.kind:
            case "commit" if row.outcome != "fail":
                self._learn(row)
                self._made(row)
            case "fault" if row.note == "rollback" and row.outcome != "fail":
                unit = self.window.unit(row.unit)
                unit.restore(row)
                if row.version is not None:
                    self._learn(row)
                    self._made(row)
            case "fault" if row.note == "evict" and row.outcome != "fail":
                self.window.evict(row)
            case "publish":
                self._claim(row, row.returned)
                self._at(row.returned, 0, "put", row)
            case "read" if row.outcome == "ok":
                self._claim(row, row.returned)
                self._at(row.invoke, 0, "begin", row)
                self._at(row.returned, 0, "end", row)
            case "read" if row.outcome == "fail":
                self._at(row.invoke, 0, "unanswered", row)

    def _at(self, moment: float, order: int, act: str, row: Row) -> None:
        self._number += 1
        heapq.heappush(self._queue, (moment, order, self._number, act, row))

    def _advance(self, floor: float) -> None:
        queue = self._queue
        while queue and (queue[0][0] < floor or len(queue) > self.limits.waiting):
            moment, _, _, act, row = heapq.heappop(queue)
            # What is yet to come at this very moment might have had to be judged before.
            floor = max(floor, nextafter(moment, inf))
            self._do(act, row)
        self._floor = max(self._floor, floor)

    def _do(self, act: str, row: Row) -> None:
        match act:
            case "made":
                self._labelled(row)
            case "put":
                self._known(row, row.returned)
                self._labelled(row)
            case "unanswered":
                self._unanswered(row)
            case "begin":
                self._begin(row)
            case "end":
                self._end(row)
            case "told":
                self._told(row)
            case "recorded" if self.window.unit(row.unit).may_begin():
                self._ahead.begin_record(self.window.unit(row.unit))
            case "acknowledge":
                self.window.unit(row.unit).acknowledge((row.told, row.line), row.returned)
            case "expire":
                unit = self.window.unit(row.unit)
                unit.expired = newest(unit.expired, (row.told, row.line))

    # --- commits

    def _learn(self, row: Row) -> None:
        """A commit, or a restore, is known of as soon as its line is there, and acknowledged when it returned."""
        unit = self.window.unit(row.unit)
        if row.version is None:
            unit.lose(row)
            return
        if row.outcome == "ok":
            if row.kind == "commit":
                unit.began = min(unit.began, row.returned)
            if row.returned < inf:
                self._at(row.returned, 1, "acknowledge", row)
                if self.promise.bound_s < inf:
                    self._at(row.returned + self.promise.bound_s + self.promise.slack, 1, "expire", row)
        facts = self.window.version(row.unit, row.told)
        if facts is not None:
            self._learn_version(row, facts)
        if row.kind == "commit":
            unit.record(row.invoke, row.told)
            if not unit.begun:
                self._at(row.invoke, 0, "recorded", row)

    def _learn_version(self, row: Row, facts: VersionFacts) -> None:
        if row.invoke < facts.asked:
            facts.asked, facts.line = row.invoke, row.line
        self._ahead.learn(self.window.unit(row.unit), facts)
        self._contents.learn(row.digest, facts)

    # --- puts and reads

    def _begin(self, row: Row) -> None:
        """A read begins: what had been acknowledged, or told, by now it must not be older than."""
        unit, session = self.window.unit(row.unit), self.window.session(row)
        self.findings.tested("serves-last-good", row.source in STOOD_IN)
        self._count_reads(row, unit)
        self._stale(row, unit)
        if unit.told is not None and row.told < unit.told[0]:
            newer, line = unit.told
            self._went_back(row, unit, f"after line {line} was told {version_text(newer)}")
        life = self.window.life_of(row)
        if life is not None:
            session.enter(life)
            self._in_session(row, unit, session)

    def _went_back(self, row: Row, unit: Unit, why: str) -> None:
        """It counts once the unit was read at a second location, before or after."""
        if unit.pops_differ:
            self.findings.violated("cross-pop-monotonic", row, why)
        elif len(unit.elsewhere) < COLLECTED:
            unit.elsewhere.append((row, why))

    def _end(self, row: Row) -> None:
        """A read ends: what it was told is known, and later reads are compared with it."""
        self._known(row, row.returned)
        self._labelled(row)
        self._at(row.returned, 1, "told", row)

    def _told(self, row: Row) -> None:
        mark: Mark = (row.told, row.line)
        unit, session = self.window.unit(row.unit), self.window.session(row)
        unit.told = newest(unit.told, mark)
        life = self.window.life_of(row)
        if life is not None:
            session.enter(life)
            if life == session.life:
                session.newest = newest(session.newest, mark)
                if session.copy is None and row.told > (0, 0) and row.source != "store":
                    session.copy = row.line

    def _unanswered(self, row: Row) -> None:
        """A read begins that nobody answers: the copy that its isolate has by now would have done."""
        session = self.window.session(row)
        life = self.window.life_of(row)
        if life is None:
            return
        session.enter(life)
        if session.copy is not None:
            self.findings.tested("serves-last-good")
            self.findings.violated("serves-last-good", row, f"although line {session.copy} had told it a config")
        elif not session.known:
            self.findings.undecided("serves-last-good")

    def _count_reads(self, row: Row, unit: Unit) -> None:
        self.findings.tested("bounded-staleness", row.invoke > unit.began + self.promise.bound_s)
        self.findings.tested("read-your-writes", row.invoke > unit.began + self.promise.slack)
        unit.pop, unit.version = unit.pop or row.pop, unit.version or row.told
        if row.pop != unit.pop and not unit.pops_differ:
            unit.pops_differ = True
            for one, why in unit.elsewhere:
                self.findings.violated("cross-pop-monotonic", one, why)
            unit.elsewhere.clear()
        unit.versions_differ |= row.told != unit.version
        self.findings.tested("cross-pop-monotonic", unit.pops_differ and unit.versions_differ)

    def _stale(self, row: Row, unit: Unit) -> None:
        if unit.acknowledged is None or row.told >= unit.acknowledged[0]:
            return
        if row.returned >= unit.restored_from:
            # What a restore takes back is not known until all restores are.
            self.findings.undecided("read-your-writes")
            self.findings.undecided("bounded-staleness")
            return
        late = row.invoke - unit.superseded(row.told)
        self.staleness = max(self.staleness, late - self.promise.slack)
        if late > self.promise.slack:
            self.findings.violated(
                "read-your-writes", row, f"after line {unit.acknowledged[1]} had acknowledged something newer"
            )
        if unit.expired is not None and row.told < unit.expired[0]:
            why = f"{late:.3f} s after line {unit.expired[1]} or an earlier one had committed something newer"
            self.findings.violated("bounded-staleness", row, f"{why}; the bound is {self.promise.bound_s:g} s")

    def _in_session(self, row: Row, unit: Unit, session: Session) -> None:
        if row.told != (0, 0):
            self.findings.tested("monotonic-reads", session.last is not None and session.last != row.told)
            session.last = row.told
        if session.newest is not None and row.told < session.newest[0]:
            line, version = session.newest[1], version_text(session.newest[0])
            self.findings.violated("monotonic-reads", row, f"after line {line} was told {version}")
        elif not session.known and row.told < unit.forgotten_session:
            self.findings.undecided("monotonic-reads")

    def _known(self, row: Row, moment: float) -> None:
        """Somebody knew a version at a moment, and perhaps its content."""
        if row.told == (0, 0):
            self._contents.compare(row, VersionFacts(digests=[EMPTY_DIGEST]), restored=False)
            return
        unit, facts = self.window.unit(row.unit), self.window.version(row.unit, row.told)
        if facts is None:
            self.findings.undecided("never-ahead")
            self.findings.undecided("no-partial-read", row.kind == "read" and row.digest is not None)
            return
        self._ahead.known(row, moment, unit, facts)
        self._contents.compare(row, facts, unit.restored_from < inf)

    # --- contents

    def _made(self, row: Row) -> None:
        """A commit, or a restore: where it is known to have happened, its content is that of its version."""
        if row.outcome == "ok":
            self._claim(row, row.invoke)
            self._at(row.invoke, 0, "made", row)

    def _claim(self, row: Row, moment: float) -> None:
        """Somebody has a content from a moment on: that counts as soon as its line is there."""
        if row.digest is not None and row.told != (0, 0):
            facts = self.window.version(row.unit, row.told)
            if facts is not None:
                facts.claim(moment, row.kind in ("publish", "read"), row.digest)

    def _labelled(self, row: Row) -> None:
        """That moment has come: nobody else had another content of the version before."""
        if row.digest is None:
            return
        own = EMPTY_DIGEST
        if row.told != (0, 0):
            facts = self.window.version(row.unit, row.told)
            if facts is None or facts.first is None:
                self.findings.undecided("label-is-content")
                return
            self.findings.tested("label-is-content", facts.compared > 0)
            facts.compared += 1
            own = facts.first[2]
        if row.digest != own:
            self.findings.violated("label-is-content", row, another_content(row, own))
