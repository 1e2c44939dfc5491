# SPDX-License-Identifier: Apache-2.0
"""Cut-offs: where elements of a sort do not meet, a few of them decide; where they do, nothing is claimed."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.model.designs import load
from edgeproof.model.expr import Expr, exists, for_all
from edgeproof.model.machine import (
    Design,
    Instance,
    Machine,
    State,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    each,
    index_sort,
    natural,
    read_design,
)
from edgeproof.properties.catalogue import CATALOGUE, Property
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.cutoff import Cutoff, cutoffs
from edgeproof.properties.evidence import Verdict


class Apart(Design):
    """Everybody copies from one source, and nobody from each other."""

    Cell = index_sort("Cell", 2)
    most = count(2)
    source = natural(most)
    copy = natural(most, over=Cell)
    age = clock(over=Cell)
    wait = duration(1)

    @action()
    def grow(s: State) -> None:
        s.require(s.source < s.most)
        s.source = s.source + 1

    @action(cell=Cell)
    def fetch(s: State, cell: Expr) -> None:
        s.copy[cell] = s.source
        s.age[cell] = 0

    @deadline
    def fetched_in_time(s: State) -> Expr:
        return for_all(s.Cell, lambda c: s.age[c] <= s.wait)


class Gossip(Apart):
    """They also copy from each other."""

    @action(cell=Apart.Cell, other=Apart.Cell)
    def hear(s: State, cell: Expr, other: Expr) -> None:
        s.copy[cell] = s.copy[other]


class Meddling(Apart):
    """One of them changes the source."""

    @action(cell=Apart.Cell)
    def publish(s: State, cell: Expr) -> None:
        s.source = s.copy[cell]


class Counting(Apart):
    """The source may grow only while somebody has everything, whoever it is."""

    @action()
    def restart(s: State) -> None:
        s.require(exists(s.Cell, lambda c: s.copy[c] == s.most))
        s.source = 0


class Clearing(Apart):
    """One of them clears all."""

    done = boolean()

    @action(cell=Apart.Cell)
    def clear(s: State, cell: Expr) -> None:
        each(s.copy, lambda c: 0)


BEHIND = Property("behind", "", "", state=lambda s: for_all(s.Cell, lambda c: s.copy[c] <= s.source))
ALIKE = Property("alike", "", "", state=lambda s: for_all(s.Cell, lambda c: for_all(s.Cell, lambda d: _near(s, c, d))))
NO_MORE = Property("no-more", "", "", state=lambda s: s.source <= s.most)


def _near(s: Any, c: Expr, d: Expr) -> Expr:
    near: Expr = s.copy[c] <= s.copy[d] + 2
    return near


def found(design: type[Design], *properties: Property) -> list[Cutoff]:
    return cutoffs(Instance.of(read_design(design)), properties, "Cell")


def test_one_decides_what_is_said_of_each_and_two_what_is_said_of_pairs() -> None:
    assert [(one.property, one.elements) for one in found(Apart, BEHIND, ALIKE, NO_MORE)] == [
        ("behind", 1),
        ("alike", 2),
        ("no-more", 1),
    ]


@pytest.mark.parametrize(
    ("design", "why"),
    [
        (Gossip, "hear is between several Cells"),
        (Meddling, "publish of one Cell changes what concerns others"),
        (Counting, "restart of one Cell depends on other ones, or on how many there are"),
        (Clearing, "clear of one Cell changes what concerns others"),
    ],
)
def test_where_elements_meet_nothing_is_claimed(design: type[Design], why: str) -> None:
    (one,) = found(design, BEHIND)
    assert (one.elements, one.reason) == (0, why)


def test_of_what_happens_in_the_end_nothing_is_claimed() -> None:
    settling = Property("settles", "", "", settles=lambda s: s.source == s.most)
    (one,) = found(Apart, settling)
    assert one.elements == 0
    assert "in the end" in one.reason


def verdicts(machine: Machine, one: Property, sizes: list[int]) -> list[Verdict]:
    instances = [Instance.of(machine, Cell=cells) for cells in sizes]
    source = kernel_source(instances, [one])
    return [explore(instance, [one], source)[0].verdict for instance in instances]


@pytest.mark.parametrize("one", [BEHIND, ALIKE], ids=lambda one: one.id)
def test_where_a_cut_off_is_claimed_larger_searches_agree(one: Property) -> None:
    machine = read_design(Apart)
    (claim,) = cutoffs(Instance.of(machine), [one], "Cell")
    assert len(set(verdicts(machine, one, list(range(claim.elements, 4))))) == 1


def test_a_claim_would_be_wrong_where_they_meet() -> None:
    """Why the lemma is needed: one cell alone cannot show what two do."""

    class Swap(Apart):
        @action(cell=Apart.Cell, other=Apart.Cell)
        def take(s: State, cell: Expr, other: Expr) -> None:
            s.require(cell != other)
            s.copy[cell] = s.most

    machine = read_design(Swap)
    assert verdicts(machine, BEHIND, [1, 2]) == [Verdict.HOLDS_TO_BOUND, Verdict.VIOLATED]
    assert found(Swap, BEHIND)[0].elements == 0


def test_one_location_of_the_pattern_decides_what_readers_see_and_two_what_a_moving_client_sees() -> None:
    instance = Instance.of(load("do_kv"), crash=True, put_fails=True, partition=True, Put=1)
    asked = [CATALOGUE[name] for name in ("monotonic-reads", "bounded-staleness", "local-reads", "cross-pop-monotonic")]
    assert [one.elements for one in cutoffs(instance, asked, "Pop")] == [1, 1, 1, 2]


def test_several_caches_at_a_location_are_no_longer_apart() -> None:
    instance = Instance.of(load("do_kv"), disjoint_caches=True, Put=1)
    (one,) = cutoffs(instance, [CATALOGUE["monotonic-reads"]], "Pop")
    assert (one.elements, one.reason) == (0, "read is between several Pops")


class Desks(Design):
    """A desk is crowded once two of its requests wait: with two desks for two requests none ever is."""

    Desk = index_sort("Desk", 2)
    Request = index_sort("Request", 2, of=Desk)
    waits = boolean(over=Request)
    busy = boolean(over=Desk)
    crowded = boolean(over=Desk)

    @action(request=Request)
    def come(s: State, request: Expr) -> None:
        desk = s.home(request)
        s.require(~s.waits[request])
        s.waits[request] = True
        s.crowded[desk] = s.busy[desk]
        s.busy[desk] = True


@pytest.mark.parametrize("sort", ["Desk", "Request"])
def test_nothing_is_claimed_of_elements_that_belong_to_others_or_that_others_belong_to(sort: str) -> None:
    calm = Property("calm", "", "", state=lambda s: for_all(s.Desk, lambda d: ~s.crowded[d]))
    machine = read_design(Desks)
    sizes = [Instance.of(machine, Desk=desks) for desks in (2, 1)]
    source = kernel_source(sizes, [calm])
    searched = [explore(at, [calm], source)[0].verdict for at in sizes]
    assert searched == [Verdict.HOLDS_TO_BOUND, Verdict.VIOLATED], (
        "how many belong to one depends on how many there are"
    )
    (one,) = cutoffs(Instance.of(machine), [calm], sort)
    assert (one.elements, one.reason) == (0, "Request belong to Desk: how many to each, their numbers say together")
