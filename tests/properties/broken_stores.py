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
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.references import STORES, store_of
from edgeproof.impl.system import MakeStore, Store

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


def with_parts(**parts: Any) -> MakeStore:
    """The pattern's store, built of some other parts."""

    def make(design: str, folder: Path, opener: Opener) -> Store:
        return Store(ReferenceSystem(Parts(**parts), storage=Storage(folder, opener)), STORES[design])

    return make


logs_later = with_parts(store=LogsLater)
arms_later = with_parts(store=ArmsLater)


def forgets_alarms(design: str, folder: Path, opener: Opener) -> Store:
    """The pattern's store on a platform that fires the alarms of its first instance only."""
    platforms = chain([AlarmPlatform], repeat(FiresNothing))
    parts = Parts(platform=lambda *of, **how: next(platforms)(*of, **how))
    return Store(ReferenceSystem(parts, storage=Storage(folder, opener)), STORES[design])
