# SPDX-License-Identifier: Apache-2.0
"""The platform loses an alarm: a bare object on the pinned runtime shows when, and the deployed Worker gets over it.

All of it is on the real clock, and the alarms are lost by the runtime itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.snapshot import from_kv
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import PATIENCE, Client, asked
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Edits, Processes
from edgeproof.impl.workerd.runtime import Workerd, scratch_directory

pytestmark = pytest.mark.xdist_group("workerd-anomalies")

# --- a bare object

BARE = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (path = "/", writable = true)),
    (name = "internet", network = (allow = [])) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ] );
const worker :Workerd.Worker = (
  modules = [(name = "alarm_chain.js", esModule = embed "alarm_chain.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Chain", uniqueKey = "chain", enableSql = true, preventEviction = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "CHAIN", durableObjectNamespace = "Chain")] );
"""
CHAINS = 8
PUNCTUAL = 100
"""Alarms of a chain that fired in their millisecond."""


class Chains:
    """Objects whose alarms each arm the next one."""

    def __init__(self, directory: Path) -> None:
        (directory / "alarm_chain.js").write_bytes(Path(__file__).with_name("alarm_chain.js").read_bytes())
        (directory / "bare.capnp").write_text(BARE, encoding="utf-8")
        (directory / "disk").mkdir()
        self.process = Workerd(directory / "bare.capnp", disks={"disk": directory / "disk"}, externals={})
        self.process.start()

    def ask(self, chain: str, act: str = "told") -> Any:
        return asked(Client(self.process.ports["http"], {}).get(f"/{chain}/{act}"))


@pytest.fixture
def chains(workerd: Path) -> Iterator[Chains]:
    # In memory: waiting for a disk makes alarms late.
    with scratch_directory() as directory:
        one = Chains(Path(directory))
        yield one
        one.process.kill()


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def stalls(chains: Chains, name: str) -> bool:
    """Whether the chain's alarm is set, in the past, and does not fire in half a second."""
    before = chains.ask(name)
    time.sleep(0.5)
    after = chains.ask(name)
    return bool(before["alarm"] == after["alarm"] and after["alarm"] <= after["now"] - 500)


def goes_on(chains: Chains, name: str) -> bool:
    """Whether a good number of alarms were set in the millisecond that the last one was set for."""
    return bool(chains.ask(name)["punctual"] > PUNCTUAL)


def test_an_alarm_that_is_set_for_the_millisecond_of_the_one_that_runs_never_fires(chains: Chains) -> None:
    names = [f"chain-{n}" for n in range(CHAINS)]
    for name in names:
        chains.ask(name, "arm/0")
    for name in names:
        eventually(partial(stalls, chains, name), "the runtime loses no alarm any more")
        told = chains.ask(name)
        assert told["alarm"] == told["fired"]


def test_one_that_is_set_for_a_millisecond_later_always_fires(chains: Chains) -> None:
    names = [f"chain-{n}" for n in range(CHAINS)]
    for name in names:
        chains.ask(name, "arm/1")
    for name in names:
        eventually(partial(goes_on, chains, name), "the chain has stalled")


def test_a_lost_alarm_stays_lost_over_a_restart_and_one_for_another_time_fires(chains: Chains) -> None:
    chains.ask("one", "arm/0")
    eventually(partial(stalls, chains, "one"), "the runtime loses no alarm any more")
    chains.process.restart()
    assert stalls(chains, "one")
    chains.ask("one", "arm/1")
    eventually(partial(goes_on, chains, "one"), "it was lost again")


# --- the Worker

S = 1.0
"""Seconds that an alarm may be late here."""
HEARTBEAT: dict[str, str | float] = {"sync_delay": S, "repair": "heartbeat", "heartbeat": 60}


class Unit:
    """A unit of the deployed Worker after its first write, and KV as everybody sees it."""

    def __init__(self, options: dict[str, str | float], edits: Edits | None = None, published: int = 1) -> None:
        clock = SuiteClock()
        self.kv = Adversary(KVNamespace(clock, limits=Limits(write_spacing=0)), clock, 0)
        self.door = Door(self.kv)
        headers = {"Authorization": "Bearer t"}
        self.processes = Processes(Bindings(options, "t"), 0, self.door.address, headers, edits)
        self.write()
        self.reaches(published)

    def write(self) -> None:
        body = {"changes": {"n": time.monotonic()}, "actor": "me"}
        assert self.processes.store.do("PUT", "/units/u/config", body).status == 200

    def read(self) -> int:
        return int(asked(self.processes.store.get("/units/u"))["version"])

    def at(self, door: str) -> Any:
        return asked(self.processes.store.do("POST", f"/_/{door}"))

    def is_overdue(self, name: str = "u") -> None:
        """Wait until the alarm is."""

        def late() -> bool:
            alarm = self.at(f"status/{name}")["alarm"]
            return alarm is not None and (time.time() - S) * 1000 > alarm

        eventually(late, "the alarm is not overdue")

    def published(self) -> int:
        entry = self.kv.namespace.read_centre("config:u")
        return 0 if entry is None else from_kv(entry.value).version

    def reaches(self, version: int) -> None:
        eventually(lambda: self.published() == version, f"KV stays at {self.published()} and the store is at {version}")

    def close(self) -> None:
        self.processes.close()
        self.door.close()


