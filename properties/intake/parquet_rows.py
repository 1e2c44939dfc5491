# SPDX-License-Identifier: Apache-2.0
"""Rows of Parquet as records, where a mapping asks more of them than can be said of whole columns at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from edgeproof.properties.intake.values import PER_SECOND, Seconds

__all__ = ["parquet_records"]

_MANY: Final = 1_000


def parquet_records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Every row of a file, from 1, by the names of its columns. Raises OSError for a file that cannot be read."""
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_MANY):
            table = pa.Table.from_batches([batch])
            times = {one.name: PER_SECOND[one.type.unit] for one in table.schema if pa.types.is_timestamp(one.type)}
            for row in _with_numbers(table, times).to_pylist():
                number += 1
                for name, per in times.items():
                    if row[name] is not None:
                        row[name] = Seconds(row[name] / per)
                yield number, row


def _with_numbers(table: pa.Table, times: Mapping[str, int]) -> pa.Table:
    """Times as numbers: Python's own hold neither nanoseconds nor the years that a wrong unit comes to."""
    for name in times:
        index = table.column_names.index(name)
        table = table.set_column(index, name, table[index].cast(pa.int64()))
    return table
