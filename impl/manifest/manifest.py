# SPDX-License-Identifier: Apache-2.0
"""Large configs, published and read: the missing parts first, then the manifest; the manifest first, then its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from attrs import frozen

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL, KVError, KVLocation, KVNamespace, KVUnreachable
from edgeproof.impl.edge.reader import NO_CONFIG, ConfigUnavailable, Reading, ServedFrom
from edgeproof.impl.manifest.blobs import PartReader, PartStore
from edgeproof.impl.manifest.ledger import PartLedger
from edgeproof.impl.manifest.parts import TARGET, Manifest, Names, PartGone, assemble, by_digest, split
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import EMPTY, Snapshot

__all__ = ["Layout", "ManifestPublication", "ManifestReader"]


@frozen
class Layout:
    """How a unit's config lies in KV and in the part store, agreed between its publisher and its readers."""

    key: str
    """The KV key of the manifest."""
    prefix: str = "part/"
    """What the keys of parts begin with. Units that share a part store need prefixes of their own: a part that one has
    dropped may be another's."""
    names: Names = by_digest
    target: int = TARGET
    """Bytes of a part on average."""


class ManifestPublication:
    """Puts parts and manifest for a `Replicator`, as `Publication` puts one value.

    The publisher puts what the ledger does not surely know to be stored; with `probe` it asks the part store instead.
    `upload` and the replicator's time-out are seconds that the parts and the manifest may take; the replicator's lease
    has to cover both. With `release` the grace of dropped parts begins once a manifest without them is confirmed.

    What it puts has to have been begun: the rows change with the alarm, so that whoever dies leaves none without the
    other.
    """

    def __init__(
        self,
        layout: Layout,
        parts: PartStore,
        ledger: PartLedger,
        *,
        upload: float,
        put: float,
        probe: bool = False,
        release: bool = True,
    ) -> None:
        self._layout, self._parts, self._ledger = layout, parts, ledger
        self._upload, self._put_timeout, self._probe, self._release = upload, put, probe, release
        if probe:
            # Whoever died in the middle of an attempt may have heard an answer, and not have written it down.
            ledger.doubt_all()
        self._cut: tuple[Snapshot, Manifest, dict[str, bytes]] | None = None
        """What is being published, and its parts: to make them of 25 MB takes 0.5 s (measured)."""

    def begin(self, snapshot: Snapshot) -> None:
        """Each part has a row, and no grace. Raises PartsError for a config of too many parts."""
        names = self._split(snapshot)[0].parts
        self._ledger.begin(names)
        if not self._layout.names.lasting:
            self._ledger.believe(names, set())

    def end(self, snapshot: Snapshot) -> None:
        """What has been committed meanwhile another attempt publishes. It needs its own parts from when it begins, and
        puts those again that have been collected by then.
        """
        if self._release:
            self._ledger.release_others(self._split(snapshot)[0].parts)
        self._cut = None

    async def put(self, snapshot: Snapshot, kv: KVNamespace, runtime: Runtime, timeout: float) -> None:
        """Publish a snapshot that was begun.

        Raises KVError, OSError and TimeoutError; parts that were stored stay so.
        """
        manifest, values = self._split(snapshot)
        await self._put_parts(manifest, values, runtime)
        # The ledger's rows have to be durable before the manifest leaves (Durable Objects: output gates).
        await runtime.call("gate", _nothing, payload=manifest)
        value, metadata = manifest.to_kv()
        await runtime.call(
            "kv.put",
            lambda: kv.put(self._layout.key, value, metadata=metadata),
            payload=manifest,
            timeout=self._put_timeout,
        )

    def _split(self, snapshot: Snapshot) -> tuple[Manifest, dict[str, bytes]]:
        if self._cut is None or self._cut[0] is not snapshot:
            self._cut = (snapshot, *split(snapshot, names=self._layout.names, target=self._layout.target))
        return self._cut[1:]

    async def _put_parts(self, manifest: Manifest, values: dict[str, bytes], runtime: Runtime) -> None:
        missing = await self._missing(tuple(values), runtime)
        puts = [
            (name, runtime.call("part.put", self._putting(name, values[name]), payload=manifest, timeout=self._upload))
            for name in missing
        ]
        failures = []
        for name, under_way in puts:
            try:
                await under_way
            except (KVError, OSError) as error:
                # The others are waited for all the same: none should land when the attempt is over.
                failures.append(error)
            else:
                self._ledger.stored(name)
        if failures:
            raise failures[0]

    async def _missing(self, names: Sequence[str], runtime: Runtime) -> list[str]:
        """The parts to put, in the order of the config."""
        if self._probe:
            # What is needed has no grace any more: nobody begins to delete what was found to be there.
            found = {n for n in names if await runtime.call("part.has", self._asking(n), payload=n)}
            self._ledger.believe(names, found if self._layout.names.lasting else set())
        stored = self._ledger.stored_among(names)
        return [name for name in names if name not in stored]

    def _putting(self, name: str, value: bytes) -> Callable[[], None]:
        return lambda: self._parts.put(self._layout.prefix + name, value)

    def _asking(self, name: str) -> Callable[[], bool]:
        return lambda: self._parts.has(self._layout.prefix + name)


