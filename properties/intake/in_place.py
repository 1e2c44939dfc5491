# SPDX-License-Identifier: Apache-2.0
"""Whether Parquet can be read where it lies, by its schema: whole columns at once, or row by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from edgeproof.properties.intake.columns import NEEDED, IntakeError
from edgeproof.properties.intake.envelopes import is_envelope
from edgeproof.properties.intake.mapping import DURATION, JOIN, MAPPED, ColumnMapping
from edgeproof.properties.intake.row import FLAGS, NATURALS, TIMES
from edgeproof.properties.intake.sources import Source

__all__ = ["as_parquet", "in_place", "schema_of"]


def schema_of(source: Source) -> pa.Schema | None:
    """The columns of a file of Parquet; None for any other.

    Raises IntakeError for one that is none but by its name, or that is encrypted, and OSError for one that is denied.
    """
    if source.format != "parquet":
        return None
    with as_parquet(source.path), source.path.open("rb") as file:
        return pq.read_schema(file).remove_metadata()


@contextmanager
def as_parquet(path: Path) -> Iterator[None]:
    """Raises IntakeError, with its name, where a file turns out to be no Parquet, and OSError if it is denied."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise IntakeError(f"{path} is no Parquet that can be read: {' '.join(str(error).split())}") from None


def in_place(schema: pa.Schema, mapping: ColumnMapping) -> bool:
    """Whether each column of ours is a column of theirs that needs no more than a cast, or other words."""
    names = set(schema.names)
    missing = [column for column in NEEDED if column not in mapping.constants and not names & {*mapping.paths(column)}]
    if mapping.is_plain:
        return not (len(missing) > 1 and is_envelope(schema.names))
    if mapping.each is not None or mapping.order != "numbers":
        return False
    return all(_fits(schema, mapping, column) for column in MAPPED)


def _fits(schema: pa.Schema, mapping: ColumnMapping, column: str) -> bool:
    if (column in mapping.values and not mapping.has_words(column)) or JOIN in mapping.unit(column):
        return False
    paths = mapping.paths(column)
    if not paths:
        return column != "invoke" or not mapping.has_duration
    if len(paths) > 1:
        return False
    if paths[0] not in schema.names:
        # Of `return`, where there is a duration, the time that it began is needed.
        absent = column not in NEEDED or (
            column == "return" and mapping.has_duration and "invoke" not in mapping.constants
        )
        return absent and "." not in paths[0] and JOIN not in paths[0]
    return _is_of_its_type(schema.field(paths[0]).type, column, column in mapping.values)


def _is_of_its_type(kind: pa.DataType, column: str, translated: bool) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if column in TIMES:
        return bool(is_number or pa.types.is_timestamp(kind))
    if column in NATURALS or column == DURATION:
        return bool(is_number)
    if column in FLAGS:
        return bool(pa.types.is_boolean(kind))
    return bool(is_text or (translated and pa.types.is_integer(kind)))
