# SPDX-License-Identifier: Apache-2.0
"""From a record to the events in it: what every source does with what it has read, one record at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

import pyarrow as pa
from attrs import asdict, frozen

from edgeproof.properties.intake.columns import EVENTS, MALFORMED
from edgeproof.properties.intake.envelopes import Unfolded, unfolded
from edgeproof.properties.intake.mapping import ColumnMapping, columns_of
from edgeproof.properties.intake.parse import check_once, parse_fields, parse_object
from edgeproof.properties.intake.row import Row

__all__ = ["Batch", "Failure", "batch_of", "row_of", "rows_of", "rows_of_record", "sorted_out", "together"]

Failure = tuple[int, str]
"""Number of a malformed line, and what is wrong with it."""


@frozen
class Batch:
    """What some lines came to, as tables with the columns of `EVENTS` and of `MALFORMED`."""

    events: pa.Table
    malformed: pa.Table


def together(batches: Sequence[Batch]) -> Batch:
    """Several batches, of which there is one at least, as one."""
    if len(batches) == 1:
        return batches[0]
    return Batch(
        *(pa.concat_tables(each) for each in zip(*((one.events, one.malformed) for one in batches), strict=True))
    )


def rows_of(number: int, line: bytes, mapping: ColumnMapping) -> Iterator[Row | ValueError]:
    """What a line of JSON says: an event, none if it is empty, many if it is an envelope; or what is wrong with it."""
    if not line.strip():
        return
    try:
        said = parse_object(line)
        check_once(said, mapping.names)
    except ValueError as error:
        yield error
    else:
        yield from rows_of_record(number, said, mapping.for_json)


def rows_of_record(number: int, said: Mapping[str, Any], own: tuple[ColumnMapping, ...]) -> Iterator[Row | ValueError]:
    """The events of a record, and what is wrong with those that are none. Without a mapping it has our columns."""
    try:
        for one in unfolded(said, own):
            row = one if isinstance(one, ValueError) else row_of(number, one)
            if row is not None:
                yield row
    except RecursionError:
        yield ValueError("nested too deeply: the recursion ends somewhere")


def row_of(number: int, one: Unfolded) -> Row | ValueError | None:
    """The event that a record is, None if it is none, or what is wrong with it."""
    record, mappings = one
    try:
        columns = columns_of(mappings, record) if mappings else record
        return None if columns is None else parse_fields(number, columns)
    except ValueError as error:
        return error


def sorted_out(rows: Iterator[tuple[int, Row | ValueError]], file: str) -> Batch:
    """Events and malformed lines of what was read row by row, as tables."""
    events: list[Row] = []
    failures: list[Failure] = []
    for number, row in rows:
        if isinstance(row, Row):
            events.append(row)
        else:
            failures.append((number, str(row)))
    return batch_of(file, events, failures)


def batch_of(file: str, rows: list[Row], failures: list[Failure]) -> Batch:
    """The tables of what was read row by row."""
    columns: dict[str, list[Any]] = {name: [] for name in EVENTS.names}
    for row in rows:
        values = asdict(row)
        values["returned"] = None if row.returned == inf else row.returned
        values["file"] = file
        for name, column in columns.items():
            column.append(values[name])
    numbers, problems = [number for number, _ in failures], [text for _, text in failures]
    malformed = {"file": [file] * len(failures), "line": numbers, "problem": problems}
    return Batch(pa.table(columns, schema=EVENTS), pa.table(malformed, schema=MALFORMED))
