# SPDX-License-Identifier: Apache-2.0
"""What is remembered of a history while it is followed: as much as fits, and what was forgotten.

Of a unit: its newest versions with what is known of them, what had been acknowledged, and by when. Of a session: the
newest version that it was told. Where something was forgotten, it is known up to which version, so that nothing that
depends on it is decided wrongly.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from math import inf
from typing import Final

from attrs import define, evolve, field, frozen

from edgeproof.properties.intake.row import Row, Version

__all__ = ["Evictions", "Limits", "Session", "Unit", "VersionFacts", "Window", "newest"]

_STEPS: Final = 256
"""Acknowledgements of a unit that are kept to measure staleness by; older ones give a lower bound."""

_EVICTIONS: Final = 16

_KEYS: Final = 100
"""Of a unit: writes under a key whose answer was lost, and such as were answered. Older ones excuse what they may."""

Mark = tuple[Version, int]
"""A version, and the line that told of it."""


def newest(one: Mark | None, other: Mark) -> Mark:
    """The newer of two marks, the first one if they are of one version."""
    return other if one is None or other[0] > one[0] else one


@frozen
class Limits:
    """What may be kept: events that wait for `patience` seconds of the history to pass, versions, and sessions."""

    patience: float = 30.0
    waiting: int = 200_000
    versions: int = 100_000
    sessions: int = 100_000


@frozen
class Early:
    """How many knew of a version that was not on record, the first and the last moment, and the first event."""

    count: int
    first: float
    last: float
    row: Row


@define
class VersionFacts:
    """What is known of a version: since when it was asked for, its contents, and who was told it too early to say.

    `excused` is the first moment at which it was known although nobody was seen to ask for it (a commit whose version
    nobody learnt may have been it). `early` is who knew of it when it was not on record, `accused` the first who are
    said to have known of it too early. `bare` says that it was made by somebody who does not say what it contains.
    `bad` counts, per digest, the reads that do not fit what is known; `open` those that nothing is known about yet.
    `first` is the content that somebody had first: from which moment, whether as a copy, and its digest; `compared`
    counts the events that were compared with it.
    """

    asked: float = inf
    line: int = 0
    digests: list[str] = field(factory=list)
    excused: tuple[float, Row] | None = None
    accused: list[tuple[float, Row]] = field(factory=list)
    early: Early | None = None
    bare: bool = False
    bad: dict[str, int] = field(factory=dict)
    open: dict[str, tuple[int, Row]] = field(factory=dict)
    first: tuple[float, bool, str] | None = None
    compared: int = 0

    def wait(self, moment: float, row: Row) -> None:
        """Note that somebody knew of it, which nothing can be said of as yet."""
        had = self.early or Early(0, inf, -inf, row)
        first = (moment, row) if moment < had.first else (had.first, had.row)
        self.early = Early(had.count + 1, first[0], max(moment, had.last), first[1])

    def claim(self, moment: float, copy: bool, digest: str) -> None:
        """Note that somebody has a content from a moment on."""
        had = (moment, copy, digest)
        self.first = had if self.first is None else min(had, self.first)


@define
class Unit:
    """What is known of a unit. `acknowledged` and `expired` are the newest versions so far that were acknowledged, and
    that were acknowledged longer ago than the bound. `unnamed` is when the first commit was asked for whose version
    nobody learnt, and that carries no key; `sent` has those that carry one, by key, which is `open` until it is
    answered.
    """

    unnamed: float = inf
    sent: dict[str, float] = field(factory=dict)
    open: set[str] = field(factory=set)
    answers: dict[str, Version] = field(factory=dict)
    """What the newest writes under a key came to."""
    ambiguous: bool = False
    """Whether a key came to two versions."""
    keys_forgotten: bool = False
    """Whether some of either were forgotten."""
    began: float = inf
    """When it had its first version for certain: a commit was answered."""
    restored_from: float = inf
    """When the first restore began."""
    restored_to: Version | None = None
    """The oldest version that a restore went back to; below all of them if one does not say."""
    recorded: tuple[float, Version] | None = None
    """When the first commit that names its version was asked for, and that version."""
    begun: bool = False
    """Whether that moment has passed."""
    left: bool = False
    """Whether versions were forgotten since then that were not on record, but known of."""
    acknowledged: Mark | None = None
    expired: Mark | None = None
    told: Mark | None = None
    steps: deque[tuple[Version, float]] = field(factory=lambda: deque(maxlen=_STEPS))
    versions: dict[Version, VersionFacts] = field(factory=dict)
    forgotten: Version = (-1, 0)
    """No version above this one was forgotten."""
    forgotten_session: Version = (-1, 0)
    """No session that was told anything newer was forgotten."""
    pop: str | None = None
    version: Version | None = None
    pops_differ: bool = False
    elsewhere: list[tuple[Row, str]] = field(factory=list)
    """Reads that go back, and after what, while one location is all that was read at."""
    versions_differ: bool = False

    def lose(self, row: Row) -> None:
        """Note a commit whose version nobody learnt: it is what an answer under its key tells of, if there is one."""
        if row.key is None:
            self.unnamed = min(self.unnamed, row.invoke)
            return
        self.sent[row.key] = min(row.invoke, self.sent.get(row.key, inf))
        if row.key not in self.answers:
            self.open.add(row.key)
        elif (facts := self.versions.get(self.answers[row.key])) is not None:
            facts.asked = min(facts.asked, row.invoke)
            self.record(row.invoke, self.answers[row.key])
        if len(self.sent) > _KEYS:
            oldest = next(iter(self.sent))
            self.open.discard(oldest)
            self.keys_forgotten = True
            self.unnamed = min(self.unnamed, self.sent.pop(oldest))

    def since_sent_first(self, row: Row) -> Row:
        """An event; if it is an answered commit, from when its write was sent first."""
        if row.kind != "commit" or row.outcome != "ok" or row.key is None:
            return row
        self.ambiguous |= self.answers.get(row.key, row.told) != row.told
        self.answers[row.key] = row.told
        if len(self.answers) > _KEYS:
            self.keys_forgotten = True
            del self.answers[next(iter(self.answers))]
        self.open.discard(row.key)
        return evolve(row, invoke=min(row.invoke, self.sent.get(row.key, inf)))

    def restore(self, row: Row) -> None:
        """Note that something was undone."""
        self.restored_from = min(self.restored_from, row.invoke)
        to = (-1, 0) if row.version is None else row.told
        self.restored_to = to if self.restored_to is None else min(self.restored_to, to)

    def may_be_undone(self, told: Version, asked: float, by: float) -> bool:
        """Whether a version that was asked for at some time may have been undone by another one."""
        return self.restored_to is not None and told > self.restored_to and asked <= self.restored_from <= by

    def record(self, asked: float, told: Version) -> None:
        """Note a commit that names its version: the record begins with the first one."""
        self.recorded = min((asked, told), self.recorded or (inf, told))

    def may_begin(self) -> bool:
        """Whether its record can begin: no write that was sent before its first commit may yet be answered."""
        if self.begun or self.recorded is None:
            return False
        return all(self.sent[key] >= self.recorded[0] for key in self.open)

    def on_record(self, told: Version) -> bool:
        """Whether the record had begun when a version was made, as far as is known by now."""
        if self.recorded is None or self.restored_from <= self.recorded[0]:
            return False
        return told >= self.recorded[1]

    def lost(self) -> float:
        """Since when a commit that is not known may have been made: across a restore, an answer tells of nothing."""
        keys = self.open if self.restored_from == inf else self.sent
        return min(self.unnamed, *(self.sent[key] for key in keys), inf)

    @property
    def unsure(self) -> bool:
        """Whether `lost` may tell of writes that were answered."""
        return self.keys_forgotten or (self.restored_from < inf and len(self.sent) > 0)

    def superseded(self, told: Version) -> float:
        """When something newer had been acknowledged, or some time after that; infinity for not yet."""
        return next((at for version, at in self.steps if version > told), inf)

    def acknowledge(self, mark: Mark, at: float) -> None:
        """Note that a version was acknowledged; moments must come in order."""
        if self.acknowledged is None or mark[0] > self.acknowledged[0]:
            self.steps.append((mark[0], at))
        self.acknowledged = newest(self.acknowledged, mark)


@define
class Evictions:
    """Those of an isolate, or of all of a location: at most so many of the newest, and how many there were before."""

    known: list[tuple[float, float]] = field(factory=list)
    dropped: int = 0

    def add(self, invoke: float, returned: float) -> None:
        """Note an eviction."""
        self.known.append((invoke, returned))
        self.known.sort()
        if len(self.known) > _EVICTIONS:
            del self.known[0]
            self.dropped += 1

    def before(self, invoke: float, returned: float) -> int | None:
        """How many came before a read; None if it met one, or shares a moment with one."""
        over = sum(end < invoke for _, end in self.known)
        begun = sum(start <= returned for start, _ in self.known)
        return self.dropped + over if over == begun else None


@define
class Session:
    """What an isolate was told of a unit: `life` counts its evictions, each of which begins it anew."""

    life: int = 0
    newest: Mark | None = None
    last: Version | None = None
    """The last one but for the empty config, which is no version to go back from."""
    copy: int | None = None
    """The line of the first read that left a copy there."""
    known: bool = True
    """Whether this is known to be all that it was told."""

    def enter(self, life: int) -> None:
        """Forget what an earlier life was told."""
        if life > self.life:
            self.life, self.newest, self.last, self.copy, self.known = life, None, None, None, True


@define
class Window:
    """Units, and at most so many versions and sessions of them: the oldest are forgotten first.

    `lost` counts sessions that were forgotten, and per property what can no longer be compared with what may yet come.
    """

    most_versions: int
    most_sessions: int
    units: dict[str, Unit] = field(factory=dict)
    sessions: OrderedDict[tuple[str, str | None, str | None], Session] = field(factory=OrderedDict)
    evictions: OrderedDict[tuple[str | None, str | None], Evictions] = field(factory=OrderedDict)
    lost: Counter[str] = field(factory=Counter)
    _ages: deque[tuple[str, Version]] = field(factory=deque)

    def unit(self, name: str) -> Unit:
        """A unit; one of which nothing is known if it is new."""
        unit = self.units.get(name)
        if unit is None:
            unit = self.units[name] = Unit()
        return unit

    def version(self, unit: str, version: Version) -> VersionFacts | None:
        """What is known of a version; None for one that may have been forgotten."""
        owner = self.unit(unit)
        facts = owner.versions.get(version)
        if facts is None and version > owner.forgotten:
            facts = owner.versions[version] = VersionFacts()
            self._ages.append((unit, version))
            if len(self._ages) > self.most_versions:
                self._forget()
        return facts

    def session(self, row: Row) -> Session:
        """The session of a read, or of an eviction."""
        who = (row.unit, row.pop, row.reader)
        session = self.sessions.get(who)
        if session is None:
            # It may be one of those that were forgotten, if any were.
            session = self.sessions[who] = Session(known=self.unit(row.unit).forgotten_session < (0, 0))
            if len(self.sessions) > self.most_sessions:
                self._forget_session()
        self.sessions.move_to_end(who)
        return session

    def evict(self, row: Row) -> None:
        """Note an eviction, of one isolate, or of all that its line does not tell apart."""
        who = (row.pop, row.reader)
        self.evictions.setdefault(who, Evictions()).add(row.invoke, row.returned)
        self.evictions.move_to_end(who)
        if len(self.evictions) > self.most_sessions:
            self.evictions.popitem(last=False)
            self.lost["evictions"] += 1

    def life_of(self, row: Row) -> int | None:
        """Which life of its isolate a read belongs to; None if nobody knows."""
        if self.lost["evictions"]:
            return None
        those = [(row.pop, row.reader), (row.pop, None), (None, row.reader), (None, None)]
        before = [self.evictions[who].before(row.invoke, row.returned) for who in those if who in self.evictions]
        return None if None in before else sum(one for one in before if one is not None)

    def _forget(self) -> None:
        unit, version = self._ages.popleft()
        owner = self.units[unit]
        facts = owner.versions.pop(version)
        self.lost["never-ahead"] += facts.excused is not None or (facts.early is not None and not owner.begun)
        owner.left |= facts.early is not None and owner.begun
        self.lost["no-partial-read"] += len(facts.open)
        owner.forgotten = max(owner.forgotten, version)

    def _forget_session(self) -> None:
        (unit, *_), session = self.sessions.popitem(last=False)
        self.lost["sessions"] += 1
        if session.newest is not None:
            owner = self.units[unit]
            owner.forgotten_session = max(owner.forgotten_session, session.newest[0])
