# SPDX-License-Identifier: Apache-2.0
"""Broken variants of the system with parts and a manifest: what lockstep with its design has to find.

Each is a few lines that replace one part, as a hasty change would. `setup` is a configuration in which the mistake can
show; without it, it may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.manifest.collector import Collector
from edgeproof.impl.manifest.ledger import CountingStore, PartLedger
from edgeproof.impl.manifest.manifest import ManifestPublication, ManifestReader
from edgeproof.impl.manifest.parts import Manifest, split
from edgeproof.impl.manifest.system import ManifestParts, ManifestSystem
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import EMPTY, Snapshot
from edgeproof.impl.system import Setup

__all__ = ["MANIFEST_MUTANTS", "ManifestMutant"]


@frozen
class ManifestMutant:
    """A mistake, by name: what is wrong, how to build the system that has it, and where it shows."""

    name: str
    wrong: str
    parts: ManifestParts
    setup: Setup

    def system(self) -> ManifestSystem:
        """A system that makes the mistake."""
        return ManifestSystem(self.parts)


class ManifestFirst(ManifestPublication):
    async def put(self, snapshot: Snapshot, kv: KVNamespace, runtime: Runtime, timeout: float) -> None:
        manifest, values = split(snapshot, names=self._layout.names, target=self._layout.target)
        value, metadata = manifest.to_kv()
        await runtime.call("kv.put", lambda: kv.put(self._layout.key, value, metadata=metadata), payload=manifest)
        await self._put_parts(manifest, values, runtime)


class WaitsForNoPart(ManifestPublication):
    async def _put_parts(self, manifest: Manifest, values: dict[str, bytes], runtime: Runtime) -> None:
        for name in await self._missing(tuple(values), runtime):
            runtime.call("part.put", self._putting(name, values[name]), payload=manifest)
            self._ledger.stored(name)


class NotesWhatItHasPut(ManifestPublication):
    def begin(self, snapshot: Snapshot) -> None:
        self._known = {row.name for row in self._ledger.rows()}
        super().begin(snapshot)

    async def _missing(self, names: Sequence[str], runtime: Runtime) -> list[str]:
        await super()._missing(names, runtime)
        return [name for name in names if name not in self._known]


class PutsEverything(ManifestPublication):
    async def _missing(self, names: Sequence[str], runtime: Runtime) -> list[str]:
        await super()._missing(names, runtime)
        return list(names)


class WaitsLess(Collector):
    def _due(self) -> list[str]:
        grace, self._grace = self._grace, None
        found = super()._due()
        self._grace = grace
        return found


class StrikesOnTheHour(PartLedger):
    def released_for(self, seconds: float) -> list[str]:
        # One tick is a minute of these runs.
        return super().released_for(seconds - 60)


class TakesNoTurns(Collector):
    def _due(self) -> list[str]:
        return self._ledger.released() if self._grace is None else self._ledger.released_for(self._grace)


class DeletesWithoutADoubt(PartLedger):
    def doubt(self, name: str) -> None:
        return None


class ForgetsFirst(PartLedger):
    def doubt(self, name: str) -> None:
        self.forget(name)


class NeverComesBack(PartLedger):
    def need(self, names: Iterable[str]) -> None:
        return None


class CountsFromTheFirstDrop(CountingStore):
    def _change(self, version: int, texts: Mapping[str, str | None], actor: str, key: str | None) -> None:
        super()._change(version, texts, actor, key)
        self._ledger.release_others(())


class ReleasesAtOnce(ManifestPublication):
    async def _put_parts(self, manifest: Manifest, values: dict[str, bytes], runtime: Runtime) -> None:
        await super()._put_parts(manifest, values, runtime)
        if self._release:
            self._ledger.release_others(manifest.parts)


class AnswersWithoutThePart(ManifestReader):
    async def _collect(self, manifest: Manifest) -> dict[str, bytes]:
        self._manifest_of = manifest
        calls = [(n, self._runtime.call("part.get", self._getting(n), payload=manifest)) for n in manifest.parts]
        return {name: await under_way or b"{}" for name, under_way in calls}

    async def read(self) -> Snapshot:
        try:
            return await super().read()
        except ValueError:
            return Snapshot(self._manifest_of.version)


class KeepsAFallback(ManifestReader):
    async def read(self) -> Snapshot:
        try:
            self._last = await super().read()
        except LookupError:
            raise
        except Exception:
            return getattr(self, "_last", EMPTY)
        return self._last


def _mutant(name: str, wrong: str, setup: Mapping[str, Any], /, **parts: Any) -> ManifestMutant:
    return ManifestMutant(name, wrong, ManifestParts(**parts), Setup("do_kv_manifest", **setup))


_EAGER = {"options": {"collector": "eager"}}
_CONFIRMED = {"options": {"collector": "eager", "counted": "confirmed"}}
_SLOW = {"options": {"collector": "eager"}, "numbers": {"T": 4, "L": 4}}
_BRIEF = {"options": {"collector": "graceful", "collects": "beside"}, "numbers": {"K": 1}}
_GRACEFUL = {"options": {"collector": "graceful", "collects": "beside"}, "numbers": {"K": 3}}

MANIFEST_MUTANTS: tuple[ManifestMutant, ...] = (
    _mutant(
        "manifest-before-parts", "readers are pointed to parts that are on their way", {}, publication=ManifestFirst
    ),
    _mutant("parts-not-waited-for", "the manifest leaves with the parts", {}, publication=WaitsForNoPart),
    _mutant(
        "trusts-unsure-rows",
        "a part whose put may have failed is not put again",
        {"hazards": ("put_fails",)},
        publication=NotesWhatItHasPut,
    ),
    _mutant("puts-what-is-there", "every part is put with every change", {}, publication=PutsEverything),
    _mutant("ignores-the-grace", "a part is deleted as soon as nothing needs it", _GRACEFUL, collector=WaitsLess),
    _mutant("a-tick-too-early", "the grace is a tick shorter than asked for", _BRIEF, ledger=StrikesOnTheHour),
    _mutant(
        "takes-no-turns", "parts are deleted while something waits to be published", _EAGER, collector=TakesNoTurns
    ),
    _mutant(
        "deletes-without-a-doubt",
        "a row says that the part is stored while its delete is under way",
        _EAGER,
        ledger=DeletesWithoutADoubt,
    ),
    _mutant("forgets-before-it-deletes", "a part whose delete fails has no row", _EAGER, ledger=ForgetsFirst),
    _mutant(
        "keeps-the-grace-running",
        "the grace of a part that is needed again goes on",
        _CONFIRMED,
        ledger=NeverComesBack,
    ),
    _mutant(
        "releases-what-is-needed",
        "a write lets the grace of its own parts begin",
        _EAGER,
        counting_store=CountsFromTheFirstDrop,
    ),
    _mutant(
        "releases-before-it-is-confirmed",
        "the grace begins before the manifest without the part is out",
        _CONFIRMED,
        publication=ReleasesAtOnce,
    ),
    _mutant(
        "answers-without-the-part",
        "a reader takes a part that is gone for an empty one",
        _SLOW,
        reader=AnswersWithoutThePart,
    ),
    _mutant(
        "answers-from-memory",
        "a reader that finds a part gone tells what it told last",
        _SLOW,
        reader=KeepsAFallback,
    ),
)
"""Every mutant; the names are unique. That of a reader which checks no digests is in test_manifest: in lockstep nothing
spoils a part."""
