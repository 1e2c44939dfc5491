# SPDX-License-Identifier: Apache-2.0
"""A proof is about something that happens: the search has met it, or else the prover looks for it itself."""

from __future__ import annotations

import pytest
from attrs import evolve

from edgeproof.impl.references import ReferenceSystems
from edgeproof.properties.cases import ad_hoc
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.prove.engine import Effort
from edgeproof.properties.evidence import Conclusion, Verdict
from edgeproof.properties.verify import Plan, verify

PLAN = Plan(engines=("explore", "prove"), effort=Effort(depth=2))


def _concluded(writes: int, states: int) -> Conclusion:
    case = evolve(ad_hoc("do_kv", {"writes": writes}, {}), properties=("durable-ack",))
    plan = evolve(PLAN, limits=Limits(states=states))
    return verify([case], plan, ReferenceSystems, lambda _: None).of("durable-ack")


@pytest.mark.parametrize("states", [0, 100_000], ids=["a search that stops early", "a search of everything"])
def test_a_proof_of_what_never_happens_is_vacuous_however_far_the_search_came(states: int) -> None:
    found = _concluded(0, states)
    assert {one.exhaustive for one in found.evidence if one.engine == "explore"} == {states > 0}
    assert found.verdict is Verdict.VACUOUS


def test_a_proof_stands_where_the_search_stops_early_and_the_prover_meets_what_it_is_about() -> None:
    assert _concluded(2, 0).verdict is Verdict.PROVED
