# SPDX-License-Identifier: Apache-2.0
"""CSV as records: a header that names the columns, an empty field for what does not apply, RFC 4180's quotes.

The fields are text, and what they say is a mapping's affair. They are parted by commas, or by what the header has
instead: tabs or semicolons. The line of an event is that on which it ends, as quoted fields may span several. Row by
row: for speed, keep histories as JSON Lines or Parquet.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from edgeproof.properties.intake.columns import IntakeError
from edgeproof.properties.intake.lines import LONGEST, Readable

__all__ = ["csv_records", "delimiter"]


def csv_records(file: str, stream: Readable) -> Iterator[tuple[int, Mapping[str, str] | ValueError]]:
    """Every row of a CSV file, without its empty fields. Raises IntakeError for one without a usable header."""
    text = io.TextIOWrapper(io.BufferedReader(_Raw(stream)), "utf-8-sig", errors="surrogateescape", newline="")
    csv.field_size_limit(LONGEST)
    first = text.readline(LONGEST)
    rest = csv.reader(_after(first, text), delimiter=delimiter(first), strict=True)
    header = next(_rows(rest), (0, [], ""))[1]
    if not header:
        return
    twice = next((name for name, times in Counter(header).items() if times > 1), None)
    if twice is not None:
        raise IntakeError(f"{file}: the header has {twice!r} twice")
    for number, cells, wrong in _rows(rest):
        yield number, ValueError(wrong) if wrong else _record(header, cells)


def _after(first: str, text: io.TextIOWrapper) -> Iterator[str]:
    if first:
        yield first
    yield from text


def delimiter(header: str) -> str:
    """What parts the cells of the rows under this header."""
    return next((mark for mark in ",\t;" if mark in header), ",")


def _rows(lines: Any) -> Iterator[tuple[int, list[str], str]]:
    """Line number, cells and what is wrong of each row; empty lines are none."""
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.line_num, [], f"no row of CSV: {error}"
            continue
        if cells:
            yield lines.line_num, cells, ""


def _record(header: list[str], cells: list[str]) -> Mapping[str, str] | ValueError:
    if len(cells) != len(header):
        return ValueError(f"{len(cells)} fields where the header has {len(header)}")
    for cell in cells:
        if not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell):
            return ValueError("not UTF-8")
    return {name: cell for name, cell in zip(header, cells, strict=True) if cell}


class _Raw(io.RawIOBase):
    """A stream of bytes with what `io` asks of one."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
