# SPDX-License-Identifier: Apache-2.0
"""Reads of one isolate that follow manifests at the same time, while newer ones are published."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.edge.kv import KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.manifest.blobs import Bucket, R2Parts
from edgeproof.impl.manifest.manifest import Layout, ManifestReader
from edgeproof.impl.manifest.parts import split
from edgeproof.impl.runtime import SimulatedRuntime, Task
from edgeproof.impl.snapshot import EMPTY, Snapshot

LAYOUT = Layout("config", target=1)


class Isolate:
    """An isolate, its location, and a publisher without faults; nothing is answered before it is told to be."""

    def __init__(self, keeps: bool) -> None:
        self.world = SimulatedRuntime()
        self.kv, self.bucket = KVNamespace(self.world, limits=Limits(write_spacing=0)), Bucket(self.world.now)
        self.cache = LocationCache()
        location = KVLocation(self.kv, self.world, lambda: self.cache)
        self.instance = self.world.instance()
        self.reader = ManifestReader(location, R2Parts(self.bucket), self.instance, LAYOUT, keeps=keeps)
        self.published = [EMPTY]

    def publish(self) -> None:
        """The next version; every other field stays as it is."""
        version = len(self.published)
        config = {**self.published[-1].config, "abc"[version % 3]: version}
        self.published.append(Snapshot(version, 0, config))
        manifest, values = split(self.published[-1], target=LAYOUT.target)
        for name, value in values.items():
            self.bucket.put(LAYOUT.prefix + name, value)
        value, metadata = manifest.to_kv()
        self.kv.put(LAYOUT.key, value, metadata=metadata)
        self.cache.copies.clear()

    def ask(self) -> Task:
        return self.instance.spawn(self.reader.read())

    def step(self, which: int) -> None:
        """Answer one of the questions that are under way."""
        pending = self.world.pending
        if pending:
            self.world.resolve(pending[which % len(pending)])


steps = st.one_of(st.sampled_from([("ask",), ("ask",), ("publish",)]), st.tuples(st.just("step"), st.integers(0, 7)))


@pytest.mark.parametrize("keeps", [True, False])
@given(script=st.lists(steps, min_size=20, max_size=60))
@settings(max_examples=200)
def test_everybody_is_told_the_whole_config_of_one_version_and_nobody_an_older_one_than_was_told_before_they_asked(
    keeps: bool, script: list[tuple[Any, ...]]
) -> None:
    isolate = Isolate(keeps)
    reads: list[tuple[Task, int]] = []
    newest = 0
    for act, *arguments in script:
        if act == "ask":
            reads.append((isolate.ask(), newest))
        elif act == "publish":
            isolate.publish()
        else:
            isolate.step(*arguments)
        for read in [read for read in reads if read[0].done]:
            reads.remove(read)
            told: Snapshot = read[0].outcome()
            assert told == isolate.published[told.version]
            assert told.version >= read[1]
            newest = max(newest, told.version)
