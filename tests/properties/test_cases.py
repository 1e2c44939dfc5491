# SPDX-License-Identifier: Apache-2.0
"""What holds of the boards of all designs together."""

from __future__ import annotations

from collections import Counter

import pytest

from edgeproof.impl.references import REFERENCES
from edgeproof.model.designs import DESIGNS
from edgeproof.properties.bounds import TERMS
from edgeproof.properties.cases import BOARDS, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.lemmas import LEMMAS


def test_a_case_is_known_by_its_name_alone() -> None:
    names = Counter(case.name for design in BOARDS for case in scoreboard(design))
    assert [name for name, times in names.items() if times > 1] == []


def test_every_design_has_a_board_lemmas_and_an_implementation() -> None:
    assert set(DESIGNS) == set(BOARDS) == set(LEMMAS)
    assert {name for name, board in BOARDS.items() if "fuzz" in board.engines} == set(REFERENCES)
    assert set(TERMS) <= set(DESIGNS)


@pytest.mark.parametrize("design", BOARDS)
def test_what_a_case_expects_is_something_that_it_asks(design: str) -> None:
    board = BOARDS[design]
    for case, row in zip(scoreboard(design), board.rows, strict=True):
        assert case.because
        assert set(row[2]) <= set(case.properties) <= set(CATALOGUE)
