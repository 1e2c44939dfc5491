# SPDX-License-Identifier: Apache-2.0
"""A cover takes every transition of a bounded instance on a system, and whoever does otherwise is caught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import MAY, ActionUnknown, Observation, Setup
from edgeproof.model.designs import load
from edgeproof.model.expr import TRUE, Expr
from edgeproof.model.machine import Design, Instance, State, action, boolean, count, hazard, index_sort, natural
from edgeproof.model.trace import replay
from edgeproof.properties.check import check
from edgeproof.properties.engines.cover.chart import Chart, ways
from edgeproof.properties.engines.cover.engine import NOT_TAKEN, cover
from edgeproof.properties.engines.cover.tours import tours
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.fuzz.cover import EVERY_ACTION
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.replay import replay_on
from edgeproof.properties.verify import Plan
from tests.impl.mutants import MUTANTS, Mutant
from tests.properties.designs import instance, state

LARGE = ("drop-the-version-guard", "guard-ignores-the-era")
"""What only shows where there are more than 40,000 transitions; runs at random find these, too."""


class Doors(Design):
    """Visitors who come and go, a counter that nobody has to read, and a door that may jam, once and for all."""

    Visitor = index_sort("Visitor", 2, "who comes and goes")
    most = count(2, "how often the counter is read")

    inside = boolean(over=Visitor)
    readings = natural(most)
    jammed = boolean()

    @action(visitor=Visitor)
    def come(s: State, visitor: Expr) -> None:
        """A visitor comes in."""
        s.require(~s.inside[visitor] & ~s.jammed)
        s.inside[visitor] = True

    @action(visitor=Visitor)
    def go(s: State, visitor: Expr) -> None:
        """And leaves."""
        s.require(s.inside[visitor] & ~s.jammed)
        s.inside[visitor] = False

    @action(fair=False)
    def look(s: State) -> None:
        """Somebody reads the counter."""
        s.require(s.readings < s.most)
        s.readings = s.readings + 1

    @hazard()
    def jam(s: State) -> None:
        """The door no longer opens."""
        s.require(~s.jammed)
        s.jammed = True

    @action()
    def knock(s: State) -> None:
        """Whoever is at a jammed door."""
        s.require(s.jammed)


class House:
    """Does what `Doors` says, and keeps a record of what it was in and what happened then."""

    def __init__(self) -> None:
        self.record: set[tuple[object, ...]] = set()

    def start(self, setup: Setup) -> None:
        self.inside, self.readings, self.jammed = [False] * setup.sizes["Visitor"], 0, False

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        self.record.add((tuple(self.inside), self.readings, self.jammed, action, *arguments.values()))
        getattr(self, action)(**arguments)

    def observe(self) -> Observation:
        return {"inside": tuple(self.inside), "readings": self.readings, "jammed": self.jammed}

    def close(self) -> None:
        pass

    def come(self, visitor: int) -> None:
        self.inside[visitor] = True

    def go(self, visitor: int) -> None:
        self.inside[visitor] = False

    def look(self) -> None:
        self.readings += 1

    def jam(self) -> None:
        self.jammed = True

    def knock(self) -> None:
        pass


class NeverJams(House):
    """A house whose door cannot be made to jam."""

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        if action == "jam":
            raise ActionUnknown(action)
        super().perform(action, arguments)


class Tires(House):
    """A house that lets nobody in any more once nine have come, and may have gone again."""

    def start(self, setup: Setup) -> None:
        super().start(setup)
        self.came = 0

    def come(self, visitor: int) -> None:
        self.came += 1
        self.inside[visitor] = self.came < 9


def searched(at: Instance) -> Mapping[str, Any]:
    """What `explore` counts."""
    anything = state(lambda s: TRUE)
    return explore(at, [anything], kernel_source([at], [anything]))[0].measures


def least_steps(source: list[int], target: list[int]) -> tuple[int, int]:
    """How many runs from state 0, and steps in all, take every edge."""
    labels = np.zeros(len(source), dtype=np.int64)
    chart = Chart(np.array(source), np.array(target), labels, np.array([0]), max(*source, *target) + 1)
    able = np.ones(len(source), dtype=np.bool_)
    found = tours(chart, able, ways(chart, able, chart.roots))
    assert {edge for tour in found for edge in tour.edges} == set(range(len(source)))
    for tour in found:
        passed = [0, *(target[edge] for edge in tour.edges)]
        assert passed[:-1] == [source[edge] for edge in tour.edges]
    return len(found), sum(len(tour.edges) for tour in found)


# --- the plan


@pytest.mark.parametrize(
    ("source", "target", "least"),
    [
        ([0, 0], [0, 0], (1, 2)),
        ([0, 1, 2], [1, 2, 0], (1, 3)),
        ([0, 1, 1], [1, 2, 3], (2, 4)),  # a fork: the way to it is gone twice
        ([0, 0, 1, 2, 3], [1, 2, 3, 3, 0], (1, 5)),  # a diamond with a way back
        ([0, 0, 1, 2, 3], [1, 2, 3, 3, 4], (2, 5)),  # the same without
        ([0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 1], (1, 6)),
    ],
)
def test_the_plan_takes_every_edge_in_the_fewest_steps(
    source: list[int], target: list[int], least: tuple[int, int]
) -> None:
    assert least_steps(source, target) == least


# --- all of it


def test_every_transition_that_the_search_counts_is_taken() -> None:
    at, house = instance(Doors, jam=True), House()
    found = cover(at, lambda: house)
    assert found.verdict is Verdict.HOLDS_TO_BOUND
    assert found.bound.startswith("all 64 transitions of 24 states, in ")
    assert len(house.record) == found.measures["taken"] == found.measures["transitions"] == 64
    assert searched(at)["transitions"] == 64
    assert searched(at)["states"] == found.measures["states"] == 24


def test_every_transition_of_the_pattern_is_taken_on_the_reference() -> None:
    at = Instance.of(load("do_kv"), Pop=1, Put=1, writes=1, crash=True)
    counted = searched(at)["transitions"]
    found = cover(at, ReferenceSystem)
    assert (found.verdict, found.measures["taken"]) == (Verdict.HOLDS_TO_BOUND, counted)
    assert found.measures["steps"] == sum(found.fired.values()) >= counted
    assert found.fired["crash"] > 0


def test_too_many_transitions_and_a_variable_that_leaves_its_range_are_not_driven() -> None:
    many = cover(instance(Doors, jam=True), House, most=63)
    assert (many.verdict, many.measures["taken"]) == (Verdict.UNKNOWN, 0)
    assert many.reason.startswith("there are 64 transitions, and 63 are driven at most: choose smaller numbers")

    class Leaky(Doors):
        @action()
        def count_on(s: State) -> None:
            """The counter has no end."""
            s.readings = s.readings + 1

    left = cover(instance(Leaky), House)
    assert (left.verdict, left.left_range) == (Verdict.UNKNOWN, "readings")


def test_a_system_that_cannot_be_set_up_is_undecided_and_closed() -> None:
    class Ruin(House):
        closed = False

        def start(self, setup: Setup) -> None:
            raise ValueError("nobody lives here")

        def close(self) -> None:
            self.closed = True

    ruin = Ruin()
    found = cover(instance(Doors), lambda: ruin)
    assert (found.verdict, ruin.closed) == (Verdict.UNKNOWN, True)
    assert found.reason == "the system cannot be set up: ValueError: nobody lives here"


def test_runs_at_random_say_how_many_of_all_transitions_they_took_where_all_were_searched() -> None:
    asked: dict[str, Any] = {"properties": [state(lambda s: s.readings <= s.most)], "system": House, "jam": True}
    both = check(Doors, plan=Plan(engines=("explore", "fuzz"), examples=10, steps=24), **asked).of(EVERY_ACTION)
    measures = both.evidence[0].measures
    assert measures["reachable"] == 64
    assert f", {measures['transitions']} of 64 transitions in " in both.evidence[0].bound
    alone = check(Doors, plan=Plan(engines=("fuzz",), examples=10, steps=24), **asked).of(EVERY_ACTION)
    assert alone.evidence[0].measures == {name: n for name, n in measures.items() if name != "reachable"}


# --- part of it


def test_what_the_system_cannot_perform_is_listed_and_the_rest_is_taken() -> None:
    house = NeverJams()
    found = cover(instance(Doors, jam=True), lambda: house)
    assert (found.verdict, found.withheld) == (Verdict.HOLDS_TO_BOUND, ("jam",))
    left = {name.removeprefix(NOT_TAKEN): n for name, n in found.measures.items() if name.startswith(NOT_TAKEN)}
    assert left == {"jam": 12, "knock": 12, "look": 8}
    assert len(house.record) == found.measures["taken"] == 64 - 12 - 12 - 8


# --- mistakes


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if one.name not in LARGE], ids=lambda one: one.name)
def test_a_broken_reference_is_caught_by_a_shortest_trace(mutant: Mutant) -> None:
    setup = mutant.setup
    one_place: dict[str, Any] = {
        "Pop": 1,
        "Put": 1,
        **setup.options,
        **dict.fromkeys(setup.hazards, True),
        **setup.numbers,
    }
    found = cover(Instance.of(load("do_kv"), **one_place), mutant.system)
    assert found.verdict is Verdict.VIOLATED
    trace = found.witness
    assert trace is not None
    # To serve an expired copy takes two cycles of publishing, a read in each, and T + 1 ticks.
    assert len(trace.events) <= 12
    replay(load("do_kv"), trace)
    broken, sound = replay_on(trace, mutant.system()), replay_on(trace, ReferenceSystem())
    assert (broken.mismatch != "", broken.confirmed) == (True, True)
    assert (sound.completed, sound.mismatch) == (True, "")


def test_what_the_system_takes_to_be_possible_is_compared_where_nothing_is_any_more() -> None:
    class Fuse(Design):
        burnt = boolean()

        @action()
        def burn(s: State) -> None:
            """Once."""
            s.require(~s.burnt)
            s.burnt = True

    class Relit(House):
        def start(self, setup: Setup) -> None:
            self.burnt = False

        def observe(self) -> Observation:
            return {"burnt": self.burnt, f"{MAY}burn": True}

        def perform(self, action: str, arguments: Mapping[str, int]) -> None:
            self.burnt = True

    found = cover(instance(Fuse), Relit)
    assert (found.verdict, found.reason) == (
        Verdict.VIOLATED,
        "after burn: burn can happen in the system, and not in the model",
    )


def test_a_mistake_that_no_shortest_way_shows_is_caught_where_a_run_comes_to_it() -> None:
    found = cover(instance(Doors), Tires)
    assert found.verdict is Verdict.VIOLATED
    assert found.witness is not None
    happened = Counter(event.action for event in found.witness.events)
    assert (happened["come"], happened["look"]) == (9, 0)
    assert replay_on(found.witness, Tires(), Doors).confirmed is True
    assert replay_on(found.witness, House(), Doors).completed
