# SPDX-License-Identifier: Apache-2.0
"""What can be seen of a running reference system, under the names of the model's variables.

Nothing here is remembered from the actions that were performed: copies are known by their content and metadata, the
store by its rows, what is under way by the operations that are parked in the runtime.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from edgeproof.impl.durable.snapshot import Snapshot, from_kv
from edgeproof.impl.durable.store import ConfigStore, Status
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.runtime import Pending
from edgeproof.impl.system import Observation, Value

if TYPE_CHECKING:
    from edgeproof.impl.pattern.system import ReferenceSystem

__all__ = ["FIELDS", "NEIGHBOUR_KEY", "UNIT_KEY", "is_partial", "label_of", "observe"]

FIELDS: Final = ("first", "second")
"""The fields that every write sets, both to the number of the write."""

UNIT_KEY: Final = "config:unit"
NEIGHBOUR_KEY: Final = "config:neighbour"
"""The KV keys of the unit and of another one in the same namespace; a key that both share is the neighbour's."""

_ABSENT: Final = (0, 0)
_LIES: Final = (-1, -1)


def observe(system: ReferenceSystem) -> Observation:
    """Everything that can be seen, in a few microseconds per part."""
    seen: dict[str, Value] = {}
    status = system.object.store.status()
    puts = system.puts()
    _see_store(seen, system.object.store, status, puts)
    _see_puts(seen, puts, system.strays)
    _see_clients(seen, system)
    _see_edge(seen, system)
    return seen


def _see_store(seen: dict[str, Value], store: ConfigStore, status: Status, puts: list[Pending[Any]]) -> None:
    seen["config"] = status.version
    seen["logged"] = status.logged
    seen["restored"] = status.era
    seen["alarm"] = "off" if status.alarm is None else status.alarm.reason
    # The attempt under way has not failed.
    seen["failures"] = status.attempts - (1 if puts else 0)
    if status.logged != status.version:
        seen["torn"] = next(iter(store.unlogged()), -1)
    else:
        seen["torn"] = status.version if is_partial(store.snapshot()) else 0


def _see_puts(seen: dict[str, Value], puts: list[Pending[Any]], strays: list[Pending[Any] | None]) -> None:
    # "several" is no value of the model: one put in flight is what the replicator is for.
    states = ["landed" if op.applied else "flying" for op in puts]
    seen["sending"] = "idle" if not states else states[0] if len(states) == 1 else "several"
    seen["sent"] = puts[0].payload.version if puts else 0
    seen["sent_era"] = puts[0].payload.era if puts else 0
    seen["stray"] = tuple(op is not None for op in strays)
    seen["carries"] = tuple(0 if op is None else op.payload.version for op in strays)
    seen["carries_era"] = tuple(0 if op is None else op.payload.era for op in strays)


def _see_clients(seen: dict[str, Value], system: ReferenceSystem) -> None:
    if system.client.outstanding is not None:
        seen["request"] = "stored" if system.under_way("gate") else "lost"
    else:
        seen["request"] = "taken" if system.under_way("commit") else "none"
    seen["acked"] = system.client.acked
    seen["served"] = tuple(told.version for told in system.told)
    seen["served_era"] = tuple(told.era for told in system.told)
    seen["failed"] = tuple(system.failed)
    seen["partial"] = tuple(is_partial(told) for told in system.told)


def _see_edge(seen: dict[str, Value], system: ReferenceSystem) -> None:
    key = system.choices.key
    seen["kv"], seen["kv_era"] = label_of(system.kv.read_centre(key))
    neighbour = system.kv.read_centre(NEIGHBOUR_KEY)
    seen["neighbour_hit"] = (None if neighbour is None else neighbour.value) != system.neighbour
    copies = [location.cache.copies.get(key) for location in system.locations]
    labels = [_ABSENT if copy is None else label_of(copy.entry) for copy in copies]
    seen["cached"] = tuple(copy is not None for copy in copies)
    seen["cache"] = tuple(version for version, _ in labels)
    seen["cache_era"] = tuple(era for _, era in labels)
    seen["cut"] = tuple(not location.reachable for location in system.locations)
    kept = [location.reader.kept for location in system.locations]
    seen["loaded"] = tuple(one is not None for one in kept)
    seen["kept"] = tuple(0 if one is None else one.version for one in kept)
    seen["kept_era"] = tuple(0 if one is None else one.era for one in kept)


def is_partial(snapshot: Snapshot) -> bool:
    """Whether no single write made this content."""
    first, second = FIELDS
    return snapshot.config.get(first) != snapshot.config.get(second)


def label_of(entry: KVEntry | None) -> tuple[int, int]:
    """Version and era of a copy, as value and metadata tell them; -1 where they contradict each other."""
    return _ABSENT if entry is None else _label_in(entry.value, entry.metadata)


@lru_cache(maxsize=4096)
def _label_in(value: bytes, metadata: str | None) -> tuple[int, int]:
    snapshot = from_kv(value)
    said = json.loads(metadata or "null")
    return (snapshot.version, snapshot.era) if said == {"version": snapshot.version, "era": snapshot.era} else _LIES
