# SPDX-License-Identifier: Apache-2.0
"""A location of the system with parts and a manifest."""

from __future__ import annotations

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import LocationCache
from edgeproof.impl.manifest.manifest import ManifestReader
from edgeproof.impl.runtime import Pending
from edgeproof.impl.snapshot import EMPTY, Snapshot

__all__ = ["Place"]


class Place:
    """One location: its cache, its link to the centre and to the part store, its isolate and the request there."""

    __slots__ = ("cache", "failed", "gone", "reachable", "reader", "request", "told")

    def __init__(self) -> None:
        self.cache = LocationCache()
        self.reachable = True
        self.reader: ManifestReader
        self.request: Pending[KVEntry | None] | None = None
        """What has looked up the manifest for a request that is not answered yet."""
        self.told: Snapshot = EMPTY
        self.failed = self.gone = False
