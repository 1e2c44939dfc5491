# SPDX-License-Identifier: Apache-2.0
"""A history swept once, from its beginning to its end, in memory that does not grow with it: what breaks a property.

It says what is certain as it comes, and leaves the rest to the checks on the finished file: reads that may have seen a
restore, contents that a commit without a digest may have had, versions that only a lost answer accounts for.

Lines come in about the order of time. What happened is judged up to a moment that lies some patience before the newest
line: by then everything is known that had begun before. A line that comes later than that is counted as late.
"""

from __future__ import annotations

import heapq
from collections import Counter
from math import inf, nextafter
from typing import Final

from attrs import define, field, frozen

from edgeproof.properties.engines.history.window import Limits, Mark, Session, Unit, VersionFacts, Window, newest
from edgeproof.properties.engines.history.wording import another_content, version_text, what
from edgeproof.properties.intake.lines import BOM
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import rows_of
from edgeproof.properties.traffic.labels import EMPTY_DIGEST
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.serves_last_good import STOOD_IN

__all__ = ["SHOWN", "Sweep", "Violation"]

SHOWN: Final = 3
"""Texts that are kept of what goes wrong in one way."""

_DIGESTS: Final = 16
"""Of a version: contents that are told apart; more than that are as wrong as the first ones."""

_COLLECTED: Final = 100
"""Violations that wait to be collected, at most."""


@frozen
class Violation:
    """What breaks a property: the line, and what is wrong with it."""

    property: str
    line: int
    text: str


