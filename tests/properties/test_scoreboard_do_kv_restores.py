# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_restores: restores by any distance, also while a put is under way."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.model.designs.do_kv_restores import DoKvRestores
from edgeproof.model.designs.parts.alarm import disarm
from edgeproof.model.machine import Design, State, action, hazard
from edgeproof.properties.cases import scoreboard
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("do_kv_restores")}

ANOMALY = {"read-your-writes": 3}

DEPTHS = {
    "restored-in-flight": ANOMALY,
    # Two writes are made, and both are put; one is taken back. Or it is taken back before its put has landed.
    "restored-in-flight-no-epoch": {**ANOMALY, "never-ahead": 6, "monotonic-kv": 10, "monotonic-reads": 13},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("do_kv_restores")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("do_kv_restores"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("do_kv_restores", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


class Disarming(DoKvRestores):
    """A restore during a put leaves the rest to that put."""

    @hazard()
    def rollback(s: State) -> None:
        """Point-in-time recovery takes the store one write back, and forgets the alarm where a put is under way."""
        DoKvRestores.rollback(s)
        with s.when(s.sending != "idle"):
            s.alarm = "off"


def test_a_restore_during_a_put_has_to_arm_the_alarm_as_well() -> None:
    assert boards.violated_by(
        Disarming, "convergence", "do_kv_restores", Pop=1, Put=1, writes=2, rollback=True, crash=True, epoch="on"
    )


class Consumed(DoKvRestores):
    """An alarm that fires while a request publishes leaves everything to that request."""

    @action(fair=False)
    def fire_beside(s: State) -> None:
        """The alarm fires while a request publishes, and its handler returns: no alarm is armed any more."""
        DoKvRestores.fire_beside(s)
        disarm(s)


@pytest.mark.parametrize(("design", "lost"), [(DoKvRestores, False), (Consumed, True)])
def test_an_alarm_that_fires_while_a_request_publishes_has_to_be_armed_again(design: type[Design], lost: bool) -> None:
    faults = {"alarm_stuck": True, "rollback": True, "crash": True}
    assert lost is boards.violated_by(
        design, "convergence", "do_kv_restores", Pop=1, Put=1, writes=1, watchdog="on", epoch="on", **faults
    )
