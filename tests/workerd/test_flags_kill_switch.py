# SPDX-License-Identifier: Apache-2.0
"""The kill switch on the real runtime: whoever asks later than the bound after it was acknowledged is not let in.

What goes wrong goes wrong right behind the acknowledgement: the store is killed, KV refuses the put, or is slow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from edgeproof.impl.workerd.adversary import Answer, Fault
from edgeproof.impl.workerd.client import asked
from tests.workerd.flags_deployment import PATIENCE, FlagDeployment, RealClock, flag
from tests.workerd.test_flags_faults import OPTIONS, promise

LOCATIONS: Final = 3
CACHE_TTL: Final = 1.0
"""Seconds, as was promised."""
EVERYBODY: Final = {"priority": 1, "conditions": [], "serve_variation": "on"}
TROUBLES: Final[Mapping[str, Callable[[FlagDeployment], None]]] = {
    "nothing": lambda deployment: None,
    "the store is killed": lambda deployment: deployment.processes.kill_store(),
    "KV refuses the put twice": lambda deployment: deployment.kv.inject("PUT", *[Fault(Answer(503))] * 2),
    "KV is slow": lambda deployment: setattr(deployment.namespace, "delay", 0.4),
}


def lets_in(deployment: FlagDeployment, location: int) -> bool:
    """Whether the location lets somebody in."""
    path = "/apps/a/evaluate?flagKey=risky&targetingKey=user-1"
    return bool(asked(deployment.edge(location).do("GET", path))["value"])


def wait_until_everybody_is_in(deployment: FlagDeployment) -> None:
    deadline = time.monotonic() + PATIENCE
    while not all(lets_in(deployment, location) for location in range(LOCATIONS)):
        assert time.monotonic() < deadline, "the flag was never seen to be on everywhere"


def let_in_after_the_switch(deployment: FlagDeployment, trouble: str, seconds: float) -> list[float]:
    """Turn a flag off and ask everywhere, for so many seconds; gives when somebody was let in, each time, counted from
    the acknowledgement to the question.
    """
    made = deployment.ask("POST", "/apps/a/flags", flag("risky", EVERYBODY))
    assert made.status == 201, made
    deployment.published("a", 1)
    wait_until_everybody_is_in(deployment)
    time.sleep(0.9 * CACHE_TTL)  # the worst moment: copies are fetched again before the switch is published
    asked(deployment.ask("PUT", "/apps/a/flags/risky", flag("risky", EVERYBODY, enabled=False), If_Match='"1"'))
    thrown = time.monotonic()
    TROUBLES[trouble](deployment)
    found = []
    while time.monotonic() < thrown + seconds:
        for location in range(LOCATIONS):
            at = time.monotonic() - thrown
            if lets_in(deployment, location):
                found.append(at)
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("trouble", TROUBLES)
def test_nobody_is_let_in_later_than_the_bound_after_the_switch(workerd: Path, trouble: str) -> None:
    with FlagDeployment({**OPTIONS, "cache_ttl": CACHE_TTL}, LOCATIONS, clock=RealClock()) as deployment:
        pulse = deployment.pulse()
        found = let_in_after_the_switch(deployment, trouble, promise().bound_s + 2)
        promised = promise(pulse.slowest)
    late = max(found, default=0.0)
    print(f"{trouble}: let in for {late:.2f} s more, bound {promised.bound_s:g} s = {promised.formula}")
    assert late <= promised.bound_s


def test_a_location_that_keeps_its_copy_longer_than_was_promised_lets_in_too_late(workerd: Path) -> None:
    with FlagDeployment({**OPTIONS, "cache_ttl": 60}, LOCATIONS, clock=RealClock()) as deployment:
        found = let_in_after_the_switch(deployment, "nothing", promise().bound_s + 1)
    assert max(found) > promise().bound_s
