# SPDX-License-Identifier: Apache-2.0
"""What takes minutes: every order of two operations that are under way together (`make long`, ten minutes)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from edgeproof.impl.interleaved.subjects import ON_WORKERD, SUBJECTS, subject
from edgeproof.properties.engines.interleave.engine import Effort, interleave
from edgeproof.properties.evidence import Verdict
from tests.impl.interleaved_exchange import exchanged
from tests.workerd.interleaved_mistakes import MISTAKES


@pytest.mark.parametrize("name", [*SUBJECTS, *ON_WORKERD])
def test_two_operations_break_nothing_in_any_order(workerd: Path, name: str) -> None:
    result = interleave(name, lambda: subject(name, 2), Effort(20_000))
    assert all(one.exhaustive for one in result.evidence)
    assert {one.verdict for one in result.evidence} == {Verdict.HOLDS_TO_BOUND}


@pytest.mark.parametrize("name", ON_WORKERD)
def test_moves_that_are_said_to_commute_do(workerd: Path, name: str) -> None:
    with closing(subject(name, 2)) as one, closing(subject(name, 2)) as other:
        assert len(exchanged(one, other, runs=60)) > 5


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_and_its_schedule_shows_it_again(workerd: Path, mistake: str) -> None:
    MISTAKES[mistake].is_found()
