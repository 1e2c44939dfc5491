# SPDX-License-Identifier: Apache-2.0
"""What one writer commits and what publishers put, measured on the implementation beside what is said of them.

Nothing here fails on a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from edgeproof.impl.documents import flag_documents
from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import to_json
from edgeproof.properties.costs.pace import OBJECT_WRITES
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Sizes
from edgeproof.properties.rate import KV_KEY_WRITES
from tests.properties.published import LOCATIONS, PUBLISHERS, typical_change

FLAGS = 1_000


def bench_commits_of_one_store_beside_the_documented_limits(tmp_path: Path) -> None:
    """One flag of 1,000 per write; config, changelog and alarm in one transaction."""
    print(
        f"\ndocumented: {OBJECT_WRITES} writes/s of one Durable Object, {KV_KEY_WRITES} write/s to one KV key; "
        f"here, of {FLAGS:,} flags:"
    )
    for where, database in (("in memory", ":memory:"), ("on a file", str(tmp_path / "unit.sqlite"))):
        rate = commits_per_second(database)
        print(f"  SQLite {where}: {rate:,.0f} commits/s, {rate / OBJECT_WRITES:.0f} x the documented limit")


def bench_bytes_per_change_beside_what_is_charged() -> None:
    """A switch that is thrown in a config of 1,000 flags and 1 MB."""
    config = flag_documents(1, FLAGS, 1_000_000)
    changes, part = typical_change(config)
    sizes = Sizes(len(to_json(config)), len(to_json(changes)), part, LOCATIONS)
    print(f"\na change of {sizes.change} bytes in a config of {sizes.config:,}, for {LOCATIONS} locations, publishes:")
    for design, publish in PUBLISHERS.items():
        costing = dossier_of(design).costing
        assert costing is not None, f"{design} has no costing"
        said, put = costing.published(sizes), publish(config, changes)
        ratio = f" ({put / said:.2f} of it)" if said else ""
        print(f"  {design:15} {put:9,} bytes, charged {said:,}{ratio}")


def commits_per_second(database: str) -> float:
    """The median of five runs of 200 writes."""
    runtime = SimulatedRuntime(1)
    store = ConfigStore(connect(database), runtime)
    store.write(flag_documents(1, FLAGS), actor="ann")
    keys = sorted(store.snapshot().config)

    def write() -> None:
        for number in range(200):
            store.write({keys[number]: {"enabled": number % 2 == 0}}, actor="ann")

    return 200 / median(_timed(write) for _ in range(5))


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
