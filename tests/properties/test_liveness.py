# SPDX-License-Identifier: Apache-2.0
"""What "eventually, for ever" means: weak fairness, runs that stop, hazards that strike only finitely often."""

from __future__ import annotations

from typing import Any

from edgeproof.model.expr import for_all
from edgeproof.model.machine import (
    Design,
    Instance,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    enum,
    hazard,
    index_sort,
    natural,
)
from edgeproof.model.trace import replay
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Evidence, Verdict
from tests.properties.designs import instance, settles


def decide(at: Instance, form: Any) -> Evidence:
    one = settles(form)
    (found,) = explore(at, [one], kernel_source([at], [one]))
    return found


def lasso(evidence: Evidence, at: Instance) -> tuple[list[str], list[str]]:
    """The events before the loop, and in it."""
    assert evidence.verdict is Verdict.VIOLATED
    assert evidence.witness is not None
    trace = evidence.witness
    assert trace.loop is not None
    states = replay(at.machine, trace)
    clocks = {one.name for one in at.machine.clocks}
    first, last = states[trace.loop], states[-1]
    assert {k: v for k, v in first.items() if k not in clocks} == {k: v for k, v in last.items() if k not in clocks}
    events = [str(event) for event in trace.events]
    return events[: trace.loop], events[trace.loop :]


class Stopper(Design):
    """Goes to a dead end or to the goal."""

    at = enum("start", "goal", "dead")

    @action()
    def win(s: Any) -> None:
        s.require(s.at == "start")
        s.at = "goal"

    @action()
    def lose(s: Any) -> None:
        s.require(s.at == "start")
        s.at = "dead"


def test_a_state_in_which_nothing_can_happen_stutters_for_ever() -> None:
    at = instance(Stopper)
    assert lasso(decide(at, lambda s: s.at == "goal"), at) == (["lose"], [])


def test_what_holds_wherever_a_run_can_stop_settles() -> None:
    assert decide(instance(Stopper), lambda s: s.at != "start").verdict is Verdict.HOLDS_TO_BOUND


class Waiter(Design):
    """Goes on only if somebody wants to."""

    done = boolean()

    @action(fair=False)
    def proceed(s: Any) -> None:
        s.require(~s.done)
        s.done = True


class EagerWaiter(Waiter):
    @action()
    def proceed(s: Any) -> None:
        s.require(~s.done)
        s.done = True


def test_a_run_may_stop_where_only_unfair_actions_are_possible() -> None:
    at = instance(Waiter)
    assert lasso(decide(at, lambda s: s.done), at) == ([], [])


def test_a_run_may_not_stop_where_a_fair_action_stays_possible() -> None:
    assert decide(instance(EagerWaiter), lambda s: s.done).verdict is Verdict.HOLDS_TO_BOUND


class Blinker(Design):
    """Blinks for ever; the way out is open only while the light is on."""

    on = boolean()
    out = boolean()

    @action()
    def blink(s: Any) -> None:
        s.require(~s.out)
        s.on = ~s.on

    @action()
    def leave(s: Any) -> None:
        s.require(s.on & ~s.out)
        s.out = True


def test_weak_fairness_lets_an_action_starve_that_is_possible_only_now_and_then() -> None:
    at = instance(Blinker)
    stem, loop = lasso(decide(at, lambda s: s.out), at)
    assert (stem, loop) == ([], ["blink", "blink"]), "strong fairness would make `leave` happen"


class SteadyBlinker(Blinker):
    @action()
    def leave(s: Any) -> None:
        s.require(~s.out)
        s.out = True


def test_weak_fairness_makes_an_action_happen_that_stays_possible() -> None:
    assert decide(instance(SteadyBlinker), lambda s: s.out).verdict is Verdict.HOLDS_TO_BOUND


class Spinner(Design):
    """A fair action that changes nothing, and one that does."""

    gone = boolean()

    @action()
    def spin(s: Any) -> None:
        s.require(~s.gone)

    @action(fair=False)
    def go(s: Any) -> None:
        s.require(~s.gone)
        s.gone = True


