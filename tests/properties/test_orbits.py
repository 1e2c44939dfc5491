# SPDX-License-Identifier: Apache-2.0
"""A search of orbits says what a search of all states says, in fewer states; and says which it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve

from edgeproof.model import symmetry
from edgeproof.model.expr import TRUE
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import build_kernel
from edgeproof.model.machine import Instance
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.explore.engine import explore, explore_with_time
from edgeproof.properties.engines.explore.exchange import prepare_exchange
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.search import prepare_search
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict
from tests.calibration import calibration, first_fetches_alone
from tests.properties.lies import OWNED, ROUNDABOUT
from tests.properties.random_subjects import Subject
from tests.properties.reductions import differences, reduction
from tests.properties.test_calibration import I1, I2, L

SMALL, LARGE = calibration(4, 3, 2, 2), calibration(5, 4, 3, 2)
ASKED = [I1, I2, L]


def both(at: Instance, asked: Any, limits: Limits | None = None) -> tuple[Any, Any]:
    """What a search of all states says, and what one of orbits says."""
    source = kernel_source([at], asked)
    return explore_with_time(at, asked, source, limits), explore_with_time(at, asked, source, limits, symmetry=True)


def test_the_large_calibration_model_has_69181_orbits_that_stand_for_all_its_states() -> None:
    """Caches and puts are alike."""
    (found,) = explore(LARGE, [I1], kernel_source([SMALL, LARGE], ASKED), symmetry=True)
    assert found.measures["orbits"] == 69_181
    assert (found.measures["states"], found.measures["transitions"]) == (2_075_245, 14_502_115)
    assert found.measures["reduction"] == "orbits by P, K"


@pytest.mark.parametrize("name", ["inline", "disjoint-caches", "partition-guarded"])
def test_cases_of_the_scoreboard_have_the_same_verdicts_counts_and_runs_by_orbits(name: str) -> None:
    case = next(one for one in scoreboard("do_kv") if one.name == name)
    unreduced, reduced = both(instance_of(case), [CATALOGUE[one] for one in case.properties])
    assert differences(unreduced, reduced) == []
    assert reduction(reduced) == ("orbits by Pop, Put" if name == "inline" else "orbits by Pop")


@pytest.mark.parametrize("depth", [0, 3, 9])
def test_a_search_of_orbits_that_is_cut_short_covers_as_much(depth: int) -> None:
    assert differences(*both(SMALL, ASKED, Limits(depth=depth))) == []


def test_a_search_of_orbits_goes_on_where_one_of_all_states_is_too_large() -> None:
    unreduced, reduced = both(SMALL, ASKED, Limits(states=4_000))
    assert [one.exhaustive for one in unreduced] == [False] * 3
    assert [one.exhaustive for one in reduced] == [True] * 3
    assert reduced[0].measures["states"] == 16_411


def test_elements_that_share_owners_are_exchanged_within_these_and_with_them() -> None:
    at = Subject.of(OWNED).instance.with_(P=2, Q=4)
    asked = Subject.of(OWNED).properties
    unreduced, reduced = both(at, asked)
    assert differences(unreduced, reduced) == []
    assert reduction(reduced) == "orbits by P, Q"
    assert reduced[0].measures["states"] == (2 * 2**2) ** 2
    assert reduced[0].measures["orbits"] == 21, (
        "each of two owners is one of six: marked or not, and how many it marked"
    )


def test_owners_of_unlike_many_are_not_exchanged_but_what_belongs_to_them_is() -> None:
    subject = Subject.of(OWNED)
    unreduced, reduced = both(subject.instance.with_(P=2, Q=3), subject.properties)
    assert differences(unreduced, reduced) == []
    assert reduction(reduced) == "orbits by Q; none by P, as 3 elements of Q belong to 2: not as many to each"


def test_what_is_owed_a_turn_is_followed_through_exchanges() -> None:
    """One location after the other is owed a turn, and none for ever: a run that never settles, all in one orbit."""
    subject = Subject.of(ROUNDABOUT)
    unreduced, reduced = both(subject.instance.with_(P=3), subject.properties)
    assert differences(unreduced, reduced) == []
    (settles,) = (one for one in reduced if one.property == "settles")
    assert settles.verdict is Verdict.VIOLATED
    assert settles.witness is not None
    assert settles.witness.loop is not None
    assert len(settles.witness.events) - settles.witness.loop >= 2, "the mark goes round, though the orbit stays"


def test_a_run_that_never_settles_has_no_fault_in_its_round_though_a_fault_does_the_same() -> None:
    fair, passes, begins = ROUNDABOUT.actions
    spec = evolve(
        ROUNDABOUT,
        actions=(("hazard_0", *passes[1:]), fair, passes, begins),
        chosen={**ROUNDABOUT.chosen, "hazard_0": True},
    )
    subject = Subject.of(spec)
    unreduced, reduced = both(subject.instance.with_(P=3), subject.properties)
    assert differences(unreduced, reduced) == []
    assert reduced[-1].verdict is Verdict.VIOLATED


def test_caches_that_are_not_alike_are_refused_by_name_and_the_others_exchanged() -> None:
    unreduced, reduced = both(first_fetches_alone(SMALL), ASKED)
    assert differences(unreduced, reduced) == []
    assert reduction(reduced) == "orbits by K; none by P, as `0` is one of them"


def test_caches_that_are_not_alike_and_exchanged_all_the_same_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symmetry, "_tells_apart", lambda node, sort: "")
    unreduced, reduced = both(first_fetches_alone(SMALL), ASKED)
    assert reduction(reduced) == "orbits by P, K"
    assert "i1: not the same measures" in differences(unreduced, reduced)


def test_where_nothing_can_be_exchanged_the_evidence_says_so() -> None:
    _, reduced = both(SMALL.with_(P=1, K=1), ASKED)
    assert reduction(reduced) == "none: nothing can be exchanged"


def test_where_an_orbit_may_have_more_states_than_are_counted_the_evidence_says_so() -> None:
    at = calibration(1, 14, 1, 0)
    (found,) = explore(at, [I1], kernel_source([at], [I1]), Limits(depth=2), symmetry=True)
    assert found.measures["reduction"] == "none: 87,178,291,200 exchanges are more than are counted"
    thirteen = calibration(1, 13, 1, 0)
    (found,) = explore(thirteen, [I1], kernel_source([thirteen], [I1]), symmetry=True)
    assert (found.measures["states"], found.measures["orbits"]) == (3 + 2**13, 3 + 14), "landed: how many have fetched"


def test_a_search_that_leaves_a_range_is_one_of_all_states_and_says_so() -> None:
    write = SMALL.machine.action("write")
    actions = tuple(evolve(one, guard=TRUE) if one is write else one for one in SMALL.machine.actions)
    unreduced, reduced = both(Instance(evolve(SMALL.machine, actions=actions), SMALL.values), ASKED)
    assert {one.left_range for one in unreduced} == {"store"}
    assert differences(unreduced, reduced) == []
    assert reduction(reduced) == "none, as a variable left its range"


def test_the_same_search_of_orbits_keeps_the_same_states_and_runs() -> None:
    source = kernel_source([SMALL], ASKED)
    searcher, kernel, (exchange, _) = (
        prepare_search(source),
        build_kernel(source, SMALL),
        prepare_exchange(source, SMALL),
    )
    initial = [kernel.pack(state) for state in initial_states(SMALL)]
    one, other = (searcher.run(kernel, initial, 1 << 40, 1 << 30, 0, exchange) for _ in range(2))
    for name in ("states", "parents", "labels", "hits", "fired"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
