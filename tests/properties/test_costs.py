# SPDX-License-Identifier: Apache-2.0
"""What a design costs: computed on the model, measured on its implementation in the same run, and the same."""

from __future__ import annotations

from contextlib import suppress

import pytest

from edgeproof.impl.documents import flag_documents
from edgeproof.impl.edge.kv import KVNamespace, KVThrottled
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.push.system import PushSystem
from edgeproof.impl.references import ReferenceSystems
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import to_json
from edgeproof.impl.system import ActionImpossible
from edgeproof.model.designs import DESIGNS
from edgeproof.model.machine import Instance
from edgeproof.properties.costs import meter
from edgeproof.properties.costs.meter import Load, charge
from edgeproof.properties.costs.pace import OBJECT_WRITES, pace, writes_per_second
from edgeproof.properties.costs.table import Parameters, costs
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Sizes
from edgeproof.properties.rate import KV_KEY_WRITES
from tests.properties.published import LOCATIONS, PUBLISHERS, typical_change

COSTINGS = {design: costing for design in DESIGNS if (costing := dossier_of(design).costing) is not None}

SHORT = Load(reads=3, write_every=20, seconds=90, outage=30)


def charged(design: str, **numbers: int) -> Instance:
    return meter.charged(design, COSTINGS[design], **numbers)


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


def test_every_design_with_an_implementation_is_charged() -> None:
    assert set(COSTINGS) == {design for design in DESIGNS if "fuzz" in dossier_of(design).engines}


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


@pytest.mark.parametrize("design", PUBLISHERS)
def test_publishers_put_as_many_bytes_for_a_change_as_is_said(design: str) -> None:
    """But for versions, names and brackets: a tenth."""
    config = flag_documents(1, 1_000, 1_000_000)
    changes, part = typical_change(config)
    sizes = Sizes(len(to_json(config)), len(to_json(changes)), part, LOCATIONS)
    said, put = COSTINGS[design].published(sizes), PUBLISHERS[design](config, changes)
    assert 0.9 * said <= put <= 1.1 * said


def test_only_a_rollout_makes_a_write_wait_for_the_one_before() -> None:
    waiting = {design: pace(charged(design), costing) for design, costing in COSTINGS.items()}
    assert {design for design, found in waiting.items() if found is not None} == {"global_push"}


def test_the_control_plane_of_a_rollout_takes_no_more_writes_than_the_model_says() -> None:
    instance, costing = charged("global_push"), COSTINGS["global_push"]
    system = PushSystem()
    found = pace(instance, costing, system)
    assert found is not None
    stages = instance.number("stages") + 1
    assert 1 / found == stages * (instance.number("W") + 1), "every stage is watched for longer than W"
    system.perform("release_good", {})
    with pytest.raises(ActionImpossible):
        system.perform("release_good", {})


def test_a_kv_key_takes_the_writes_that_are_said_and_no_more() -> None:
    runtime = SimulatedRuntime(1)
    kv = KVNamespace(runtime)
    taken = 0
    for _ in range(40):
        with suppress(KVThrottled):
            kv.put("unit", b"{}")
            taken += 1
        runtime.advance(0.25)
    assert taken == 10 * KV_KEY_WRITES


def test_reads_take_from_what_the_object_can_do_where_they_all_go_there() -> None:
    instance, costing = charged("do_only", Pop=10), COSTINGS["do_only"]
    rates = [writes_per_second(instance, costing, Load(reads=reads)) for reads in (0, 50, 100, 1_000)]
    assert rates == [OBJECT_WRITES, OBJECT_WRITES / 2, 0, 0]


def test_a_read_that_changes_nothing_costs_the_same_each_time() -> None:
    """The model is asked once for such reads, and the implementation each time."""
    instance, costing = charged("kv_only", T=2), COSTINGS["kv_only"]
    many = charge(instance, costing, Load(reads=50, seconds=20, outage=5), ReferenceSystems())
    few = charge(instance, costing, Load(reads=1, seconds=20, outage=5), ReferenceSystems())
    assert many.reads == 50 * few.reads
    assert many.hops == few.hops == many.measured_hops


@pytest.mark.parametrize("write_every", [1, 3, 60])
@pytest.mark.parametrize("design", COSTINGS)
def test_the_outage_may_begin_at_any_time(design: str, write_every: int) -> None:
    load = Load(reads=1, write_every=write_every, seconds=44, outage=20)
    assert charge(charged(design), COSTINGS[design], load).outage_reads == 20 * charged(design).number("Pop")


def test_the_table_has_a_row_per_design_under_the_parameters_that_are_asked() -> None:
    parameters = Parameters(SHORT, Sizes(config=10, change=2, part=3, locations=2), cache_ttl=7)
    found = {one.design: one for one in costs(list(DESIGNS), parameters)}
    assert set(found) == set(COSTINGS)
    assert found["do_kv"].staleness == ("D + S + D + T", 1 + (1 + 1) + 1 + 7), (
        "the alarm is a second late, and so is KV"
    )
    assert found["do_kv"].published == 10
    assert found["global_push"].published == 20
    assert found["do_only"].bill.failures == found["do_only"].bill.outage_reads
    assert found["do_kv"].bill.hops == 2 * -(-SHORT.seconds // 8)
