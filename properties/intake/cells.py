# SPDX-License-Identifier: Apache-2.0
"""What a scan of text finds, row by row: a whole number per column, which stands for what is said there.

Of a column of text it is the number of a word; of times, the bits of the double; of the others it is the number itself,
or 1 and 0 for true and false.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.intake.tokens import Floats, Ints, Slots

__all__ = ["ABSENT", "FLAG", "MOMENT", "NATURAL", "NUMBER", "TEXT", "TIME", "Cells"]

ABSENT: Final = -1
"""Nothing is said. The bits of a double that are all set are those of no number."""

TEXT, NUMBER, MOMENT, TIME, NATURAL, FLAG = range(6)
"""Kinds of columns. Of times some are written as numbers, some as a date and a time of day, and some as either."""


@frozen(eq=False)
class Cells:
    """Room for some rows of some columns, and for their words: `slots`, `words` and `count` as `code_of_word` has them.

    `escaped` says of which columns some word has an escape in it. `taken` and `left` say of the rows, and of the lines
    that are none, which lines they are, from 0, and where they begin and end. `per` is how many of a column's units
    make a second.
    """

    each: Ints
    per: Floats
    slots: Slots
    words: Ints
    count: Ints
    escaped: Ints
    taken: Ints
    left: Ints

    @property
    def arrays(self) -> tuple[Ints, Floats, Slots, Ints, Ints, Ints, Ints, Ints]:
        """All of it, one by one."""
        return self.each, self.per, self.slots, self.words, self.count, self.escaped, self.taken, self.left

    @classmethod
    def of(cls, per: Floats, texts: int, rows: int) -> Cells:
        """For so many rows of as many columns as there are units, of which the first ones are text."""
        slots = np.full((texts, 1 << max(4, (2 * rows).bit_length())), ABSENT, np.int32)
        each, words = np.empty((len(per), rows), np.int64), np.empty((texts, rows, 3), np.int64)
        counts = np.zeros(texts, np.int64), np.zeros(texts, np.int64)
        return cls(each, per, slots, words, *counts, np.empty((rows, 3), np.int64), np.empty((rows, 3), np.int64))

    def cleared(self) -> Cells:
        """The same, for other rows: it takes longer to get so much memory than to use it again."""
        self.slots.fill(ABSENT)
        self.count.fill(0)
        self.escaped.fill(0)
        return self
