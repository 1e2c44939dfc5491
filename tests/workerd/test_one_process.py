# SPDX-License-Identifier: Apache-2.0
"""Locations and the store in one process of the runtime, sharing one Durable Object; and why the suite has one each.

The Worker is the one that is deployed; every location is a service of its own, with a KV binding of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgeproof.impl.snapshot import Snapshot, to_kv
from edgeproof.impl.workerd.client import Client, asked
from edgeproof.impl.workerd.config import Bindings, copy_worker, store_config
from edgeproof.impl.workerd.runtime import Workerd
from tests.workerd.flags_deployment import TOKEN, FlagDeployment

LOCATIONS = 2
GUARDED = {"reader": "guarded"}
OLD, NEW = Snapshot(1, 0, {"a": 1}), Snapshot(2, 0, {"a": 2})


class OneProcess:
    """The store's configuration with a service and a socket more for each location."""

    def __init__(self, directory: Path, kv: str) -> None:
        config = store_config(copy_worker(directory / "worker"), Bindings(GUARDED, TOKEN, main="index.js"))
        config.write_text(self._with_locations(config.read_text(encoding="utf-8")), encoding="utf-8")
        disk = directory / "disk"
        disk.mkdir()
        self.process = Workerd(config, disks={"disk": disk}, externals=dict.fromkeys(("kv", *NAMES), kv))
        self.process.start()

    def client(self, socket: str) -> Client:
        return Client(self.process.ports[socket], {"Authorization": f"Bearer {TOKEN}"})

    @staticmethod
    def _with_locations(text: str) -> str:
        head, worker = text.split("const worker :Workerd.Worker = (")
        services, sockets, workers = "", "", ""
        for number, name in enumerate(NAMES):
            where = f'http = (injectRequestHeaders = [(name = "edgeproof-place", value = "{number}")])'
            services += f'(name = "{name}", external = (address = "127.0.0.1:1", {where})), '
            services += f'(name = "at-{name}", worker = .at{number}), '
            sockets += f', (name = "{name}", address = "127.0.0.1:0", http = (), service = "at-{name}")'
            own, _, rest = worker.partition("durableObjectNamespaces = [")
            bindings = rest[rest.index("bindings = [") :].replace('kvNamespace = "kv"', f'kvNamespace = "{name}"')
            shared = r'durableObjectNamespace = (className = "\1", serviceName = "main")'
            bindings = re.sub(r'durableObjectNamespace = "(\w+)"', shared, bindings)
            workers += f"const at{number} :Workerd.Worker = ({own}{bindings}"
        head = head.replace("services = [", f"services = [ {services}")
        head = head.replace('service = "main") ]', f'service = "main"){sockets} ]')
        return f"{head}const worker :Workerd.Worker = ({worker}{workers}"


NAMES = [f"kv{number}" for number in range(LOCATIONS)]


@pytest.fixture
def deployment(workerd: Path) -> Iterator[FlagDeployment]:
    """Its KV stands behind the one process as well."""
    with FlagDeployment(GUARDED, LOCATIONS) as one:
        yield one


@pytest.fixture
def together(deployment: FlagDeployment, tmp_path: Path) -> Iterator[OneProcess]:
    one = OneProcess(tmp_path, deployment.door.address)
    yield one
    one.process.kill()


def put(deployment: FlagDeployment, snapshot: Snapshot) -> None:
    """What KV's centre holds, and no location's cache."""
    value, metadata = to_kv(snapshot)
    deployment.clock.advance(61)
    deployment.kv.put("config:u", value, metadata=metadata)


def told(front: Client) -> int:
    return int(asked(front.get("/edge/u"))["version"])


def test_locations_in_one_process_share_the_durable_object_and_have_a_kv_each(
    deployment: FlagDeployment, together: OneProcess
) -> None:
    body: dict[str, Any] = {"changes": {"a": 1}, "actor": "me"}
    for version, name in enumerate(("http", *NAMES), 1):
        said = asked(together.client(name).do("PUT", "/units/u/config", json.dumps(body).encode()))
        assert said == {"version": version, "repeated": False}
    deployment.wait_for("config:u", lambda snapshot: snapshot.version == 3)
    deployment.clock.advance(61)
    assert [told(together.client(name)) for name in NAMES] == [3, 3]
    deployment.kv.places[0].reachable = False
    deployment.clock.advance(61)
    put(deployment, Snapshot(4, 0, {"a": 4}))
    assert [told(together.client(name)) for name in NAMES] == [3, 4]


def test_a_crash_of_the_store_takes_the_memory_of_isolates_in_its_process_and_leaves_that_of_others(
    deployment: FlagDeployment, together: OneProcess
) -> None:
    put(deployment, NEW)
    assert told(together.client("kv0")) == told(deployment.edge()) == 2
    put(deployment, OLD)
    assert told(together.client("kv0")) == told(deployment.edge()) == 2, "the guard remembers"
    together.process.restart()
    deployment.processes.kill_store()
    deployment.clock.advance(61)
    assert (told(together.client("kv0")), told(deployment.edge())) == (1, 2)
