# SPDX-License-Identifier: Apache-2.0
"""A front that is described by a file is judged as by the code that knows this front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.runs import Run
from edgeproof.reports.target.judging import judged, reasons_in
from tests.outside.front import Answer, Front, served
from tests.outside.test_outside import BROKEN, HOLD, LogsByHalf, NeverPublishesAgain
from tests.target.driving import described, taken

SLOW = ("single-writer-order", "durable-ack", "idempotent-write", "changelog-complete")
QUICK = [*(name for name in HOLD if name not in SLOW), "never-ahead", "bounded-staleness"]


class LosesAnswers(Front):
    """Every fourth write is made, and its answer is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, name: str, body: dict[str, Any]) -> Answer:
        self.writes += 1
        answer = super().write(name, body)
        return answer if self.writes % 4 else (0, {})


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """By front the properties that its run breaks."""
    folder, runs, by_front = tmp_path_factory.mktemp("fronts"), dict[str, Run](), dict[str, list[str]]()
    for front in (Front, LosesAnswers, *(one for one, _ in BROKEN)):
        with served(front()) as address:
            this = described(folder, address)
            (run,) = taken(this)
        runs[front.__name__] = run
        by_front[front.__name__] = [*reasons_in(this.target, this.promise, run, recorded(this.target, run), QUICK)]
    # The others take a database: all the runs are one history to it.
    made = [recorded(this.target, run) for run in runs.values()]
    found = judged(this.target, this.promise, [*runs.values()], made, SLOW, 0)
    for name, units in found.broken_in.items():
        for front_name, run in runs.items():
            by_front[front_name] += [name] if run.name in units else []
    return by_front


@pytest.mark.parametrize(("front", "name"), [(front.__name__, name) for front, name in BROKEN])
def test_what_the_code_finds_the_file_finds(broken: Mapping[str, list[str]], front: str, name: str) -> None:
    # That everybody is told an old config for ever, which the code calls no reading of one's writes, breaks a bound.
    expected = "bounded-staleness" if front == NeverPublishesAgain.__name__ else name
    assert expected in broken[front]


@pytest.mark.parametrize("front", [Front, LosesAnswers])
def test_of_a_good_front_nothing_is_broken(broken: Mapping[str, list[str]], front: type[Front]) -> None:
    assert broken[front.__name__] == []


def test_what_the_changelog_lacks_was_not_written_whole(broken: Mapping[str, list[str]]) -> None:
    assert "atomic-write" in broken[LogsByHalf.__name__]
