# SPDX-License-Identifier: Apache-2.0
"""Broken variants of the reference system: what somebody who compares it with its design has to find.

Each is a few lines that replace one part, as a hasty change would. `setup` is a configuration in which the mistake can
show; without it, it may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from edgeproof.impl.durable.front import Front, Reply, WriteRequest
from edgeproof.impl.durable.replicator import Publication, Replicator
from edgeproof.impl.durable.store import ConfigStore, Status, WriteResult
from edgeproof.impl.edge.kv import Copy, KVNamespace, LocationCache
from edgeproof.impl.edge.reader import EdgeReader
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import Changes, Snapshot, apply_changes, to_kv
from edgeproof.impl.system import Setup

__all__ = ["MUTANTS", "Mutant"]


@frozen
class Mutant:
    """A mistake, by name: what is wrong, how to build the system that has it, and where it shows."""

    name: str
    wrong: str
    parts: Parts
    setup: Setup

    def system(self) -> ReferenceSystem:
        """A system that makes the mistake."""
        return ReferenceSystem(self.parts)


class PublishesFirst(Replicator):
    def __init__(
        self, store: ConfigStore, kv: KVNamespace, runtime: Runtime, publication: Publication, **more: Any
    ) -> None:
        super().__init__(store, kv, runtime, publication, **more)
        commit = store.write

        def write(changes: Changes, **how: Any) -> WriteResult:
            now = store.snapshot()
            value, metadata = to_kv(Snapshot(now.version + 1, 0, apply_changes(now.config, changes)))
            kv.put(publication.key, value, metadata=metadata)
            return commit(changes, **how)

        store.write = write  # type: ignore[method-assign]


class LogsWithTheNextWrite(ConfigStore):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._unwritten: list[tuple[Any, ...]] = []

    def _log(self, *entry: Any) -> None:
        for late in self._unwritten:
            super()._log(*late)
        self._unwritten = [entry]


class NeverRefuses(EdgeReader):
    def _refuses(self, found: Snapshot, kept: Snapshot, *, overtaken: bool) -> bool:
        return False


class ComparesVersionsOnly(EdgeReader):
    def _refuses(self, found: Snapshot, kept: Snapshot, *, overtaken: bool) -> bool:
        return self._policy == "guarded" and found.version < kept.version


class ServesForEver(LocationCache):
    def fresh(self, key: str, now: float, cache_ttl: float) -> Copy | None:
        return self.copies.get(key)


class AlwaysEarly(Front):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **{**more, "ack": "early"})


class DropsTheKey(Front):
    def _commit(self, request: WriteRequest) -> WriteResult:
        return super()._commit(evolve(request, idempotency_key=None))


class TakesAnyVersion(ConfigStore):
    def _check(self, expected: int | None, current: int) -> None:
        return None


class ArmsNothing(ConfigStore):
    def _arm_for_write(self) -> None:
        return None


class ArmsAfterTheReply(Front):
    async def write(self, request: WriteRequest, reply: Reply) -> None:
        await super().write(request, reply)
        self._store.arm(self._runtime.now(), "sync")


class PutsOffTheAlarm(ConfigStore):
    def _arm_for_write(self) -> None:
        self._arm(self._clock.now(), "sync")


class PutsTwice(Replicator):
    async def _put(self, snapshot: Snapshot) -> None:
        self._publication.put(snapshot, self._kv, self._runtime, self._timing.put_timeout)
        await super()._put(snapshot)


class ArmsForTheSameMillisecond(Replicator):
    @property
    def _soonest(self) -> float:
        return self._fired


class TakesNoLease(ConfigStore):
    def begin_attempt(self, lease_until: float, *note: Any) -> Snapshot:
        snapshot = super().begin_attempt(lease_until, *note)
        self.disarm()
        return snapshot


class ForgetsWhatMovedOn(ConfigStore):
    def end_attempt(self, published: Snapshot, beat_at: float | None, **how: Any) -> None:
        super().end_attempt(self.snapshot(), beat_at, **how)


class KeepsTheEra(ConfigStore):
    def restore(self, version: int) -> Status:
        super().restore(version)
        self._execute("UPDATE meta SET era = era - 1")
        return self.status()


def _mutant(name: str, wrong: str, setup: Mapping[str, Any] | None = None, /, **parts: Any) -> Mutant:
    return Mutant(name, wrong, Parts(**parts), Setup("do_kv", **(setup or {})))


MUTANTS: tuple[Mutant, ...] = (
    _mutant("publish-before-commit", "KV gets a version that the store does not have yet", replicator=PublishesFirst),
    _mutant(
        "changelog-outside-the-transaction",
        "the changelog entry is kept in memory until the next write",
        store=LogsWithTheNextWrite,
    ),
    _mutant(
        "drop-the-version-guard",
        "a guarded reader accepts an older copy",
        {"options": {"reader": "guarded"}, "hazards": ("disjoint_caches",)},
        reader=NeverRefuses,
    ),
    _mutant(
        "guard-ignores-the-era",
        "a guarded reader refuses what was restored",
        {"options": {"reader": "guarded", "epoch": "on"}, "hazards": ("rollback",), "numbers": {"writes": 3}},
        reader=ComparesVersionsOnly,
    ),
    _mutant("forget-the-ttl", "a cache serves its copy for ever", cache=ServesForEver),
    _mutant("ack-before-commit", "the reply leaves before the write is made", front=AlwaysEarly),
    _mutant(
        "retry-without-the-idempotency-key",
        "a write that is sent again is applied again",
        {"hazards": ("crash",)},
        front=DropsTheKey,
    ),
    _mutant("no-expected-version-check", "a write based on an old version is accepted", store=TakesAnyVersion),
    _mutant(
        "alarm-armed-outside-the-transaction",
        "a crash between commit and alarm leaves a write that nobody publishes",
        {"hazards": ("crash",)},
        store=ArmsNothing,
        front=ArmsAfterTheReply,
    ),
    _mutant(
        "write-puts-off-the-alarm",
        "a write arms the alarm although an attempt holds it",
        store=PutsOffTheAlarm,
    ),
    _mutant("two-puts-in-flight", "an attempt starts two puts and waits for one", replicator=PutsTwice),
    _mutant(
        "arms-for-the-same-millisecond",
        "what has moved on is armed for the millisecond of the alarm that runs, and lost",
        replicator=ArmsForTheSameMillisecond,
    ),
    _mutant(
        "no-lease",
        "a crash during an attempt leaves the alarm off",
        {"hazards": ("crash",)},
        store=TakesNoLease,
    ),
    _mutant("moved-on-unnoticed", "a write during an attempt is not published", store=ForgetsWhatMovedOn),
    _mutant(
        "restore-keeps-the-era",
        "restored versions look like the ones that they replace",
        {"options": {"epoch": "on"}, "hazards": ("rollback",), "numbers": {"writes": 3}},
        store=KeepsTheEra,
    ),
)
"""Every mutant; the names are unique."""
