# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_regional: the pattern with one more copy on the way, which adds its time to live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.region import RegionalTier
from edgeproof.impl.pattern.regional import DoKvRegionalSystem
from edgeproof.model.designs.do_kv import fetch, read_through
from edgeproof.model.designs.do_kv_regional import DoKvRegional
from edgeproof.model.expr import ite
from edgeproof.model.machine import Design, Instance, action
from edgeproof.properties.cases import instance_of, scoreboard
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("do_kv_regional")}

ANOMALY = {"read-your-writes": 3}

DEPTHS = {
    # One more than do_kv needs: the region has to fetch the newer write before the second location asks it.
    "regional": {**ANOMALY, "cross-pop-monotonic": 12},
    "regional-faults": ANOMALY,
    "regional-memo": ANOMALY,
    "regional-partition": {**ANOMALY, "local-reads": 9},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("do_kv_regional")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("do_kv_regional"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("do_kv_regional", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


@pytest.mark.parametrize("case", ["regional", "regional-faults", "regional-memo"])
def test_all_but_the_anomalies_is_proved_where_nobody_is_cut_off(case: str) -> None:
    assert set(CASES[case].properties) - boards.proved(CASES[case]) <= {
        "answered-write",
        "read-your-writes",
        "cross-pop-monotonic",
    }


REACHED = [
    ("regional", {"G": 4, "T": 2}, "D + S + D + G + T", 9),
    ("regional-faults", {}, "D + S + F*(D + R) + D + G + T", 17),
    ("regional-memo", {"G": 2, "M": 2}, "D + S + D + G + T + M", 8),
]


@pytest.mark.parametrize(("case", "numbers", "text", "bound"), REACHED)
def test_the_bound_is_reached_in_the_model_and_on_code(
    case: str, numbers: dict[str, int], text: str, bound: int
) -> None:
    at = within_one_location(case, numbers)
    boards.bound_is_reached_on_code(at, text, bound)


def within_one_location(case: str, numbers: dict[str, int]) -> Instance:
    # A fresh isolate makes its memo of a cached copy that is about to expire.
    return instance_of(CASES[case]).with_(Pop=1, evict=case == "regional-memo", **numbers)


# --- teeth


class RegionServesForEver(DoKvRegional):
    @action(pop=DoKvRegional.Pop, cache=DoKvRegional.Pop)
    def read(s: Any, pop: Any, cache: Any) -> None:
        """A region fetches a key once."""
        s.require(pop == cache)
        version = ite(s.region_cached, s.region, s.kv)
        with s.when(~s.region_cached):
            s.region_cached = s.kv > 0
            s.region = s.kv
        read_through(s, pop, cache, version, s.kv_era)


class RegionRunsAhead(DoKvRegional):
    @action(fair=False)
    def refresh_region(s: Any) -> None:
        """A region has the next version before it is written."""
        s.require(s.region_cached & (s.config < s.writes))
        s.region = s.config + 1
        s.region_age = 0


class RefreshesPastTheRegion(DoKvRegional):
    @action(fair=False, cache=DoKvRegional.Pop)
    def refresh(s: Any, cache: Any) -> None:
        """A location refreshes from the centre, and the next time it asks its region, which has an older copy."""
        s.require(s.cached[cache])
        fetch(s, cache, s.kv, s.kv_era)


@pytest.mark.parametrize(
    ("design", "name"),
    [
        (RegionServesForEver, "bounded-staleness"),
        (RegionServesForEver, "convergence"),
        (RegionRunsAhead, "never-ahead"),
        (RefreshesPastTheRegion, "monotonic-reads"),
    ],
)
def test_a_broken_design_is_caught(design: type[Design], name: str) -> None:
    # A region that keeps its copy longer than a location does, as the platform's may.
    assert boards.violated_by(design, name, "do_kv_regional", Pop=1, Put=1, G=2)


class ServesForEver(RegionalTier):
    def read(self, key: str) -> KVEntry | None:
        copy = self.cache.copies.get(key)
        return super().read(key) if copy is None else copy.entry


class KeepsNothing(RegionalTier):
    def read(self, key: str) -> KVEntry | None:
        self.cache.copies.pop(key, None)
        return super().read(key)


class ForgetsHalfItsTime(RegionalTier):
    def __init__(self, namespace: Any, clock: Any, ttl: float) -> None:
        super().__init__(namespace, clock, ttl / 2)


@pytest.mark.parametrize("tier", [ServesForEver, KeepsNothing, ForgetsHalfItsTime])
def test_a_broken_tier_is_caught_in_lockstep(tier: Callable[..., RegionalTier]) -> None:
    assert boards.caught_in_lockstep(CASES["regional"], lambda: DoKvRegionalSystem(tier), DoKvRegionalSystem)
