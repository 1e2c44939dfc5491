# SPDX-License-Identifier: Apache-2.0
"""A lie in any engine is caught where engines are held to each other: of the same design, told honestly, they agree."""

from __future__ import annotations

import pytest

from tests.properties.agreeing import CHECKS
from tests.properties.lies import LIES, Lie
from tests.properties.random_subjects import Subject


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.tell.__name__)
def test_the_honest_engine_passes_and_the_liar_is_caught(lie: Lie, monkeypatch: pytest.MonkeyPatch) -> None:
    check = CHECKS[lie.check]
    assert check(Subject.of(lie.design)), "the check compares something"
    lie.tell(monkeypatch)
    with pytest.raises(AssertionError, match=lie.said):
        check(Subject.of(lie.design))