@define
class Sweep:
    """Events in the order of their moments, and what they came to. Begins, ends and acknowledgements are moments each.

    `mapping` says what is in a line, which may be several events, or none.
    `counts` are malformed and late lines, and per property what was tested, violated, and left undecided; of the first
    ones there is a text in `malformed`, `late` and `first` (with the digest it is about).
    `new` are violations that nobody has collected yet.
    """

    promise: Promise
    limits: Limits
    mapping: ColumnMapping = field(factory=ColumnMapping)
    lines: int = 0
    events: int = 0
    staleness: float = 0.0
    malformed: list[str] = field(factory=list)
    late: list[str] = field(factory=list)
    new: list[Violation] = field(factory=list)
    window: Window = field(init=False)
    counts: Counter[str] = field(factory=Counter)
    first: dict[str, list[tuple[str, str | None]]] = field(factory=dict)
    _newest: float = -inf
    _floor: float = -inf
    _queue: list[tuple[float, int, int, str, Row]] = field(factory=list)
    _number: int = 0

    def __attrs_post_init__(self) -> None:
        self.window = Window(self.limits.versions, self.limits.sessions)

    def take(self, line: bytes) -> None:
        """Read the next line."""
        self.lines += 1
        if self.lines == 1:
            line = line.removeprefix(BOM)
        for row in rows_of(self.lines, line, self.mapping):
            if isinstance(row, ValueError):
                self._note("malformed", f"line {self.lines}: {row}")
            else:
                self._take(row)

    def _take(self, row: Row) -> None:
        self.events += 1
        if row.invoke < self._floor:
            by = self._floor - row.invoke
            self._note("late", f"line {row.line} began {by:g} s before what had been judged by then")
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
            if unit.recorded is not None and not unit.begun:
                self._begin_record(unit)
            facts = unit.versions.values()
            self.counts["never-ahead undecided"] += unit.keyed and any(one.excused is not None for one in facts)
            if unit.ambiguous:
                unsaid = (facts.known and not unit.on_record(told) for told, facts in unit.versions.items())
                self.counts["never-ahead undecided"] += any(unsaid)
            self.counts["no-partial-read undecided"] += sum(len(one.open) > 1 for one in facts)

    def collected(self) -> tuple[Violation, ...]:
        """The violations since this was asked last."""
        new, self.new = tuple(self.new), []
        return new

    @property
    def waiting(self) -> int:
        """How much there is to be done about events that were read."""
        return len(self._queue)

    def _note(self, what: str, text: str) -> None:
        self.counts[what] += 1
        kept = self.malformed if what == "malformed" else self.late
        if len(kept) < SHOWN:
            kept.append(text)

    # --- in which order things happen

    def _schedule(self, row: Row) -> None:
        """Put down at which moments something is to be done about an event. Checks come before what they check."""
        match row.kind:
            case "commit" if row.outcome != "fail":
                self._learn(row)
                self._made(row)
            case "fault" if row.note == "rollback" and row.outcome != "fail":
                unit = self.window.unit(row.unit)
                unit.restored_from = min(unit.restored_from, row.invoke)
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
                self._begin_record(self.window.unit(row.unit))
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
        if row.digest is None and not facts.bare:
            facts.bare = True
            self._doubt_contents(facts)
        if facts.excused is not None and facts.excused[0] + self.promise.slack < facts.asked:
            self._too_early(facts.excused[1], facts)
        facts.excused = None
        if row.digest is not None and row.digest not in facts.digests and len(facts.digests) < _DIGESTS:
            facts.digests.append(row.digest)
            self._compare_again(facts)

    def _begin_record(self, unit: Unit) -> None:
        """With its first commit a unit's record begins: what was known before is held to it."""
        unit.begun = True
        for told, facts in unit.versions.items():
            if facts.early is None:
                continue
            if unit.on_record(told):
                count, moment, first = facts.early
                self.counts["never-ahead tested"] += count
                self._held(first, moment, unit, facts)
            facts.early = None

    # --- puts and reads

    def _begin(self, row: Row) -> None:
        """A read begins: what had been acknowledged, or told, by now it must not be older than."""
        unit, session = self.window.unit(row.unit), self.window.session(row)
        self.counts["serves-last-good tested"] += row.source in STOOD_IN
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
            self._violated("cross-pop-monotonic", row, why)
        elif len(unit.elsewhere) < _COLLECTED:
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
            self.counts["serves-last-good tested"] += 1
            self._violated("serves-last-good", row, f"although line {session.copy} had told it a config")
        elif not session.known:
            self.counts["serves-last-good undecided"] += 1

    def _count_reads(self, row: Row, unit: Unit) -> None:
        self.counts["bounded-staleness tested"] += row.invoke > unit.began + self.promise.bound_s
        self.counts["read-your-writes tested"] += row.invoke > unit.began + self.promise.slack
        unit.pop, unit.version = unit.pop or row.pop, unit.version or row.told
        if row.pop != unit.pop and not unit.pops_differ:
            unit.pops_differ = True
            for one, why in unit.elsewhere:
                self._violated("cross-pop-monotonic", one, why)
            unit.elsewhere.clear()
        unit.versions_differ |= row.told != unit.version
        self.counts["cross-pop-monotonic tested"] += unit.pops_differ and unit.versions_differ

    def _stale(self, row: Row, unit: Unit) -> None:
        if unit.acknowledged is None or row.told >= unit.acknowledged[0]:
            return
        if row.returned >= unit.restored_from:
            # What a restore takes back is not known until all restores are.
            self.counts["read-your-writes undecided"] += 1
            self.counts["bounded-staleness undecided"] += 1
            return
        late = row.invoke - unit.superseded(row.told)
        self.staleness = max(self.staleness, late - self.promise.slack)
        if late > self.promise.slack:
            self._violated(
                "read-your-writes", row, f"after line {unit.acknowledged[1]} had acknowledged something newer"
            )
        if unit.expired is not None and row.told < unit.expired[0]:
            why = f"{late:.3f} s after line {unit.expired[1]} or an earlier one had committed something newer"
            self._violated("bounded-staleness", row, f"{why}; the bound is {self.promise.bound_s:g} s")

    def _in_session(self, row: Row, unit: Unit, session: Session) -> None:
        self.counts["monotonic-reads tested"] += session.last is not None and session.last != row.told
        session.last = row.told
        if session.newest is not None and row.told < session.newest[0]:
            line, version = session.newest[1], version_text(session.newest[0])
            self._violated("monotonic-reads", row, f"after line {line} was told {version}")
        elif not session.known and row.told < unit.forgotten_session:
            self.counts["monotonic-reads undecided"] += 1

    def _known(self, row: Row, moment: float) -> None:
        """Somebody knew a version at a moment, and perhaps its content."""
        if row.told == (0, 0):
            self._compare(row, VersionFacts(digests=[EMPTY_DIGEST]))
            return
        unit, facts = self.window.unit(row.unit), self.window.version(row.unit, row.told)
        if facts is None:
            self.counts["never-ahead undecided"] += 1
            self.counts["no-partial-read undecided"] += row.kind == "read" and row.digest is not None
            return
        facts.known = True
        if not unit.begun:
            count, since, first = facts.early or (0, inf, row)
            facts.early = (count + 1, *((moment, row) if moment < since else (since, first)))
        elif (facts.asked < inf and facts.asked <= moment + self.promise.slack) or unit.on_record(row.told):
            self.counts["never-ahead tested"] += 1
            self._held(row, moment, unit, facts)
        if row.kind == "read":
            self._compare(row, facts)

    def _held(self, row: Row, moment: float, unit: Unit, facts: VersionFacts) -> None:
        """Hold what was known at a moment to when it was asked for."""
        known_by = moment + self.promise.slack
        if (facts.asked < inf and facts.asked <= known_by) or not unit.on_record(row.told):
            return
        if facts.asked == inf and unit.lost() < inf and unit.lost() <= known_by:
            if facts.excused is None or moment < facts.excused[0]:
                facts.excused = (moment, row)
        else:
            self._too_early(row, facts)

    def _too_early(self, row: Row, facts: VersionFacts) -> None:
        never = facts.asked == inf
        self._violated("never-ahead", row, "which was never committed" if never else f"before line {facts.line} asked")

    # --- contents

    def _compare(self, row: Row, facts: VersionFacts) -> None:
        if row.kind != "read" or row.digest is None:
            return
        if not facts.digests:
            digest = row.digest if row.digest in facts.open or len(facts.open) < _DIGESTS else next(iter(facts.open))
            facts.open[digest] = (facts.open.get(digest, (0, row))[0] + 1, facts.open.get(digest, (0, row))[1])
            return
        self.counts["no-partial-read tested"] += row.told != (0, 0)
        if row.digest not in facts.digests:
            if facts.bare or self.window.unit(row.unit).restored_from < inf:
                self.counts["no-partial-read undecided"] += 1
                return
            if len(facts.bad) < _DIGESTS:
                facts.bad[row.digest] = facts.bad.get(row.digest, 0) + 1
            self._violated("no-partial-read", row, self._content(row, facts))

    def _compare_again(self, facts: VersionFacts) -> None:
        """A content became known: reads that had it were right, and those that waited are judged."""
        right = facts.digests[-1]
        if wrong := facts.bad.pop(right, 0):
            self.counts["no-partial-read violated"] -= wrong
            self.first["no-partial-read"] = [one for one in self.first["no-partial-read"] if one[1] != right]
        for digest, (times, row) in facts.open.items():
            self.counts["no-partial-read tested"] += times
            if digest in facts.digests:
                continue
            if facts.bare:
                self.counts["no-partial-read undecided"] += times
            else:
                facts.bad[digest] = times
                self.counts["no-partial-read violated"] += times - 1
                self._violated("no-partial-read", row, self._content(row, facts))
        facts.open.clear()

    def _doubt_contents(self, facts: VersionFacts) -> None:
        """Somebody made the version who does not say what it contains: it may have been what seemed wrong."""
        for digest, wrong in facts.bad.items():
            self.counts["no-partial-read violated"] -= wrong
            self.counts["no-partial-read undecided"] += wrong
            self.first["no-partial-read"] = [one for one in self.first["no-partial-read"] if one[1] != digest]
        facts.bad.clear()

    def _content(self, row: Row, facts: VersionFacts) -> str:
        of = f" of line {facts.line}" if facts.line else ""
        return f"{another_content(row, facts.digests[0])}{of}"

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
                self.counts["label-is-content undecided"] += 1
                return
            self.counts["label-is-content tested"] += facts.compared > 0
            facts.compared += 1
            own = facts.first[2]
        if row.digest != own:
            self._violated("label-is-content", row, another_content(row, own))

    # --- what comes of it

    def _violated(self, name: str, row: Row, why: str) -> None:
        self.counts[f"{name} violated"] += 1
        violation = Violation(name, row.line, f"{what(row)}, {why}")
        if len(self.new) < _COLLECTED:
            self.new.append(violation)
        shown = self.first.setdefault(name, [])
        if len(shown) < SHOWN:
            shown.append((f"line {violation.line}: {violation.text}", row.digest))
