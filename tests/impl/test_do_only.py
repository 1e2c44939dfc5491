# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeproof.impl.alternatives.do_only import DoOnlySystem
from edgeproof.impl.system import Setup
from tests.impl.driving import Step, play, refuses, seen

READ: Step = ("read", {"pop": 1})


@pytest.fixture
def system() -> Iterator[DoOnlySystem]:
    one = DoOnlySystem()
    one.start(Setup("do_only"))
    yield one
    one.close()


def test_what_is_written_is_read_at_once_everywhere(system: DoOnlySystem) -> None:
    assert seen(play(system, "write", "acknowledge", READ), "config", "acked", "served") == (1, 1, (0, 1))


def test_while_the_object_is_down_nobody_gets_an_answer_and_nobody_can_write(system: DoOnlySystem) -> None:
    end = play(system, "write", "acknowledge", READ, "crash", READ, ("read", {"pop": 0}))
    assert seen(end, "down", "served", "failed") == (True, (0, 1), (True, True))
    refuses(system, (), "write")
    assert seen(play(system, "restart", READ), "served", "failed", "config") == ((0, 1), (True, False), 1)


def test_a_crash_loses_the_reply_and_a_retry_is_applied_once(system: DoOnlySystem) -> None:
    assert seen(play(system, "write", "crash", "restart"), "request", "acked", "config") == ("lost", 0, 1)
    assert seen(play(system, "retry"), "request", "acked", "config") == ("none", 1, 1)


def test_a_location_that_is_cut_off_is_the_only_one_that_gets_no_answer(system: DoOnlySystem) -> None:
    end = play(system, "write", ("partition", {"pop": 1}), READ, ("read", {"pop": 0}))
    assert seen(end, "failed", "served") == ((False, True), (1, 0))
    assert play(system, ("heal", {"pop": 1}), READ)["failed"] == (False, False)


@pytest.mark.parametrize(
    ("before", "impossible"),
    [
        ((), "acknowledge"),
        ((), "retry"),
        ((), "restart"),
        (("write",), "write"),
        (("write",), "retry"),
        (("crash",), "crash"),
        (("crash",), "write_refused"),
        (("write", "crash"), "retry"),
        ((), ("heal", {"pop": 0})),
        ((("partition", {"pop": 0}),), ("partition", {"pop": 0})),
    ],
)
def test_what_cannot_happen_is_said_to_be_impossible(
    system: DoOnlySystem, before: tuple[Step, ...], impossible: Step
) -> None:
    refuses(system, before, impossible)
