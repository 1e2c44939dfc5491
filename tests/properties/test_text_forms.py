# SPDX-License-Identifier: Apache-2.0
"""The compiled pass over text is of one mind with the readable way, on every shape, and leaves little to it."""

from __future__ import annotations

from random import Random
from typing import Final

import pytest

from tests.properties.text_forms import (
    SHAPES,
    csv_file,
    json_lines,
    meant_in_csv,
    meant_in_lines,
    scanned_from_csv,
    scanned_from_lines,
)

LINES: Final = 400
LEFT: Final = 0.4
"""Of the lines, at the most; with something odd in every tenth, and line ends within words of many more."""


@pytest.mark.parametrize("shape", SHAPES)
def test_lines_of_json(shape: str) -> None:
    file = json_lines(Random(shape), SHAPES[shape], LINES)
    found, left = scanned_from_lines(file, SHAPES[shape])
    assert found == meant_in_lines(file, SHAPES[shape])
    assert left < LEFT * LINES


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_of_csv(shape: str) -> None:
    file = csv_file(Random(shape), SHAPES[shape], LINES)
    found, left = scanned_from_csv(file, SHAPES[shape])
    assert found == meant_in_csv(file, SHAPES[shape])
    assert left < LEFT * LINES
