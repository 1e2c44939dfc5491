# SPDX-License-Identifier: Apache-2.0
"""Variants of the reference system whose versions are right and whose contents are not.

Each is a few lines that replace one part, as a hasty change would. None of them can be told by the numbers alone, but
for those that give a repeated key or an old version what it is not due.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from attrs import evolve

from edgeproof.impl.durable.front import Front, Reply, WriteRequest
from edgeproof.impl.durable.replicator import Replicator
from edgeproof.impl.durable.store import ConfigStore, Status, VersionConflict, WriteResult
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL
from edgeproof.impl.edge.reader import EdgeReader, Reading
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.snapshot import ChangelogEntry, Snapshot, apply_changes
from edgeproof.impl.system import Setup
from tests.impl.mutants import Mutant

__all__ = ["CONTENT_MUTANTS"]


class KeepsRemovedFields(ConfigStore):
    def _set(self, name: str, text: str | None) -> None:
        if text is not None:
            super()._set(name, text)


class RestoresNoAbsence(ConfigStore):
    def _texts_at(self, version: int) -> dict[str, str | None]:
        return {name: text for name, text in super()._texts_at(version).items() if text is not None}


class RestoresTheLastChange(ConfigStore):
    def _texts_at(self, version: int) -> dict[str, str | None]:
        rows = self._execute("SELECT field, old FROM change WHERE version > ? ORDER BY version, field", (version,))
        return dict(rows.fetchall())


class LogsTheNewAsTheOld(ConfigStore):
    def _log(self, version: int, before: Any, after: Any, actor: str, key: str | None) -> None:
        super()._log(version, after, after, actor, key)


class LogsWhatDiffers(ConfigStore):
    def _log(self, version: int, before: Any, after: Any, actor: str, key: str | None) -> None:
        changed = {name: text for name, text in after.items() if text != before[name]}
        super()._log(version, before, changed or after, actor, key)


class LogsTheFirstActor(ConfigStore):
    def _log(self, version: int, before: Any, after: Any, actor: str, key: str | None) -> None:
        first = self._execute("SELECT actor FROM entry ORDER BY version LIMIT 1").fetchone()
        super()._log(version, before, after, actor if first is None else first[0], key)


class LogsTheTimeOfTheEntryBefore(ConfigStore):
    def _log(self, version: int, before: Any, after: Any, actor: str, key: str | None) -> None:
        super()._log(version, before, after, actor, key)
        self._execute(
            "UPDATE entry SET at = COALESCE((SELECT at FROM entry WHERE version = ?), at) WHERE version = ?",
            (version - 1, version),
        )


class OrdersVersionsAsText(ConfigStore):
    def changelog(self, since: int = 0, name: str | None = None) -> list[ChangelogEntry]:
        return sorted(super().changelog(since, name), key=lambda one: str(one.version))


class AnswersTheCurrentVersion(ConfigStore):
    def version_of(self, idempotency_key: str) -> int | None:
        return None if super().version_of(idempotency_key) is None else self.version()


class AnswersAsIfNew(Front):
    def _commit(self, request: WriteRequest) -> WriteResult:
        return evolve(super()._commit(request), repeated=False)


class ChecksTheVersionOfARepeatedKey(ConfigStore):
    def write(self, changes: Any, *, expected_version: int | None = None, **more: Any) -> WriteResult:
        self._check(expected_version, self.version())
        return super().write(changes, expected_version=expected_version, **more)


class RemembersKeysForEver(ConfigStore):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._seen: dict[str, int] = {}

    def restore(self, version: int) -> Status:
        self._seen |= dict(self._execute("SELECT idempotency_key, version FROM entry").fetchall())
        return super().restore(version)

    def version_of(self, idempotency_key: str) -> int | None:
        return self._seen.get(idempotency_key) or super().version_of(idempotency_key)


class RemembersRefusedKeys(Front):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._refused: dict[str | None, int] = {}

    def _commit(self, request: WriteRequest) -> WriteResult:
        if request.idempotency_key in self._refused:
            return WriteResult(self._refused[request.idempotency_key], repeated=True)
        try:
            return super()._commit(request)
        except VersionConflict as conflict:
            self._refused[request.idempotency_key] = conflict.current
            raise


class RefusesOnlyTheVersionBefore(ConfigStore):
    def _check(self, expected: int | None, current: int) -> None:
        if expected == current - 1:
            raise VersionConflict(expected, current)


class RefusesOnlyWhatIsBehind(ConfigStore):
    def _check(self, expected: int | None, current: int) -> None:
        if expected is not None and expected < current - 9:
            return
        super()._check(expected, current)


class SaysAnotherCurrentVersion(ConfigStore):
    def _check(self, expected: int | None, current: int) -> None:
        if expected is not None and expected != current:
            raise VersionConflict(current, expected)


class ForgetsTheCacheTtl(EdgeReader):
    def _get(self) -> KVEntry | None:
        return self._location.get(self._key, cache_ttl=DEFAULT_CACHE_TTL)


class WaitsForEver(Replicator):
    async def _put(self, snapshot: Snapshot) -> None:
        await self._publication.put(snapshot, self._kv, self._runtime, None)  # type: ignore[arg-type]


class WaitsForTheDefault(Replicator):
    async def _put(self, snapshot: Snapshot) -> None:
        await self._publication.put(snapshot, self._kv, self._runtime, 10.0)


class MergesCopies(EdgeReader):
    def _keep(self, found: Snapshot | None, asked_at: float) -> None:
        if found is not None and self.kept is not None:
            found = evolve(found, config=apply_changes(self.kept.config, found.config))
        super()._keep(found, asked_at)


class NormalisesText(EdgeReader):
    async def find(self) -> Reading:
        found = await super().find()
        text = unicodedata.normalize("NFC", json.dumps(found.snapshot.config, ensure_ascii=False))
        return evolve(found, snapshot=evolve(found.snapshot, config=json.loads(text)))


_PUBLISHED: dict[tuple[int, int], Snapshot] = {}
"""What has been put, of whichever unit: a cache whose key lacks the unit."""


class PublishesANeighboursConfig(Replicator):
    async def _put(self, snapshot: Snapshot) -> None:
        known = _PUBLISHED.setdefault((snapshot.era, snapshot.version), snapshot)
        await super()._put(evolve(snapshot, config=known.config))


class RelabelsTheLastCopy(Replicator):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._last: Snapshot | None = None

    async def _put(self, snapshot: Snapshot) -> None:
        last, self._last = self._last or snapshot, snapshot
        await super()._put(evolve(snapshot, config=last.config))


class CountsInDoubles(ConfigStore):
    def _set(self, name: str, text: str | None) -> None:
        value = None if text is None else json.loads(text)
        super()._set(name, json.dumps(float(value)) if type(value) is int else text)


class CutsLongTexts(Front):
    def _commit(self, request: WriteRequest) -> WriteResult:
        cut = {name: value[:255] if isinstance(value, str) else value for name, value in request.changes.items()}
        return super()._commit(evolve(request, changes=cut))


class DropsNulls(Front):
    def _commit(self, request: WriteRequest) -> WriteResult:
        kept = {name: value for name, value in request.changes.items() if value is not None}
        return super()._commit(evolve(request, changes=kept or request.changes))


class CutsActors(Front):
    async def write(self, request: WriteRequest, reply: Reply) -> None:
        await super().write(evolve(request, actor=request.actor.split("@")[0]), reply)


def _mutant(name: str, wrong: str, setup: Mapping[str, Any] | None = None, /, **parts: Any) -> Mutant:
    return Mutant(name, wrong, Parts(**parts), Setup("do_kv", **(setup or {})))


_ROLLBACK: dict[str, Any] = {"options": {"epoch": "on", "reader": "guarded"}, "hazards": ("rollback",)}
_FAILING: dict[str, Any] = {"hazards": ("put_fails",)}

CONTENT_MUTANTS: tuple[Mutant, ...] = (
    _mutant("removed-fields-stay", "a field that is removed stays in the config", store=KeepsRemovedFields),
    _mutant(
        "restore-forgets-absence", "a restore leaves fields that were added since", _ROLLBACK, store=RestoresNoAbsence
    ),
    _mutant("changelog-old-is-new", "the changelog has the new value as the old one", store=LogsTheNewAsTheOld),
    _mutant("changelog-skips-equal-values", "a field that was set to what it was is not logged", store=LogsWhatDiffers),
    _mutant("changelog-first-actor", "the changelog has the unit's first actor for ever", store=LogsTheFirstActor),
    _mutant("changelog-old-time", "an entry has the time of the one before", store=LogsTheTimeOfTheEntryBefore),
    _mutant("changelog-as-text", "version 10 comes before version 9", store=OrdersVersionsAsText),
    _mutant("repeated-current-version", "a repeated key is told the current version", store=AnswersTheCurrentVersion),
    _mutant("repeated-as-new", "a repeated key is answered as if it were new", front=AnswersAsIfNew),
    _mutant("repeated-checks-version", "a repeated key is refused its answer", store=ChecksTheVersionOfARepeatedKey),
    _mutant(
        "keys-survive-a-restore", "a write that was undone is taken for made", _ROLLBACK, store=RemembersKeysForEver
    ),
    _mutant("refused-keys-are-kept", "a write that was refused is taken for made", front=RemembersRefusedKeys),
    _mutant("two-behind-is-accepted", "only the version before is refused", store=RefusesOnlyTheVersionBefore),
    _mutant("far-behind-is-accepted", "a version far behind is accepted", store=RefusesOnlyWhatIsBehind),
    _mutant(
        "refused-with-the-wrong-version", "who is refused is told what it expected", store=SaysAnotherCurrentVersion
    ),
    _mutant("default-cache-ttl", "a reader leaves KV's default cacheTtl", reader=ForgetsTheCacheTtl),
    _mutant("no-put-timeout", "a put that hangs is waited for", _FAILING, replicator=WaitsForEver),
    _mutant("default-put-timeout", "a put has the default time-out", _FAILING, replicator=WaitsForTheDefault),
    _mutant("reader-merges-copies", "an isolate keeps fields that are gone", reader=MergesCopies),
    _mutant("reader-normalises-text", "an isolate tells another Unicode form", reader=NormalisesText),
    _mutant("neighbours-config", "what is published is another unit's config", replicator=PublishesANeighboursConfig),
    _mutant("label-on-old-content", "a new label on the content before", replicator=RelabelsTheLastCopy),
    _mutant("integers-as-floats", "an integer is kept as a float", store=CountsInDoubles),
    _mutant("long-texts-are-cut", "a text is cut at 255 characters", front=CutsLongTexts),
    _mutant("null-is-dropped", "a field that is set to null is left alone", front=DropsNulls),
    _mutant("actor-loses-its-domain", "an actor is cut at its @", front=CutsActors),
)
"""Every mutant; the names are unique."""
