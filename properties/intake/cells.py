# SPDX-License-Identifier: Apache-2.0
"""What a scan of text finds, row by row: a whole number per column, which stands for what is said there.

Of a column of text it is the number of a word; of times, where a number stands and how long it is; of the others it is
the number itself, or 1 and 0 for true and false.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.intake.tokens import Ints, Slots

__all__ = ["ABSENT", "FLAG", "LENGTH", "NATURAL", "TEXT", "TIME", "Cells"]

ABSENT: Final = -1
TEXT, TIME, NATURAL, FLAG = range(4)
"""Kinds of columns."""

LENGTH: Final = 6
"""Bits for how long a number is, behind where it stands."""


@frozen(eq=False)
class Cells:
    """Room for some rows of some columns, and for their words: `slots`, `words` and `count` as `code_of_word` has them.

    `escaped` says of which columns some word has an escape in it.
    """

    each: Ints
    slots: Slots
    words: Ints
    count: Ints
    escaped: Ints

    @property
    def arrays(self) -> tuple[Ints, Slots, Ints, Ints, Ints]:
        """All of it, one by one."""
        return self.each, self.slots, self.words, self.count, self.escaped

    @classmethod
    def of(cls, columns: int, texts: int, rows: int) -> Cells:
        """Empty, for so many columns, of which the first ones are text."""
        slots = np.full((texts, 1 << max(4, (2 * rows).bit_length())), -1, np.int32)
        counts = np.zeros(texts, np.int64), np.zeros(texts, np.int64)
        return cls(np.full((columns, rows), ABSENT), slots, np.empty((texts, rows, 3), np.int64), *counts)
