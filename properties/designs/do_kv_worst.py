# SPDX-License-Identifier: Apache-2.0
"""The worst run of `do_kv`: it follows the terms of the bound one by one, for any values of the parameters.

It is not searched for but written down. The version under observation is the second write's, and the reader is an
isolate at the first location.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from edgeproof.model.interpret import Event
from edgeproof.model.machine import TICK, Instance

__all__ = ["Begins", "Reads", "fires", "reads_at_once", "wait", "worst_poison_run", "worst_run"]

Begins: TypeAlias = Callable[[Instance, int, int], list[Event]]
"""How an attempt begins, given an instance, after how long its alarm is due, and how late that may fire."""

Reads: TypeAlias = Callable[[Instance], list[tuple[int, Event]]]
"""The last reads, given an instance: after how long, since the one before or since the cache was filled, and what."""

_MOST_BEATS: Final = 200
_PUBLISHED: Final = (Event("put_lands"), Event("put_confirmed"))


def fires(instance: Instance, due: int, late: int) -> list[Event]:
    """The alarm fires, as late as it may."""
    return [*wait(due + late), Event("fire")]


def reads_at_once(instance: Instance) -> list[tuple[int, Event]]:
    """A read just before the cached copy expires; with a memo another one just before that expires."""
    waits = [instance.number("T")] + ([instance.number("M")] if instance.values["reader"] == "memo" else [])
    return [(ticks, _read()) for ticks in waits]


def worst_run(instance: Instance, begins: Begins = fires, reads: Reads = reads_at_once) -> Sequence[Event] | None:
    """Everything takes as long as it can. None where the heartbeat would beat more than `_MOST_BEATS` times."""
    if instance.values["repair"] == "heartbeat" and instance.number("T") > _MOST_BEATS * instance.number("H"):
        return None
    publication = _late_schedule if instance.values["put_late"] else _schedule
    return [*publication(instance, begins), *_serving_beats(instance, reads(instance))]


def worst_poison_run(instance: Instance) -> list[Event]:
    """The second write is bad, and its put in flight, or just over, when the third, which is watched, fixes it.

    It is the worst schedule where that put can begin as late as the fix: X <= S.
    """
    n = instance.number
    starts, over = min(n("X"), n("S")), n("S") + n("D") < n("X")
    put = [*wait(n("D")), *_PUBLISHED] if over else []
    left = n("X") - starts - (n("D") if over else 0)
    fix = [
        *(Event("write"), Event("acknowledge"), Event("fire"), *_PUBLISHED),
        *(Event("poison_write"), Event("acknowledge"), *wait(starts), Event("fire"), *put, *wait(left), Event("fix")),
    ]
    return [
        *fix,
        *_publication(instance, fires, None if over else n("D") - left),
        *_serving_beats(instance, reads_at_once(instance)),
    ]


def _schedule(instance: Instance, begins: Begins) -> list[Event]:
    """The first write's put is in flight when the watched write is committed; from then on everything takes longest."""
    before = [Event("write"), Event("acknowledge"), Event("fire"), Event("write")]
    return [*before, *_publication(instance, begins, instance.number("D"))]


def _publication(instance: Instance, begins: Begins, in_flight: int | None) -> list[Event]:
    """The watched write is put, after an older put that is in flight for so many ticks yet, if there is one."""
    n = instance.number
    failures = _failed_attempts(instance, begins)
    return [
        *([] if in_flight is None else [*wait(in_flight), *_PUBLISHED]),
        *begins(instance, 0, n("S")),
        *(event for failed in failures for event in failed),
        *(*wait(n("D")), _read(), *_evicted(instance), *_PUBLISHED),
    ]


def _late_schedule(instance: Instance, begins: Begins) -> list[Event]:
    """The first write's put outlives its instance, and lands over the watched write's put just before it is confirmed.

    It is the worst schedule where the new instance's put can be in flight when the zombie's window ends: Z = R.
    """
    n = instance.number
    failures = _failed_attempts(instance, begins)
    slot = (("slot", 0),)
    return [
        *(Event("write"), Event("acknowledge"), Event("fire"), Event("write")),
        *(*wait(n("D")), Event("put_late", slot), *wait(n("R")), Event("fire"), Event("put_lands")),
        *(Event("stray_lands", slot), *wait(n("D")), Event("put_confirmed"), *begins(instance, n("H"), n("S"))),
        *(event for failed in failures for event in failed),
        *(*wait(n("D")), _read(), *_evicted(instance), *_PUBLISHED),
    ]


def _failed_attempts(instance: Instance, begins: Begins) -> list[list[Event]]:
    """As many as there can be, each with the delay after it."""
    n = instance.number
    further = 2 * n("R") if instance.values.get("waits") == "doubled" else n("R")
    delays = [n("R"), *[further] * (n("F") - 1)][: n("F")] if instance.values["put_fails"] else []
    return [[*wait(n("D")), Event("put_fails"), *begins(instance, delay, 0)] for delay in delays]


def _serving_beats(instance: Instance, reads: Sequence[tuple[int, Event]]) -> list[Event]:
    events, since_beat = [], 0
    for ticks, event in reads:
        more, since_beat = _idle(instance, ticks, since_beat)
        events += [*more, event]
    return events


def _idle(instance: Instance, ticks: int, since_beat: int) -> tuple[list[Event], int]:
    """Let time pass, serving the heartbeat (if there is one) whenever it is due; also how long ago it last beat."""
    if instance.values["repair"] == "none":
        return wait(ticks), 0
    events = []
    while ticks:
        step = min(ticks, instance.number("H") - since_beat)
        events += wait(step)
        ticks, since_beat = ticks - step, since_beat + step
        if since_beat == instance.number("H"):
            events += [Event("fire"), *_PUBLISHED]
            since_beat = 0
            if not instance.number("H"):
                break
    return events, since_beat


def _evicted(instance: Instance) -> list[Event]:
    """A fresh isolate, lest one that has read before serves that memo instead of the cached copy."""
    return [Event("evict", (("pop", 0),))] if instance.values["reader"] == "memo" else []


def _read() -> Event:
    return Event("read", (("pop", 0), ("cache", 0)))


def wait(ticks: int) -> list[Event]:
    """Time passes."""
    return [Event(TICK, (), ticks)] if ticks else []
