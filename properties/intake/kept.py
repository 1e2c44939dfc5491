# SPDX-License-Identifier: Apache-2.0
"""Events that were parsed, kept in a file as they lay in memory: what is checked next maps them, and decodes nothing.

To write Parquet and to read it again takes as long as a compiled parser needs for the text. The file takes more room
instead, some 70 bytes an event, and is nobody's but ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import frozen

from edgeproof.properties.intake.columns import CODED

__all__ = ["Keeper", "Kept", "KeptPart"]

_MANY: Final = 500_000
"""Events of a part, unless a batch has more."""


@frozen
class KeptPart:
    """Some events: where they begin in the file, how many there are, and which words `kind` has."""

    path: Path
    begin: int
    size: int
    kinds: frozenset[str]

    def read(self, names: Sequence[str]) -> pa.Table:
        """Some of the columns of `EVENTS`; of a column with nothing in it nothing was kept."""
        file = pa.memory_map(str(self.path))
        file.seek(self.begin)
        kept = pa.ipc.open_stream(file).read_all()
        each = [
            kept[name] if name in kept.column_names else pa.nulls(self.size, CODED.field(name).type) for name in names
        ]
        return pa.table(each, names=list(names))

    def lacks(self, name: str, word: str) -> bool:
        """Whether it is known that a column of text does not have some word in any row."""
        return name == "kind" and word not in self.kinds


@frozen
class Kept:
    """All the events of a file, part by part. They have the `file` and `line` of their rows, and none is malformed."""

    parts: tuple[KeptPart, ...]
    placed: bool = True

    def to_parquet(self, path: Path) -> Path:
        """The same as Parquet, for whoever asks DuckDB."""
        with pq.ParquetWriter(path, CODED, store_schema=False) as out:
            for part in self.parts:
                out.write_table(part.read(CODED.names).cast(CODED))
        return path


class Keeper:
    """Writes events to a file as they come; what it kept is known once it is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = pa.OSFile(str(path), "wb")
        self._waiting: list[pa.Table] = []
        self._parts: list[KeptPart] = []

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._write()
        self._file.close()

    @property
    def kept(self) -> Kept:
        """All that was written."""
        return Kept(tuple(self._parts))

    def add(self, events: pa.Table) -> None:
        """Keep some events, with the columns of `CODED`."""
        if len(events):
            self._waiting.append(events)
        if sum(map(len, self._waiting)) >= _MANY:
            self._write()

    def _write(self) -> None:
        if not self._waiting:
            return
        whole = pa.concat_tables(self._waiting)
        self._waiting = []
        there = [name for name in whole.column_names if whole[name].null_count < len(whole)]
        table = whole.select(there).unify_dictionaries().combine_chunks()
        kinds = pc.unique(table["kind"]).dictionary_decode().to_pylist()
        self._parts.append(KeptPart(self._path, self._file.tell(), len(table), frozenset(kinds)))
        with pa.ipc.new_stream(self._file, table.schema) as out:
            out.write_table(table)
