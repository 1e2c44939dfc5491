# SPDX-License-Identifier: Apache-2.0
"""Kill -9 at any moment, in the middle of requests too: what was acknowledged stays, and nothing is done by half."""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.snapshot import from_kv
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Client
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Processes

KILLS = 40


class Writer(Thread):
    """Writes two fields to the same number, each write again with its key until it is acknowledged."""

    def __init__(self, name: str, processes: Processes, stop: Event) -> None:
        super().__init__(name=name, daemon=True)
        self._processes, self._over = processes, stop
        self.acked: dict[str, int] = {}

    def run(self) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            key = f"{self.name}-{number}"
            body = {"changes": {"first": key, "second": key}, "actor": self.name, "idempotency_key": key}
            while not self._over.is_set():
                try:
                    reply = Client(self._processes.store.port, self._processes.store.headers).do(
                        "PUT", "/units/u/config", body
                    )
                except (OSError, http.client.HTTPException):
                    self._over.wait(0.002)
                    continue
                if reply.status == 200:
                    self.acked[key] = reply.said["version"]
                    break


def changelog(front: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := front.get(f"/units/u/changelog?limit=1000&since={found[-1]['version'] if found else 0}").said[
        "changes"
    ]:
        found += page
    return found


def test_no_acknowledged_write_is_lost_and_no_config_is_torn_by_kills_at_any_moment(workerd: Path) -> None:
    clock = SuiteClock()
    kv = Adversary(KVNamespace(clock, limits=Limits(write_spacing=0)), clock, 1)
    door = Door(kv)
    options: dict[str, str | float] = {"put_timeout": 0.2, "retry_base": 0.05, "retry_cap": 0.05, "epoch": "on"}
    processes = Processes(Bindings(options, "t", main="index.js"), 0, door.address, {"Authorization": "Bearer t"})
    stop, random = Event(), Random(0)
    writers = [Writer(f"writer-{n}", processes, stop) for n in range(3)]
    try:
        for writer in writers:
            writer.start()
        while processes.kills < KILLS or sum(len(writer.acked) for writer in writers) < KILLS:
            # Any moment will do: this is no wait for something to happen.
            time.sleep(random.uniform(0.005, 0.06))
            processes.kill_store()
            snapshot = processes.store.get("/units/u").said
            assert snapshot["config"].get("first") == snapshot["config"].get("second")
        stop.set()
        for writer in writers:
            writer.join()
        log = changelog(processes.store)
        last = processes.store.get("/units/u").said
        by_key = {one["idempotency_key"]: one["version"] for one in log}
        assert [one["version"] for one in log] == [1 + n // 2 for n in range(2 * last["version"])], "no gaps"
        acked = {key: version for writer in writers for key, version in writer.acked.items()}
        assert acked.items() <= by_key.items(), "an acknowledged write is lost, or has another version"
        assert last["config"] == {"first": log[-1]["new"], "second": log[-1]["new"]}
        deadline = time.monotonic() + 60
        while (entry := kv.namespace.read_centre("config:u")) is None or from_kv(entry.value).version < last["version"]:
            assert time.monotonic() < deadline, "KV never came to the latest version"
            time.sleep(0.01)
        print(
            f"{processes.kills} kills, {len(acked)} writes acknowledged, {last['version']} versions, {kv.requests} puts"
        )
    finally:
        stop.set()
        processes.close()
        door.close()
