# SPDX-License-Identifier: Apache-2.0
"""The Worker on a KV that takes one put a second, as the real one does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from edgeproof.impl.snapshot import from_kv
from edgeproof.impl.workerd.adversary import Adversary
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.live import WallClock
from edgeproof.impl.workerd.processes import Processes
from tests.impl.counting_kv import CountingKV

WRITES: Final = 10
PATIENCE: Final = 60.0
"""Seconds."""


def published(kv: CountingKV) -> int:
    """The version that KV has."""
    entry = kv.read_centre("config:u")
    return 0 if entry is None else from_kv(entry.value).version


def burst(**options: str | float) -> CountingKV:
    """Ten writes, some to the second, and a kill in between; until the last one is in KV."""
    kv = CountingKV(WallClock())
    door = Door(Adversary(kv, WallClock(), 0))
    bindings = Bindings({"put_timeout": 0.5, "retry_base": 0.1, "retry_cap": 0.1, **options}, "t", main="index.js")
    processes = Processes(bindings, 0, door.address, {"Authorization": "Bearer t"})
    deadline = time.monotonic() + PATIENCE
    try:
        for n in range(1, WRITES + 1):
            body = {"changes": {"first": n}, "actor": "me"}
            assert processes.store.do("PUT", "/units/u/config", body).status == 200
            if n == 1:
                while not published(kv):
                    assert time.monotonic() < deadline, "nothing was published"
                    time.sleep(0.01)
                processes.kill_store()
            time.sleep(0.1)
        while published(kv) < WRITES:
            assert time.monotonic() < deadline, "the last write was not published"
            time.sleep(0.01)
    finally:
        processes.close()
        door.close()
    return kv


def test_the_worker_waits_out_the_second_that_kv_wants_between_two_puts(workerd: Path) -> None:
    kv = burst(write_spacing=1)
    assert kv.refused == 0
    assert len(kv.took) > 1


def test_a_worker_that_does_not_is_refused(workerd: Path) -> None:
    assert burst(write_spacing=0).refused > 0
