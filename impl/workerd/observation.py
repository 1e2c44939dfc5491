# SPDX-License-Identifier: Apache-2.0
"""What can be seen of a running Worker, under the names of the model's variables.

The store says itself how it stands, through a door that is open in tests only; copies are known by their content, what
is under way by the requests that wait at KV. Nothing is remembered from the actions that were performed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgeproof.impl.durable.snapshot import Snapshot, from_kv
from edgeproof.impl.pattern.observation import is_partial, label_of
from edgeproof.impl.system import Observation, Value
from edgeproof.impl.workerd.adversary import Held

if TYPE_CHECKING:
    from edgeproof.impl.workerd.system import WorkerdSystem

__all__ = ["observe"]


def observe(system: WorkerdSystem, status: Mapping[str, Any]) -> Observation:
    """Everything that can be seen; `status` is what the store says."""
    seen: dict[str, Value] = {}
    _see_store(seen, status, bool(system.puts))
    _see_puts(seen, system.puts, system.strays)
    _see_clients(seen, system, bool(status["taken"]))
    _see_edge(seen, system)
    return seen


def _see_store(seen: dict[str, Value], status: Mapping[str, Any], attempting: bool) -> None:
    version, logged = int(status["version"]), list(status["logged"])
    seen["config"] = version
    seen["logged"] = len(logged)
    seen["restored"] = int(status["era"])
    seen["alarm"] = "off" if status["alarm"] is None else str(status["reason"])
    # The attempt under way has not failed.
    seen["failures"] = int(status["attempts"]) - (1 if attempting else 0)
    if len(logged) != version:
        seen["torn"] = next((v for v in range(1, version + 1) if v not in logged), -1)
    else:
        seen["torn"] = version if is_partial(Snapshot(version, 0, status["config"])) else 0


def _see_puts(seen: dict[str, Value], puts: list[Held], strays: list[Held | None]) -> None:
    # "several" is no value of the model: one put in flight is what the replicator is for.
    states = ["landed" if held.applied else "flying" for held in puts]
    seen["sending"] = "idle" if not states else states[0] if len(states) == 1 else "several"
    seen["sent"], seen["sent_era"] = _carried(puts[0] if puts else None)
    seen["stray"] = tuple(held is not None for held in strays)
    carried = [_carried(held) for held in strays]
    seen["carries"] = tuple(version for version, _ in carried)
    seen["carries_era"] = tuple(era for _, era in carried)


def _carried(held: Held | None) -> tuple[int, int]:
    if held is None:
        return 0, 0
    snapshot = from_kv(held.value)
    return snapshot.version, snapshot.era


def _see_clients(seen: dict[str, Value], system: WorkerdSystem, taken: bool) -> None:
    if system.client.outstanding is not None:
        seen["request"] = "lost" if system.reply is None else "stored"
    else:
        seen["request"] = "taken" if taken else "none"
    seen["acked"] = system.client.acked
    seen["served"] = tuple(told.version for told in system.edge.told)
    seen["served_era"] = tuple(told.era for told in system.edge.told)
    seen["failed"] = tuple(system.edge.failed)
    seen["partial"] = tuple(is_partial(told) for told in system.edge.told)


def _see_edge(seen: dict[str, Value], system: WorkerdSystem) -> None:
    namespace = system.kv.namespace
    seen["kv"], seen["kv_era"] = label_of(namespace.read_centre(system.key))
    neighbour = namespace.read_centre(system.neighbour_key)
    seen["neighbour_hit"] = (None if neighbour is None else neighbour.value) != system.neighbour
    copies = [place.cache.copies.get(system.key) for place in system.kv.places]
    labels = [(0, 0) if copy is None else label_of(copy.entry) for copy in copies]
    seen["cached"] = tuple(copy is not None for copy in copies)
    seen["cache"] = tuple(version for version, _ in labels)
    seen["cache_era"] = tuple(era for _, era in labels)
    seen["cut"] = tuple(not place.reachable for place in system.kv.places)
    seen["loaded"] = tuple(one is not None for one in system.edge.kept)
    seen["kept"] = tuple(0 if one is None else one.version for one in system.edge.kept)
    seen["kept_era"] = tuple(0 if one is None else one.era for one in system.edge.kept)
