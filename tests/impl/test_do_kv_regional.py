# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.edge.region import RegionalTier
from edgeproof.impl.pattern.regional import DoKvRegionalSystem
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.system import Setup
from tests.impl.driving import Step, play, refuses, seen

PUBLISH: tuple[Step, ...] = ("write", "acknowledge", "fire", "put_lands", "put_confirmed")


def read(pop: int) -> Step:
    return "read", {"pop": pop, "cache": pop}


@pytest.fixture
def system() -> Iterator[DoKvRegionalSystem]:
    one = DoKvRegionalSystem()
    one.start(Setup("do_kv_regional", numbers={"G": 2}))
    yield one
    one.close()


def test_what_one_location_has_fetched_the_region_tells_the_others(system: DoKvRegionalSystem) -> None:
    end = play(system, *PUBLISH, read(0), *PUBLISH, read(1))
    assert seen(end, "kv", "region_cached", "region", "served") == (2, True, 1, (1, 1))


def test_a_copy_that_is_old_in_the_region_is_new_at_the_location(system: DoKvRegionalSystem) -> None:
    play(system, *PUBLISH, read(0), *PUBLISH, "tick", "tick", read(1), "tick")
    assert seen(play(system, read(1)), "served", "region", "kv") == ((1, 1), 1, 2)
    assert seen(play(system, "tick", read(1)), "served", "region") == ((1, 2), 2)


def test_a_region_may_fetch_a_hot_key_before_it_expires(system: DoKvRegionalSystem) -> None:
    end = play(system, *PUBLISH, read(0), *PUBLISH, "refresh_region", read(1))
    assert seen(end, "region", "served") == (2, (1, 2))


def test_a_location_refreshes_through_its_region(system: DoKvRegionalSystem) -> None:
    end = play(system, *PUBLISH, read(0), *PUBLISH, ("refresh", {"cache": 0}))
    assert seen(end, "cache", "region", "kv") == ((1, 0), 1, 2)


def test_what_a_region_does_not_have_it_cannot_refresh(system: DoKvRegionalSystem) -> None:
    refuses(system, (), "refresh_region")


def test_a_tier_asks_the_centre_once_in_its_time_to_live() -> None:
    runtime = SimulatedRuntime()
    kv = KVNamespace(runtime, limits=Limits(write_spacing=0))
    tier = RegionalTier(kv, runtime, 90.0)
    assert tier.read("k") is None, "and that is cached, too"
    kv.put("k", "v")
    assert tier.read("k") is None
    runtime.advance(90)
    assert tier.read("k") is None, "at the end of its time it is still served"
    runtime.advance(0.1)
    entry = tier.read("k")
    assert entry is not None
    assert entry.value == b"v"
