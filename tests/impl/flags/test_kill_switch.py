# SPDX-License-Identifier: Apache-2.0
"""A kill switch, in virtual time: whoever asks later than the proved bound after it was thrown sees it, everywhere."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.durable.replicator import Backoff, Timing
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.flags.service import POLL, App, FlagOptions, FlagService
from edgeproof.impl.pattern.deployment import Choices
from edgeproof.impl.runtime import SimulatedRuntime, Weather
from edgeproof.properties.promises import promise_of
from tests.impl.flags.examples import flag, rule

POPS = ("ams", "gru", "sin")
PUT_TIMEOUT, RETRY, CACHE_TTL = 5.0, 1.0, 60.0
CHOICES = Choices(
    reader="guarded",
    epoch=True,
    cache_ttl=CACHE_TTL,
    limits=Limits(write_spacing=0),
    timing=Timing(PUT_TIMEOUT, Backoff(RETRY, RETRY)),
)
ON = flag(rule([]), key="checkout", default_variation="d")
OFF = {**ON, "enabled": False}


@frozen
class Seen:
    """One evaluation: where, when it was asked for, and whether it saw the switch."""

    pop: str
    at: float
    off: bool


def bound(failures: int) -> float:
    """The formula that is proved of the model, for what is chosen here; the alarm is late by one look and a little."""
    late = int(1000 * (POLL + 0.001)) + 1
    constants: dict[str, int | str | bool] = {
        "reader": "guarded",
        "put_fails": True,
        "put_ambiguous": True,
        "negative_cache": True,
        "F": failures,
        "S": late,
        "D": int(1000 * PUT_TIMEOUT),
        "R": int(1000 * RETRY) + late,
        "T": int(1000 * CACHE_TTL),
    }
    return promise_of(constants).bound_s


def run(seed: int, weather: Weather, choices: Choices = CHOICES) -> tuple[list[Seen], float, int]:
    """Throw the switch while people ask; gives what they saw, when it was thrown, and how many puts failed in a row.

    Attempts are counted as they begin, so that the count is one too high at most.
    """
    random = Random(seed)
    world = SimulatedRuntime(seed)
    service = FlagService(world.instance(), FlagOptions(pops=POPS, choices=choices))
    app = service.create("shop")
    app.control.create(ON, "ana")
    world.run_until(10)
    seen: list[Seen] = []
    world.weather = weather
    for _ in range(random.randint(0, 20)):
        world.run_until(world.time + random.uniform(0, 15))
        ask(world, app, seen)
    thrown = world.time
    app.control.update("checkout", OFF, "ana", 1)
    failures = 0
    while world.time < thrown + bound(failures) + 60:
        world.run_until(world.time + random.uniform(0, 5))
        failures = max(failures, app.unit.store.status().attempts)
        ask(world, app, seen)
    return seen, thrown, failures


def ask(world: SimulatedRuntime, app: App, seen: list[Seen]) -> None:
    """Evaluate at every location; readers are not struck by the weather, which is the replicator's."""
    for pop in POPS:
        edge, at = app.edges[pop], world.time
        task = world.instance().spawn(edge.read())
        mine = [op for op in world.pending if op.label == "kv.get"]
        for op in mine:
            world.resolve(op)
        try:
            _, evaluator = task.outcome()
        except ConfigUnavailable:
            continue
        found: Any = evaluator.evaluate("checkout", {"targetingKey": "u"}, lambda: 0.5)
        seen.append(Seen(pop, at, found.reason == "DISABLED"))


def late_sightings(seen: list[Seen], thrown: float, failures: int) -> list[Seen]:
    return [one for one in seen if not one.off and one.at > thrown + bound(failures)]


weathers = st.builds(
    Weather,
    latency=st.sampled_from([(0.0, 0.0), (0.0, 2.0), (3.0, 4.9)]),
    refused=st.sampled_from([0.0, 0.2, 0.5]),
    ambiguous=st.sampled_from([0.0, 0.2, 0.4]),
)


@given(seed=st.integers(0, 2**32), weather=weathers)
@settings(max_examples=30)
def test_a_flag_that_is_turned_off_is_seen_to_be_off_everywhere_within_the_bound(seed: int, weather: Weather) -> None:
    seen, thrown, failures = run(seed, weather)
    assert late_sightings(seen, thrown, failures) == []
    assert not any(one.off for one in seen if one.at < thrown), "nobody sees it before"
    for pop in POPS:
        told = [one.off for one in seen if one.pop == pop]
        assert told == sorted(told), "once off, always off"
        assert told[-1]


@pytest.mark.parametrize(
    "broken",
    [
        evolve(CHOICES, publisher="inline"),
        evolve(CHOICES, cache_ttl=CACHE_TTL + 45),
        evolve(CHOICES, timing=Timing(PUT_TIMEOUT, Backoff(30 * RETRY, 30 * RETRY))),
    ],
    ids=["no outbox", "a longer cache", "slower retries"],
)
def test_a_service_that_is_not_what_was_proved_is_late(broken: Choices) -> None:
    weather = Weather((0.0, 2.0), refused=0.5)
    assert any(late_sightings(*run(seed, weather, broken)) for seed in range(30))
