# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.runtime import NetworkError, RealRuntime, Runtime, SimulatedRuntime, Weather


def append(log: list[str], word: str) -> str:
    log.append(word)
    return word


async def two_calls(runtime: Runtime, log: list[str]) -> str:
    first = await runtime.call("first", lambda: append(log, "first"))
    second = await runtime.call("second", lambda: append(log, "second"))
    return f"{first}, {second}"


def test_an_operation_is_parked_until_the_driver_resolves_it() -> None:
    world, log = SimulatedRuntime(), list[str]()
    task = world.instance().spawn(two_calls(world.instance(), log))
    assert [op.label for op in world.pending] == ["first"]
    assert log == []
    world.resolve(world.pending[0])
    assert log == ["first"]
    world.resolve(world.pending[0])
    assert task.outcome() == "first, second"


def test_an_operation_that_was_applied_takes_effect_once_though_its_caller_hears_of_failure() -> None:
    world, log = SimulatedRuntime(), list[str]()
    task = world.instance().spawn(two_calls(world.instance(), log))
    (op,) = world.pending
    op.apply()
    op.apply()
    world.fail(op, NetworkError("broke"))
    assert log == ["first"]
    with pytest.raises(NetworkError):
        task.outcome()


def test_what_the_far_side_raises_reaches_the_caller() -> None:
    world = SimulatedRuntime()
    instance = world.instance()

    async def divide() -> float:
        return await instance.call("divide", lambda: 1 / 0)

    task = instance.spawn(divide())
    world.resolve(world.pending[0])
    with pytest.raises(ZeroDivisionError):
        task.outcome()


def test_a_killed_instance_takes_its_operations_along_but_for_orphans() -> None:
    world, log = SimulatedRuntime(), list[str]()
    dying, living = world.instance(), world.instance()
    orphan, lost = dying.call("orphan", lambda: append(log, "orphan")), dying.call("lost", lambda: append(log, "lost"))
    kept = living.call("kept", lambda: append(log, "kept"))
    world.orphan(orphan)
    dying.kill()
    assert world.pending == [orphan, kept]
    assert lost not in world.pending
    world.resolve(orphan)
    assert log == ["orphan"]


def test_a_call_starts_when_it_is_made_not_when_it_is_awaited() -> None:
    world = SimulatedRuntime()
    instance = world.instance()

    async def later() -> int:
        call = instance.call("one", lambda: 1)
        await instance.call("two", lambda: 2)
        return await call

    task = instance.spawn(later())
    first, second = world.pending
    world.resolve(first)
    world.resolve(second)
    assert task.outcome() == 1


def test_a_call_that_times_out_may_still_take_effect_later() -> None:
    world, log = SimulatedRuntime(weather=Weather(latency=(5, 5))), list[str]()
    instance = world.instance()

    async def put() -> None:
        await instance.call("put", lambda: append(log, "put"), timeout=2)

    task = instance.spawn(put())
    world.run_until(3)
    assert isinstance(task.error, TimeoutError)
    assert log == []
    world.run_until(5)
    assert log == ["put"]


@given(st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1))
def test_the_same_seed_gives_the_same_run(seed: int, refused: float, ambiguous: float) -> None:
    def run() -> list[object]:
        world, log = SimulatedRuntime(seed, Weather((0, 10), refused / 2, ambiguous / 2)), list[str]()
        tasks = [world.instance().spawn(two_calls(world.instance(), log)) for _ in range(5)]
        world.run_until(30)
        return [log, [(t.result, repr(t.error)) for t in tasks]]

    assert run() == run()


@given(st.lists(st.floats(0, 100), max_size=20))
def test_sleepers_wake_in_the_order_of_their_time(seconds: list[float]) -> None:
    world = SimulatedRuntime()
    woken: list[float] = []

    async def nap(duration: float) -> None:
        await world.instance().sleep(duration)
        assert world.now() == duration
        woken.append(duration)

    for duration in seconds:
        world.instance().spawn(nap(duration))
    world.run_until(100)
    assert woken == sorted(seconds)


def test_virtual_time_does_not_go_back() -> None:
    world = SimulatedRuntime()
    world.advance(3)
    with pytest.raises(ValueError, match="does not go back"):
        world.advance(-1)
    assert world.instance().now() == world.now() == 3


def test_the_real_runtime_runs_the_same_code() -> None:
    log: list[str] = []

    async def main() -> str:
        runtime = RealRuntime()
        before = runtime.now()
        await runtime.sleep(0)
        assert before <= runtime.now()
        return await runtime.spawn(two_calls(runtime, log))

    assert asyncio.run(main()) == "first, second"


def test_the_real_runtime_gives_up_on_a_call_that_goes_on() -> None:
    go, done = Event(), Event()

    def effect() -> None:
        go.wait()
        done.set()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await RealRuntime().call("slow", effect, timeout=0.001)
        assert not done.is_set()
        go.set()

    asyncio.run(main())
    assert done.is_set()


@pytest.mark.parametrize("steps", range(6))
def test_whoever_is_cancelled_just_when_a_call_ends_is_cancelled(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cancelled() -> bool:
        loop = asyncio.get_running_loop()
        answers = [first := loop.create_future(), loop.create_future()]
        monkeypatch.setattr(asyncio, "to_thread", lambda effect: answers.pop(0))
        runtime = RealRuntime()

        async def two_puts() -> None:
            for _ in range(2):
                await runtime.call("put", lambda: None, timeout=10)

        task = asyncio.create_task(two_puts())
        for _ in range(3):
            await asyncio.sleep(0)
        first.set_result(None)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        return task.cancelled()

    assert asyncio.run(cancelled())
