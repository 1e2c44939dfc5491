# SPDX-License-Identifier: Apache-2.0
"""The Worker waits longer after every failure, which no run in lockstep can see: there all waits are one."""

from __future__ import annotations

from typing import Final

import pytest
from attrs import evolve

from edgeproof.impl.driven.setup import TICK
from edgeproof.impl.system import Setup
from edgeproof.impl.workerd import system as driven
from edgeproof.impl.workerd.config import Bindings, bindings_of
from edgeproof.impl.workerd.system import WorkerdSystem

pytestmark = pytest.mark.xdist_group("workerd-lockstep")

WAITS: Final = {"retry_base": TICK, "retry_cap": 3 * TICK}


def test_a_failed_put_is_tried_again_after_waits_that_double_up_to_a_cap_and_begin_anew_after_a_success(
    system: WorkerdSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bindings(setup: Setup, token: str) -> Bindings:
        usual = bindings_of(setup, token)
        return evolve(usual, options={**usual.options, **WAITS})

    def perform(*actions: str) -> None:
        for action in actions:
            system.perform(action, {})

    def ticks_to_the_next_try() -> int:
        perform("fire", "put_fails")
        for ticks in range(1, 10):
            perform("tick")
            if system.observe()["may fire"]:
                return ticks
        raise AssertionError("there is none")

    monkeypatch.setattr(driven, "bindings_of", bindings)
    system.start(Setup("do_kv", hazards=("put_fails",), sizes={"Pop": 1}))
    perform("write", "acknowledge")
    assert [ticks_to_the_next_try() for _ in range(4)] == [1, 2, 3, 3]
    perform("fire", "put_lands", "put_confirmed", "write", "acknowledge")
    assert ticks_to_the_next_try() == 1
