# SPDX-License-Identifier: Apache-2.0
"""Code that is right as long as one thing happens after another: what has to be found where things overtake each other.

The first four are the faults that readers, and caches, have had; the others are of their kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from attrs import evolve, frozen

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import Copy, Fetch, LocationCache
from edgeproof.impl.edge.reader import EdgeReader, Reading
from edgeproof.impl.flags.provider import EdgeFlagProvider
from edgeproof.impl.flags.sources import Heard
from edgeproof.impl.interleaved.cache_fills import CacheFills
from edgeproof.impl.interleaved.flags import FlagSubject
from edgeproof.impl.interleaved.manifest import ManifestSubject
from edgeproof.impl.interleaved.publication import PublicationSubject
from edgeproof.impl.interleaved.push import PushSubject
from edgeproof.impl.interleaved.reader import ReaderSubject
from edgeproof.impl.interleaved.tokens import TokenSubject
from edgeproof.impl.interleaving import Interleaved
from edgeproof.impl.manifest.manifest import ManifestReader
from edgeproof.impl.manifest.parts import Manifest
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.push.push import PushLocation
from edgeproof.impl.snapshot import EMPTY, Snapshot, from_kv
from edgeproof.impl.tokens.edge import TokenGate
from edgeproof.impl.tokens.tokens import Decision, Request
from tests.impl.mutants import ArmsForTheSameMillisecond, ForgetsWhatMovedOn, PutsTwice

__all__ = ["OVERTAKEN", "Overtaken"]


@frozen
class Overtaken:
    """A mistake, by name: what is wrong, the subject that makes it, and the properties of which one has to break."""

    name: str
    wrong: str
    subject: Callable[[int], Interleaved]
    breaks: tuple[str, ...]


class InstallsWhatComesLast(EdgeReader):
    def _refuses(self, found: Snapshot, kept: Snapshot, *, overtaken: bool) -> bool:
        return False


class CountsFromTheAnswer(EdgeReader):
    def _keep(self, found: Snapshot | None, asked_at: float) -> None:
        super()._keep(found, self._runtime.now())


class ComparesVersionsOnly(EdgeReader):
    def _refuses(self, found: Snapshot, kept: Snapshot, *, overtaken: bool) -> bool:
        return overtaken and kept.version >= found.version


class ReadsItsLabelAgain(EdgeReader):
    """The content is of one answer, and the version of another."""

    async def find(self) -> Reading:
        reading = await super().find()
        answered_at = self._runtime.now()
        try:
            entry = await self._runtime.call("kv.get", self._get)
        except OSError:
            return reading
        label = EMPTY if entry is None else from_kv(entry.value)
        mixed = evolve(reading.snapshot, version=label.version, era=label.era)
        return evolve(reading, snapshot=mixed, age=reading.age + self._runtime.now() - answered_at)


class FillsWithWhatComesLast(LocationCache):
    def end(self, fetch: Fetch, entry: KVEntry | None, *, negative_caching: bool) -> None:
        self.copies[fetch.key] = Copy(entry, fetch.asked_at)


class RemembersTheLastQuestion(LocationCache):
    """The time of the fetch is an attribute of the cache."""

    asked_at = 0.0

    def begin(self, key: str, now: float) -> Fetch:
        self.asked_at = now
        return super().begin(key, now)

    def end(self, fetch: Fetch, entry: KVEntry | None, *, negative_caching: bool) -> None:
        super().end(Fetch(fetch.key, self.asked_at, fetch.answered), entry, negative_caching=negative_caching)


class ReadsItsManifestAgain(ManifestReader):
    """The content is of one manifest, and the version of another."""

    async def read(self) -> Snapshot:
        snapshot = await super().read()
        entry = await self._runtime.call("kv.get", self._manifest)
        assert entry is not None
        manifest = Manifest.from_kv(entry.value)
        return evolve(snapshot, version=manifest.version, era=manifest.era)


class TakesTheRestFromWhatIsKept(ManifestReader):
    """What is missing is decided before the parts are fetched, and the rest taken after that."""

    async def _collect(self, manifest: Manifest) -> dict[str, bytes]:
        missing = [name for name in manifest.parts if name not in self._values]
        fetched: dict[str, Any] = {name: await self._runtime.call("part.get", self._getting(name)) for name in missing}
        return {name: {**self._values, **fetched}[name] for name in manifest.parts}


class TakesEveryAnswer(PushLocation):
    def pull(self, ask: Callable[[], Snapshot]) -> None:
        self.take(ask())


class AdmitsWhoeverWasAdmitted(TokenGate):
    """Remembers a decision from when it was made, and not from when the keys were looked up."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._until = 0.0

    async def decide(self, request: Request) -> Decision:
        if self._clock.now() < self._until:
            return Decision(True, "")
        decision = await super().decide(request)
        if decision.admitted:
            self._until = self._clock.now() + self._cache_ttl
        return decision


