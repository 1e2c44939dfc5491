# SPDX-License-Identifier: Apache-2.0
"""CSV as events: a header that names the columns, an empty field for what does not apply, RFC 4180's quotes.

The fields are text; numbers and truth values are written as in JSON. The line of an event is that on which it ends,
as quoted fields may span several. Row by row: for speed, keep histories as JSON Lines or Parquet.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from edgeproof.properties.intake.columns import FLAGS, NATURALS, IntakeError
from edgeproof.properties.intake.jsonl import Batch, Failure, batch_of
from edgeproof.properties.intake.lines import LONGEST, Readable
from edgeproof.properties.intake.mapping import TIMES, ColumnMapping, renamed
from edgeproof.properties.intake.parse import parse_fields
from edgeproof.properties.intake.row import Row

__all__ = ["csv_batches"]

_MANY: Final = 20_000

Fields = dict[str, str]


def csv_batches(file: str, stream: Readable, mapping: ColumnMapping) -> Iterator[Batch]:
    """The events of a CSV file. Raises IntakeError for one without a usable header."""
    text = io.TextIOWrapper(io.BufferedReader(_Raw(stream)), "utf-8-sig", errors="surrogateescape", newline="")
    csv.field_size_limit(LONGEST)
    lines = csv.reader(text, strict=True)
    header = next(_rows(lines), (0, [], ""))[1]
    if not header:
        return
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise IntakeError(f"{file}: the header has {twice[0]!r} twice")
    rows = _rows(lines)
    while some := list(islice(rows, _MANY)):
        events: list[Row] = []
        failures: list[Failure] = []
        for number, cells, wrong in some:
            try:
                if wrong:
                    raise ValueError(wrong)
                events.append(_event(number, header, cells, mapping))
            except ValueError as error:
                failures.append((number, str(error)))
        yield batch_of(file, events, failures)


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


def _event(number: int, header: list[str], cells: list[str], mapping: ColumnMapping) -> Row:
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} fields where the header has {len(header)}")
    for cell in cells:
        if not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell):
            raise ValueError("not UTF-8")
    said = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    return parse_fields(number, renamed(mapping, _typed(said, mapping)))


def _typed(said: Fields, mapping: ColumnMapping) -> dict[str, Any]:
    """The fields with the types that their columns have; an event of unknown outcome has an empty `return`."""
    typed: dict[str, Any] = dict(said)
    for column in (*TIMES, *NATURALS, *FLAGS):
        theirs = mapping.theirs(column)
        text = column in mapping.values or (column in TIMES and mapping.unit(column) == "iso")
        if theirs in said and not text:
            typed[theirs] = _value(said[theirs])
    back = mapping.theirs("return")
    if back is not None:
        typed.setdefault(back, None)
    return typed


def _value(text: str) -> Any:
    """A number, a truth value, or the text itself, which is then neither."""
    try:
        value = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, int | float) else text


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
