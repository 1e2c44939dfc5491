# SPDX-License-Identifier: Apache-2.0
"""Rows of Parquet as records, where a mapping asks more of them than can be said of whole columns at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["parquet_records"]

_MANY: Final = 10_000


def parquet_records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Every row of a file, from 1, by the names of its columns. Raises OSError for a file that cannot be read."""
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_MANY):
            for row in _plain(pa.Table.from_batches([batch])).to_pylist():
                number += 1
                yield number, row


def _plain(table: pa.Table) -> pa.Table:
    """Times to the nanosecond as numbers, which Python's own do not hold, become text that does."""
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            text = pc.strftime(table[index].cast(pa.timestamp("ns")), "%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(index, field.name, text)
    return table
