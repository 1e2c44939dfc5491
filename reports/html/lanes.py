# SPDX-License-Identifier: Apache-2.0
"""Who takes part in a run: clients, the store, its replicator, KV, and each location has a lane in a picture of it.

A variable belongs to a lane by its index sort, or by its name, as all designs of ours use the same words. What the
observer knows is no part of the system, and has no lane.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from edgeproof.model.machine import Instance

__all__ = ["BLOBS", "CLIENT", "KV", "OBSERVER", "REPLICATOR", "STORE", "SYSTEM", "Lane", "element_lane", "lane_of"]


@frozen(order=True)
class Lane:
    """A participant: its place among the others, what it is, and which one of several."""

    place: int
    kind: str
    number: int = -1

    @property
    def title(self) -> str:
        """What stands at its head."""
        return self.kind if self.number < 0 else f"{self.kind} {self.number}"


CLIENT: Final = Lane(0, "clients")
STORE: Final = Lane(1, "store")
REPLICATOR: Final = Lane(2, "replicator")
KV: Final = Lane(3, "KV")
BLOBS: Final = Lane(4, "blob store")
SYSTEM: Final = Lane(5, "system")
"""Has what no rule knows: the state of somebody's own design that uses words of its own."""
OBSERVER: Final = Lane(-1, "observer")
"""Is never shown."""

_SORTS: Final = {"Put": REPLICATOR, "Writer": CLIENT}
"""The lanes of index sorts whose elements are no locations."""

_NAMES: Final[Mapping[Lane, str]] = {
    CLIENT: "acked begun bucket draft editing entries request seen",
    STORE: "alarm alerted alerted_for armed bad bad_for before config content down failures flaws good good_is_bad "
    "last_good ledger logged minted_for needs outdated poked pushed_for released released_for restored revoked_for "
    "share stage stuck token torn withdrawn writes forked main_needs row side_needs",
    REPLICATOR: "asked carries_content deleting deleting_for replaced sending sending_for sent sent_content sent_era "
    "sent_needs sent_share stray stray_for waited",
    KV: "filled kv kv_content kv_era kv_first kv_needs kv_second kv_share listed marked neighbour_hit present region "
    "region_age region_cached region_era returned turn",
    BLOBS: "blob stranded",
    OBSERVER: "fate held poisoned poisoned_for since stays_off watched watching",
}
_LANES: Final = {name: lane for lane, names in _NAMES.items() for name in names.split()}

_ELEMENT: Final = re.compile(r"(.+)\[(\d+)\]")


def lane_of(instance: Instance, changed: str) -> Lane:
    """The lane of a variable, or of an element of an array such as `cache[1]`."""
    element = _ELEMENT.fullmatch(changed)
    name = changed if element is None else element[1]
    over = instance.machine.variables[name].over
    return element_lane(instance, over, int(element[2])) if element and over else _LANES.get(name, SYSTEM)


def element_lane(instance: Instance, sort: str, element: int) -> Lane:
    """The lane of an element of an index sort: a location, or that of the location that it belongs to."""
    if home := instance.machine.index(sort).home:
        # They are dealt out in turn, as in the interpreter.
        return element_lane(instance, home, element % instance.number(instance.machine.sort_size_name(home)))
    return Lane(6, "location", element) if sort == "Pop" else _SORTS.get(sort, SYSTEM)
