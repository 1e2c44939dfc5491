# SPDX-License-Identifier: Apache-2.0
"""What the store says in the end of a run: which versions there were, and what they contained."""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.history import EMPTY_DIGEST, Event, digest_of
from edgeproof.impl.snapshot import REMOVED, ChangelogEntry, Config, to_json

__all__ = ["Truth"]


@frozen
class Truth:
    """What the store says in the end: which version each idempotency key made, and the digest of every version."""

    versions: Mapping[str, int]
    digests: Mapping[int, str]
    config_bytes: int
    torn: int = 0
    """Versions that the changelog lacks, and one more if it does not come to the config that the store has."""
    repeated: frozenset[str] = frozenset()
    """The idempotency keys that have made more than one version."""

    @classmethod
    def of(cls, database: Path) -> Truth:
        """Read it from a store's database."""
        connection = connect(database)
        try:
            return cls.read(ConfigStore(connection, _NoClock()))
        finally:
            connection.close()

    @classmethod
    def read(cls, store: ConfigStore) -> Truth:
        """Read it from the changelog."""
        return cls.told(store.changelog(), store.snapshot().config)

    @classmethod
    def told(cls, entries: Sequence[ChangelogEntry], config: Config) -> Truth:
        """Work it out from a whole changelog, version by version, and the config that is to come of it."""
        versions = {entry.idempotency_key: entry.version for entry in entries if entry.idempotency_key is not None}
        repeated = {key for entry in entries if (key := entry.idempotency_key) and versions[key] != entry.version}
        texts: dict[str, str] = {}
        names: list[str] = []
        digests: dict[int, str] = {}
        size = 0
        for index, entry in enumerate(entries):
            if entry.new is REMOVED:
                if texts.pop(entry.field, None) is not None:
                    names.remove(entry.field)
            else:
                if entry.field not in texts:
                    insort(names, entry.field)
                texts[entry.field] = f"{to_json(entry.field)}:{to_json(entry.new)}"
            if index + 1 == len(entries) or entries[index + 1].version != entry.version:
                text = ("{" + ",".join([texts[name] for name in names]) + "}").encode()
                digests[entry.version], size = hashlib.sha256(text).hexdigest(), len(text)
        last = entries[-1].version if entries else 0
        torn = last - len(digests) + (digests.get(last, EMPTY_DIGEST) != digest_of(config))
        return cls(versions, digests, size, torn, frozenset(repeated))

    def complete(self, event: Event) -> Event:
        """A commit with its version, if the store has it, and the digest of that version."""
        if event.kind != "commit" or event.outcome == "fail":
            return event
        version = event.version if event.version is not None or event.key is None else self.versions.get(event.key)
        if version is None:
            return event
        return evolve(event, version=version, era=0, digest=self.digests.get(version))


class _NoClock:
    def now(self) -> float:
        return 0.0
