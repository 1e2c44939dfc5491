# SPDX-License-Identifier: Apache-2.0
"""What a design costs: computed on the model, measured on its implementation in the same run, and the same."""

from __future__ import annotations

import pytest

from impl.deployment import Parts
from impl.kv import KVNamespace
from impl.reference import ReferenceSystem
from impl.references import ReferenceSystems
from properties.cases import BOARDS
from properties.costs import COSTINGS, Load, Sizes, charge, charged

SHORT = Load(reads=3, write_every=20, seconds=90, outage=30)


@pytest.mark.parametrize("design", COSTINGS)
def test_the_implementation_spends_what_the_model_says(design: str) -> None:
    system = ReferenceSystems()
    try:
        bill = charge(charged(design), COSTINGS[design], SHORT, system)
    finally:
        system.close()
    assert bill.reads
    assert bill.outage_reads
    assert (bill.measured_hops, bill.measured_failures) == (bill.hops, bill.failures)


def test_what_is_charged_has_an_implementation_to_hold_it_against() -> None:
    assert set(COSTINGS) <= {design for design, board in BOARDS.items() if "fuzz" in board.engines}


def test_without_an_implementation_the_model_is_charged_alone() -> None:
    bill = charge(charged("do_kv"), COSTINGS["do_kv"], SHORT)
    assert bill.measured_hops is None
    assert bill.hops == charge(charged("do_kv"), COSTINGS["do_kv"], SHORT).hops


def test_a_location_of_the_pattern_fetches_once_per_cache_ttl_and_never_fails() -> None:
    load = Load(reads=2, write_every=30, seconds=240, outage=60)
    bill = charge(charged("do_kv"), COSTINGS["do_kv"], load)
    locations, ttl = charged("do_kv").number("Pop"), charged("do_kv").number("T")
    assert bill.hops == locations * -(-load.seconds // (ttl + 1))
    assert bill.failures == 0


class Chatty(KVNamespace):
    """Asks the centre in every read."""

    def check_cache_ttl(self, seconds: float) -> None:
        super().check_cache_ttl(seconds)
        self.usage.fetches += 1


def test_an_implementation_that_fetches_more_is_told_apart() -> None:
    bill = charge(charged("do_kv"), COSTINGS["do_kv"], SHORT, ReferenceSystem(Parts(kv=Chatty)))
    assert bill.measured_hops is not None
    assert bill.measured_hops > bill.hops


def test_the_pattern_publishes_its_whole_config_for_any_change() -> None:
    sizes = Sizes(config=1_000_000, change=300, part=10_000, locations=3)
    assert COSTINGS["do_kv"].published(sizes) == 1_000_000
