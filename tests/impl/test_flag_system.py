# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from edgeproof.impl.flags.system import FlagSystem
from edgeproof.impl.system import Setup
from tests.impl.driving import Step, play, refuses, seen

READ: Step = ("read", {"pop": 0})
ELSEWHERE: Step = ("read", {"pop": 1})
HALF: tuple[Step, ...] = ("edit", "raise_draft", "save")
PUBLISH: tuple[Step, ...] = ("fire", "put_lands")


@pytest.fixture
def system() -> Iterator[FlagSystem]:
    one = FlagSystem()
    one.start(Setup("flagship"))
    yield one
    one.close()


def started(options: Mapping[str, str]) -> FlagSystem:
    system = FlagSystem()
    system.start(Setup("flagship", options=options))
    return system


def test_a_flag_for_half_of_all_people_lets_in_who_is_in_that_half(system: FlagSystem) -> None:
    assert seen(play(system, *HALF, *PUBLISH, READ), "config", "share", "served_share", "on") == (
        1,
        1,
        (1, 0),
        (True, False),
    )


def test_and_not_who_is_in_the_other_half(system: FlagSystem) -> None:
    end = play(system, "another", *HALF, *PUBLISH, READ)
    assert seen(end, "bucket", "served_share", "on") == (1, (1, 0), (False, False))


def test_the_kill_switch_is_seen_once_a_locations_copy_has_expired(system: FlagSystem) -> None:
    play(system, *HALF, *PUBLISH, READ, "turn_off", *PUBLISH)
    assert seen(play(system, READ, ELSEWHERE), "served", "on") == ((1, 2), (True, False))
    assert seen(play(system, "tick", "tick", READ), "served", "on") == ((2, 2), (False, False))


def test_an_editor_who_has_not_seen_the_kill_switch_is_refused(system: FlagSystem) -> None:
    end = play(system, *HALF, "edit", "raise_draft", "turn_off", "save")
    assert seen(end, "config", "share", "editing") == (2, 0, False)


def test_where_replacing_is_blind_they_turn_the_flag_on_again() -> None:
    end = play(started({"update": "blind"}), *HALF, "edit", "raise_draft", "turn_off", "save")
    assert seen(end, "config", "share") == (3, 2)


def test_with_a_salt_the_next_version_lets_in_the_other_half() -> None:
    system = started({"bucketing": "salted"})
    assert play(system, *HALF, *PUBLISH, READ)["on"] == (True, False)
    end = play(system, "edit", "save", *PUBLISH, ELSEWHERE)
    assert seen(end, "served_share", "on") == ((1, 1), (True, False))


def test_without_the_attribute_that_is_hashed_chance_lets_in() -> None:
    system = started({"bucketing": "random"})
    assert play(system, *HALF, *PUBLISH, READ, "another", ELSEWHERE)["on"] == (True, False)
    assert play(system, "another", ELSEWHERE)["on"] == (True, True)


def test_a_put_that_fails_is_tried_again(system: FlagSystem) -> None:
    assert seen(play(system, *HALF, "fire", "put_fails"), "sending", "failures", "kv") == ("retry", 1, 0)
    assert seen(play(system, "tick", *PUBLISH), "sending", "failures", "kv_share") == ("idle", 0, 1)


@pytest.mark.parametrize(
    ("before", "impossible"),
    [
        (HALF, "another"),
        (("edit", "save"), "turn_off"),
        (("edit",), "edit"),
        ((), "raise_draft"),
        (("edit", "raise_draft", "raise_draft"), "raise_draft"),
        ((), "save"),
        ((), "turn_off"),
        ((), "fire"),
        ((), "put_lands"),
        ((), "put_fails"),
        ((*HALF, "fire", "put_fails"), "fire"),
    ],
)
def test_what_cannot_happen_is_said_to_be_impossible(
    system: FlagSystem, before: tuple[Step, ...], impossible: Step
) -> None:
    refuses(system, before, impossible)
