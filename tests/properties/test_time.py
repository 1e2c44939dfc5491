# SPDX-License-Identifier: Apache-2.0
"""Time must be able to go on: a design whose deadlines stop it for ever would keep every promise about later."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from edgeproof.model.expr import TRUE, for_all, implies, ite
from edgeproof.model.interpret import Event, apply, initial_states
from edgeproof.model.machine import (
    Design,
    Instance,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    each,
    hazard,
    index_sort,
    natural,
    option,
)
from edgeproof.properties.check import check
from edgeproof.properties.engines.explore.engine import explore_with_time
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import prove, prove_with_time
from edgeproof.properties.engines.prove.time import time_goes_on
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.pins import lost, pin_of
from edgeproof.properties.timelock import TIME_DIVERGES, stops_time
from tests.properties.designs import instance, state


class Parcel(Design):
    """Has to be delivered within two ticks of being sent, which takes two steps, if somebody does them."""

    courier = option("employed", "volunteer", "thief", "none", doc="who carries it, and whether they have to")
    most = count(4)
    sent = boolean()
    loaded = boolean()
    late = boolean()
    waits = clock(while_=lambda s: s.sent)
    trips = natural(most)

    @action(fair=False)
    def send(s: Any) -> None:
        s.require(~s.sent)
        s.sent = True

    @action()
    def load(s: Any) -> None:
        s.require(s.sent & ~s.loaded & (s.courier == "employed"))
        s.loaded = True

    @action()
    def deliver(s: Any) -> None:
        s.require(s.loaded)
        s.sent = False
        s.loaded = False

    @action(fair=False)
    def deliver_perhaps(s: Any) -> None:
        s.require(s.sent & (s.courier == "volunteer"))
        s.sent = False

    @hazard()
    def steal(s: Any) -> None:
        s.require(s.sent & (s.courier == "thief"))
        s.sent = False

    @deadline
    def in_time(s: Any) -> Any:
        return s.waits <= 2


NEVER_LATE = state(lambda s: ~s.late, name="never-late")


def on_time(at: Instance, limits: Limits | None = None) -> Evidence:
    first, *_ = explore_with_time(at, [NEVER_LATE], kernel_source([at], [NEVER_LATE]), limits)
    assert first.property == TIME_DIVERGES
    return first


def test_time_goes_on_where_what_is_due_is_done() -> None:
    found = on_time(instance(Parcel))
    assert (found.verdict, found.exhaustive, found.reason) == (Verdict.HOLDS_TO_BOUND, True, "")


@pytest.mark.parametrize("courier", ["volunteer", "thief", "none"])
def test_time_must_not_wait_for_what_nobody_has_to_do(courier: str) -> None:
    at = instance(Parcel, courier=courier, steal=True)
    found = on_time(at)
    assert found.verdict is Verdict.VIOLATED
    assert found.witness is not None
    assert [str(event) for event in found.witness.events] == ["send", "tick", "tick"]
    assert stops_time(at, found.witness.states[-1])


def test_a_proof_alone_does_not_notice_that_time_has_stopped() -> None:
    """Why the row is there: that nothing is ever late is proved of a design in which nothing late can come."""
    at = instance(Parcel, courier="none")
    (proved,) = prove(at, [state(lambda s: ~s.late, name="never-late")], {})
    assert (proved.verdict, on_time(at).verdict) == (Verdict.PROVED, Verdict.VIOLATED)


def test_whether_time_stops_is_unknown_where_the_search_stopped_first() -> None:
    found = on_time(instance(Parcel), Limits(states=1))
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason.startswith("whether time can stop needs the whole state graph")


def test_the_interpreter_follows_what_is_due_to_the_next_tick() -> None:
    at = instance(Parcel)
    (first,) = initial_states(at)
    sent = apply(at, first, Event("send"))
    due = apply(at, sent, Event("tick", (), 2))
    assert not stops_time(at, due)
    assert stops_time(at.with_(courier="none"), due)


def test_that_time_goes_on_is_proved_for_all_durations_above_0_where_what_is_due_can_be_done() -> None:
    found = time_goes_on(instance(Parcel))
    assert (found.verdict, found.bound) == (
        Verdict.PROVED,
        "any number of elements and versions, all durations above 0",
    )


@pytest.mark.parametrize("courier", ["volunteer", "thief", "none"])
def test_there_is_no_proof_where_time_may_stop(courier: str) -> None:
    found = time_goes_on(instance(Parcel, courier=courier, steal=True))
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason.startswith("no 2 events are shown to be enough where in_time presses")


class Letters(Design):
    """Any number of letters, each to be answered in time; an answer may make all others due at once."""

    stirs = option("nobody", "everybody", doc="whom an answer stirs up")
    Letter = index_sort("Letter", 2)
    within = duration(2)
    open = boolean(over=Letter)
    urgent = boolean(over=Letter)
    age = clock(over=Letter, while_=lambda s, k: s.open[k])

    @action(fair=False, letter=Letter)
    def arrives(s: Any, letter: Any) -> None:
        s.require(~s.open[letter])
        s.open[letter] = True

    @action(letter=Letter)
    def answer(s: Any, letter: Any) -> None:
        s.require(s.open[letter])
        s.open[letter] = False
        with s.when(s.stirs == "everybody"):
            each(s.open, lambda k: k != letter)
            each(s.urgent, lambda k: k != letter)

    @deadline
    def in_time(s: Any) -> Any:
        return for_all(s.Letter, lambda k: implies(s.open[k], s.age[k] <= ite(s.urgent[k], 0, s.within)))


def test_what_is_done_must_make_nothing_else_press() -> None:
    assert time_goes_on(instance(Letters)).verdict is Verdict.PROVED
    for_ever = instance(Letters, stirs="everybody")
    assert time_goes_on(for_ever).verdict is Verdict.UNKNOWN
    one = state(lambda s: TRUE)
    found, _ = explore_with_time(for_ever, [one], kernel_source([for_ever], [one]))
    assert (found.property, found.verdict) == (TIME_DIVERGES, Verdict.VIOLATED)


class CountedTrips(Parcel):
    """A counter of trips is written down, by somebody who looks whether there is one or by somebody who does not."""

    looks = option("yes", "no", doc="whether anybody looks")

    @action(fair=False)
    def forget(s: Any) -> None:
        s.require((s.looks == "no") | (s.trips > 0))
        s.trips = s.trips - 1


def test_nothing_is_proved_of_time_where_a_natural_may_become_negative() -> None:
    (careful, _), (careless, _) = (
        prove_with_time(instance(CountedTrips, looks=looks), [NEVER_LATE], {}) for looks in ("yes", "no")
    )
    assert (careful.property, careful.verdict) == (TIME_DIVERGES, Verdict.PROVED)
    assert (careless.verdict, careless.bound, careless.left_range) == (Verdict.UNKNOWN, "", "trips")
    assert careless.reason.startswith("trips may become negative by forget")


def test_both_engines_say_whether_time_goes_on() -> None:
    row = check(Parcel, properties=[NEVER_LATE]).of(TIME_DIVERGES)
    assert [(e.engine, e.verdict) for e in row.evidence] == [
        ("explore", Verdict.HOLDS_TO_BOUND),
        ("prove", Verdict.PROVED),
    ]
    # The states that the search saw stay pinned, also where only the search is asked.
    pinned, fewer = pin_of(row), pin_of(evolve(row, evidence=row.evidence[:1]))
    assert pinned is not None
    assert fewer is not None
    assert pinned.covers.startswith("all ")
    assert lost(pinned, fewer, ("explore",)) == ()
    other = evolve(fewer, covers="all 1 states")
    assert "and there are 1 now" in lost(pinned, other, ("explore",))[0]