def test_a_fair_action_that_leads_back_to_the_same_state_has_happened() -> None:
    at = instance(Spinner)
    assert lasso(decide(at, lambda s: s.gone), at) == ([], ["spin"])


class PerElement(Design):
    """Fairness is owed to every element on its own."""

    Pop = index_sort("Pop", 2)
    up = boolean(over=Pop)
    turn = boolean()

    @action(p=Pop)
    def start(s: Any, p: Any) -> None:
        s.require(~s.up[p])
        s.up[p] = True

    @action()
    def flip(s: Any) -> None:
        s.turn = ~s.turn


def test_fairness_is_owed_to_an_action_with_each_of_its_arguments() -> None:
    at = instance(PerElement)
    assert decide(at, lambda s: for_all(s.Pop, lambda p: s.up[p])).verdict is Verdict.HOLDS_TO_BOUND


class Breakable(Design):
    """Works, breaks now and then, is repaired."""

    works = boolean(True)

    @action()
    def repair(s: Any) -> None:
        s.require(~s.works)
        s.works = True

    @hazard()
    def breaks(s: Any) -> None:
        s.require(s.works)
        s.works = False


class BreaksByItself(Breakable):
    @action(fair=False)
    def breaks(s: Any) -> None:
        s.require(s.works)
        s.works = False


def test_hazards_stop_so_what_only_they_undo_settles() -> None:
    assert decide(instance(Breakable, breaks=True), lambda s: s.works).verdict is Verdict.HOLDS_TO_BOUND


def test_an_action_that_nobody_forces_may_still_happen_for_ever() -> None:
    at = instance(BreaksByItself)
    stem, loop = lasso(decide(at, lambda s: s.works), at)
    assert sorted(loop) == ["breaks", "repair"]
    assert stem == ["breaks"]


class Damaged(Design):
    """What a hazard leaves behind is not undone by anybody."""

    works = boolean(True)

    @hazard()
    def breaks(s: Any) -> None:
        s.works = False


def test_what_a_hazard_leaves_for_ever_is_shown_with_the_hazard_in_the_stem() -> None:
    at = instance(Damaged, breaks=True)
    assert lasso(decide(at, lambda s: s.works), at) == (["breaks"], [])


class Ring(Design):
    """Round a ring, with two fair actions to serve at different places."""

    most = count(4)
    at = natural(most)
    left = natural(most)

    @action()
    def walk(s: Any) -> None:
        s.at = s.at + 1
        with s.when(s.at == s.most + 1):
            s.at = 0

    @action()
    def ring(s: Any) -> None:
        s.require(s.at == 2)
        s.left = s.at


def test_the_loop_goes_through_every_place_that_fairness_asks_for_and_closes() -> None:
    at = instance(Ring)
    stem, loop = lasso(decide(at, lambda s: s.at != 3), at)
    assert len(stem) == 3
    assert loop.count("walk") == 5, "once round: `ring` is impossible in most places, so it need not happen"


def test_time_goes_on_for_ever() -> None:
    class Timer(Design):
        wait = duration(2)
        age = clock()
        fired = boolean()

        @action()
        def fire(s: Any) -> None:
            s.require((s.age >= s.wait) & ~s.fired)
            s.fired = True

    assert decide(instance(Timer), lambda s: s.fired).verdict is Verdict.HOLDS_TO_BOUND
    assert decide(instance(Timer), lambda s: s.age > s.wait).verdict is Verdict.HOLDS_TO_BOUND


def test_a_deadline_that_nobody_meets_stops_time_and_the_run() -> None:
    class Stuck(Design):
        wait = duration(2)
        age = clock()

        @deadline
        def in_time(s: Any) -> Any:
            return s.age <= s.wait

    at = instance(Stuck)
    assert lasso(decide(at, lambda s: s.age < 2), at) == (["tick", "tick"], [])
