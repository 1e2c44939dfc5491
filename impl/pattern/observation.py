# SPDX-License-Identifier: Apache-2.0
"""What can be seen of a running unit of the pattern, under the names of the model's variables.

Nothing here is remembered from the actions that were performed: copies are known by their content and metadata, the
store by its rows, what is under way by the operations that are parked in the runtime.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from edgeproof.impl.driven.client import Client, is_partial
from edgeproof.impl.driven.content import Held
from edgeproof.impl.driven.puts import SOON, see_alarm, sending
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.driven.told import Told
from edgeproof.impl.durable.replicator import AlarmPlatform
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVNamespace, LocationCache
from edgeproof.impl.pattern.deployment import Choices, Location
from edgeproof.impl.pattern.setup import NEIGHBOUR_KEY
from edgeproof.impl.runtime import Instance, Pending
from edgeproof.impl.snapshot import Snapshot, from_kv
from edgeproof.impl.system import MAY, Value

__all__ = ["Place", "Unit", "label_of", "observe", "see_centre", "see_client", "see_kept", "see_places", "see_told"]

_ABSENT: Final = (0, 0)
_LIES: Final = (-1, -1)


class Unit(Protocol):
    """What is read of the system."""

    choices: Choices
    instance: Instance
    alarms: AlarmPlatform
    storage: Storage
    store: ConfigStore
    held: Held
    client: Client
    kv: KVNamespace
    neighbour: bytes | None
    strays: list[Pending[Any] | None]
    locations: list[Location]
    told: Told[Snapshot]

    def puts(self) -> list[Pending[Any]]:
        """The puts that are under way, but for the strays."""


class Place(Protocol):
    """What is read of a location."""

    @property
    def cache(self) -> LocationCache:
        """Its cache."""

    @property
    def reachable(self) -> bool:
        """Whether its link to KV's centre works."""


def observe(system: Unit) -> dict[str, Value]:
    """Everything that can be seen, in a few microseconds per part."""
    seen: dict[str, Value] = {}
    puts, places = system.puts(), system.locations
    waiting = {op.label for op in system.instance.pending}
    _see_store(seen, system, bool(puts))
    seen["stuck"] = system.alarms.stuck()
    seen[f"{MAY}fire"] = not puts and system.alarms.due(within=SOON)
    _see_puts(seen, puts, system.strays)
    see_client(seen, system.client, "gate" in waiting, "commit" in waiting)
    see_told(seen, system.told.answers, system.told.failed)
    see_centre(seen, system.kv, system.choices.key, NEIGHBOUR_KEY, system.neighbour)
    see_places(seen, places, system.choices.key)
    see_kept(seen, [one.reader.kept for one in places])
    return seen


def _see_store(seen: dict[str, Value], system: Unit, attempting: bool) -> None:
    store, connection = system.store, system.storage.connection
    status = system.held.status(store, connection)
    seen["config"] = status.version
    seen["logged"] = status.logged
    seen["restored"] = status.era
    see_alarm(seen, status, attempting)
    if status.logged != status.version:
        seen["torn"] = next(iter(store.unlogged()), -1)
    else:
        seen["torn"] = status.version if is_partial(system.held.snapshot(store, connection)) else 0


def _see_puts(seen: dict[str, Value], puts: list[Pending[Any]], strays: list[Pending[Any] | None]) -> None:
    seen["sending"] = sending(puts)
    seen["sent"] = puts[0].payload.version if puts else 0
    seen["sent_era"] = puts[0].payload.era if puts else 0
    seen["stray"] = tuple(op is not None for op in strays)
    seen["carries"] = tuple(0 if op is None else op.payload.version for op in strays)
    seen["carries_era"] = tuple(0 if op is None else op.payload.era for op in strays)


def see_client(seen: dict[str, Value], client: Client, stored: bool, taken: bool) -> None:
    """Add what the client knows: `stored` if a reply is under way to it, `taken` if a write waits to be made."""
    if client.outstanding is not None:
        seen["request"] = "stored" if stored else "lost"
    else:
        seen["request"] = "taken" if taken else "none"
    seen["acked"] = client.acked


def see_told(seen: dict[str, Value], told: Sequence[Snapshot], failed: Sequence[bool]) -> None:
    """Add what clients were told at every location, and whether they got an answer."""
    seen["served"] = tuple(one.version for one in told)
    seen["served_era"] = tuple(one.era for one in told)
    seen["failed"] = tuple(failed)
    seen["partial"] = tuple(is_partial(one) for one in told)


def see_centre(seen: dict[str, Value], kv: KVNamespace, key: str, beside: str, neighbour: bytes | None) -> None:
    """Add what KV's centre has under the unit's key, and whether the key `beside` still has the neighbour's value."""
    seen["kv"], seen["kv_era"] = label_of(kv.read_centre(key))
    held = kv.read_centre(beside)
    seen["neighbour_hit"] = (None if held is None else held.value) != neighbour


def see_places(seen: dict[str, Value], places: Sequence[Place], key: str) -> None:
    """Add what the locations' caches have under the unit's key, and which links are cut."""
    copies = [place.cache.copies.get(key) for place in places]
    labels = [_ABSENT if copy is None else label_of(copy.entry) for copy in copies]
    seen["cached"] = tuple(copy is not None for copy in copies)
    seen["cache"] = tuple(version for version, _ in labels)
    seen["cache_era"] = tuple(era for _, era in labels)
    seen["cut"] = tuple(not place.reachable for place in places)


def see_kept(seen: dict[str, Value], kept: Sequence[Snapshot | None]) -> None:
    """Add what the isolates at the locations keep."""
    seen["loaded"] = tuple(one is not None for one in kept)
    seen["kept"] = tuple(0 if one is None else one.version for one in kept)
    seen["kept_era"] = tuple(0 if one is None else one.era for one in kept)


def label_of(entry: KVEntry | None) -> tuple[int, int]:
    """Version and era of a copy, as value and metadata tell them; -1 where they contradict each other."""
    return _ABSENT if entry is None else _label_in(entry.value, entry.metadata)


@lru_cache(maxsize=4096)
def _label_in(value: bytes, metadata: str | None) -> tuple[int, int]:
    snapshot = from_kv(value)
    said = json.loads(metadata or "null")
    return (snapshot.version, snapshot.era) if said == {"version": snapshot.version, "era": snapshot.era} else _LIES
