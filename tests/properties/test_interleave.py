# SPDX-License-Identifier: Apache-2.0
"""Orders of operations under way: what is driven, that nothing is missed by it, and what is found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import islice
from random import Random

import pytest

from edgeproof.impl.interleaved.publication import PublicationSubject
from edgeproof.impl.interleaved.reader import ReaderSubject
from edgeproof.impl.interleaved.subjects import SUBJECTS, subject
from edgeproof.impl.interleaving import Interleaved
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.interleave.checks import CHECKS, OWN
from edgeproof.properties.engines.interleave.engine import Effort, interleave
from edgeproof.properties.engines.interleave.priority import by_priority
from edgeproof.properties.engines.interleave.schedule import (
    Schedule,
    ScheduleError,
    dump_schedule,
    load_schedule,
    replay,
)
from edgeproof.properties.engines.interleave.search import Count, every_order
from edgeproof.properties.evidence import Verdict
from tests.impl.interleaved_exchange import exchanged
from tests.impl.interleaved_mutants import OVERTAKEN, InstallsWhatComesLast, Overtaken

every_subject = pytest.mark.parametrize("name", SUBJECTS)


# --- the code as it is


@every_subject
def test_one_operation_breaks_nothing_in_any_order(name: str) -> None:
    result = interleave(name, lambda: subject(name, 1), Effort(2_000))
    assert {one.verdict for one in result.evidence} <= {Verdict.HOLDS_TO_BOUND, Verdict.VACUOUS}
    assert all(one.exhaustive for one in result.evidence)


@every_subject
def test_with_three_operations_all_that_a_subject_is_held_to_is_put_to_the_test_and_holds(name: str) -> None:
    result = interleave(name, lambda: subject(name, 3), Effort(200))
    assert {one.verdict for one in result.evidence} == {Verdict.HOLDS_TO_BOUND}


# --- the code with faults


@pytest.mark.parametrize("mutant", OVERTAKEN, ids=lambda mutant: mutant.name)
def test_a_fault_is_found_and_its_schedule_shows_it_again(mutant: Overtaken) -> None:
    result = interleave(mutant.name, lambda: mutant.subject(2), Effort(2_000))
    shown = result.witnesses.keys() & set(mutant.breaks)
    assert shown, mutant.wrong
    for about in shown:
        again = load_schedule(dump_schedule(result.witnesses[about]))
        with closing(mutant.subject(2)) as system:
            assert replay(again, system).broken[about] == again.why


def test_nothing_can_be_left_out_of_a_schedule_that_is_shown() -> None:
    faulty = ReaderSubject(2, "memo", reader=InstallsWhatComesLast)
    (shown,) = interleave("faulty", lambda: faulty, Effort(2_000)).witnesses.values()
    for left_out in range(len(shown.moves)):
        fewer = Schedule(*("faulty", 2), shown.moves[:left_out] + shown.moves[left_out + 1 :])
        assert shown.about not in replay(fewer, faulty).broken


def test_what_a_violation_cut_short_is_undecided_and_not_said_to_hold() -> None:
    faulty = ReaderSubject(2, "memo", reader=InstallsWhatComesLast)
    evidence = interleave("faulty", lambda: faulty, Effort(2_000)).evidence
    assert {one.verdict for one in evidence} == {Verdict.VIOLATED, Verdict.UNKNOWN}
    assert not any(one.exhaustive for one in evidence)


# --- no order is missed


SMALL: dict[str, Callable[[], Interleaved]] = {
    "reader": lambda: ReaderSubject(1, "memo", reader=InstallsWhatComesLast),
    "publication": lambda: PublicationSubject(1),
}


@pytest.mark.parametrize("name", SMALL)
def test_the_orders_that_are_driven_show_all_that_all_orders_show(name: str) -> None:
    reduced, whole = _shown_by(SMALL[name](), sleep=True), _shown_by(SMALL[name](), sleep=False)
    assert reduced[0] == whole[0]
    assert reduced[1] < whole[1]


def _shown_by(system: Interleaved, sleep: bool) -> tuple[set[tuple[str, str]], int]:
    """Every end that there is, with what was broken on the way, and how many orders lead there."""
    count, shown = Count(), set()
    for driven in every_order(system, count, sleep=sleep):
        shown.add((repr(system.seen()), repr(sorted(driven.broken))))
    assert count.complete
    system.close()
    return shown, count.orders


@every_subject
def test_moves_that_are_said_to_commute_do_and_make_no_difference_to_what_comes_later(name: str) -> None:
    with closing(subject(name, 2)) as one, closing(subject(name, 2)) as other:
        assert len(exchanged(one, other, runs=100)) > 5


def test_orders_that_differ_in_moves_that_commute_only_are_driven_once() -> None:
    count, seen = Count(), set()
    with closing(PublicationSubject(1)) as system:
        for driven in every_order(system, count):
            assert driven.moves not in seen
            seen.add(driven.moves)
    assert count.complete


# --- what can be said, and said again


def test_the_same_seed_drives_the_same_orders() -> None:
    def orders(seed: int) -> list[tuple[str, ...]]:
        with closing(subject("reader-memo", 3)) as system:
            return [driven.moves for driven in islice(by_priority(system, Count(), Random(seed), 3, 12), 20)]

    assert orders(1) == orders(1) != orders(2)


def test_a_subject_that_breaks_nothing_within_few_orders_is_not_said_to_be_sound_in_all() -> None:
    result = interleave("reader-memo", lambda: subject("reader-memo", 3), Effort(50))
    assert not any(one.exhaustive for one in result.evidence)
    assert "by priority" in result.evidence[0].bound


def test_every_property_is_stated_in_the_catalogue_or_here() -> None:
    assert CHECKS.keys() == {*OWN, *(CHECKS.keys() & CATALOGUE.keys())}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[" * 100_000,
        '{"schedule": 1}',
        '{"schedule": 1, "subject": "push", "operations": true, "moves": [], "about": "", "why": ""}',
        '{"schedule": 1, "subject": "push", "operations": 1, "moves": [1], "about": "", "why": ""}',
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        load_schedule(text)
