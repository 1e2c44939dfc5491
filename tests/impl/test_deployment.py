# SPDX-License-Identifier: Apache-2.0
"""The parts together, on the simulated runtime in bad weather and on the real one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.replicator import Backoff, Timing
from edgeproof.impl.durable.store import WriteResult
from edgeproof.impl.edge.centre import SqliteCentre
from edgeproof.impl.pattern.deployment import Choices, Location, boot
from edgeproof.impl.runtime import NetworkError, RealRuntime, SimulatedRuntime, Weather
from edgeproof.impl.snapshot import Snapshot

CHOICES = Choices(reader="guarded", timing=Timing(put_timeout=3, retry=Backoff(1, 4)))


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_when_writes_stop_and_the_weather_clears_every_location_reaches_the_last_config(seed: int, writes: int) -> None:
    world = SimulatedRuntime(seed, Weather(latency=(0, 5), refused=0.3, ambiguous=0.2))
    connection, kv = connect(), CHOICES.namespace(world)
    edge = [Location(CHOICES, world.instance(), kv) for _ in range(2)]
    unit = boot(CHOICES, world.instance(), connection, kv)
    unit.runtime.spawn(unit.alarms.run(poll=1))
    for number in range(1, writes + 1):
        unit.runtime.spawn(unit.front.write(WriteRequest({"n": number}, "ann"), lambda result: None))
        world.run_until(world.time + 2)
    unit.runtime.kill()  # type: ignore[attr-defined]
    world.weather = Weather()
    successor = boot(CHOICES, world.instance(), connection, kv)
    successor.runtime.spawn(successor.alarms.run(poll=1))
    # Ten seconds cover a lease and the retry after it; a minute is what a cached copy may add.
    world.run_until(world.time + 10 + 61)
    for location in edge:
        task = world.instance().spawn(location.reader.read())
        world.run_until(world.time)
        assert task.outcome() == Snapshot(writes, 0, {"n": writes})


def test_the_real_runtime_runs_the_same_parts(tmp_path: Path) -> None:
    async def main() -> tuple[Snapshot, list[WriteResult]]:
        runtime, replies = RealRuntime(), list[WriteResult]()
        kv = CHOICES.namespace(runtime, SqliteCentre(tmp_path / "kv.sqlite"))
        unit = boot(CHOICES, runtime, connect(tmp_path / "unit.sqlite"), kv)
        await unit.front.write(WriteRequest({"n": 1}, "ann"), replies.append)
        assert unit.alarms.due()
        await unit.alarms.fire()
        assert unit.store.alarm() is None
        return await Location(CHOICES, runtime, kv).reader.read(), replies

    assert asyncio.run(main()) == (Snapshot(1, 0, {"n": 1}), [WriteResult(1)])


def test_evicting_an_isolate_keeps_the_locations_cache() -> None:
    world = SimulatedRuntime()
    kv = CHOICES.namespace(world)
    location = Location(CHOICES, world.instance(), kv)
    kv.put("config", b'{"version":1,"era":0,"config":{}}')
    world.instance().spawn(location.reader.read())
    world.run_until(0)
    before = location.reader
    location.evict()
    assert location.reader is not before
    assert location.reader.kept is None
    assert "config" in location.cache.copies


def test_each_unit_has_its_own_key_and_leaves_the_others_alone() -> None:
    world = SimulatedRuntime()
    kv = CHOICES.namespace(world)
    units = [boot(evolve(CHOICES, key=key), world.instance(), connect(), kv) for key in ("config:1", "config:2")]
    units[0].store.write({"n": 1}, actor="ann")
    units[0].runtime.spawn(units[0].alarms.fire())
    world.run_until(0)
    assert kv.read_centre("config:1") is not None
    assert kv.read_centre("config:2") is None
    assert not units[1].alarms.due()


def test_a_put_of_a_superseded_instance_lands_after_a_newer_one() -> None:
    world = SimulatedRuntime()
    choices = evolve(CHOICES, limits=evolve(CHOICES.limits, write_spacing=0))
    connection, kv = connect(), choices.namespace(world)
    old = boot(choices, world.instance(), connection, kv)
    old.store.write({"n": 1}, actor="ann")
    old.runtime.spawn(old.alarms.fire())
    (zombie,) = world.pending
    world.orphan(zombie)
    old.runtime.kill()  # type: ignore[attr-defined]
    new = boot(choices, world.instance(), connection, kv)
    new.store.write({"n": 2}, actor="ann")
    new.runtime.spawn(new.alarms.fire())
    world.resolve(world.pending[1])
    world.resolve(zombie)
    entry = kv.read_centre("config")
    assert entry is not None
    assert b'"version":1' in entry.value
    assert new.store.alarm() is None, "nothing will put it right"


def test_a_call_that_fails_in_bad_weather_fails_for_the_caller_only() -> None:
    world = SimulatedRuntime(weather=Weather(ambiguous=1))
    kv = CHOICES.namespace(world)
    instance = world.instance()

    async def put() -> None:
        await instance.call("kv.put", lambda: kv.put("k", "v"))

    task = instance.spawn(put())
    world.run_until(0)
    assert isinstance(task.error, NetworkError)
    assert kv.read_centre("k") is not None


def test_only_the_two_publishers_are_accepted() -> None:
    with pytest.raises(ValueError, match="outbox or inline"):
        Choices(publisher="pigeon")
