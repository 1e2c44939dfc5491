# SPDX-License-Identifier: Apache-2.0
"""Events on their way to whoever judges their units: those of some units packed together, a few bytes each.

Words are numbers into the packet's own list of them, and a column in which nothing is takes no space.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from zlib import crc32

import numpy as np
import pyarrow as pa

from edgeproof.properties.intake import EVENTS
from edgeproof.properties.traffic.table import Ints

__all__ = ["parcels", "unpacked"]

_WORDS: Final = pa.dictionary(pa.int32(), pa.string())
_FEW_WORDS: Final = pa.dictionary(pa.int8(), pa.string())

_PACKED: Final = pa.schema([pa.field(f.name, _WORDS if pa.types.is_string(f.type) else f.type) for f in EVENTS])
"""The columns of `EVENTS`, text as words with numbers."""


def parcels(events: pa.Table, parts: int) -> Iterator[tuple[int, bytes]]:
    """Some events, packed by which part of all units theirs is of: one of so many `parts`, and the same everywhere."""
    if not len(events):
        return
    batch = pa.RecordBatch.from_arrays([_coded(column) for column in events.columns], events.column_names)
    part = _parts_of(batch.column("unit"), parts)
    order = np.argsort(part, kind="stable")
    batch, ends = batch.take(pa.array(order)), np.searchsorted(part[order], np.arange(parts + 1)).tolist()
    for number in range(parts):
        if ends[number] < ends[number + 1]:
            yield number, packed(batch.slice(ends[number], ends[number + 1] - ends[number]))


def packed(batch: pa.RecordBatch) -> bytes:
    """Events with coded words as bytes."""
    own = pa.RecordBatch.from_arrays([_with_own_words(column) for column in batch.columns], batch.schema.names)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, own.schema) as writer:
        writer.write_batch(own)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(packets: Iterable[bytes]) -> pa.Table:
    """The events of some packets, with the columns of `EVENTS`, text as dictionaries."""
    tables = [_restored(pa.ipc.open_stream(packet).read_all()) for packet in packets]
    return pa.concat_tables([_PACKED.empty_table(), *tables])


def _coded(column: pa.ChunkedArray) -> pa.Array:
    one = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if one.null_count == len(one):
        return pa.nulls(len(one))
    if not (pa.types.is_string(one.type) or pa.types.is_dictionary(one.type)):
        return one
    words = one.dictionary_encode() if pa.types.is_string(one.type) else one
    return words.cast(_FEW_WORDS) if len(words.dictionary) < 2**7 else words


def _parts_of(units: pa.DictionaryArray, parts: int) -> Ints:
    of_word = np.array([crc32(unit.encode()) % parts for unit in units.dictionary.to_pylist()], np.uint16)
    found: Ints = of_word[units.indices.to_numpy()]
    return found


def _with_own_words(column: pa.Array) -> pa.Array:
    """A slice of a column without the words that only other slices have."""
    if not pa.types.is_dictionary(column.type) or len(column.dictionary) < 2**7:
        return column
    numbers = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
    used = np.zeros(len(column.dictionary), bool)
    used[numbers] = True
    own = pa.array((np.cumsum(used, dtype=np.int32) - 1)[numbers], mask=~column.is_valid().to_numpy(False))
    return pa.DictionaryArray.from_arrays(own, column.dictionary.filter(pa.array(used)))


def _restored(table: pa.Table) -> pa.Table:
    columns = [
        pa.chunked_array([pa.nulls(len(table), field.type)])
        if pa.types.is_null(table.schema.field(field.name).type)
        else table[field.name].cast(field.type)
        for field in _PACKED
    ]
    return pa.table(columns, _PACKED)
