# SPDX-License-Identifier: Apache-2.0
"""Reads of one isolate on the real runtime that are under way together: KV's answers come in any order, and late."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, permutations
from pathlib import Path

import pytest

from tests.workerd.held_reads import Edge, Told

pytestmark = pytest.mark.xdist_group("workerd-flags")

CACHE_TTL = 30
MEMO_TTL = 10


@pytest.fixture
def edge(workerd: Path, request: pytest.FixtureRequest) -> Iterator[Edge]:
    with edge_of(request.param) as one:
        yield one


def edge_of(reader: str, epoch: str = "on") -> Edge:
    return Edge({"reader": reader, "epoch": epoch, "cache_ttl": CACHE_TTL, "memo_ttl": MEMO_TTL})


plain = pytest.mark.parametrize("edge", ["plain"], indirect=True)
remembering = pytest.mark.parametrize("edge", ["memo", "guarded"], indirect=True)
memo = pytest.mark.parametrize("edge", ["memo"], indirect=True)
any_reader = pytest.mark.parametrize("edge", ["plain", "guarded", "memo"], indirect=True)


@remembering
def test_a_slow_older_answer_that_comes_last_is_not_what_the_next_request_is_told(edge: Edge) -> None:
    edge.publish(1)
    slow = edge.ask()
    edge.publish(2)
    assert edge.read().version == 2
    assert slow.answer().version == 2
    assert edge.read().version == 2


@remembering
def test_nor_is_it_where_the_newer_answer_belongs_to_the_request_that_was_asked_first(edge: Edge) -> None:
    edge.publish(2)
    first = edge.ask()
    edge.publish(1)
    second = edge.ask()
    assert [first.answer().version, second.answer().version] == [2, 2]
    assert edge.read().version == 2


@remembering
def test_what_comes_last_is_taken_where_its_era_is_newer(edge: Edge) -> None:
    edge.publish(2, era=1)
    slow = edge.ask()
    edge.publish(7)
    assert edge.read().version == 7
    assert (slow.answer().version, edge.read().version) == (2, 2)


@plain
def test_a_plain_reader_tells_every_request_what_kv_told_that_one(edge: Edge) -> None:
    edge.publish(1)
    slow = edge.ask()
    edge.publish(2)
    edge.wait(5)
    assert edge.read() == Told(2, 0)
    assert slow.answer() == Told(1, 5)
    assert edge.read() == Told(2, 0)


@memo
def test_the_absence_of_a_config_that_is_learnt_last_does_not_undo_a_memo(edge: Edge) -> None:
    slow = edge.ask()
    edge.publish(1)
    assert [edge.read().version, slow.answer().version, edge.read().version] == [1, 1, 1]


@any_reader
def test_an_answer_is_as_old_as_its_question(edge: Edge) -> None:
    edge.publish(1)
    slow = edge.ask()
    edge.wait(3)
    assert slow.answer() == Told(1, 3)


@memo
def test_a_memo_is_served_until_it_is_too_old_however_long_its_answer_took(edge: Edge) -> None:
    edge.publish(1)
    slow = edge.ask()
    edge.publish(2)
    edge.wait(3)
    slow.answer()
    edge.wait(MEMO_TTL - 3)
    assert edge.read() == Told(1, MEMO_TTL, "memo")
    edge.wait(1)
    assert edge.read() == Told(2, 0)


@memo
def test_an_older_question_with_the_same_answer_makes_a_memo_no_older(edge: Edge) -> None:
    edge.publish(1)
    slow = edge.ask()
    edge.wait(4)
    edge.read()
    assert slow.answer() == Told(1, 0, "memo")


@remembering
def test_a_read_that_breaks_tells_what_is_kept_by_then(edge: Edge) -> None:
    slow = edge.ask()
    edge.publish(1)
    assert (edge.read().version, slow.lose().version) == (1, 1)
    edge.wait(MEMO_TTL + 1)
    slow = edge.ask()
    edge.publish(2)
    assert (edge.read().version, slow.lose().version) == (2, 2)


@memo
def test_a_memo_that_has_expired_takes_what_kv_has_though_it_is_older(edge: Edge) -> None:
    edge.publish(2)
    edge.read()
    edge.publish(1)
    edge.wait(MEMO_TTL + 1)
    assert edge.read().version == 1, "nobody was told anything meanwhile: KV itself has gone back"


@pytest.mark.parametrize("epoch", ["on", "off"])
@pytest.mark.parametrize("reader", ["plain", "guarded", "memo"])
def test_in_whatever_order_four_answers_come_only_a_plain_reader_goes_back(
    workerd: Path, reader: str, epoch: str
) -> None:
    with edge_of(reader, epoch) as edge:
        for number, order in enumerate(permutations((1, 2, 3, 4))):
            edge.wait(MEMO_TTL + 1)
            versions = [10 * number + place for place in order]
            asked = []
            for version in versions:
                edge.publish(version)
                asked.append(edge.ask())
            told = [one.answer().version for one in asked]
            assert told == (versions if reader == "plain" else list(accumulate(versions, max)))
