# SPDX-License-Identifier: Apache-2.0
"""What is in a file, whatever its format: records, each with the line that it begins on, or a row's number."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa

from edgeproof.properties.intake.columns import IntakeError
from edgeproof.properties.intake.csv_rows import csv_records
from edgeproof.properties.intake.documents import documents, is_document
from edgeproof.properties.intake.lines import Readable, blocks
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.parquet_rows import parquet_records
from edgeproof.properties.intake.parse import parse_object
from edgeproof.properties.intake.sources import Source, UpTo, opened

__all__ = ["Record", "beginning", "has_lines", "named", "own_of", "records_of"]

_BEGINNING: Final = 2**16

Record = tuple[int, Mapping[str, Any] | ValueError]
"""Where it begins (a line, or a row of Parquet), and what it says, or what is wrong with it."""


_COMPRESSED: Final = {b"\x1f\x8b": ("gzip", ".gz"), b"\x28\xb5\x2f\xfd": ("zstd", ".zst"), b"BZh": ("bzip2", ".bz2")}
"""How what is compressed begins, whatever its name."""


def own_of(source: Source, mapping: ColumnMapping) -> tuple[ColumnMapping, ...]:
    """The mapping for the records of a source. JSON has types; elsewhere even one that says nothing is needed."""
    return mapping.for_json if source.format == "lines" else (mapping,)


def records_of(source: Source, most: int | None = None) -> Iterator[Record]:
    """What is in a source as records, whatever they mean, or in so many bytes of its text.

    Raises OSError for a file that cannot be read, and IntakeError for one that cannot be used.
    """
    with named(source):
        if source.format == "parquet":
            yield from parquet_records(source.path)
            return
        lines = has_lines(source)
        with opened(source) as whole:
            stream = whole if most is None else UpTo(whole, most)
            if source.format == "csv":
                beginning(source)
                yield from csv_records(str(source.path), stream)
            else:
                yield from _lines(stream) if lines else documents(stream)


def has_lines(source: Source) -> bool:
    """Whether a source has an object of JSON a line."""
    if source.format != "lines":
        return False
    first = beginning(source)
    for mark, (name, suffix) in _COMPRESSED.items():
        if source.compression is None and first.startswith(mark):
            raise IntakeError(f"{source.path} is compressed by {name}: let its name end in {suffix}")
    return not is_document(first)


def beginning(source: Source) -> bytes:
    """The first bytes of text. Raises IntakeError for text that is in another encoding by its first mark."""
    with opened(source) as stream:
        beginning = stream.read(_BEGINNING)
    if beginning.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise IntakeError(f"{source.path} is in UTF-16, or 32: write it in UTF-8")
    return beginning


@contextmanager
def named(source: Source) -> Iterator[None]:
    """Whatever cannot be read is said of its file."""
    try:
        yield
    except IntakeError:
        raise
    except (OSError, pa.ArrowException) as error:
        said = str(error)
        raise OSError(said if said.startswith(str(source.path)) else f"{source.path} cannot be read: {said}") from error


def _lines(stream: Readable) -> Iterator[Record]:
    for block in blocks(stream):
        for number, line in enumerate(block.data.split(b"\n"), block.first):
            if line.strip():
                try:
                    yield number, parse_object(line)
                except ValueError as error:
                    yield number, error
