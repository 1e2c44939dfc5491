# SPDX-License-Identifier: Apache-2.0
"""Which elements are alike, and which state stands for all that are each other but for an exchange of these."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.model.expr import BOOL, Expr, Type
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import build_kernel, build_source
from edgeproof.model.orbits import moved_sorts, orbit_text, sorting_network
from edgeproof.model.symmetry import symmetry_of
from edgeproof.properties.engines.explore.exchange import prepare_exchange
from tests.calibration import FIRST_CACHE, calibration, first_fetches_alone
from tests.model.agreement import random_walk
from tests.model.exchanging import exchanged, exchanges
from tests.model.random_designs import Spec, instance_of, specs

SMALL = calibration(3, 3, 2, 1)
CACHES = FIRST_CACHE.type
SIZES = [(3, 3), (2, 4), (2, 3), (1, 3)]


@pytest.mark.parametrize("size", range(1, 10))
def test_a_sorting_network_sorts_whatever_it_is_given(size: int) -> None:
    """All zeros and ones are enough (Knuth, 5.3.4, theorem Z)."""
    network = sorting_network(size)
    for given_ in product((0, 1), repeat=size):
        places = list(given_)
        for low, high in network:
            places[low], places[high] = sorted((places[low], places[high]))
        assert places == sorted(given_)


@settings(max_examples=15)
@given(specs(), st.booleans(), st.sampled_from(SIZES), st.lists(st.integers(0, 99), max_size=6))
def test_a_state_and_what_it_is_exchanged_to_have_one_canonical_state_and_count_themselves(
    spec: Spec, belonging: bool, sizes: tuple[int, int], steps: list[int]
) -> None:
    """As Python and as machine code, and by what it says stands where."""
    instance = instance_of(evolve(spec, belonging=belonging)).with_(P=sizes[0], Q=sizes[1])
    source = build_source(instance)
    symmetry = symmetry_of(instance, ())
    kernel = build_kernel(source, instance)
    if belonging and sizes == (2, 3):
        assert symmetry.refused == {"P": "3 elements of Q belong to 2: not as many to each"}
        assert symmetry.sorts == ("Q",)
        return
    assert not symmetry.refused
    python: dict[str, Any] = {}
    exec(orbit_text(source, instance, symmetry), python)
    exchange, _ = prepare_exchange(source, instance)
    assert exchange is not None
    for state in random_walk(instance, next(initial_states(instance)), steps):
        orbit = {tuple(kernel.pack(exchanged(instance, state, one))) for one in exchanges(instance)}
        states = np.array(sorted(orbit), dtype=np.int64)
        found = {tuple(int(word) for word in one) for one in exchange.canonical(states)}
        assert len(found) == 1, "one state stands for all"
        assert found <= orbit, "and is one of them"
        assert found == {tuple(_called(python["canonical"], words, source.words)) for words in orbit}
        assert {python["orbit"](words, 0) for words in orbit} == {len(orbit)}
        stand = _called(python["arranged"], kernel.pack(state), sum(moved_sorts(instance, symmetry).values()))
        becomes = _becomes(stand, moved_sorts(instance, symmetry))
        assert tuple(kernel.pack(exchanged(instance, state, becomes))) in found, "as it says what stands where"


def _called(function: Any, words: Any, size: int) -> list[int]:
    out = [0] * size
    function(words, 0, out)
    return out


def _becomes(stand: list[int], moved: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Which element each one becomes, where `stand` has sort by sort those that have come to stand at each place."""
    becomes, left = {}, list(stand)
    for sort, size in moved.items():
        mine, left = left[:size], left[size:]
        becomes[sort] = tuple(mine.index(element) for element in range(size))
    return becomes


SOME = Expr("arg", CACHES, (), "p")
TOLD_APART = {
    "is one of them": Expr("eq", BOOL, (SOME, FIRST_CACHE)),
    "holds one of them": Expr("eq", BOOL, (SOME, Expr("var", CACHES, (), "leader"))),
    "does more with one of them than to ask whether it is another": Expr("lt", BOOL, (SOME, SOME)),
    "compares one of them with what is none": Expr("eq", BOOL, (SOME, Expr("prm", Type("nat"), (), "V"))),
}


@pytest.mark.parametrize("why", TOLD_APART)
def test_a_sort_is_refused_whose_elements_are_told_apart_by_what_is_asked(why: str) -> None:
    refused = symmetry_of(SMALL, [TOLD_APART[why]]).refused
    assert list(refused) == ["P"]
    assert why in refused["P"]
    assert symmetry_of(SMALL, [TOLD_APART[why]]).sorts == ("K",), "another sort is as it was"


def test_a_sort_is_refused_whose_elements_an_action_tells_apart() -> None:
    assert symmetry_of(first_fetches_alone(SMALL), ()).refused == {"P": "`0` is one of them"}


def test_where_each_element_is_alone_there_is_nothing_to_exchange() -> None:
    alone = symmetry_of(SMALL.with_(P=1, K=1), ())
    assert (alone.sorts, alone.refused) == ((), {})
