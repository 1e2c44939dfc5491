# SPDX-License-Identifier: Apache-2.0
"""A run as events of a history: commits with the content that they must have made, and what readers were told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, frozen

from edgeproof.impl.history import Event
from edgeproof.impl.snapshot import to_json
from edgeproof.impl.target.extract import MISSING
from edgeproof.impl.target.order import Places, acknowledged, places_of
from edgeproof.impl.target.routes import STRONG, Target
from edgeproof.impl.target.runs import Happened, Run

__all__ = ["Recorded", "recorded"]

Content = Mapping[str, Any]


@frozen
class Recorded:
    """What a run comes to: its events, and the places of its versions."""

    events: tuple[Event, ...]
    places: Places


def recorded(target: Target, run: Run) -> Recorded:
    """The events of a run, and those of its neighbour, which is a unit of its own."""
    places = places_of(target, run, target.has_units)
    events = _events(target, run, places)
    if run.neighbour:
        beside = Run(run.neighbour_name, (), run.fields, happened=run.neighbour)
        events += _events(target, beside, places_of(target, beside, fresh=True))
    return Recorded(tuple(events), places)


def _events(target: Target, run: Run, places: Places) -> list[Event]:
    eras = _Eras.of(target, run)
    digests = _digests(run, places, eras)
    return [_event(target, run.name, one, places, eras, digests) for one in (*run.before, *_completed(run.happened))]


@frozen
class _Eras:
    """The eras of a run, counted from its beginning: where copies carry none, there is one."""

    steps: tuple[int, ...]
    before: int

    @classmethod
    def of(cls, target: Target, run: Run) -> _Eras:
        restores = [one.step for one in run.happened if one.kind == "restore" and one.heard.outcome == "ok"]
        before = max((one.heard.era for one in run.before), default=0)
        return cls(tuple(restores) if target.has_eras else (), before)

    def at(self, one: Happened) -> int:
        """The era of a write, the one that a restore begins, or the one that a reader was told."""
        if one.kind == "read":
            return max(0, one.heard.era - self.before)
        return sum(step < one.step or (step == one.step and one.kind == "restore") for step in self.steps)


def _completed(happened: Iterable[Happened]) -> list[Happened]:
    """What happened, where writes that were answered when they were sent again have their version from the first."""
    every = list(happened)
    versions = {one.number: one.heard.version for one in acknowledged(every)}

    def complete(one: Happened) -> Happened:
        if one.kind != "write" or one.heard.outcome != "unknown":
            return one
        return evolve(one, heard=evolve(one.heard, version=versions.get(one.number)))

    return [complete(one) for one in every]


def _digests(run: Run, places: Places, eras: _Eras) -> dict[tuple[str, int], str]:
    """The digest of the config that each write made (by its number), and each restore (by its step).

    What comes after a write of which nobody knows whether it was made is not known; nor is what comes after a gap.
    """
    digests: dict[tuple[str, int], str] = {}
    contents: dict[tuple[int, int], Content] = {(0, 0): {}}
    first_unsettled = _first_unsettled(run, places)
    for one in _changes_in_order(run, places):
        era, place = eras.at(one), places.place(one.base if one.kind == "restore" else one.heard.version)
        if place is None or one.step >= first_unsettled:
            continue
        if one.kind == "restore":
            before = [contents[e, place] for e in range(era, -1, -1) if (e, place) in contents]
            content, name = before[0] if before else None, ("restore", one.step)
        else:
            content, name = _changed(contents.get((era, place - 1)), one.changes), ("write", one.number)
        if content is not None:
            digests[name], contents[era, place] = _digest(content.get("", content)), content
    return digests


def _changed(before: Content | None, changes: Content) -> Content | None:
    """A config after a change, which may be of the whole; None where it is not known."""
    return changes if "" in changes else None if before is None else {**before, **changes}


def _first_unsettled(run: Run, places: Places) -> float:
    unsettled = [one.step for one in run.happened if one.kind == "write" and one.heard.outcome == "unknown"]
    return float("inf") if places.settled else min(unsettled, default=float("inf"))


def _changes_in_order(run: Run, places: Places) -> list[Happened]:
    """The writes that were answered, each once, and the restores."""
    writes = {one.number: one for one in reversed(acknowledged(run.happened))}
    restores = [one for one in run.happened if one.kind == "restore" and one.heard.outcome == "ok"]
    return sorted([*writes.values(), *restores], key=lambda one: (one.step, places.place(one.heard.version) or 0))


def _event(
    target: Target, unit: str, one: Happened, places: Places, eras: _Eras, digests: Mapping[tuple[str, int], str]
) -> Event:
    heard = one.heard
    event = Event(one.kind, unit, one.invoke, one.returned, heard.outcome, note=heard.note or heard.complaint or None)
    match one.kind:
        case "fault":
            return evolve(event, note=one.at)
        case "restore":
            event = evolve(event, kind="fault", note="rollback", version=places.place(one.base), era=eras.at(one))
            return evolve(event, digest=digests.get(("restore", one.step)))
        case "write":
            return _commit(event, one, places, eras, digests.get(("write", one.number)))
    return _reading(target, event, one, places, eras)


def _commit(event: Event, one: Happened, places: Places, eras: _Eras, digest: str | None) -> Event:
    base = None if one.base is None else places.place(one.base)
    # A write that is sent again may tell of what the first request did.
    event = evolve(event, kind="commit", invoke=one.since, key=one.key or None, base=base)
    if one.heard.version is None:
        return event
    return evolve(event, version=places.place(one.heard.version), era=eras.at(one), digest=digest)


def _reading(target: Target, event: Event, one: Happened, places: Places, eras: _Eras) -> Event:
    place = places.place(one.heard.version)
    source = "store" if one.at == STRONG else None
    event = evolve(event, pop=one.at, reader=one.heard.reader or "client", source=source)
    if one.heard.outcome != "ok":
        return event
    if place is None:
        # A write that nobody saw answered may have made it: whose it is cannot be said.
        return evolve(event, outcome="unknown", note="a version that a write without an answer may have made")
    return evolve(event, version=place, era=eras.at(one), digest=_told(target, one, place))


def _told(target: Target, one: Happened, place: int) -> str | None:
    if one.heard.content is MISSING or (place == 0 and not target.has_fields):
        return None
    return _digest(one.heard.content)


def _digest(content: Any) -> str:
    return hashlib.sha256(to_json(content).encode()).hexdigest()
