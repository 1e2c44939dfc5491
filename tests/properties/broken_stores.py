# SPDX-License-Identifier: Apache-2.0
"""Stores that lose something in a power cut, each by one mistake."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path
from sqlite3 import Connection
from typing import Any, cast

from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.replicator import AlarmPlatform
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.flags.system import FlagSystem
from edgeproof.impl.manifest.ledger import CountingStore
from edgeproof.impl.manifest.manifest import ManifestPublication
from edgeproof.impl.manifest.system import ManifestParts, ManifestSystem
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.references import STORES, store_of
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import Snapshot
from edgeproof.impl.system import MakeStore, Store, Stored
from edgeproof.impl.tokens.system import TokenParts, TokenSystem

Opener = Callable[[str], Connection]


class Misheard:
    """A connection to which some statements come otherwise than they were said."""

    def __init__(self, connection: Connection, instead: dict[str, str]) -> None:
        self._connection, self._instead = connection, instead

    def execute(self, statement: str, *parameters: Any) -> Any:
        return self._connection.execute(self._instead.get(statement, statement), *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def synchronous(how: str) -> MakeStore:
    """The store, but for how much it waits for the disk."""

    def make(design: str, folder: Path, opener: Opener) -> Store:
        instead = {"PRAGMA synchronous = FULL": f"PRAGMA synchronous = {how}"}
        return store_of(design, folder, lambda path: cast(Connection, Misheard(opener(path), instead)))

    return make


class LogsLater(ConfigStore):
    """Its changelog is written in a transaction of its own, after that of the config."""

    def write(self, *what: Any, **how: Any) -> Any:
        self._later: list[Any] = []
        result = super().write(*what, **how)
        with self._transaction:
            for entry in self._later:
                super()._log(*entry)
        return result

    def _log(self, *entry: Any) -> None:
        self._later.append(entry)


class ArmsLater(ConfigStore):
    """Its alarm is armed once the write has been committed."""

    def write(self, *what: Any, **how: Any) -> Any:
        result = super().write(*what, **how)
        if not result.repeated:
            super()._arm_for_write()
        return result

    def _arm_for_write(self) -> None:
        pass


class FiresNothing(AlarmPlatform):
    """It has forgotten which alarms are armed."""

    def due(self, within: float = 0.0) -> bool:
        return False


class NotesLater(ManifestPublication):
    """Its parts have their rows in a transaction of their own, after that of the lease."""

    def begin(self, snapshot: Snapshot) -> None:
        pass

    async def put(self, snapshot: Snapshot, kv: KVNamespace, runtime: Runtime, timeout: float) -> None:
        super().begin(snapshot)
        await super().put(snapshot, kv, runtime, timeout)


_WITH_A_STORE: dict[str, Callable[[type[ConfigStore], Storage], Stored]] = {
    "do_kv": lambda store, storage: ReferenceSystem(Parts(store=store), storage=storage),
    "artifacts_tokens": lambda store, storage: TokenSystem(TokenParts(store=store), storage=storage),
    "do_kv_manifest": lambda store, storage: ManifestSystem(ManifestParts(counting_store=store), storage=storage),
    "flagship": lambda store, storage: FlagSystem(parts=Parts(store=store), storage=storage),
}


def with_mistake(mistake: type[ConfigStore]) -> MakeStore:
    """The store of a design, with a mistake in how it writes."""

    def make(design: str, folder: Path, opener: Opener) -> Store:
        bases = (mistake, CountingStore) if design == "do_kv_manifest" else (mistake,)
        return Store(_WITH_A_STORE[design](type("Mistaken", bases, {}), Storage(folder, opener)), STORES[design])

    return make


logs_later = with_mistake(LogsLater)
arms_later = with_mistake(ArmsLater)


def notes_later(design: str, folder: Path, opener: Opener) -> Store:
    """The manifest's ledger, with that mistake."""
    parts = ManifestParts(publication=NotesLater)
    return Store(ManifestSystem(parts, storage=Storage(folder, opener)), STORES[design])


def forgets_alarms(design: str, folder: Path, opener: Opener) -> Store:
    """The pattern's store on a platform that fires the alarms of its first instance only."""
    platforms = chain([AlarmPlatform], repeat(FiresNothing))
    parts = Parts(platform=lambda *of, **how: next(platforms)(*of, **how))
    return Store(ReferenceSystem(parts, storage=Storage(folder, opener)), STORES[design])
