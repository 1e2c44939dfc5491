# SPDX-License-Identifier: Apache-2.0
"""Mistakes in a design are made one at a time, and whoever notices one says by what."""

from __future__ import annotations

from collections import Counter

import pytest

from edgeproof.model import Design, Expr, State, action, boolean, clock, deadline, duration, natural, option
from edgeproof.model.designs import load
from edgeproof.model.machine import count, read_design
from edgeproof.properties.evidence import Status
from edgeproof.properties.mutation.kills import judged
from edgeproof.properties.mutation.matrix import chosen
from edgeproof.properties.mutation.mutants import Mutant, mutants


class Door(Design):
    """A door that closes by itself, and counts how often it was opened."""

    most = count(3)
    D = duration(2)
    E = duration(3)
    hinge = option("good", "stiff")

    open = boolean()
    opened = natural(most)
    for_long = clock(while_=lambda s: s.open)

    @action(fair=False)
    def push(s: State) -> None:
        s.require(~s.open & (s.opened < s.most))
        s.open = True
        s.opened = s.opened + 1
        s.for_long = 0

    @action()
    def fall_shut(s: State) -> None:
        s.require(s.open & ((s.for_long >= s.D) | (s.hinge == "good")))
        s.open = False

    @deadline
    def doors_close(s: State) -> Expr:
        return ~s.open | (s.for_long <= s.D)


DOOR = mutants(read_design(Door))


def _says(*words: str) -> list[str]:
    return [one.says for one in DOOR if all(word in one.says for word in words)]


@pytest.mark.parametrize(
    "says",
    [
        "push: no `not open` in `(not open) and (opened < most)`",
        "push: `opened <= most` instead of `opened < most`",
        "push leaves for_long as it is",
        "push: 2 instead of 1",
        "push: `opened` instead of `opened + 1`",
        "push is owed a turn",
        "push never happens",
        "fall_shut: E instead of D",
        "fall_shut: stiff instead of good",
        "fall_shut is not owed a turn",
        "time may overtake doors_close",
        "for_long always runs",
        "open is True at first",
    ],
)
def test_every_kind_of_mistake_is_made(says: str) -> None:
    assert _says(says), [one.says for one in DOOR]


def test_a_mutant_has_one_mistake_and_a_name_of_its_own() -> None:
    names = Counter(one.name for one in DOOR)
    assert set(names.values()) == {1}
    (wider,) = [one for one in DOOR if one.says == "push: `opened <= most` instead of `opened < most`"]
    before, after = read_design(Door), wider.machine
    assert [repr(a.guard) for a in after.actions if a.name != "push"] == [
        repr(a.guard) for a in before.actions if a.name != "push"
    ]


def _mutant(design: str, says: str) -> Mutant:
    return next(one for one in mutants(load(design)) if one.says == says)


def test_whoever_notices_says_by_which_property_of_which_case() -> None:
    fate = judged("do_only", _mutant("do_only", "write leaves logged as it is"))
    assert fate.killed
    assert {kill.engine: kill.property for kill in fate.kills} == {
        "explore": "atomic-write",
        "prove": "atomic-write",
    }
    assert {kill.status for kill in fate.kills} == {Status.VIOLATED}


def test_time_passes_as_a_mutant_has_it() -> None:
    (late,) = [one.machine for one in DOOR if one.operator == "no-deadline"]
    assert "for_long" in repr(read_design(Door).action("tick").guard)
    assert "for_long" not in repr(late.action("tick").guard)


def test_what_only_lets_less_happen_is_noticed_by_what_is_pinned() -> None:
    fate = judged("do_only", _mutant("do_only", "restart never happens"), ["explore"])
    assert [kill.status for kill in fate.kills] == [Status.WEAKER]


def test_a_mistake_that_no_case_can_meet_changes_nothing() -> None:
    fate = judged("do_only", _mutant("do_only", "partition: no `not cut[pop]` in `partition and (not cut[pop])`"))
    assert (fate.killed, fate.apart) == (False, False)


def test_a_seed_chooses_the_sample() -> None:
    designs = ("do_only", "kv_only", "levels")
    assert chosen(designs, 20, 1) == chosen(designs, 20, 1) != chosen(designs, 20, 2)
    assert len(chosen(["do_only"], None, 0)) == len(mutants(load("do_only")))
