# SPDX-License-Identifier: Apache-2.0
"""The worst run of `do_kv_lost_alarms`: that of `do_kv`, in which every alarm is lost that can make a difference.

A poke comes at the very moment at which an alarm may just still be late, and the next one W after it. Nothing can be
lost after that: the poke that finds the second alarm dead publishes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from edgeproof.model.interpret import Event
from edgeproof.model.machine import TICK, Instance
from edgeproof.properties.designs import do_kv_worst
from edgeproof.properties.designs.do_kv_worst import fires, wait

__all__ = ["worst_run"]

_MOST_POKES: Final = 1000
_LOST: Final = Event("alarm_stuck")
_POKE: Final = Event("poke")


def worst_run(instance: Instance) -> Sequence[Event] | None:
    """Everything takes as long as it can. None where the watchdog would poke more than `_MOST_POKES` times."""
    if instance.values["watchdog"] == "off":
        return do_kv_worst.worst_run(instance)
    events = do_kv_worst.worst_run(instance, _is_found_dead if instance.values["alarm_stuck"] else fires)
    if events is None or sum(map(_lasts, events)) > _MOST_POKES * instance.number("W"):
        return None
    return list(_poked(events, instance.number("W")))


def _is_found_dead(instance: Instance, due: int, late: int) -> list[Event]:
    """The alarm is lost, and so is the one that is armed in its place."""
    found = [*wait(instance.number("S")), _POKE, *wait(instance.number("W")), _POKE]
    return [_LOST, *wait(due), *found, _LOST, *found]


def _poked(events: Sequence[Event], period: int) -> Iterator[Event]:
    """The same with a poke wherever the watchdog has been silent for its period and time goes on."""
    silent = 0
    for event in events:
        left = _lasts(event)
        while silent + left > period:
            yield from (*wait(period - silent), _POKE)
            silent, left = 0, left - (period - silent)
        yield from wait(left) if event.action == TICK else (event,)
        silent = 0 if event == _POKE else silent + left


def _lasts(event: Event) -> int:
    return int(event.delay) if event.action == TICK else 0
