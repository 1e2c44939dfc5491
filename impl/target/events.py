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
    """What a run comes to: its events, each with what it was of all that happened (None for none), and its contents.

    `contents` are the configs that its commits made, by place, as far as they are known.
    """

    events: tuple[Event, ...]
    contents: Mapping[int, Content]
    places: Places


def recorded(target: Target, run: Run) -> Recorded:
    """The events of a run, and those of its neighbour, which is a unit of its own."""
    places = places_of(target, run, target.has_units)
    digests, contents = _made(target, run, places)
    events = [_event(target, run.name, one, places, digests) for one in (*run.before, *_completed(run.happened))]
    if run.neighbour:
        beside = Run(run.neighbour_name, (), run.fields, happened=run.neighbour)
        theirs = places_of(target, beside, fresh=True)
        made, _ = _made(target, beside, theirs)
        events += [_event(target, beside.name, one, theirs, made) for one in run.neighbour]
    return Recorded(tuple(events), contents, places)


def _completed(happened: Iterable[Happened]) -> list[Happened]:
    """What happened, where writes that were answered when they were sent again have their version from the first."""
    every = list(happened)
    versions = {one.number: one.heard.version for one in acknowledged(every)}

    def complete(one: Happened) -> Happened:
        if one.kind != "write" or one.heard.outcome != "unknown":
            return one
        return evolve(one, heard=evolve(one.heard, version=versions.get(one.number)))

    return [complete(one) for one in every]


def _made(target: Target, run: Run, places: Places) -> tuple[dict[int, str], dict[int, Content]]:
    """The digest of each write's config (by its number), and the configs by place.

    What comes after a write of which nobody knows whether it was made is not known; nor is what comes after a gap.
    """
    digests: dict[int, str] = {}
    contents: dict[int, Content] = {0: {}}
    made = {one.number: one for one in reversed(acknowledged(run.happened))}
    unsettled = [one.step for one in run.happened if one.kind == "write" and one.heard.outcome == "unknown"]
    first_unsettled = float("inf") if places.settled else min(unsettled, default=float("inf"))
    for one in sorted(made.values(), key=lambda one: places.place(one.heard.version) or 0):
        place = places.place(one.heard.version)
        if place is None or place - 1 not in contents or one.step >= first_unsettled:
            continue
        content = one.changes if "" in one.changes else {**contents[place - 1], **one.changes}
        digests[one.number] = _digest(content.get("", content))
        contents.setdefault(place, content)
    return digests, contents


def _event(target: Target, unit: str, one: Happened, places: Places, digests: Mapping[int, str]) -> Event:
    heard, place = one.heard, places.place(one.heard.version)
    event = Event(one.kind, unit, one.invoke, one.returned, heard.outcome, note=heard.note or heard.complaint or None)
    if one.kind == "fault":
        return evolve(event, note=one.at)
    if one.kind == "write":
        # A write that is sent again may tell of what the first request did.
        event = evolve(event, kind="commit", invoke=one.since, key=one.key or None, base=places.place(one.base))
        event = evolve(event, base=None if one.base is None else event.base)
        known = heard.version is not None
        return evolve(event, version=place, digest=digests.get(one.number)) if known else event
    source = "store" if one.at == STRONG else None
    event = evolve(event, pop=one.at, reader=heard.reader or "client", source=source)
    if heard.outcome != "ok":
        return event
    if place is None:
        # A write that nobody saw answered may have made it: whose it is cannot be said.
        return evolve(event, outcome="unknown", note="a version that a write without an answer may have made")
    return evolve(event, version=place, digest=_told(target, one, place))


def _told(target: Target, one: Happened, place: int) -> str | None:
    if one.heard.content is MISSING or (place == 0 and not target.has_fields):
        return None
    return _digest(one.heard.content)


def _digest(content: Any) -> str:
    return hashlib.sha256(to_json(content).encode()).hexdigest()
