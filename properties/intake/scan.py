# SPDX-License-Identifier: Apache-2.0
"""Blocks of lines of JSON as events by one compiled pass: the lines about which it is of no opinion are left to others.

To import this takes longer than a small file does.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from edgeproof.properties.intake.cells import Cells
from edgeproof.properties.intake.events_of_cells import Scanned, json_text
from edgeproof.properties.intake.expected import Expected, expected_of
from edgeproof.properties.intake.json_scan import scan_lines
from edgeproof.properties.intake.lines import Block, is_utf8
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.scan_judge import Judge
from edgeproof.properties.intake.tokens import Ints

__all__ = ["LineScanner", "line_scanner"]

_SHORT: Final = 24
"""Bytes a line, on the average: of fewer there is no event, and their arrays would be larger than they are."""


class LineScanner:
    """Scans blocks of lines as one mapping says. One per thread."""

    def __init__(self, mapping: ColumnMapping, expected: Expected) -> None:
        self._mapping = mapping
        self._expected = expected
        self._judge = Judge(mapping)
        self._used: Cells | None = None

    def read(self, file: str, block: Block) -> tuple[pa.Table, Ints] | None:
        """The events of which it is certain, with the columns of `CODED`, and the other lines: which they are, from 0,
        where they begin and where they end. None for a block that is better not looked at.
        """
        lines, size = block.ends + 1, block.size
        if lines * _SHORT > size or not is_utf8(block.padded):
            return None
        scanned, left = self._scanned(np.frombuffer(block.padded, np.uint8), size, lines)
        events, others = self._judge.sound(scanned, file, block.first)
        left = np.concatenate((left, others))
        return events, left[np.argsort(left[:, 0])]

    def _scanned(self, data: Any, size: int, lines: int) -> tuple[Scanned, Ints]:
        expected, columns = self._expected, self._expected.columns
        self._used = cells = columns.room(lines, self._used)
        rows, others = scan_lines(
            data, size, expected.names, expected.text, *columns.forms, *cells.arrays, *expected.room
        )
        return Scanned(data, cells, rows, columns, self._mapping, json_text), cells.left[:others]


def line_scanner(mapping: ColumnMapping) -> LineScanner | None:
    """Whoever scans lines as a mapping says; None if nobody can."""
    expected = expected_of(mapping)
    return None if expected is None else LineScanner(mapping, expected)
