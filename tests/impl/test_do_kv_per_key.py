# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeproof.impl.alternatives.per_key import Part, PerKeyPublication, part_of
from edgeproof.impl.alternatives.per_key_system import DoKvPerKeySystem
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import Snapshot
from edgeproof.impl.system import Setup
from tests.impl.driving import Step, play, refuses, seen

READ: Step = ("read", {"pop": 0})
PUBLISH: tuple[Step, ...] = ("write", "acknowledge", "fire", "put_lands", "put_lands")


@pytest.fixture
def system() -> Iterator[DoKvPerKeySystem]:
    one = DoKvPerKeySystem()
    one.start(Setup("do_kv_per_key", sizes={"Pop": 1}))
    yield one
    one.close()


def test_a_write_is_published_key_by_key(system: DoKvPerKeySystem) -> None:
    assert seen(play(system, "write", "acknowledge"), "config", "acked", "alarm") == (1, 1, "sync")
    assert seen(play(system, "fire"), "alarm", "sending", "sent") == ("lease", "first", 1)
    assert seen(play(system, "put_lands"), "sending", "kv_first", "kv_second") == ("second", 1, 0)
    assert seen(play(system, "put_lands"), "sending", "kv_first", "kv_second", "alarm") == ("idle", 1, 1, "off")


def test_a_reader_between_two_puts_is_told_a_mixture(system: DoKvPerKeySystem) -> None:
    end = play(system, *PUBLISH, "write", "fire", "put_lands", READ)
    assert seen(end, "served_first", "served_second") == ((2,), (1,))


def test_a_location_keeps_the_mixture_until_the_older_copy_expires(system: DoKvPerKeySystem) -> None:
    play(system, *PUBLISH, "write", "fire", "put_lands", READ, "put_lands")
    assert seen(play(system, "tick", READ), "served_first", "served_second", "kv_second") == ((2,), (1,), 2)
    assert seen(play(system, "tick", READ), "served_first", "served_second") == ((2,), (2,))


def test_a_put_that_fails_between_two_keys_leaves_the_mixture_in_kv_until_the_next_attempt(
    system: DoKvPerKeySystem,
) -> None:
    end = play(system, *PUBLISH, "write", "fire", "put_lands", "put_fails")
    assert seen(end, "kv_first", "kv_second", "alarm", "failures") == (2, 1, "retry", 1)
    end = play(system, "tick", "fire", "put_lands", "put_lands")
    assert seen(end, "kv_first", "kv_second", "alarm", "failures") == (2, 2, "off", 0)


@pytest.mark.parametrize("fields", ["", "a", "ab", "abc"])
def test_the_puts_of_an_attempt_share_its_time_and_there_may_be_none(fields: str) -> None:
    world = SimulatedRuntime()
    instance, kv = world.instance(), KVNamespace(world)
    attempt = instance.spawn(
        PerKeyPublication("config").put(Snapshot(1, 0, dict.fromkeys(fields, 1)), kv, instance, timeout=12)  # type: ignore[arg-type]
    )
    for _ in fields:
        (put,) = instance.pending
        assert put.expires == world.now() + 12 / len(fields)
        world.advance(1)
        world.resolve(put)
    assert attempt.done


def test_a_write_during_a_publication_is_published_next(system: DoKvPerKeySystem) -> None:
    end = play(system, "write", "fire", "acknowledge", "write", "put_lands", "put_lands")
    assert seen(end, "kv_first", "kv_second", "alarm") == (1, 1, "sync")


@pytest.mark.parametrize(
    ("before", "impossible"),
    [
        ((), "acknowledge"),
        ((), "fire"),
        ((), "put_lands"),
        ((), "put_fails"),
        (("write",), "write"),
        (("write", "fire"), "fire"),
        (("write", "fire", "put_fails"), "fire"),
        ((), ("heal", {"pop": 0})),
    ],
)
def test_what_cannot_happen_is_said_to_be_impossible(
    system: DoKvPerKeySystem, before: tuple[Step, ...], impossible: Step
) -> None:
    refuses(system, before, impossible)


def test_a_key_that_is_absent_has_no_value_and_one_that_holds_something_else_is_refused() -> None:
    assert part_of(None) == Part(0, None)
    assert part_of(KVEntry(b'{"version":3,"value":null}', None, 0.0)) == Part(3, None)
    for value in (b"{}", b"[]", b"no JSON", b"3"):
        with pytest.raises(ValueError, match="not a published field"):
            part_of(KVEntry(value, None, 0.0))
