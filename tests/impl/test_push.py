# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from edgeproof.impl.content.content import MAX_FEATURES
from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.push.push import (
    ControlPlane,
    GateClosed,
    NothingToWithdraw,
    PushLocation,
    ReleaseFreeze,
    RolloutPlan,
    RolloutUnderWay,
)
from edgeproof.impl.runtime import NetworkError, SimulatedRuntime
from edgeproof.impl.snapshot import EMPTY, Snapshot

STAGED = RolloutPlan()

GOOD = {"features": ["a"]}
BETTER = {"features": ["a", "b"]}
BAD = {"features": ["x"] * (MAX_FEATURES + 1)}


class Fleet:
    """Four locations, the last two in the second stage; pushes arrive at once unless the location is cut off."""

    def __init__(self, plan: RolloutPlan = STAGED) -> None:
        self.runtime = SimulatedRuntime()
        store = ConfigStore(connect(), self.runtime, outbox=False)
        store.write(GOOD, actor="operator")
        self.cut: set[int] = set()
        self.control = ControlPlane(store, self.runtime, plan, 4, self.push)
        first = store.snapshot()
        self.locations = [PushLocation(self.runtime, first, watch=60, pull_every=300) for _ in range(4)]
        for location in (2, 3):
            self.control.assign(location, 1)

    def push(self, location: int, snapshot: Snapshot) -> None:
        if location not in self.cut:
            self.locations[location].take(snapshot)

    def report(self) -> None:
        for number, location in enumerate(self.locations):
            health = location.health()
            if number not in self.cut and health is not None:
                self.control.hear(number, location.running.version, health)

    def running(self) -> list[int]:
        return [location.running.version for location in self.locations]


def test_a_version_goes_from_stage_to_stage_as_the_locations_say_that_they_are_well() -> None:
    fleet = Fleet()
    assert fleet.control.release(BETTER, actor="operator") == 2
    assert fleet.running() == [2, 2, 1, 1]
    fleet.report()
    with pytest.raises(GateClosed, match="may not go on yet"):
        fleet.control.proceed()
    for expected in ([2, 2, 2, 2], [2, 2, 2, 2]):
        fleet.runtime.advance(61)
        fleet.report()
        fleet.control.proceed()
        assert fleet.running() == expected
    assert fleet.control.rollout.good.config == BETTER
    with pytest.raises(GateClosed, match="none is under way"):
        fleet.control.proceed()


def test_a_bad_version_gets_no_further_than_its_stage_and_everybody_returns() -> None:
    fleet = Fleet()
    fleet.control.release(BAD, actor="operator")
    assert fleet.running() == [2, 2, 1, 1]
    fleet.report()
    assert fleet.running() == [1, 1, 1, 1]
    assert fleet.control.rollout.withdrawn
    assert fleet.control.release(BETTER, actor="operator") == 3, "a number is not used again"
    assert fleet.running() == [3, 3, 1, 1]


def test_without_automatic_rollback_a_bad_version_stops_where_it_is_and_an_operator_takes_it_back() -> None:
    fleet = Fleet(RolloutPlan(automatic=False, gate="silence"))
    fleet.control.release(BETTER, actor="operator")
    with pytest.raises(NothingToWithdraw):
        fleet.control.withdraw()
    for _ in range(2):
        fleet.runtime.advance(121)
        fleet.control.proceed()
    fleet.control.release(BAD, actor="operator")
    fleet.report()
    fleet.runtime.advance(10_000)
    with pytest.raises(GateClosed):
        fleet.control.proceed()
    assert fleet.control.rollout.alerted
    assert fleet.running() == [3, 3, 2, 2]
    fleet.control.withdraw()
    assert fleet.running() == [2, 2, 2, 2]
    with pytest.raises(NothingToWithdraw):
        fleet.control.withdraw()


def test_a_freeze_lets_a_return_arrive_before_the_next_release() -> None:
    fleet = Fleet(RolloutPlan(freeze=True))
    fleet.control.release(BAD, actor="operator")
    fleet.runtime.advance(30)
    fleet.report()
    fleet.runtime.advance(60)
    with pytest.raises(ReleaseFreeze, match="returning from version 2"):
        fleet.control.release(BETTER, actor="operator")
    fleet.runtime.advance(1)
    assert fleet.control.release(BETTER, actor="operator") == 3, "what was refused has taken no number"


