# SPDX-License-Identifier: Apache-2.0
"""Lines of JSON as cells: one pass over the bytes, for lines of objects in which everything is as it is expected.

Compiled. What it takes is held against the grammar of JSON to the last byte. Of every other line it is of no opinion.
Arrays come one by one: of a record of such, each use would be counted.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from edgeproof.properties.intake.cells import ABSENT, MOMENT, NATURAL, NUMBER, TEXT, TIME
from edgeproof.properties.intake.number_scan import NONE, divided, moment, number
from edgeproof.properties.intake.tokens import (
    LINE,
    NOWHERE,
    Bytes,
    Floats,
    Ints,
    Slots,
    after_space,
    code_of_word,
    compiled,
    inlined,
    natural_end,
    natural_of,
    part,
    same,
    special,
    text_end,
    value_end,
    word_end,
)

__all__ = ["NESTED", "OBJECT", "REFUSED", "scan_lines"]

OBJECT, REFUSED = 6, 7
"""What is behind a name, if it is no column: an object that is looked into, or what nothing is said of here."""

NESTED: Final = 16
"""Objects within each other that are looked into by name, at most."""

BEGIN, SIZE, OF, ROLE, TO, OTHER = range(6)
"""Of a name: where it stands in the text of all names, how long it is, of which object it is, what is behind it, the
number of that object or column, and whether it is another way to say a path, of which null is not nothing.
"""


@compiled
def scan_lines(
    data: Bytes,
    size: int,
    names: Ints,
    text: Bytes,
    form: Bytes,
    cut: int,
    each: Ints,
    per: Floats,
    slots: Slots,
    words: Ints,
    count: Ints,
    escaped: Ints,
    taken: Ints,
    left: Ints,
    after: Ints,
    above: Ints,
) -> tuple[int, int]:
    """Find the cells of the lines in so many bytes; returns how many are taken, a row each, and how many are left.

    Of both it is said which lines they are, from 0, and where they begin and end. The other arrays are those of
    `Expected` and of `Cells`.
    """
    row = others = line = at = 0
    while at < size:
        begin = at
        at = after_space(data, begin)
        if data[at] != 10:
            for column in range(len(each)):
                each[column, row] = ABSENT
            at = _line_end(data, at, row, names, text, form, cut, each, per, slots, words, count, escaped, after, above)
            if at >= 0 and at - begin <= LINE:
                taken[row, 0], taken[row, 1], taken[row, 2] = line, begin, at
                row += 1
            else:
                at = begin
                while data[at] != 10:
                    at += 1
                left[others, 0], left[others, 1], left[others, 2] = line, begin, at
                others += 1
        at += 1
        line += 1
    return row, others


@inlined
def _line_end(
    data: Bytes,
    at: int,
    row: int,
    names: Ints,
    text: Bytes,
    form: Bytes,
    cut: int,
    each: Ints,
    per: Floats,
    slots: Slots,
    words: Ints,
    count: Ints,
    escaped: Ints,
    after: Ints,
    above: Ints,
) -> int:
    """Where the line ends that the object at `at` is all of; what it says is put into a row.

    `after` has the name that came last time after each one, and `above` room for the objects that it is in.
    """
    if data[at] != 123:
        return NOWHERE
    inside, depth, seen, before = np.int64(0), np.int64(0), np.uint64(0), np.int64(NOWHERE)
    at = after_space(data, at + 1)
    while True:
        if data[at] != 34:
            return NOWHERE
        at += 1
        name = after[before + 1]
        if name >= 0 and names[name, OF] == inside and _stands(data, at, names, text, name):
            at += names[name, SIZE]
        else:
            end = special(data, at)
            if data[end] != 34:
                return NOWHERE
            name = _name(data, at, end, names, text, inside)
            at = end
            if name >= 0:
                after[before + 1] = name
        at = after_space(data, at + 1)
        if data[at] != 58:
            return NOWHERE
        at = after_space(data, at + 1)
        if name < 0:
            at = value_end(data, at)
        else:
            before = name
            bit = np.uint64(1) << np.uint64(name)
            if seen & bit:
                return NOWHERE
            seen |= bit
            if names[name, ROLE] == OBJECT and data[at] == 123:
                above[depth] = inside
                inside = names[name, TO]
                depth += 1
                at = after_space(data, at + 1)
                if data[at] != 125:
                    continue
            else:
                at = _cell_end(data, at, row, names, name, form, cut, each, per, slots, words, count, escaped)
        if at < 0:
            return NOWHERE
        at = after_space(data, at)
        while data[at] == 125:
            at = after_space(data, at + 1)
            if depth == 0:
                return at if data[at] == 10 else NOWHERE
            depth -= 1
            inside = above[depth]
        if data[at] != 44:
            return NOWHERE
        at = after_space(data, at + 1)


@inlined
def _stands(data: Bytes, at: int, names: Ints, text: Bytes, name: int) -> bool:
    """Whether a name stands at a place, and ends there."""
    begin, size = names[name, BEGIN], names[name, SIZE]
    return bool(data[at + size] == 34 and same(data, at, text, begin, size))


@part
def _name(data: Bytes, begin: int, end: int, names: Ints, text: Bytes, inside: int) -> int:
    """The number of the name that stands there; NOWHERE for one that means nothing."""
    for name in range(len(names)):
        if names[name, OF] == inside and names[name, SIZE] == end - begin and _stands(data, begin, names, text, name):
            return name
    return NOWHERE


@inlined
def _cell_end(
    data: Bytes,
    at: int,
    row: int,
    names: Ints,
    name: int,
    form: Bytes,
    cut: int,
    each: Ints,
    per: Floats,
    slots: Slots,
    words: Ints,
    count: Ints,
    escaped: Ints,
) -> int:
    """Where a value ends that a column may have, and that it does not have yet; it is put into the row."""
    role, column = names[name, ROLE], names[name, TO]
    if role == REFUSED:
        return NOWHERE
    if data[at] == 110:
        return NOWHERE if names[name, OTHER] else int(word_end(data, at))
    if role == OBJECT or each[column, row] != ABSENT:
        return NOWHERE
    if role == TEXT:
        if data[at] != 34:
            return NOWHERE
        at += 1
        end = special(data, at)
        if data[end] != 34:
            end = text_end(data, end)
            if end < 0:
                return NOWHERE
            escaped[column] = 1
        each[column, row] = code_of_word(data, at, end, column, slots, words, count)
        return int(end + 1)
    if role == NATURAL:
        if data[at] != 34:
            end, each[column, row] = natural_end(data, at)
            return int(end)
        end = _quote(data, at + 1)
        if end < 0 or cut < 0:
            return NOWHERE
        each[column, row] = natural_of(data, at + 1, end, form, cut)
        return int(end + 1) if each[column, row] >= 0 else NOWHERE
    if role in (NUMBER, TIME, MOMENT):
        if data[at] != 34:
            end, bits = number(data, at)
            each[column, row] = divided(bits, per[column])
            return NOWHERE if role == MOMENT else int(end)
        end = _quote(data, at + 1)
        if end < 0 or role == NUMBER:
            return NOWHERE
        each[column, row] = moment(data, at + 1, end)
        return int(end + 1) if each[column, row] != NONE else NOWHERE
    end = word_end(data, at)
    each[column, row] = data[at] == 116
    return int(end)


@inlined
def _quote(data: Bytes, at: int) -> int:
    """The closing quote of a string without escapes; NOWHERE for any other."""
    end = special(data, at)
    return int(end) if data[end] == 34 else NOWHERE
