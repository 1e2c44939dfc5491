# SPDX-License-Identifier: Apache-2.0
"""What a run has to show before it is believed that things never settle."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.model.interpret import Event, apply, initial_states
from edgeproof.model.kernel import build_kernel
from edgeproof.model.machine import Design, Instance, action, clock, enum, hazard
from edgeproof.model.trace import Trace
from edgeproof.properties.catalogue.property import state_form
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.lasso import flaw
from tests.properties.designs import instance, settles


class Lamp(Design):
    """Comes to rest by itself, unless somebody plays with it or it breaks."""

    state = enum("off", "on", "resting", "broken")
    on_for = clock(while_=lambda s: s.state == "on")

    @action(fair=False)
    def turn_on(s: Any) -> None:
        s.require(s.state == "off")
        s.state = "on"

    @action(fair=False)
    def turn_off(s: Any) -> None:
        s.require(s.state == "on")
        s.state = "off"

    @action()
    def rest(s: Any) -> None:
        s.require(s.state == "on")
        s.state = "resting"

    @hazard()
    def breaks(s: Any) -> None:
        s.state = "broken"

    @hazard(under="breaks")
    def is_mended(s: Any) -> None:
        s.require(s.state == "broken")
        s.state = "off"


RESTS = settles(lambda s: s.state == "resting")


def why_not(names: str, loop: int | None, **constants: Any) -> str:
    """What is wrong with a run of the lamp, as a witness that it never comes to rest."""
    at: Instance = instance(Lamp, **constants)
    events = tuple(Event(name) for name in names.split())
    states = [next(initial_states(at))]
    for event in events:
        states.append(apply(at, states[-1], event))
    trace = Trace("lamp", at.values, tuple(states), events, RESTS.id, loop)
    kernel = build_kernel(kernel_source([at], [RESTS]), at)
    return flaw(at, trace, states, state_form(at.machine, RESTS), kernel.pack)


def test_a_loop_in_which_all_that_is_owed_a_turn_gets_one_is_a_witness() -> None:
    assert why_not("turn_on turn_off tick", 0) == ""


@pytest.mark.parametrize(
    ("names", "loop", "why"),
    [
        ("turn_on", None, "it has no loop"),
        ("turn_on turn_off tick", 1, "its loop does not close"),
        ("turn_on turn_off", 0, "tick is possible all along its loop"),
        ("turn_on", 1, "rest is possible all along its loop"),
        ("turn_on rest tick", 2, "everything is settled"),
        ("breaks is_mended tick", 0, "breaks is a fault"),
    ],
)
def test_a_run_that_falls_short_of_its_claim_is_told_what_it_lacks(names: str, loop: int | None, why: str) -> None:
    assert why in why_not(names, loop, breaks=True)


def test_a_loop_closes_although_clocks_run_on() -> None:
    assert why_not("breaks tick", 1, breaks=True) == ""
