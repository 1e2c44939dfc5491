# SPDX-License-Identifier: Apache-2.0
"""A history cut into splits that can be read anywhere and in any order: rows of Parquet, and lines of text.

What has to be read from its beginning, as compressed files, CSV and JSON over many lines have, is a split by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve, frozen

from edgeproof.properties.intake.columns import EVENTS, MALFORMED
from edgeproof.properties.intake.convert import batches, line_batches
from edgeproof.properties.intake.in_place import in_place, schema_of
from edgeproof.properties.intake.judged import judged
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.plain import groups_of, plain
from edgeproof.properties.intake.records import has_lines, named
from edgeproof.properties.intake.rows import Batch
from edgeproof.properties.intake.sound import is_sound
from edgeproof.properties.intake.sources import MANY, Source, UpTo

__all__ = ["Split", "count_lines", "numbered", "read_split", "splits_of"]

_ROWS: Final = (250_000, 4_000_000)
_BYTES: Final = (4 * 2**20, 256 * 2**20)
"""Of a split: fewer are not worth a task, and more are worth several. In between all workers are to have some."""

_EACH: Final = 3
"""Splits that a worker has at least, so that all are done at about the same time."""

_LINE: Final = 200
"""Bytes of an event of text, about."""
_CHUNK: Final = 2**20


@frozen
class Split:
    """A part of a file: its rows, or its bytes, from `begin` to before `end`, or all of it where there is no end.

    `first` is the number of its first line. `in_place` is whether it is Parquet of plain columns. `events` is about how
    many it holds.
    """

    source: Source
    mapping: ColumnMapping
    in_place: bool = False
    begin: int = 0
    end: int | None = None
    first: int = 1
    events: int = 0


def splits_of(sources: Sequence[Source], mapping: ColumnMapping, workers: int) -> list[Split]:
    """The splits of some files, in their order, for so many workers to have several each.

    Raises OSError and IntakeError for what cannot be read.
    """
    whole = [_whole(source, mapping.of(source.path)) for source in sources]
    rows = sum(pq.read_metadata(one.source.path).num_rows for one in whole if one.in_place)
    size = sum(one.source.path.stat().st_size for one in whole if not one.in_place)
    step_rows, step_bytes = _step(rows, workers, _ROWS), _step(size, workers, _BYTES)
    cut = (_by_rows(one, step_rows) if one.in_place else _by_lines(one, step_bytes) for one in whole)
    return [split for splits in cut for split in splits]


def count_lines(split: Split) -> int:
    """How many lines end in a split of a file of text."""
    return sum(chunk.count(b"\n") for chunk in _chunks(split))


def numbered(splits: Sequence[Split], lines: Sequence[int]) -> list[Split]:
    """The splits with the numbers of their first lines, from how many `lines` each of them has."""
    before = dict[Path, int]()
    found = []
    for split, count in zip(splits, lines, strict=True):
        number = before.get(split.source.path, 0)
        found.append(evolve(split, first=number + 1))
        before[split.source.path] = number + count
    return found


def read_split(split: Split, backend: Any, most: int) -> Iterator[Batch]:
    """The events and the malformed lines of a split, of Parquet at most so many at a time.

    Raises OSError and IntakeError for what cannot be read.
    """
    if split.in_place and split.end is not None:
        lying = _as_it_lies(split)
        yield from _rows_of(split, (split.begin, split.end), backend, most) if lying is None else lying
    elif split.end is None:
        yield from batches(split.source, split.mapping)
    else:
        path = str(split.source.path)
        with named(split.source), pa.OSFile(path) as file:
            yield from line_batches(
                path, _part(file, split), split.mapping, split.first, many=split.end - split.begin >= MANY
            )


def _whole(source: Source, mapping: ColumnMapping) -> Split:
    schema = schema_of(source)
    return Split(source, mapping, schema is not None and in_place(schema, mapping))


def _step(size: int, workers: int, bounds: tuple[int, int]) -> int:
    least, most = bounds
    return min(max(size // (_EACH * workers) + 1, least), most)


def _by_rows(whole: Split, step: int) -> Iterator[Split]:
    """Groups of rows lie together in a file, and are not cut."""
    about = pq.read_metadata(whole.source.path)
    ends = list(accumulate(about.row_group(n).num_rows for n in range(about.num_row_groups)))
    begin = 0
    for place, end in enumerate(ends):
        if end - begin >= step or place == len(ends) - 1:
            yield evolve(whole, begin=begin, end=end, events=end - begin)
            begin = end


def _by_lines(whole: Split, step: int) -> Iterator[Split]:
    size = whole.source.path.stat().st_size
    if size <= step or whole.source.compression is not None or not has_lines(whole.source):
        yield evolve(whole, events=size // _LINE)
        return
    with pa.OSFile(str(whole.source.path)) as file:
        cuts = [0, *(_line_after(file, at) for at in range(step, size, step)), size]
    for begin, end in pairwise(cuts):
        if begin < end:
            yield evolve(whole, begin=begin, end=end, events=(end - begin) // _LINE)


def _line_after(file: Any, at: int) -> int:
    """Where the first line begins that does not begin before a place; the file's end if none does."""
    file.seek(at - 1)
    while chunk := file.read(_CHUNK):
        if (place := chunk.find(b"\n")) >= 0:
            return int(file.tell() - len(chunk) + place + 1)
    return int(file.tell())


def _as_it_lies(split: Split) -> list[Batch] | None:
    """What is in the row groups of a split, text as dictionaries; None where they have to be judged row by row."""
    schema = schema_of(split.source)
    file = None if schema is None else plain(split.source.path, schema, split.mapping)
    if file is None:
        return None
    found = []
    for groups in groups_of(file, 1):
        if split.begin <= groups.before < (split.end or 0):
            events = groups.read(EVENTS.names)
            if not is_sound(events):
                return None
            found.append(Batch(_with_words(events), MALFORMED.empty_table()))
    return found


def _with_words(events: pa.Table) -> pa.Table:
    """The same with all text as dictionaries, also where there is none."""
    columns = [one.dictionary_encode() if pa.types.is_string(one.type) else one for one in events.columns]
    return pa.table(columns, events.column_names)


def _rows_of(split: Split, rows: tuple[int, int], backend: Any, most: int) -> Iterator[Batch]:
    found = judged(backend, [split.source.path], split.mapping, rows)
    malformed = backend.to_pyarrow(found.malformed)
    yield Batch(EVENTS.empty_table(), malformed)
    nothing = malformed.slice(0, 0)
    with backend.con.sql(ibis.to_sql(found.events, dialect="duckdb")).to_arrow_reader(most) as reader:
        yield from (Batch(pa.Table.from_batches([batch]), nothing) for batch in reader)


def _chunks(split: Split) -> Iterator[bytes]:
    with pa.OSFile(str(split.source.path)) as file:
        part = _part(file, split)
        while chunk := part.read(_CHUNK):
            yield chunk


def _part(file: Any, split: Split) -> UpTo:
    """The bytes of a split."""
    file.seek(split.begin)
    return UpTo(file, (split.end or 0) - split.begin)
