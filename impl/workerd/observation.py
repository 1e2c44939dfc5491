# SPDX-License-Identifier: Apache-2.0
"""What can be seen of a running Worker, under the names of the model's variables.

The store says itself how it stands, through a door that is open in tests only; copies are known by their content, what
is under way by the requests that wait at KV. Nothing is remembered from the actions that were performed, but for which
alarm the platform is to have lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from edgeproof.impl.driven.client import Client, is_partial
from edgeproof.impl.driven.puts import sending
from edgeproof.impl.pattern.observation import see_centre, see_client, see_kept, see_places, see_told
from edgeproof.impl.snapshot import Snapshot, from_kv
from edgeproof.impl.system import MAY, Value
from edgeproof.impl.workerd.adversary import Adversary, Held
from edgeproof.impl.workerd.client import Call
from edgeproof.impl.workerd.edge import Edge

__all__ = ["Deployment", "observe"]


class Deployment(Protocol):
    """What is read of the system."""

    client: Client
    reply: Call | None
    puts: list[Held]
    strays: list[Held | None]
    kv: Adversary
    key: str
    neighbour_key: str
    neighbour: bytes | None
    edge: Edge
    lost: tuple[int, str] | None


def observe(system: Deployment, status: Mapping[str, Any]) -> dict[str, Value]:
    """Everything that can be seen; `status` is what the store says."""
    seen: dict[str, Value] = {}
    _see_store(seen, status, bool(system.puts))
    seen["stuck"] = system.lost == (status["alarm"], status["reason"])
    seen[f"{MAY}fire"] = bool(status["due"]) and not system.puts and not seen["stuck"]
    _see_puts(seen, system.puts, system.strays)
    see_client(seen, system.client, system.reply is not None, bool(status["taken"]))
    see_told(seen, system.edge.told, system.edge.failed)
    see_centre(seen, system.kv.namespace, system.key, system.neighbour_key, system.neighbour)
    see_places(seen, system.kv.places, system.key)
    see_kept(seen, system.edge.kept)
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
    seen["sending"] = sending(puts)
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
