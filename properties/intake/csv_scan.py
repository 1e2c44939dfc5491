# SPDX-License-Identifier: Apache-2.0
"""Rows of CSV as cells: one pass over the bytes, for rows of one line each. Compiled.

It parts a row as `csv.reader` does. Where a row goes on in the next line it stops, as only whoever reads on knows where
that row ends. Of a row in which something is not as it is expected it is of no opinion.
"""

from __future__ import annotations

from edgeproof.properties.intake.cells import ABSENT, MOMENT, NATURAL, NUMBER, TEXT, TIME
from edgeproof.properties.intake.number_scan import NONE, divided, moment, number
from edgeproof.properties.intake.tokens import (
    LINE,
    NOWHERE,
    Bytes,
    Floats,
    Ints,
    Slots,
    cell_end,
    code_of_word,
    compiled,
    inlined,
    natural_of,
    word_end,
)

__all__ = ["scan_rows"]


@compiled
def scan_rows(
    data: Bytes,
    at: int,
    size: int,
    mark: int,
    columns: Ints,
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
) -> tuple[int, int, int, int]:
    """Find the cells of the rows from `at` on to `size`, which a `mark` parts; `columns` has the kind and the number of
    each column of theirs.

    Returns how many are taken and how many are left; and where it stopped, and in which line, from 0. Of the rows it is
    said which lines they are, and where they begin and end.
    """
    row = others = line = 0
    while at < size:
        begin = at
        if data[at] == 10 or (data[at] == 13 and data[at + 1] == 10):
            at += 1 + int(data[at] == 13)
            line += 1
            continue
        for column in range(len(each)):
            each[column, row] = ABSENT
        end, fits = _row_end(data, begin, row, mark, columns, form, cut, each, per, slots, words, count, escaped)
        if end < 0:
            return row, others, begin, line
        if fits and end - begin <= LINE:
            taken[row, 0], taken[row, 1], taken[row, 2] = line, begin, end
            row += 1
        else:
            left[others, 0], left[others, 1], left[others, 2] = line, begin, end
            others += 1
        at = end + 1
        line += 1
    return row, others, at, line


@inlined
def _row_end(
    data: Bytes,
    at: int,
    row: int,
    mark: int,
    columns: Ints,
    form: Bytes,
    cut: int,
    each: Ints,
    per: Floats,
    slots: Slots,
    words: Ints,
    count: Ints,
    escaped: Ints,
) -> tuple[int, bool]:
    """The line end behind a row, and whether all of it is as expected; NOWHERE if it goes on behind a line end."""
    cell, fits = 0, True
    while True:
        begin, doubled = at, False
        if data[at] == 34:
            begin = at + 1
            end, doubled = _quote_end(data, begin)
            if end < 0:
                return NOWHERE, False
            at = end + 1
        else:
            at = cell_end(data, at, mark)
            while data[at] == 34:
                # A quote within stands for itself.
                doubled = True
                at = cell_end(data, at + 1, mark)
            end = at
            fits &= not doubled
        if cell < len(columns) and fits and end > begin and columns[cell, 0] >= 0:
            fits = _is_cell(
                data, begin, end, row, columns, cell, doubled, form, cut, each, per, slots, words, count, escaped
            )
        cell += 1
        if data[at] == mark:
            at += 1
            continue
        if data[at] != 10 and data[at] != 13:
            fits = False
            while data[at] != 10 and data[at] != 13:
                at += 1
        if data[at] == 13:
            at += 1
        # A carriage return alone ends a line as well.
        return (at if data[at] == 10 else NOWHERE), fits and cell == len(columns)


@inlined
def _quote_end(data: Bytes, at: int) -> tuple[int, bool]:
    """The closing quote of a cell, and whether a quote is doubled in it; NOWHERE if the line ends before."""
    doubled = False
    while True:
        while data[at] != 34:
            if data[at] == 10 or data[at] == 13:
                return NOWHERE, doubled
            at += 1
        if data[at + 1] != 34:
            return at, doubled
        doubled = True
        at += 2


@inlined
def _is_cell(
    data: Bytes,
    begin: int,
    end: int,
    row: int,
    columns: Ints,
    cell: int,
    doubled: bool,
    form: Bytes,
    cut: int,
    each: Ints,
    per: Floats,
    slots: Slots,
    words: Ints,
    count: Ints,
    escaped: Ints,
) -> bool:
    """Put what is said into the row, if it is what its column may have, and does not have yet."""
    kind, column = columns[cell, 0], columns[cell, 1]
    if each[column, row] != ABSENT:
        return False
    if kind == TEXT:
        escaped[column] |= doubled
        each[column, row] = code_of_word(data, begin, end, column, slots, words, count)
        return True
    if kind == NATURAL:
        each[column, row] = natural_of(data, begin, end, form, cut)
        return bool(each[column, row] >= 0)
    if kind in (NUMBER, TIME, MOMENT):
        stop, bits = number(data, begin)
        if stop == end and kind != MOMENT:
            each[column, row] = divided(bits, per[column])
            return True
        each[column, row] = moment(data, begin, end)
        return bool(each[column, row] != NONE and kind != NUMBER)
    each[column, row] = data[begin] == 116 or data[begin] == 49
    digit = end == begin + 1 and (data[begin] == 48 or data[begin] == 49)
    return bool(digit or (data[begin] != 110 and word_end(data, begin) == end))
