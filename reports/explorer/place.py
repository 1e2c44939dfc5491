# SPDX-License-Identifier: Apache-2.0
"""Where somebody is in a design, as the query of an address: the configuration, the beginning, and the steps taken.

Nothing else is kept anywhere: who has the address has the place, also after the server was started again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from attrs import evolve, frozen

from edgeproof.model.interpret import Event, NotEnabledError, OutOfRangeError, initial_count
from edgeproof.model.machine import DesignError, Instance, Machine
from edgeproof.properties.walk import Walk, begin, event_named, step
from edgeproof.reports.errors import Unusable
from edgeproof.reports.words import chosen_of, pair

__all__ = ["Place", "address", "place_in", "place_of", "reached"]

LONGEST: Final = 500
"""Steps of a place."""


@frozen
class Place:
    """The constants that are not the design's defaults, the number of the initial state, and events as text."""

    constants: tuple[tuple[str, str], ...] = ()
    start: int = 0
    steps: tuple[str, ...] = ()

    def back(self, steps: int) -> Place:
        """The place after the first so many steps."""
        return evolve(self, steps=self.steps[:steps])

    def then(self, event: Event) -> Place:
        """The place one step further."""
        return evolve(self, steps=(*self.steps, str(event)))

    def with_(self, name: str, value: str) -> Place:
        """The same steps with another constant."""
        return evolve(self, constants=tuple({**dict(self.constants), name: value}.items()))


def address(place: Place) -> str:
    """The place as the query of an address."""
    said = [("set", f"{name}={value}") for name, value in place.constants]
    said += [("from", str(place.start))] if place.start else []
    return urlencode([*said, *(("do", step) for step in place.steps)])


def place_in(query: str) -> Place:
    """The place that a query says. Raises Unusable for one that says none."""
    try:
        said = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=2 * LONGEST)
    except ValueError as error:
        raise Unusable(f"the address says no place: {error}") from error
    start = next((value for name, value in said if name == "from"), "0")
    steps = tuple(value for name, value in said if name == "do")
    if not (start.isascii() and start.isdigit() and len(start) < 10):
        raise Unusable(f"from is the number of an initial state, not {start!r:.40}")
    if len(steps) > LONGEST:
        raise Unusable(f"a walk has {LONGEST} steps at most")
    return Place(tuple(pair("set", value) for name, value in said if name == "set"), int(start), steps)


def place_of(walk: Walk) -> Place:
    """The place that a walk has come to."""
    defaults = {name: rigid.default for name, rigid in walk.instance.machine.rigids.items()}
    differing = tuple((n, _said(v)) for n, v in walk.instance.values.items() if v != defaults[n])
    starts = (n for n in range(initial_count(walk.instance)) if begin(walk.instance, n).here == walk.states[0])
    return Place(differing, next(starts, 0), tuple(map(str, walk.events)))


def instance_at(machine: Machine, place: Place) -> Instance:
    """The configuration of a place. Raises Unusable and DesignError for one that the design does not have."""
    chosen: Mapping[str, int | str | bool] = {n: chosen_of(machine, n, value) for n, value in place.constants}
    return Instance.of(machine, **chosen)


def reached(instance: Instance, place: Place) -> tuple[Walk, str]:
    """The walk as far as it can be taken, and what keeps it from going on: nothing where it goes to its end."""
    try:
        walk = begin(instance, place.start)
    except DesignError as error:
        return begin(instance), str(error)
    for number, said in enumerate(place.steps, start=1):
        try:
            walk = step(walk, event_named(walk, said))
        except NotEnabledError:
            return walk, f"step {number}, {said}, cannot happen here with this configuration"
        except (DesignError, OutOfRangeError) as error:
            return walk, f"step {number}, {said}: {error}"
    return walk, ""


def _said(value: int | str | bool) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
