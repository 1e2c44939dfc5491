# SPDX-License-Identifier: Apache-2.0
"""The reference implementation where configs may be bad, and copies not what they say.

Every config is a file of features, of which a bad one has one too many; nothing else marks it. A copy that is no longer
what its label says has the neighbour's config in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import ClassVar

from attrs import evolve

from edgeproof.impl.content.content import FEATURES, MAX_FEATURES, is_valid, sealed
from edgeproof.impl.content.ledger import Ledger
from edgeproof.impl.content.publisher import VettingReplicator, newest_good
from edgeproof.impl.content.reader import ValidatingReader
from edgeproof.impl.driven.client import FIELDS, Client
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import Copy
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.snapshot import EMPTY, Snapshot, diff, from_kv, to_json
from edgeproof.impl.system import ActionImpossible, Contents, Observation, Setup, Writes

__all__ = ["PARTS", "ContentSystem"]

PARTS = Parts(reader=ValidatingReader, replicator=VettingReplicator)
"""What the system is built of; without vetting the replicator is the pattern's."""


class _Client(Client):
    """A client whose every write is a whole file."""

    def request(self) -> WriteRequest:
        """The next write, of a good file."""
        return self._file(3)

    def bad_request(self) -> WriteRequest:
        """The next write, of a file with one feature too many."""
        return self._file(MAX_FEATURES + 1)

    def request_of(self, then: Snapshot, now: Snapshot) -> WriteRequest:
        """The next write, which makes the config what it was then."""
        return evolve(self.request(), changes=diff(now.config, then.config))

    def _file(self, features: int) -> WriteRequest:
        written = super().request()
        return evolve(written, changes={**written.changes, FEATURES: list(range(features))})


class ContentSystem(ReferenceSystem):
    """The parts of one unit, driven by hand, with readers that validate and a publisher that vets."""

    design: ClassVar = "do_kv_content"
    more_options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "validate": ("keeps", "fails", "serves"),
        "vetting": ("on", "off"),
        "digest": ("on", "off"),
    }

    def __init__(self, parts: Parts = PARTS, *, seed: int = 0) -> None:
        super().__init__(parts, seed=seed)
        self._all_parts = parts

    # --- the System interface

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        said = {name: setup.options.get(name, values[0]) for name, values in self.more_options.items()}
        digest, parts = said["digest"] == "on", self._all_parts
        self._parts = evolve(
            parts,
            reader=partial(parts.reader, validate=said["validate"], digest=digest),
            replicator=parts.replicator if said["vetting"] == "on" else Parts().replicator,
            publication=partial(parts.publication, pack=sealed) if digest else parts.publication,
        )
        self.ledger = Ledger()
        super().start(setup)
        self.client: _Client = _Client(keyed=setup.options.get("retries", "keyed") == "keyed")

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action happen, and note what the store has then."""
        super().perform(action, arguments)
        self.ledger.note(self._committed())

    def write_from(self, writes: Writes) -> None:
        """Those before the run are taken and not made: what is written is good or bad as the run has it."""
        for _ in range(writes.before):
            writes.made()

    def contents(self) -> Contents:
        """Nothing: whether a copy is what was committed under its label is observed."""
        return {}

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables, and `partial`."""
        content_of, puts = self.ledger.content_of, self.puts()
        copies = [place.cache.copies.get(self.choices.key) for place in self.locations]
        kept = [place.reader.kept for place in self.locations]
        return {
            **super().observe(),
            "content": content_of(self._committed()),
            "last_good": self.ledger.last_good,
            "sent_content": content_of(puts[0].payload if puts else EMPTY),
            "carries_content": tuple(content_of(EMPTY if op is None else op.payload) for op in self.strays),
            "kv_content": content_of(_held(self.kv.read_centre(self.choices.key))),
            "cache_content": tuple(content_of(_held(None if one is None else one.entry)) for one in copies),
            "kept_content": tuple(content_of(one or EMPTY) for one in kept),
            "served_content": tuple(map(content_of, self.told.answers)),
        }

    def _committed(self) -> Snapshot:
        """What the store has, as copies of it are labelled."""
        snapshot = self.held.snapshot(self.store, self.storage.connection)
        return snapshot if self.choices.epoch else evolve(snapshot, era=0)

    # --- writing

    def _do_poison_write(self) -> None:
        self._write(self.client.bad_request)

    def _do_fix(self) -> None:
        newest = self.store.snapshot()
        if is_valid(newest.config):
            raise ActionImpossible("there is nothing to fix")
        self._write(partial(self.client.request_of, newest_good(self.store, newest), newest))

    # --- copies that are not what they say

    def _do_corrupt(self) -> None:
        entry = self.kv.read_centre(self.choices.key)
        if entry is None:
            raise ActionImpossible("KV has no copy")
        mixed_up = self._mixed_up(entry)
        self.kv.put(self.choices.key, mixed_up.value, metadata=json.loads(entry.metadata or "null"))

    def _do_corrupt_cached(self, cache: int) -> None:
        copies = self.locations[cache].cache.copies
        copy = copies.get(self.choices.key)
        if copy is None or copy.entry is None:
            raise ActionImpossible("the location has no copy")
        copies[self.choices.key] = Copy(self._mixed_up(copy.entry), copy.fetched_at)

    def _mixed_up(self, entry: KVEntry) -> KVEntry:
        """The entry with another unit's config under its label."""
        value = {**json.loads(entry.value), "config": dict.fromkeys(FIELDS, 1)}
        return evolve(entry, value=to_json(value).encode())


def _held(entry: KVEntry | None) -> Snapshot:
    return EMPTY if entry is None else _snapshot_in(entry.value)


@lru_cache(maxsize=16)
def _snapshot_in(value: bytes) -> Snapshot:
    return from_kv(value)