class ManifestReader:
    """An isolate that reads a manifest through its location's cache, and then the parts that it names.

    With `keeps` the isolate keeps the config that it read last and its parts, so that it reads what has changed only.

    `policy` "plain": what KV has, or nothing. "guarded": never older than last time, and the isolate's last config, of
    whatever age, where none can be had: KV or a part is out of reach, a part is gone, or what there is is no config.
    """

    def __init__(
        self,
        location: KVLocation,
        parts: PartReader,
        runtime: Runtime,
        layout: Layout,
        *,
        cache_ttl: float = DEFAULT_CACHE_TTL,
        keeps: bool = True,
        policy: str = "plain",
    ) -> None:
        if policy not in ("plain", "guarded"):
            raise ValueError(f"a reader of manifests is plain or guarded, not {policy!r}")
        self._location, self._parts, self._runtime, self._layout = location, parts, runtime, layout
        self._cache_ttl, self._keeps, self._guarded = cache_ttl, keeps, policy == "guarded"
        self._kept: tuple[Manifest, Snapshot] | None = None
        self._values: dict[str, bytes] = {}
        self._last_good: tuple[Snapshot, float] | None = None
        """What a guarded reader read last, and when KV was asked that said so."""

    @property
    def kept_names(self) -> Set[str]:
        """The parts that the isolate keeps."""
        return self._values.keys()

    async def read(self) -> Snapshot:
        """The config to evaluate a request against; EMPTY where none is published.

        Raises ConfigUnavailable where something cannot be reached, PartGone where the manifest names a part that is not
        there, and ValueError (PartsError, PartCorrupt) for what is no manifest or not the part that it names: a guarded
        reader only if it has no config of its own.
        """
        return (await self.find()).snapshot

    async def find(self) -> Reading:
        """The same, and how the isolate came by it. Raises what `read` does."""
        asked_at = self._runtime.now()
        try:
            found = await self._load()
        except ConfigUnavailable as error:
            return self._instead("fallback", str(error), error)
        except PartGone as error:
            return self._instead("last_good", str(error), error)
        except ValueError as error:
            # What it says has some of the value in it, which is for nobody's records.
            return self._instead("last_good", NO_CONFIG, error)
        # What is kept by now: requests overtake each other.
        last, answer = self._last_good, (found or EMPTY, asked_at)
        if last is not None and _newness(*last) > _newness(*answer):
            return self._reading(*last, "memo")
        if self._guarded and found is not None:
            self._last_good = answer
        return self._reading(*answer)

    def _instead(self, source: ServedFrom, why: str, error: Exception) -> Reading:
        """What is told without KV. Raises the error where there is nothing."""
        if self._last_good is None:
            raise error
        return self._reading(*self._last_good, source, why)

    def _reading(self, snapshot: Snapshot, asked_at: float, source: ServedFrom = "kv", note: str = "") -> Reading:
        return Reading(snapshot, max(0.0, self._runtime.now() - asked_at), source, note)

    async def _load(self) -> Snapshot | None:
        """What KV has now; None where nothing is published."""
        try:
            entry = await self._runtime.call("kv.get", self._manifest)
            if entry is None:
                return None
            manifest = Manifest.from_kv(entry.value)
            if self._kept is not None and self._kept[0] == manifest:
                return self._kept[1]
            # By now there may be a newer manifest. Names stand for the same bytes for ever, and the collector's grace
            # lets a request that has read the older one have its parts.
            values = await self._collect(manifest)
        except (KVUnreachable, OSError) as error:
            raise ConfigUnavailable(str(error)) from error
        snapshot = assemble(manifest, [values[name] for name in manifest.parts], names=self._layout.names)
        if self._keeps and self._layout.names.lasting:
            # Requests overtake each other, and this manifest may be the older one: what is kept saves fetches, and is
            # told for no manifest but the one that names all of it.
            self._kept, self._values = (manifest, snapshot), values
        return snapshot

    async def _collect(self, manifest: Manifest) -> dict[str, bytes]:
        values = {name: self._values[name] for name in manifest.parts if name in self._values}
        missing = [name for name in dict.fromkeys(manifest.parts) if name not in values]
        gets = [(n, self._runtime.call("part.get", self._getting(n), payload=manifest)) for n in missing]
        for name, under_way in gets:
            value = await under_way
            if value is None:
                raise PartGone(f"the manifest of version {manifest.version} names part {name}, which is not there")
            values[name] = value
        return values

    def _manifest(self) -> KVEntry | None:
        return self._location.get(self._layout.key, cache_ttl=self._cache_ttl)

    def _getting(self, name: str) -> Callable[[], bytes | None]:
        return lambda: self._parts.get(self._layout.prefix + name)


def _newness(snapshot: Snapshot, asked_at: float) -> tuple[int, int, float]:
    """By which answers are ordered: era, version, and when KV was asked, as of one version the last word counts."""
    return snapshot.era, snapshot.version, asked_at


def _nothing() -> None:
    """What the far side does in a call that stands for waiting."""