@pytest.fixture
def unit(workerd: Path) -> Iterator[Unit]:
    one = Unit(HEARTBEAT)
    yield one
    one.close()


def test_six_writes_are_published_although_the_alarm_was_lost_before_them(unit: Unit) -> None:
    unit.at("lose/u/once")
    for _ in range(5):
        unit.write()
    unit.is_overdue()
    assert (unit.at("status/u")["version"], unit.published()) == (6, 1)
    unit.write()
    unit.reaches(7)


def test_an_alarm_that_may_only_be_late_is_left_alone(workerd: Path) -> None:
    unit = Unit({**HEARTBEAT, "sync_delay": 60})
    try:
        unit.at("lose/u/once")
        set_for = unit.at("status/u")["alarm"]
        unit.write()
        unit.read()
        unit.processes.kill_store()
        unit.at("look/u")
        assert unit.at("status/u")["alarm"] == set_for
    finally:
        unit.close()


def test_a_read_of_the_object_finds_that_its_alarm_was_lost(unit: Unit) -> None:
    unit.at("lose/u/once")
    unit.write()
    unit.is_overdue()
    unit.read()
    unit.reaches(2)


def test_the_object_that_starts_finds_that_its_alarm_was_lost(unit: Unit) -> None:
    unit.at("lose/u/once")
    unit.write()
    unit.is_overdue()
    unit.processes.kill_store()
    # A door starts the object, and asks it nothing.
    unit.at("tell/u")
    unit.reaches(2)


def test_where_the_platform_loses_every_alarm_a_request_publishes(unit: Unit) -> None:
    unit.at("lose/u/always")
    unit.is_overdue()
    unit.write()
    unit.is_overdue()
    assert unit.published() == 1
    unit.write()
    unit.reaches(3)


def test_the_watchdog_publishes_what_nobody_asks_for_although_every_alarm_is_lost(workerd: Path) -> None:
    unit = Unit({**HEARTBEAT, "watchdog": "on"})
    try:
        unit.at("lose/u/always")
        unit.write()
        for _ in range(2):
            unit.is_overdue()
            assert unit.published() == 1
            unit.at("cron/all")
        unit.reaches(2)
    finally:
        unit.close()


def test_the_watchdog_knows_of_a_unit_whose_first_publication_was_lost(workerd: Path) -> None:
    unit = Unit({**HEARTBEAT, "watchdog": "on"})
    try:
        unit.at("lose/other/once")
        body = {"changes": {"n": 1}, "actor": "me"}
        assert unit.processes.store.do("PUT", "/units/other/config", body).status == 200
        unit.is_overdue("other")
        assert unit.kv.namespace.read_centre("config:other") is None
        unit.at("cron/all")
        eventually(lambda: unit.kv.namespace.read_centre("config:other") is not None, "KV has nothing")
    finally:
        unit.close()


def test_the_registry_is_told_of_a_unit_once_and_not_at_every_write(workerd: Path) -> None:
    no_unit_twice = [("INSERT OR IGNORE INTO unit", "INSERT INTO unit")]
    unit = Unit({**HEARTBEAT, "watchdog": "on"}, {"watchdog.js": no_unit_twice})
    try:
        unit.write()
        unit.reaches(2)
    finally:
        unit.close()


def test_a_watchdog_that_is_switched_off_pokes_nobody_whom_it_knows(workerd: Path) -> None:
    unit = Unit({**HEARTBEAT, "watchdog": "on"})
    try:
        config = unit.processes._store._config
        text = config.read_text(encoding="utf-8")
        on, off = (json.dumps(json.dumps({"watchdog": word}))[2:-2] for word in ("on", "off"))
        assert on in text
        config.write_text(text.replace(on, off), encoding="utf-8")
        unit.processes.kill_store()
        unit.at("lose/u/once")
        unit.is_overdue()
        lost = unit.at("status/u")["alarm"]
        unit.at("cron/all")
        assert unit.at("status/u")["alarm"] == lost
    finally:
        unit.close()


ALWAYS_AT_ONCE = [
    ("const put = this.env.KV.put(key, value, { metadata: label });", "const put = Promise.resolve();"),
    ("if (version !== published.version || era !== published.era) this.arm", "if (true) this.arm"),
    ('if (handler === "rearms") {', "if (false) {"),
]
"""A put that takes no time, a config that has always moved on, and no lease in between: every alarm sets the next."""


@pytest.mark.parametrize(
    ("edits", "stalls"),
    [
        pytest.param(ALWAYS_AT_ONCE, False, id="a millisecond later"),
        pytest.param(
            [*ALWAYS_AT_ONCE, ("Math.max(due, this.fired + 1, ", "Math.max(due, ")], True, id="for the same millisecond"
        ),
    ],
)
def test_an_alarm_of_the_handler_is_set_for_a_later_millisecond_than_the_one_that_runs(
    edits: list[tuple[str, str]], stalls: bool, workerd: Path
) -> None:
    unit = Unit({"sync_delay": 60}, {"store.js": edits}, published=0)
    try:
        fired = []
        for _ in range(8):
            fired.append(unit.at("status/u")["fired"])
            time.sleep(0.25)
        assert (fired[-1] == fired[-2]) == stalls, fired
    finally:
        unit.close()
