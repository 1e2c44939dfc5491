# SPDX-License-Identifier: Apache-2.0
"""Flags end to end on the real runtime while its store is killed and KV is slow: no mixed config, no late kill switch.

Faults come one at a time, so that no more attempts to publish fail in a row than the bound allows for.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Final

from edgeproof.impl.workerd.adversary import Answer, Fault
from edgeproof.impl.workerd.client import WorkerdError
from edgeproof.properties.engines.history.engine import Promise, check_history
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.promises import promise_of
from tests.workerd.flags_deployment import FlagDeployment, RealClock
from tests.workerd.flags_rounds import Told, Writer, ask

SECONDS: Final = 12.0
LOCATIONS: Final = 3
OPTIONS: Final[Mapping[str, str | float]] = {
    "put_timeout": 0.6, "retry_base": 0.2, "retry_cap": 0.2, "cache_ttl": 1, "reader": "guarded", "epoch": "on",
}  # fmt: skip
RETRY_MS: Final = 200
HAZARDS: Final[Mapping[str, str | bool]] = {
    "put_fails": True,
    "put_ambiguous": True,
    "crash": True,
    "reader": "guarded",
    "epoch": "on",
}


def promise(slowest: float = 0.0) -> Promise:
    """What was proved. S is what the machine adds (a start after a kill, an alarm that is late): as much as it took at
    most to answer something trivial, and a second at least. A retry is an alarm, too.
    """
    sync_delay = max(1000, ceil(1000 * slowest))
    return promise_of({**HAZARDS, "S": sync_delay, "D": 600, "R": RETRY_MS + sync_delay, "T": 1000, "F": 2})


class Reader(Thread):
    """Asks one location again and again."""

    def __init__(self, deployment: FlagDeployment, over: Event, location: int) -> None:
        super().__init__(daemon=True)
        self._deployment, self._over, self._location = deployment, over, location
        self.told: list[Told] = []
        self.failed: list[Exception] = []

    def run(self) -> None:
        while not self._over.wait(0.02):
            try:
                self.told.append(ask(self._deployment, self._location))
            except (OSError, WorkerdError, http.client.HTTPException) as error:
                self.failed.append(error)


def trouble(deployment: FlagDeployment, random: Random) -> str:
    """Do one thing to the store or to KV."""
    what = random.choice(("kill", "kill", "refuse", "ambiguous", "drop", "slow"))
    faults = {
        "refuse": Fault(Answer(503)),
        "ambiguous": Fault(Answer(500), effect=True),
        "drop": Fault(Answer(dropped=True)),
    }
    if what in faults:
        deployment.kv.inject("PUT", faults[what])
    elif what == "slow":
        deployment.namespace.delay = random.uniform(0.1, 0.4)
    else:
        deployment.processes.kill_store()
    return what


def test_no_location_ever_tells_a_mixed_config_or_one_older_than_the_bound(workerd: Path) -> None:
    over, random = Event(), Random(0)
    done: list[str] = []
    with FlagDeployment(OPTIONS, LOCATIONS, clock=RealClock()) as deployment:
        writer = Writer(deployment, over)
        readers = [Reader(deployment, over, location) for location in range(LOCATIONS)]
        pulse = deployment.pulse()
        for thread in (writer, *readers):
            thread.start()
        try:
            until = time.monotonic() + SECONDS
            while time.monotonic() < until or done.count("kill") < 3 or sum(len(one.told) for one in readers) <= 100:
                time.sleep(random.uniform(0.05, 0.3))
                done.append(trouble(deployment, random))
                time.sleep(random.uniform(0.0, 0.3))
                # At most F failures in a row are what the bound allows for: the next trouble waits for a success.
                deployment.published("a", writer.version + 1)
                deployment.namespace.delay = 0.0
        finally:
            over.set()
            for thread in (writer, *readers):
                thread.join(5)
        promised = promise(pulse.slowest)
    told = [one for reader in readers for one in reader.told]
    assert [one for one in told if one.mixed] == []
    assert [error for reader in readers for error in reader.failed] == []
    assert writer.failed is None
    found = {one.property: one for one in check_history(history(writer, told), promised)}
    for name in ("never-ahead", "monotonic-reads", "bounded-staleness"):
        assert found[name].verdict is Verdict.HOLDS_TO_BOUND, found[name].reason
    late = found["bounded-staleness"].measures["certain_max_s"]
    print(
        f"{len(told)} evaluations of 3 flags, {len(writer.commits)} rounds, {done.count('kill')} kills of {len(done)} "
        f"troubles; superseded for at most {late:.2f} s, bound {promised.bound_s:g} s = {promised.formula}"
    )


def history(writer: Writer, told: list[Told]) -> list[str]:
    """What happened, in the recorded format."""
    reads = [
        {"kind": "read", "unit": "a", "invoke": one.invoke, "return": one.returned, "outcome": "ok",
         "version": one.version, "era": 0, "pop": f"p{one.location}", "reader": f"r{one.location}"}
        for one in told
    ]  # fmt: skip
    return [json.dumps(one) for one in (*writer.commits, *reads)]