class HoldsWhatComesLast(EdgeFlagProvider):
    def _found(self, heard: Heard, asked_at: float, session: Any) -> None:
        held = self._held
        if held is not None and not heard.snapshot.at_least(held.snapshot):
            self._held = evolve(held, snapshot=evolve(held.snapshot, version=0, era=0))
        super()._found(heard, asked_at, session)


class CountsFromTheSourcesAnswer(EdgeFlagProvider):
    def _found(self, heard: Heard, asked_at: float, session: Any) -> None:
        super()._found(heard, self._clock(), session)


class LooksAgainForItsMetadata(EdgeFlagProvider):
    def resolve_integer_details(self, *arguments: Any) -> Any:
        value = super().resolve_integer_details(*arguments).value
        return replace(super().resolve_integer_details(*arguments), value=value)


def _parts(**parts: Any) -> Callable[[int], Interleaved]:
    return lambda operations: PublicationSubject(operations, parts=Parts(**parts))


def _reader(policy: str, reader: Callable[..., EdgeReader]) -> Callable[[int], Interleaved]:
    return lambda operations: ReaderSubject(operations, policy, reader=reader)


BACK = ("monotonic-reads", "kept-goes-forward")
LATE = ("bounded-staleness", "age-is-honest")

OVERTAKEN = (
    Overtaken(
        "slow-fetch-installed",
        "a slow older answer that comes last is kept",
        _reader("memo", InstallsWhatComesLast),
        BACK,
    ),
    Overtaken("clock-from-the-answer", "a copy is as old as its answer", _reader("memo", CountsFromTheAnswer), LATE),
    Overtaken(
        "label-read-again",
        "the version is read again after the content",
        _reader("plain", ReadsItsLabelAgain),
        ("no-partial-read",),
    ),
    Overtaken(
        "cache-keeps-the-last-answer",
        "a slow fill undoes a quick one",
        lambda n: CacheFills(n, cache=FillsWithWhatComesLast),
        BACK,
    ),
    Overtaken(
        "guard-installs-the-last",
        "a guarded reader keeps what comes last",
        _reader("guarded", InstallsWhatComesLast),
        BACK,
    ),
    Overtaken(
        "era-ignored",
        "of two answers the higher version is kept, whatever its era",
        _reader("memo", ComparesVersionsOnly),
        (*BACK, *LATE),
    ),
    Overtaken(
        "manifest-read-again",
        "the version is of a manifest that is read after the parts",
        lambda n: ManifestSubject(n, reader=ReadsItsManifestAgain),
        ("no-partial-read",),
    ),
    Overtaken(
        "parts-that-are-gone",
        "parts are taken from what another read keeps by then",
        lambda n: ManifestSubject(n, reader=TakesTheRestFromWhatIsKept),
        ("ends-well",),
    ),
    Overtaken(
        "pull-undoes-a-push",
        "a pull takes its answer whatever has come meanwhile",
        lambda n: PushSubject(n, location=TakesEveryAnswer),
        ("convergence",),
    ),
    Overtaken(
        "gate-remembers",
        "a decision is remembered from when it was made",
        lambda n: TokenSubject(n, gate=AdmitsWhoeverWasAdmitted),
        ("token-revocation-bound",),
    ),
    Overtaken(
        "mark-forgotten",
        "a slow fill without the mark undoes one with it",
        lambda n: TokenSubject(n, cache=FillsWithWhatComesLast),
        ("kept-goes-forward",),
    ),
    Overtaken(
        "gate-with-one-question",
        "what the door knows is as old as the last question",
        lambda n: TokenSubject(n, cache=RemembersTheLastQuestion),
        ("token-revocation-bound",),
    ),
    Overtaken(
        "provider-holds-the-last",
        "a provider holds what comes last",
        lambda n: FlagSubject(n, provider=HoldsWhatComesLast),
        BACK,
    ),
    Overtaken(
        "provider-counts-from-the-answer",
        "a provider's config is as old as its answer",
        lambda n: FlagSubject(n, provider=CountsFromTheSourcesAnswer),
        LATE,
    ),
    Overtaken(
        "provider-looks-twice",
        "the metadata are of another look",
        lambda n: FlagSubject(n, provider=LooksAgainForItsMetadata),
        ("no-partial-read",),
    ),
    Overtaken(
        "version-read-after-the-put",
        "what was published is read again after the put",
        _parts(store=ForgetsWhatMovedOn),
        ("convergence",),
    ),
    Overtaken(
        "armed-for-the-same-millisecond",
        "what has moved on is armed for the alarm that runs",
        _parts(replicator=ArmsForTheSameMillisecond),
        ("convergence",),
    ),
    Overtaken(
        "two-puts-in-flight",
        "an attempt starts two puts and waits for one",
        _parts(replicator=PutsTwice),
        ("kept-goes-forward",),
    ),
)
"""Every mistake; the names are unique."""
