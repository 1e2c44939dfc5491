# SPDX-License-Identifier: Apache-2.0
"""The reference implementation with caches that take time to fill: a question, what the centre answers, its arrival."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from attrs import define

from edgeproof.impl.driven.base import impossible_on
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import Fetch, KVUnreachable
from edgeproof.impl.pattern.deployment import Location
from edgeproof.impl.pattern.in_flight import InFlightSystem
from edgeproof.impl.runtime import Clock
from edgeproof.impl.system import ActionImpossible, Setup, Value

__all__ = ["FillsSystem"]

_APART: Final = 1e-6
"""Seconds between two puts of one tick: as on the platform, no two puts of a key have the same time."""


@define
class _Fill:
    """A question of a location that is under way, and what the centre has answered, once it has."""

    fetch: Fetch
    answered: bool = False
    entry: KVEntry | None = None


class _ClockOfPuts:
    """A clock that is never asked twice at the same time."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._asked = clock, 0

    def now(self) -> float:
        self._asked += 1
        return self._clock.now() + self._asked * _APART


class FillsSystem(InFlightSystem):
    """The parts of one unit, whose locations wait for KV's centre; fill `r` is of location `r % locations`.

    Where a read waits for a fill, both have the same number.
    """

    design: ClassVar = "do_kv_fills"
    more_options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **InFlightSystem.more_options,
        "overlap": ("newest", "neither", "latest"),
        "dated": ("asked", "answered"),
    }

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        super().start(setup)
        self.fills: list[_Fill | None] = [None] * len(self.reads)

    def _see(self) -> dict[str, Value]:
        return {**super()._see(), "fetching": tuple(_stage(fill) for fill in self.fills)}

    def _brings(self, read: int) -> KVEntry | None:
        """What a read will be told, or what the centre has answered the location with."""
        fill = self.fills[read]
        return super()._brings(read) if fill is None else fill.entry

    def _clock_of_puts(self) -> Clock:
        return _ClockOfPuts(self.runtime)

    def _do_ask(self, read: int) -> None:
        location = self._location(read)
        self._is_free(read)
        if self._serves(location):
            super()._do_ask(read)
            return
        under_way = self._begin(read)
        try:
            self.fills[read] = _Fill(location.kv.ask(self.choices.key, location.cache))
        except KVUnreachable as error:
            self.runtime.drop(under_way.answer)
            raise ActionImpossible(str(error)) from error
        self.reads[read] = under_way

    def _do_renew(self, read: int) -> None:
        location = self._location(read)
        self._is_free(read)
        with impossible_on(LookupError, KVUnreachable):
            self.fills[read] = _Fill(location.kv.renew(self.choices.key, location.cache))

    def _do_look_up(self, read: int) -> None:
        fill = self._fill(read, answered=False)
        fill.entry = self._location(read).kv.look_up(fill.fetch.key)
        fill.answered = True

    def _do_arrive(self, read: int) -> None:
        fill, location, under_way = self._fill(read, answered=True), self._location(read), self.reads[read]
        location.kv.keep(fill.fetch, fill.entry, location.cache)
        self.fills[read] = None
        if under_way is not None:
            # The isolate is told what the centre has answered, whatever the cache has made of it.
            under_way.answer.effect = lambda: fill.entry
            under_way.answer.apply()

    def _do_answer(self, read: int) -> None:
        if self.fills[read] is not None:
            raise ActionImpossible("the location has not heard from KV's centre yet")
        super()._do_answer(read)

    def _is_free(self, read: int) -> None:
        if self.reads[read] is not None or self.fills[read] is not None:
            raise ActionImpossible("the question is under way already")

    def _fill(self, read: int, *, answered: bool) -> _Fill:
        fill = self.fills[read]
        if fill is None or fill.answered != answered:
            raise ActionImpossible(
                f"no question is under way that KV's centre has {'' if answered else 'not '}answered"
            )
        return fill

    def _location(self, read: int) -> Location:
        return self.locations[self._home(read)]

    def _serves(self, location: Location) -> bool:
        return location.cache.fresh(self.choices.key, self.runtime.now(), self.choices.cache_ttl) is not None


def _stage(fill: _Fill | None) -> str:
    if fill is None:
        return "no"
    return "answered" if fill.answered else "asked"
