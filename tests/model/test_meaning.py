# SPDX-License-Identifier: Apache-2.0
"""What a design means: assignments one after the other, conditions, quantifiers, clocks, ranges."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from edgeproof.model.expr import exists, for_all, implies, ite
from edgeproof.model.interpret import (
    Event,
    NotEnabledError,
    OutOfRangeError,
    State,
    apply,
    evaluate,
    initial_count,
    initial_state,
    initial_states,
    successors,
)
from edgeproof.model.layout import clock_caps
from edgeproof.model.machine import (
    Design,
    Instance,
    action,
    after,
    boolean,
    clock,
    count,
    deadline,
    duration,
    each,
    enum,
    hazard,
    index_sort,
    natural,
    read_design,
    specialise,
)


def run(instance: Instance, *events: Event | str) -> State:
    """The state after some events; a name stands for an event without arguments."""
    state: State = next(initial_states(instance))
    for event in events:
        state = apply(instance, state, Event(event) if isinstance(event, str) else event)
    return state


class Shop(Design):
    """Assignments in every form."""

    Pop = index_sort("Pop", 3)
    most = count(9)
    x = natural(most)
    y = natural(most, initial=5)
    on = boolean()
    light = enum("red", "green", "blue")
    stock = natural(most, over=Pop)
    best = boolean(over=Pop)

    @action()
    def swap(s: Any) -> None:
        s.x, s.y = s.y, s.x

    @action()
    def twice(s: Any) -> None:
        s.x = s.x + 1
        s.x = s.x + s.x

    @action()
    def branch(s: Any) -> None:
        with s.when(s.x == 0):
            s.x = 7
            s.light = "green"
            with s.when(s.on):
                s.light = "blue"
        with s.otherwise():
            s.x = 0

    @action()
    def require_after(s: Any) -> None:
        s.x = s.x + 2
        s.require(s.x == 2)

    @action()
    def require_inside(s: Any) -> None:
        with s.when(s.on):
            s.require(s.x > 0)
        s.y = 0

    @action()
    def always(s: Any) -> None:
        with s.when(True):
            s.x = 1
        with s.otherwise():
            s.x = 2

    @action(p=Pop, q=Pop)
    def move(s: Any, p: Any, q: Any) -> None:
        s.stock[p] = s.stock[p] + 1
        s.stock[q] = s.stock[q] + 3

    @action()
    def fill(s: Any) -> None:
        each(s.stock, lambda p: s.stock[p] + 2)
        each(s.best, lambda p: for_all(s.Pop, lambda q: s.stock[q] <= s.stock[p]))

    @action(p=Pop)
    def fill_but_one(s: Any, p: Any) -> None:
        each(s.stock, lambda q: 4)
        s.stock[p] = 1
        s.x = ite(exists(s.Pop, lambda q: s.stock[q] == 1), 1, 2)

    @action()
    def flip(s: Any) -> None:
        s.on = ~s.on

    @action()
    def nothing(s: Any) -> None:
        s.require(True)


SHOP = Instance.of(read_design(Shop))


def test_python_assigns_together_what_stands_on_one_line() -> None:
    state = run(SHOP, "swap")
    assert (state["x"], state["y"]) == (5, 0)


def test_reading_gives_the_value_after_the_assignments_so_far() -> None:
    assert run(SHOP, "twice")["x"] == 2
    assert run(SHOP, "twice", "twice")["x"] == 6


def test_when_and_otherwise_are_decided_by_the_state_before_the_block() -> None:
    first = run(SHOP, "branch")
    assert (first["x"], first["light"]) == (7, "green")
    second = run(SHOP, "branch", "branch")
    assert (second["x"], second["light"]) == (0, "green")


def test_blocks_nest() -> None:
    assert run(SHOP, "flip", "branch")["light"] == "blue"


def test_a_python_constant_is_a_condition_too() -> None:
    assert run(SHOP, "always")["x"] == 1


def test_require_speaks_of_the_state_at_its_place() -> None:
    assert run(SHOP, "require_after")["x"] == 2
    with pytest.raises(NotEnabledError, match="require_after cannot happen here: its guard is"):
        run(SHOP, "twice", "require_after")


def test_require_inside_a_block_counts_only_where_the_block_does() -> None:
    assert run(SHOP, "require_inside")["y"] == 0
    with pytest.raises(NotEnabledError):
        run(SHOP, "flip", "require_inside")


def test_two_arguments_may_be_the_same_element() -> None:
    assert run(SHOP, Event("move", (("p", 0), ("q", 2))))["stock"] == (1, 0, 3)
    assert run(SHOP, Event("move", (("p", 1), ("q", 1))))["stock"] == (0, 4, 0)


def test_each_assigns_every_element_and_later_assignments_see_it() -> None:
    state = run(SHOP, Event("move", (("p", 0), ("q", 0))), "fill")
    assert state["stock"] == (6, 2, 2)
    assert state["best"] == (True, False, False)


def test_an_element_assigned_after_each_is_the_exception() -> None:
    state = run(SHOP, Event("fill_but_one", (("p", 1),)))
    assert (state["stock"], state["x"]) == ((4, 1, 4), 1)


def test_what_an_action_does_not_assign_stays() -> None:
    assert run(SHOP, "nothing") == next(initial_states(SHOP))


def test_successors_come_in_the_order_of_declaration() -> None:
    events = [str(event) for event, _ in successors(SHOP, next(initial_states(SHOP)))]
    assert events[:5] == ["swap", "twice", "branch", "require_after", "require_inside"]
    assert events[6:9] == ["move(p=0, q=0)", "move(p=0, q=1)", "move(p=0, q=2)"]


@pytest.mark.parametrize(
    "event",
    [
        Event("move"),
        Event("move", (("p", 0),)),
        Event("move", (("p", 0), ("q", 3))),
        Event("move", (("p", -1), ("q", 0))),
        Event("swap", (("p", 0),)),
    ],
)
def test_an_event_with_the_wrong_arguments_cannot_happen(event: Event) -> None:
    with pytest.raises(NotEnabledError):
        run(SHOP, event)


# --- ranges


def test_a_natural_that_leaves_its_range_is_an_error_never_cut_off() -> None:
    small = SHOP.with_(most=5)
    with pytest.raises(OutOfRangeError, match=r"x would become 6, outside 0\.\.5 \(most\)"):
        run(small, "twice", "twice")


def test_a_natural_cannot_become_negative() -> None:
    class Down(Design):
        most = count(2)
        x = natural(most)

        @action()
        def down(s: Any) -> None:
            s.x = s.x - 1

    with pytest.raises(OutOfRangeError, match="x would become -1"):
        run(Instance.of(read_design(Down)), "down")


def test_a_first_value_outside_the_range_is_an_error() -> None:
    with pytest.raises(OutOfRangeError, match="y would become 5"):
        list(initial_states(SHOP.with_(most=4)))


def test_without_a_first_value_every_value_of_the_range_may_be_the_first() -> None:
    class Free(Design):
        Pop = index_sort("Pop", 2)
        most = count(2)
        x = natural(most, initial=None)
        up = boolean(None, over=Pop)

    free = Instance.of(read_design(Free))
    firsts = list(initial_states(free))
    assert len(firsts) == initial_count(free) == 3 * 4
    assert firsts[0] == {"x": 0, "up": (False, False)}
    assert firsts == [initial_state(free, number) for number in range(len(firsts))]


# --- quantifiers


class Ranked(Design):
    """Arrays whose elements are compared with each other."""

    Pop = index_sort("Pop", 3)
    most = count(3)
    value = natural(most, initial=None, over=Pop)
    top = boolean(over=Pop)

    @action()
    def rank(s: Any) -> None:
        each(s.top, lambda p: ~exists(s.Pop, lambda q: s.value[p] < s.value[q]))

    @action(pop_0=Pop)
    def reset(s: Any, pop_0: Any) -> None:
        s.require(exists(s.Pop, lambda q: s.value[q] > s.value[pop_0]))
        s.value[pop_0] = 0


RANKED = Instance.of(read_design(Ranked))


def test_nested_quantifiers_over_one_sort_do_not_capture_each_other() -> None:
    s: Any = RANKED.machine.state()
    all_equal = for_all(s.Pop, lambda p: for_all(s.Pop, lambda q: s.value[p] == s.value[q]))
    some_above_all = exists(s.Pop, lambda p: for_all(s.Pop, lambda q: (p == q) | (s.value[q] < s.value[p])))
    for state in initial_states(RANKED):
        values: Any = state["value"]
        assert evaluate(RANKED, all_equal, state) == (len(set(values)) == 1)
        assert evaluate(RANKED, some_above_all, state) == (sorted(values)[-1] > sorted(values)[-2])


def test_what_a_property_says_after_a_step_does_not_capture_what_the_step_assigned() -> None:
    s: Any = RANKED.machine.state()
    some_top = exists(s.Pop, lambda p: s.top[p])
    only_top = for_all(s.Pop, lambda p: implies(s.top[p], for_all(s.Pop, lambda q: s.value[q] <= s.value[p])))
    for formula in (some_top, only_top):
        later = after(formula, RANKED.machine.action("rank").post)
        for state in initial_states(RANKED):
            following = apply(RANKED, state, Event("rank"))
            assert evaluate(RANKED, later, state) == evaluate(RANKED, formula, following) is True


def test_an_argument_may_have_the_name_that_a_quantifier_would_choose() -> None:
    s: Any = RANKED.machine.state()
    formula = exists(s.Pop, lambda p: s.value[p] == 0)
    later = after(formula, RANKED.machine.action("reset").post)
    state = {"value": (2, 1, 3), "top": (False, False, False)}
    assert apply(RANKED, state, Event("reset", (("pop_0", 1),)))["value"] == (2, 0, 3)
    assert evaluate(RANKED, later, state, {"pop_0": 1})
    with pytest.raises(NotEnabledError):
        apply(RANKED, state, Event("reset", (("pop_0", 2),)))


# --- clocks


class Oven(Design):
    """A clock that always runs, one that runs while the oven is on, one per tray that runs while it is in."""

    Tray = index_sort("Tray", 2)
    longest = duration(3)
    on = boolean()
    inside = boolean(over=Tray)
    age = clock()
    heated = clock(while_=lambda s: s.on)
    baked = clock(over=Tray, while_=lambda s, t: s.inside[t])
    warm = clock(over=Tray, while_=lambda s, t: exists(s.Tray, lambda u: s.inside[u]))

    @action()
    def switch(s: Any) -> None:
        s.on = ~s.on

    @action(t=Tray)
    def put(s: Any, t: Any) -> None:
        s.inside[t] = ~s.inside[t]

    @action(t=Tray, u=Tray)
    def exchange(s: Any, t: Any, u: Any) -> None:
        s.inside[t] = False
        s.inside[u] = True

    @action()
    def restart(s: Any) -> None:
        s.age = 0

    @deadline
    def nothing_burns(s: Any) -> Any:
        return for_all(s.Tray, lambda t: s.baked[t] <= s.longest)


OVEN = Instance.of(read_design(Oven))


def put(tray: int) -> Event:
    return Event("put", (("t", tray),))


def test_time_passes_for_every_running_clock_at_once() -> None:
    state = run(OVEN, "switch", put(1), "tick", "tick")
    assert (state["age"], state["heated"], state["baked"]) == (2, 2, (0, 2))


def test_a_clock_shows_0_while_it_does_not_run() -> None:
    assert run(OVEN, "tick", "tick")["heated"] == 0
    assert run(OVEN, "switch", "tick", "switch")["heated"] == 0
    assert run(OVEN, "switch", "tick", "switch", "switch")["heated"] == 0
    assert run(OVEN, put(0), "tick", put(0), put(1), "tick")["baked"] == (0, 1)


def test_a_clock_goes_on_while_its_condition_stays_true() -> None:
    assert run(OVEN, put(0), "tick", "switch", "tick", "restart", "tick")["baked"] == (3, 0)
    same = Event("exchange", (("t", 0), ("u", 0)))
    assert run(OVEN, put(0), "tick", same)["baked"] == (1, 0)


def test_clocks_whose_condition_asks_other_elements_stop_together() -> None:
    assert run(OVEN, put(0), "tick", put(1), "tick")["warm"] == (2, 2)
    assert run(OVEN, put(0), "tick", put(0))["warm"] == (0, 0)


def test_a_clock_may_be_set_back() -> None:
    assert run(OVEN, "tick", "tick", "restart", "tick")["age"] == 1


class Relay(Design):
    """A runner takes over the time of the one before."""

    longest = duration(3)
    first = clock()
    second = clock()

    @action()
    def start(s: Any) -> None:
        s.second = 0

    @action()
    def take_over(s: Any) -> None:
        s.second = s.first

    @deadline
    def nobody_is_late(s: Any) -> Any:
        return s.second <= s.longest


def test_a_clock_may_be_set_to_what_another_shows_and_goes_on_from_there() -> None:
    relay = Instance.of(read_design(Relay))
    state = run(relay, "tick", "tick", "start", "take_over", "tick")
    assert (state["first"], state["second"]) == (3, 3)


def test_a_clock_that_another_is_set_to_is_cut_off_no_sooner_than_that() -> None:
    assert clock_caps(Instance.of(read_design(Relay))) == {"first": 4, "second": 4}


def test_time_stops_just_before_a_deadline_is_broken() -> None:
    run(OVEN, put(0), "tick", "tick", "tick")
    with pytest.raises(NotEnabledError):
        run(OVEN, put(0), "tick", "tick", "tick", "tick")
    run(OVEN, put(0), "tick", "tick", "tick", put(0), "tick")


@pytest.mark.parametrize("delay", [3, Fraction(5, 2), Fraction(1, 3)])
def test_a_tick_may_have_any_length_up_to_the_deadline(delay: int | Fraction) -> None:
    state = run(OVEN, put(0), Event("tick", (), delay))
    assert state["baked"] == (delay, 0)
    with pytest.raises(NotEnabledError):
        run(OVEN, put(0), Event("tick", (), delay), Event("tick", (), Fraction(16, 5)))


def test_a_design_without_clocks_has_no_tick() -> None:
    assert "tick" not in [one.name for one in SHOP.machine.actions]
    assert [one.name for one in OVEN.machine.actions][-1] == "tick"


# --- hazards and inheritance


class Base(Design):
    """Something that may break."""

    works = boolean(True)
    repaired = boolean()

    @hazard()
    def quake(s: Any) -> None:
        """The ground shakes."""
        s.works = False

    @hazard(under="quake")
    def aftershock(s: Any) -> None:
        s.require(~s.works)
        s.repaired = False

    @action()
    def repair(s: Any) -> None:
        """Somebody comes."""
        s.require(~s.works)
        s.works = True


class Better(Base):
    """The same with another way to repair."""

    @action()
    def repair(s: Any) -> None:
        """Somebody else comes."""
        s.works = True
        s.repaired = True


def test_a_hazard_strikes_only_where_it_is_switched_on() -> None:
    machine = read_design(Base)
    calm, shaken = Instance.of(machine), Instance.of(machine, quake=True)
    assert list(successors(calm, next(initial_states(calm)))) == []
    assert [str(event) for event, _ in successors(shaken, next(initial_states(shaken)))] == ["quake"]


def test_a_hazard_may_strike_under_the_name_of_another() -> None:
    machine = read_design(Base)
    assert "aftershock" not in machine.rigids
    after_quake = run(Instance.of(machine, quake=True), "quake")
    events = [str(event) for event, _ in successors(Instance.of(machine, quake=True), after_quake)]
    assert events == ["quake", "aftershock", "repair"]


def test_a_subclass_replaces_single_actions() -> None:
    machine = read_design(Better)
    assert [one.name for one in machine.actions] == ["quake", "aftershock", "repair"]
    assert run(Instance.of(machine), "repair")["repaired"] is True
    assert machine.action("repair").doc == "Somebody else comes."


def test_fixing_constants_leaves_out_what_they_make_impossible() -> None:
    machine = specialise(read_design(Base), {"quake": False})
    assert [one.name for one in machine.actions] == ["repair"]
