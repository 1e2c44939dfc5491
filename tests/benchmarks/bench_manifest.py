# SPDX-License-Identifier: Apache-2.0
"""A config of 5,000 flags and 25 MB in parts, beside the same config as one KV value in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from statistics import mean, median
from typing import TypeVar

from edgeproof.impl.documents import MAX_BYTES, MAX_FLAGS, draw_change, flag_documents
from edgeproof.impl.manifest.parts import assemble, split
from edgeproof.impl.snapshot import Snapshot, apply_changes, from_kv, to_kv

T = TypeVar("T")


def bench_a_large_config_in_parts() -> None:
    """What it costs to publish it, to publish a change of it, and to read it."""
    config = flag_documents(1, MAX_FLAGS, MAX_BYTES)
    whole, value = _timed(lambda: to_kv(Snapshot(1, 0, config))[0])
    cut, (manifest, values) = _timed(lambda: split(Snapshot(1, 0, config)))
    parsed, _ = _timed(lambda: from_kv(value))
    joined, back = _timed(lambda: assemble(manifest, [values[name] for name in manifest.parts]))
    assert back.config == config
    random = Random(1)
    published = []
    for _ in range(50):
        changed = apply_changes(config, draw_change(random, config, actor="ann").changes)
        after, parts = split(Snapshot(2, 0, changed))
        published.append(len(after.to_kv()[0]) + sum(len(parts[name]) for name in set(parts) - set(values)))
    size = len(value) / len(values)
    print(f"\n{len(values)} parts of {size:,.0f} bytes on average, and a manifest of {len(manifest.to_kv()[0]):,}")
    print(
        f"  making parts {cut:.2f} s ({cut / whole:.1f} x one value), reading {joined:.2f} s ({joined / parsed:.1f} x)"
    )
    print(
        f"  a change publishes {median(published):,.0f} bytes in the middle, {mean(published):,.0f} on average, "
        f"{max(published):,} at most: 1/{len(value) / mean(published):.0f} of one value"
    )


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result
