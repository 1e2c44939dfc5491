# SPDX-License-Identifier: Apache-2.0
"""What the exhaustive search promises, one small design per promise."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.model.expr import FALSE, TRUE, exists
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import build_kernel, build_source, kernel_parameters
from edgeproof.model.layout import TooWideError, clock_caps
from edgeproof.model.machine import (
    Design,
    DesignError,
    Instance,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    hazard,
    index_sort,
    natural,
)
from edgeproof.model.trace import replay
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.explore.engine import explore, explore_with_time, reached, search_instance
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import hull, kernel_source
from edgeproof.properties.evidence import Evidence, Verdict
from tests.properties.designs import instance, settles, state, step


def decide(at: Instance, one: Property, limits: Limits | None = None) -> Evidence:
    (found,) = explore(at, [one], kernel_source([at], [one]), limits)
    if found.witness is not None:
        replay(at.machine, found.witness)
    return found


def told(evidence: Evidence) -> list[str]:
    assert evidence.witness is not None
    return [str(event) for event in evidence.witness.events]


class Counter(Design):
    """Counts up, by one or by two."""

    most = count(10)
    x = natural(most)

    @action()
    def one(s: Any) -> None:
        s.require(s.x < s.most)
        s.x = s.x + 1

    @action()
    def two(s: Any) -> None:
        s.require(s.x + 1 < s.most)
        s.x = s.x + 2


COUNTER = instance(Counter)


# --- traces


def test_a_trace_is_a_shortest_one() -> None:
    assert len(told(decide(COUNTER, state(lambda s: s.x < 7)))) == 4
    assert told(decide(COUNTER, state(lambda s: s.x != 1))) == ["one"]
    assert told(decide(COUNTER, state(lambda s: s.x > 0))) == []


def test_a_step_property_speaks_of_two_states_and_the_action_between_them() -> None:
    never_by_two_from_six = step(lambda t: (t.before.x != 6) | (t.after.x < 8) if t.action == "two" else TRUE)
    assert told(decide(COUNTER, never_by_two_from_six)) == ["two", "two", "two", "two"]
    assert decide(COUNTER, step(lambda t: t.before.x < t.after.x)).verdict is Verdict.HOLDS_TO_BOUND


def test_what_holds_is_said_with_its_bound_and_its_counts() -> None:
    found = decide(COUNTER, state(lambda s: s.x <= s.most))
    assert found.verdict is Verdict.HOLDS_TO_BOUND
    assert found.exhaustive
    assert found.bound == "all 11 states with most=10"
    assert (found.measures["states"], found.measures["transitions"], found.measures["tested"]) == (11, 19, 11)
    assert found.fired == {"one": 10, "two": 9}


def test_all_initial_states_are_searched_from() -> None:
    class Free(Design):
        most = count(3)
        x = natural(most, initial=None)

    found = decide(instance(Free), state(lambda s: s.x < 3))
    assert found.verdict is Verdict.VIOLATED
    assert found.witness is not None
    assert found.witness.states == ({"x": 3},)
    assert decide(instance(Free), state(lambda s: s.x <= 3)).measures["states"] == 4


def test_what_is_never_put_to_the_test_is_vacuous() -> None:
    found = decide(COUNTER, state(lambda s: s.x != 99, tested=lambda s: s.x > s.most))
    assert (found.verdict, found.reason) == (
        Verdict.VACUOUS,
        "no state or step that was searched puts the property to the test",
    )
    never = step(lambda t: TRUE, tested=lambda t: t.after.x > 10)
    assert decide(COUNTER, never).verdict is Verdict.VACUOUS
    assert decide(COUNTER, settles(lambda s: s.x == 10, tested=lambda s: s.x > 10)).verdict is Verdict.VACUOUS


def test_which_states_a_search_meets_can_be_asked() -> None:
    even = instance(Counter).with_(most=4)
    source = kernel_source([even], [state(lambda s: s.x < 9)])
    assert reached(even, source, [{"x": 4}, {"x": 7}]) == [True, False]
    assert reached(even, source, [{"x": 1}, {"x": 4}], Limits(depth=1)) == [True, None]


# --- limits


def test_more_initial_states_than_a_search_holds_are_not_listed() -> None:
    class Free(Design):
        Pop = index_sort("Pop", 10)
        most = count(9)
        x = natural(most, initial=None, over=Pop)
        c = clock()

    one = state(lambda s: exists(s.Pop, lambda p: s.x[p] <= 9))
    at = instance(Free)
    source = kernel_source([at], [one])
    for found in (decide(at, one), *explore_with_time(at, [one], source)):
        assert found.verdict is Verdict.UNKNOWN
        assert found.reason.startswith("a run may begin in 10,000,000,000 states")
    with pytest.raises(DesignError, match="a run may begin in"):
        search_instance(at, source, Limits())
    assert reached(at, source, [next(initial_states(at))]) == [None]


def test_a_search_that_stops_early_says_how_far_it_came_and_decides_no_liveness() -> None:
    held = decide(COUNTER, state(lambda s: s.x < 9), Limits(depth=3))
    assert (held.verdict, held.exhaustive) == (Verdict.HOLDS_TO_BOUND, False)
    assert held.bound.startswith("every run of up to 3 steps, 7 states")
    stopped = decide(COUNTER, settles(lambda s: s.x == 10), Limits(depth=3))
    assert stopped.verdict is Verdict.UNKNOWN
    assert stopped.reason == "liveness needs the whole state graph; the search stopped at 7 states, 3 steps deep"


def test_a_limit_on_states_lets_the_level_end_in_which_it_is_passed() -> None:
    found = decide(COUNTER, state(lambda s: s.x < 99), Limits(states=4))
    assert (found.measures["states"], found.measures["depth"]) == (5, 2)


def test_a_violation_within_the_limit_is_found() -> None:
    assert told(decide(COUNTER, state(lambda s: s.x < 6), Limits(depth=3))) == ["two", "two", "two"]
    assert decide(COUNTER, state(lambda s: s.x < 7), Limits(depth=3)).verdict is Verdict.HOLDS_TO_BOUND


# --- ranges and room


class Leaky(Design):
    """A counter without a guard."""

    most = count(2)
    x = natural(most)

    @action()
    def up(s: Any) -> None:
        s.x = s.x + 1


def test_a_variable_that_leaves_its_range_makes_the_verdict_unknown_and_is_named() -> None:
    found = decide(instance(Leaky), state(lambda s: s.x < 99))
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason == "x left its declared range: give the search larger sizes"
    assert not found.exhaustive


def test_a_violation_found_before_a_range_is_left_counts() -> None:
    assert told(decide(instance(Leaky), state(lambda s: s.x < 2))) == ["up", "up"]


def test_liveness_is_unknown_where_a_range_is_left() -> None:
    found = decide(instance(Leaky), settles(lambda s: s.x == 1))
    assert found.verdict is Verdict.UNKNOWN


def test_a_negative_natural_is_out_of_range_in_a_kernel_as_well() -> None:
    class Down(Design):
        most = count(2)
        x = natural(most)

        @action()
        def down(s: Any) -> None:
            s.x = s.x - 1

    assert decide(instance(Down), state(lambda s: TRUE)).reason.startswith("x left its declared range")


def test_an_array_too_wide_for_a_word_is_refused() -> None:
    class Wide(Design):
        Pop = index_sort("Pop", 40)
        most = count(3)
        x = natural(most, over=Pop)

    with pytest.raises(TooWideError, match="x needs 40 x 2 bits, more than a word's 62"):
        build_source(instance(Wide))


def test_many_variables_take_several_words() -> None:
    class Many(Design):
        Pop = index_sort("Pop", 20)
        most = count(7)
        x = natural(most, over=Pop)
        y = natural(most, over=Pop)
        z = boolean()

        @action(p=Pop)
        def fill(s: Any, p: Any) -> None:
            s.require(~s.z)
            s.x[p] = s.most
            s.y[p] = 1
            s.z = True

    at = instance(Many)
    source = build_source(at)
    assert source.words == 2
    kernel = build_kernel(source, at)
    full: dict[str, Any] = {"x": (7,) * 20, "y": tuple(range(8)) * 2 + (1, 2, 3, 4), "z": True}
    assert kernel.unpack(kernel.pack(full)) == full
    assert decide(at, state(lambda s: TRUE)).measures["states"] == 21


def test_a_kernel_refuses_an_instance_that_it_has_no_room_for_or_was_not_made_for() -> None:
    class Sized(Design):
        Pop = index_sort("Pop", 2)
        most = count(3)
        wait = duration(1)
        x = natural(most, over=Pop)
        c = clock()

        @action()
        def late(s: Any) -> None:
            s.require(s.c > s.wait)

    at = instance(Sized)
    source = build_source(at)
    for larger, what in ({"most": 4}, "x"), ({"Pop": 3}, "x"), ({"wait": 9}, "c"):
        with pytest.raises(DesignError, match=f"{what} needs"):
            kernel_parameters(source, at.with_(**larger))
    with pytest.raises(DesignError, match="this kernel was made for most=3, not for 2"):
        kernel_parameters(build_source(at, fixed=["most"]), at.with_(most=2))


# --- clocks


class Kettle(Design):
    """Boils after a while."""

    wait = duration(3)
    boiled = boolean()
    on = clock()

    @action()
    def boil(s: Any) -> None:
        s.require(s.on >= s.wait)
        s.boiled = True

    @action(fair=False)
    def restart(s: Any) -> None:
        s.on = 0


def test_clocks_are_cut_off_just_above_what_they_are_compared_with() -> None:
    at = instance(Kettle)
    assert clock_caps(at) == {"on": 4}
    found = decide(at, state(lambda s: ~s.boiled))
    assert told(found) == ["tick", "tick", "tick", "boil"]
    assert found.measures["states"] == 2 * 5
    assert found.assumptions == ("time advances in whole ticks",)


@pytest.mark.parametrize(
    "reached_late",
    [
        lambda s: s.on + 2 > 5,
        lambda s: s.on - 1 >= 3,
        lambda s: 5 < s.on + s.wait - 1,
        lambda s: (s.on >= 4) | (s.on + s.wait < 3),
    ],
)
def test_a_clock_in_a_sum_is_not_cut_off_too_early(reached_late: Any) -> None:
    found = decide(instance(Kettle), state(lambda s: ~reached_late(s)))
    assert found.verdict is Verdict.VIOLATED
    assert told(found) == ["tick"] * 4


def test_a_comparison_with_no_known_largest_value_is_refused() -> None:
    class Two(Design):
        first = clock()
        second = clock()
        wait = duration(1)

    s: Any = instance(Two).machine.state()
    for compared in (s.first <= s.second, s.wait - s.first <= 1, s.first * 2 <= s.wait):
        with pytest.raises(DesignError):
            clock_caps(instance(Two), [compared])


def test_a_deadline_makes_an_action_urgent() -> None:
    class Urgent(Design):
        wait = duration(2)
        done = boolean()
        since = clock(while_=lambda s: ~s.done)

        @action()
        def finish(s: Any) -> None:
            s.done = True

        @deadline
        def in_time(s: Any) -> Any:
            return s.since <= s.wait

    at = instance(Urgent)
    assert decide(at, state(lambda s: s.since <= s.wait)).verdict is Verdict.HOLDS_TO_BOUND
    assert decide(at, settles(lambda s: s.done)).verdict is Verdict.HOLDS_TO_BOUND


# --- one kernel for several instances


class Slots(Design):
    """Tokens that are put in slots, and hazards that take them out."""

    Slot = index_sort("Slot", 3)
    tokens = count(3)
    full = boolean(over=Slot)
    left = natural(tokens, initial=0)
    idle = clock()
    patience = duration(1)

    @action(k=Slot)
    def put(s: Any, k: Any) -> None:
        s.require(~s.full[k] & (s.left < s.tokens))
        s.full[k] = True
        s.left = s.left + 1
        s.idle = 0

    @hazard(k=Slot)
    def steal(s: Any, k: Any) -> None:
        s.require(s.full[k] & (s.idle > s.patience))
        s.full[k] = False


def test_a_kernel_made_for_many_instances_gives_what_one_made_for_each_gives() -> None:
    first = instance(Slots)
    instances = [
        first.with_(Slot=n, tokens=t, patience=p, steal=h)
        for n, t, p, h in ((1, 1, 0, False), (2, 3, 1, True), (3, 2, 1, True), (3, 3, 2, False))
    ]
    asked = [
        state(lambda s: s.left < 2, name="few"),
        step(lambda t: t.before.left <= t.after.left, name="up"),
        settles(lambda s: exists(s.Slot, lambda k: s.full[k]), name="filled"),
    ]
    shared = kernel_source(instances, asked)
    assert hull(instances).values == first.with_(Slot=3, tokens=3, patience=2).values
    for at in instances:
        alone = kernel_source([at], asked)
        for one, other in zip(explore(at, asked, shared), explore(at, asked, alone), strict=True):
            assert (one.verdict, one.measures, one.witness, one.fired) == (
                other.verdict,
                other.measures,
                other.witness,
                {**dict.fromkeys(one.fired, 0), **other.fired},
            )


def test_a_design_without_actions_stays_where_it_is() -> None:
    class Still(Design):
        on = boolean()

    at = instance(Still)
    assert decide(at, state(lambda s: ~s.on)).measures == {"states": 1, "transitions": 0, "depth": 1, "tested": 1}
    assert decide(at, settles(lambda s: s.on)).verdict is Verdict.VIOLATED


def test_the_false_property_is_violated_at_once() -> None:
    assert told(decide(COUNTER, state(lambda s: FALSE))) == []
