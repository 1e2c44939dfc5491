# SPDX-License-Identifier: Apache-2.0
"""Crash images per second of processor time, for every store, beside what merely opening a store takes."""

from __future__ import annotations

import time
from typing import Final

from attrs import evolve

from edgeproof.impl.durable.database import connect
from edgeproof.impl.references import store_of
from edgeproof.properties.cases import for_runs, kept_in, scoreboard
from edgeproof.properties.engines.crash.engine import cut_power
from edgeproof.properties.engines.crash.scratch import scratch
from edgeproof.properties.verify import PLANS
from edgeproof.reports.systems import stores

IMAGES: Final = 3_000


def bench_images_of_every_store() -> None:
    """Recorded, made, opened, looked through, judged and gone on from, in one process."""
    named = {one.name: one for design in stores().designs for one in scoreboard(design)}
    print(f"\nopening a store and closing it again: {opened_per_second():,.0f}/s")
    for name in stores().cases:
        instance = for_runs(named[name])
        started = time.process_time()
        found = cut_power(instance, kept_in(instance), store_of, evolve(PLANS["full"].cuts, images=IMAGES))
        rate = int(found.measures["images"]) / (time.process_time() - started)
        print(f"  {named[name].design} {name}: {rate:,.0f} images/s; {found.verdict}, {found.bound}")


def opened_per_second() -> float:
    with scratch() as folder:
        database = folder / "unit.sqlite"
        connect(database).close()
        started, times = time.process_time(), 1_000
        for _ in range(times):
            connect(database).close()
        return times / (time.process_time() - started)
