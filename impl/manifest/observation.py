# SPDX-License-Identifier: Apache-2.0
"""What can be seen of a running system with parts and a manifest, under the names of the model's variables.

Nothing here is remembered from the actions that were performed: manifests are read where they lie, the object by its
rows, what is under way by the operations that are parked in the runtime.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from edgeproof.impl.driven.content import Held
from edgeproof.impl.driven.puts import SOON, see_alarm
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.replicator import AlarmPlatform
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.manifest.blobs import Bucket
from edgeproof.impl.manifest.ledger import PartLedger
from edgeproof.impl.manifest.parts import Manifest, Names, split
from edgeproof.impl.manifest.place import Place
from edgeproof.impl.manifest.setup import ManifestChoices
from edgeproof.impl.runtime import Pending
from edgeproof.impl.snapshot import ChangelogEntry, Snapshot, replay, to_json
from edgeproof.impl.system import MAY, Observation, Value

__all__ = ["Unit", "observe_manifest"]

_NOTHING: Final = Manifest(0)


class Unit(Protocol):
    """What is read of the system."""

    choices: ManifestChoices
    storage: Storage
    store: ConfigStore
    alarms: AlarmPlatform
    held: Held
    ledger: PartLedger
    kv: KVNamespace
    bucket: Bucket
    acked: int
    followed: Any
    stray: Pending[Any] | None
    places: list[Place]

    def under_way(self, label: str) -> list[Pending[Any]]:
        """The operations of this name that the object or the collector waits for."""


def observe_manifest(system: Unit) -> Observation:
    """Everything that can be seen."""
    seen: dict[str, Value] = {}
    followed = _followed(system.choices.layout.names, system.followed)
    _see_object(seen, system, followed)
    _see_attempt(seen, system, followed)
    _see_stores(seen, system, followed)
    _see_places(seen, system, followed)
    return seen


def _followed(names: Names, content: Any) -> str:
    """The name of the part that the model follows, which has this content."""
    return names.name(0, to_json({"part": content}).encode())


def _see_object(seen: dict[str, Value], system: Unit, followed: str) -> None:
    store, connection = system.store, system.storage.connection
    status = system.held.status(store, connection)
    seen["config"], seen["logged"], seen["acked"] = status.version, status.logged, system.acked
    layout = system.choices.layout
    manifest, _ = split(system.held.snapshot(store, connection), names=layout.names, target=layout.target)
    seen["needs"] = followed in manifest.parts
    see_alarm(seen, status, bool(_attempt(system)))
    rows = {row.name: row for row in system.ledger.rows()}
    row = rows.get(followed)
    seen["ledger"] = "none" if row is None else "stored" if row.stored else "unsure"
    seen["released"] = row is not None and row.released_at is not None


def _see_attempt(seen: dict[str, Value], system: Unit, followed: str) -> None:
    attempt = _attempt(system)
    # "several" is no value of the model: one attempt at a time is what the replicator is for.
    seen["sending"] = "idle" if not attempt else attempt[0][0] if len(attempt) == 1 else "several"
    manifest = attempt[0][1] if attempt else _NOTHING
    seen["sent"], seen["sent_needs"] = manifest.version, followed in manifest.parts
    seen[f"{MAY}fire"] = system.alarms.due(within=SOON)
    seen["deleting"] = bool(system.under_way("part.delete"))
    seen["stray"] = system.stray is not None


def _attempt(system: Unit) -> list[tuple[str, Manifest]]:
    """What the publisher has under way: which of its steps, and for which manifest."""
    waiting = [("parts", op) for label in ("part.put", "gate") for op in system.under_way(label)]
    waiting += [("landed" if op.applied else "flying", op) for op in system.under_way("kv.put")]
    return [(step, op.payload) for step, op in waiting]


def _see_stores(seen: dict[str, Value], system: Unit, followed: str) -> None:
    layout = system.choices.layout
    value = _stored(system, layout.prefix + followed)
    seen["present"] = value is not None
    # Named by its digest, a part does not say whose it is; named by its place, its content does.
    seen["filled"] = 0 if value is None or layout.names.lasting else int(json.loads(value)["part"])
    manifest = _manifest_in(system.kv.read_centre(layout.key))
    seen["kv"], seen["kv_needs"] = manifest.version, followed in manifest.parts


def _stored(system: Unit, key: str) -> bytes | None:
    if system.choices.parts == "r2":
        found = system.bucket.get(key)
        return None if found is None else found.value
    entry = system.kv.read_centre(key)
    return None if entry is None else entry.value


def _see_places(seen: dict[str, Value], system: Unit, followed: str) -> None:
    layout, places = system.choices.layout, system.places
    copies = [place.cache.copies.get(layout.key) for place in places]
    manifests = [_NOTHING if copy is None else _manifest_in(copy.entry) for copy in copies]
    seen["cached"] = tuple(copy is not None for copy in copies)
    seen["cache"] = tuple(manifest.version for manifest in manifests)
    seen["cache_needs"] = tuple(followed in manifest.parts for manifest in manifests)
    seen["seen"] = tuple(_known(place, layout.prefix + followed) for place in places)
    seen["cut"] = tuple(not place.reachable for place in places)
    found = [_found(place) for place in places]
    seen["following"] = tuple(place.request is not None for place in places)
    seen["found"] = tuple(manifest.version for manifest in found)
    seen["pointed"] = tuple(followed in manifest.parts for manifest in found)
    seen["held"] = tuple(followed in place.reader.kept_names for place in places)
    seen["served"] = tuple(place.told.version for place in places)
    seen["failed"] = tuple(place.failed for place in places)
    seen["gone"] = tuple(place.gone for place in places)
    entries = system.held.entries(system.store, system.storage.connection)
    seen["partial"] = tuple(_is_partial(entries, place.told) for place in places)


def _known(place: Place, key: str) -> str:
    copy = place.cache.copies.get(key)
    return "unknown" if copy is None else "absent" if copy.entry is None else "there"


def _found(place: Place) -> Manifest:
    """The manifest that the request at a location has."""
    return _NOTHING if place.request is None else _manifest_in(place.request.result)


def _is_partial(entries: Sequence[ChangelogEntry], told: Snapshot) -> bool:
    """Whether this is not the config of the version that it is told for, as the changelog has it."""
    return to_json(told.config) != to_json(replay(entries, until=told.version))


def _manifest_in(entry: KVEntry | None) -> Manifest:
    return _NOTHING if entry is None else _read(entry.value)


@lru_cache(maxsize=1024)
def _read(value: bytes) -> Manifest:
    return Manifest.from_kv(value)
