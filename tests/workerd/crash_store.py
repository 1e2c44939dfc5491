# SPDX-License-Identifier: Apache-2.0
"""The Worker's store in workerd, over a folder: `crash_store.py work|check FOLDER`.

`work` writes what it reads, a value a line, and acknowledges what the Worker acknowledges. `check` says what a workerd
that is started over the folder has in its changelog.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Client, asked
from edgeproof.impl.workerd.config import Bindings, copy_worker, store_config
from edgeproof.impl.workerd.runtime import Workerd


@contextmanager
def started(folder: Path) -> Iterator[Client]:
    """The Worker as it is deployed."""
    clock = SuiteClock()
    door = Door(Adversary(KVNamespace(clock, limits=Limits(write_spacing=0)), clock, 1))
    with TemporaryDirectory() as place:
        config = store_config(copy_worker(Path(place)), Bindings({}, "t", main="index.js"))
        runtime = Workerd(config, disks={"disk": folder}, externals={"kv": door.address})
        try:
            runtime.start()
            yield Client(runtime.ports["http"], {"Authorization": "Bearer t"})
        finally:
            runtime.kill()
            door.close()


def work(front: Client) -> None:
    for line in sys.stdin:
        said = asked(front.do("PUT", "/units/u/config", {"changes": {"first": line.strip()}, "actor": "me"}))
        print(f"ACK {said['version']} {line.strip()}", flush=True)


def tokens(front: Client) -> list[str]:
    """What the changelog has."""
    changes = asked(front.get("/units/u/changelog?limit=1000&since=0"))["changes"]
    return [f"{change['version']} {change['new']}" for change in changes]


if __name__ == "__main__":
    _, task, folder = sys.argv
    with started(Path(folder)) as front:
        if task == "work":
            work(front)
        else:
            print(*(f"HAS {token}" for token in tokens(front)), sep="\n")
