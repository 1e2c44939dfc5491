# SPDX-License-Identifier: Apache-2.0
"""Which version of a run comes after which, and what a read of it must have contained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from edgeproof.impl.history import EMPTY_DIGEST
from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.extract import MISSING
from edgeproof.impl.target.order import places_of
from edgeproof.impl.target.routes import Target, Versions
from edgeproof.impl.target.runs import Happened, Run
from edgeproof.impl.target.wire import Heard
from edgeproof.reports.target.file import read_description
from tests.target.driving import describe


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return evolve(read_description(describe(tmp_path, "http://127.0.0.1:1", "flags")).target, versions=Versions.OPAQUE)


def write(number: int, version: Any, step: int = 0, outcome: str = "ok", **more: Any) -> Happened:
    heard = Heard(outcome, version if outcome == "ok" else None)
    what = Happened("write", step, "", float(step), step + 0.5, heard, number=number, since=float(step) or 0.1)
    return evolve(what, changes={"a": number}, **more)


def read(version: Any, step: int = 0, at: str = "edge", content: Any = MISSING) -> Happened:
    return Happened("read", step, at, step + 0.6, step + 0.7, Heard("ok", version, content))


def run_of(*happened: Happened, before: Any = None) -> Run:
    return Run("r", (), ("a", "b"), before=[read(before, -1, "strong")], happened=list(happened))


def test_opaque_versions_come_in_the_order_of_their_commits(target: Target) -> None:
    places = places_of(target, run_of(write(1, "x", 0), write(2, "y", 1), write(3, "a", 2), before="q"), fresh=False)
    assert places.of == {"q": 0, "x": 1, "y": 2, "a": 3}


def test_of_two_writes_at_once_the_last_is_the_one_that_the_store_then_shows(target: Target) -> None:
    both = (write(1, "x", 0, beside=True), write(2, "y", 0, beside=True))
    for last, order in (("x", ["y", "x"]), ("y", ["x", "y"])):
        places = places_of(target, run_of(*both, read(last, 0, "strong")), fresh=False)
        assert sorted(places.of, key=lambda version: places.of[version]) == order


def test_a_write_that_names_another_as_its_base_came_after_it(target: Target) -> None:
    both = (write(1, "x", 0, beside=True, base="y"), write(2, "y", 0, beside=True))
    assert places_of(target, run_of(*both), fresh=False).of == {"y": 1, "x": 2}


def test_a_version_that_nobody_made_is_newer_than_all_and_is_not_judged_where_a_write_went_unseen(
    target: Target,
) -> None:
    assert places_of(target, run_of(write(1, "x"), read("z", 1)), fresh=False).of == {"x": 1, "z": 2}
    run = run_of(write(1, "x"), write(2, None, 1, "unknown"), read("z", 2))
    assert places_of(target, run, fresh=False).place("z") is None
    event = recorded(target, run).events[-1]
    assert (event.outcome, event.version) == ("unknown", None)


@pytest.mark.parametrize(
    ("versions", "places"), [(Versions.COUNTING, {7: 0, 8: 1, 12: 5}), (Versions.INCREASING, {7: 0, 8: 1, 12: 2})]
)
def test_numbers_are_counted_from_the_one_before_the_run_or_ranked(
    versions: Versions, places: dict[int, int], target: Target
) -> None:
    run = run_of(write(1, 8), write(2, 12, 1), before=7)
    assert places_of(evolve(target, versions=versions), run, fresh=False).of == places


def test_a_commit_has_the_content_of_all_that_came_before_it(target: Target) -> None:
    run = run_of(
        write(1, "x"),
        evolve(write(2, "y", 1), changes={"b": 2}),
        read("y", 2, content={"a": 1, "b": 2}),
        read("y", 3, content={"b": 2}),
        read(None, 4, content={}),
    )
    *_, first, second, whole, part, nothing = recorded(target, run).events
    assert (whole.version, whole.digest) == (second.version, second.digest)
    assert part.digest not in (first.digest, second.digest)
    assert (nothing.version, nothing.digest) == (0, EMPTY_DIGEST)


def test_after_a_write_that_nobody_saw_answered_contents_are_not_known(target: Target) -> None:
    run = run_of(write(1, "x"), write(2, None, 1, "unknown"), write(3, "y", 2))
    assert [event.digest is None for event in recorded(target, run).events] == [True, False, True, True]
    # Sent again, it was answered.
    run.happened.insert(2, write(2, "w", 1))
    assert [event.digest is None for event in recorded(target, run).events] == [True, False, False, False, False]


def test_a_write_that_is_sent_again_is_one_commit_since_it_was_sent_first(target: Target) -> None:
    run = run_of(write(1, "x", 1, key="k"), evolve(write(1, "x", 9, key="k"), since=1.0))
    first, again = recorded(target, run).events[1:]
    assert (again.key, again.version, again.digest) == (first.key, first.version, first.digest)
    assert (again.invoke, again.returned) == (first.invoke, 9.5)
