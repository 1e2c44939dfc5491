# SPDX-License-Identifier: Apache-2.0
"""A replicator that looks at what it publishes: of a bad config it puts the newest good version before it."""

from __future__ import annotations

from edgeproof.impl.content.content import is_valid
from edgeproof.impl.durable.replicator import Replicator
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.snapshot import Snapshot, replay

__all__ = ["VettingReplicator", "newest_good"]


class VettingReplicator(Replicator):
    """Publishes one unit from its alarm, and nothing that is bad."""

    _chosen: Snapshot

    async def _put(self, snapshot: Snapshot) -> None:
        self._chosen = newest_good(self._store, snapshot)
        await super()._put(self._chosen)

    def _settled(self, read: Snapshot) -> Snapshot:
        # A bad version that has come meanwhile is no reason to publish again: the good one before it is in KV.
        newest = self._store.snapshot()
        return newest if newest_good(self._store, newest) == self._chosen else read


def newest_good(store: ConfigStore, newest: Snapshot) -> Snapshot:
    """The newest version that is good, of a store that has come as far as `newest`; the empty config is.

    Raises ValueError where the changelog, which it goes back by, has gaps.
    """
    if is_valid(newest.config):
        return newest
    entries = store.changelog()
    earlier = ((version, replay(entries, until=version)) for version in range(newest.version - 1, -1, -1))
    return next(Snapshot(version, newest.era, config) for version, config in earlier if is_valid(config))
