# SPDX-License-Identifier: Apache-2.0
"""A front that is described by a file is judged as by the code that knows this front."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.runs import Run
from edgeproof.reports.target.judging import judged
from tests.outside.front import Front, served
from tests.outside.test_outside import BROKEN, HOLD, NeverPublishesAgain
from tests.target.driving import described, taken

NAMES = (*HOLD, "never-ahead", "bounded-staleness")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """By front the properties that it was found to break: all the runs are judged as one history."""
    folder, runs, of_unit = tmp_path_factory.mktemp("fronts"), list[Run](), dict[str, str]()
    for front in (Front, *(one for one, _ in BROKEN)):
        with served(front()) as address:
            this = described(folder, address)
            for run in taken(this):
                runs.append(run)
                of_unit |= {run.name: front.__name__, run.neighbour_name: front.__name__}
    found = judged(this.target, this.promise, runs, [recorded(this.target, run) for run in runs], NAMES, 0)
    assert len(found.evidence) == len(NAMES)
    by_front: dict[str, list[str]] = {name: [] for name in of_unit.values()}
    for name, units in found.broken_in.items():
        for unit in units:
            by_front[of_unit[unit]].append(name)
    return by_front


@pytest.mark.parametrize(("front", "name"), [(front.__name__, name) for front, name in BROKEN])
def test_what_the_code_finds_the_file_finds(broken: Mapping[str, list[str]], front: str, name: str) -> None:
    # That everybody is told an old config for ever, which the code calls no reading of one's writes, breaks a bound.
    expected = "bounded-staleness" if front == NeverPublishesAgain.__name__ else name
    assert expected in broken[front]


def test_of_a_good_front_nothing_is_broken(broken: Mapping[str, list[str]]) -> None:
    assert broken[Front.__name__] == []