def test_an_answer_that_a_push_has_overtaken_does_not_bring_a_withdrawn_version_back() -> None:
    fleet = Fleet()
    fleet.runtime.advance(300)
    fleet.control.release(BAD, actor="operator")
    asking = fleet.locations[0]

    def slow() -> Snapshot:
        answer = fleet.control.meant_for(0)
        fleet.control.hear(1, 2, well=False)
        return answer

    asking.pull(slow)
    assert fleet.running() == [1, 1, 1, 1]
    assert asking.pull_due(), "nobody can say which of the two was newer"
    asking.pull(lambda: fleet.control.meant_for(0))
    assert (asking.running.version, asking.pull_due()) == (1, False)


def test_unstaged_a_bad_version_is_everywhere_before_anybody_can_complain() -> None:
    fleet = Fleet(RolloutPlan(staged=False))
    fleet.control.release(BAD, actor="operator")
    assert fleet.running() == [2, 2, 2, 2]


def test_silence_is_taken_for_health_where_the_gate_waits_for_silence() -> None:
    fleet = Fleet(RolloutPlan(gate="silence"))
    fleet.control.release(BAD, actor="operator")
    fleet.cut |= {0, 1}
    fleet.report()
    fleet.runtime.advance(120)
    with pytest.raises(GateClosed):
        fleet.control.proceed()
    fleet.runtime.advance(1)
    fleet.control.proceed()
    assert fleet.running() == [2, 2, 2, 2]


def test_a_gate_that_waits_for_reports_waits_for_who_is_cut_off() -> None:
    fleet = Fleet()
    fleet.cut.add(1)
    fleet.control.release(BETTER, actor="operator")
    fleet.runtime.advance(10_000)
    fleet.report()
    with pytest.raises(GateClosed):
        fleet.control.proceed()


def test_a_report_on_an_older_version_is_of_no_interest() -> None:
    fleet = Fleet()
    fleet.control.release(BETTER, actor="operator")
    fleet.control.hear(0, 1, False)
    assert fleet.control.rollout.under_way


def test_one_version_at_a_time_and_stages_are_not_changed_under_way() -> None:
    fleet = Fleet()
    fleet.control.release(BETTER, actor="operator")
    with pytest.raises(RolloutUnderWay, match="version 2"):
        fleet.control.release(GOOD, actor="operator")
    with pytest.raises(RolloutUnderWay):
        fleet.control.assign(0, 1)


def test_stages_that_there_are_not_and_gates_that_there_are_not_are_refused() -> None:
    with pytest.raises(ValueError, match="the stages are 0 to 1, not 2"):
        Fleet().control.assign(0, 2)
    with pytest.raises(ValueError, match="waits for reports or for silence"):
        RolloutPlan(gate="prayer")


def test_who_missed_a_push_asks_at_intervals_and_gets_what_its_stage_may_have() -> None:
    fleet = Fleet(RolloutPlan(staged=False))
    fleet.cut.add(0)
    fleet.control.release(BETTER, actor="operator")
    location = fleet.locations[0]
    assert not location.pull_due()
    fleet.runtime.advance(300)
    assert location.pull_due()

    def nobody_answers() -> Snapshot:
        raise NetworkError("cut off")

    location.pull(nobody_answers)
    assert (location.running.version, location.pull_due()) == (1, False)
    fleet.runtime.advance(300)
    location.pull(lambda: fleet.control.meant_for(0))
    assert location.running.config == BETTER


def test_a_location_answers_from_its_copy_and_only_without_any_not_at_all() -> None:
    runtime = SimulatedRuntime()
    location = PushLocation(runtime, EMPTY, watch=60, pull_every=None)
    with pytest.raises(ConfigUnavailable):
        location.read()
    location.take(Snapshot(1, 0, GOOD))
    runtime.advance(1e6)
    assert location.read().config == GOOD
    assert not location.pull_due()


def test_health_is_open_until_the_watch_is_over_and_badness_is_not() -> None:
    runtime = SimulatedRuntime()
    location = PushLocation(runtime, Snapshot(1, 0, GOOD), watch=60, pull_every=None)
    runtime.advance(60)
    assert location.health() is None
    runtime.advance(1)
    assert location.health() is True
    location.take(Snapshot(2, 0, BETTER))
    assert location.health() is None
    location.take(Snapshot(3, 0, BAD))
    assert location.health() is False
