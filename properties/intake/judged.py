# SPDX-License-Identifier: Apache-2.0
"""Parquet of plain columns, read where it lies: its events, and the rows that are none, as tables of DuckDB's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
from attrs import frozen

from edgeproof.properties.intake.columns import EVENTS, MALFORMED, IntakeError, canonical, problem, suspects
from edgeproof.properties.intake.mapping import SKIP, ColumnMapping

__all__ = ["Tables", "judged"]


@frozen
class Tables:
    """Well-formed events, and what is malformed (file, line, problem). Nothing is in memory yet."""

    events: ir.Table
    malformed: ir.Table


def judged(
    backend: ibis.BaseBackend, paths: Sequence[Path], mapping: ColumnMapping, rows: tuple[int, int] | None = None
) -> Tables:
    """What is in files with the same columns; of a single one perhaps some rows only, the first being row 0.

    They are judged in one pass now, so that nothing else has to do it in each of its own. Raises IntakeError for
    columns that cannot be ours.
    """
    table, file, line = _numbered(backend, paths)
    if rows is not None:
        begin, end = rows
        table = table.filter(table.file_row_number.between(begin, end - 1))
    try:
        events = _without_skipped(canonical(table, mapping, file, line), mapping)
    except IntakeError as error:
        raise IntakeError(f"{paths[0]}: {error}") from None
    wrong = problem(events)
    located = events.mutate(problem=wrong).filter(wrong.notnull()).select(MALFORMED.names)
    if not int(backend.to_pyarrow(suspects(events).count()).as_py()):
        sound = _without_skipped(canonical(table, mapping, file, line, sound=True), mapping)
        return Tables(sound.select(EVENTS.names), located.limit(0))
    return Tables(events.filter(wrong.isnull()).select(EVENTS.names), located)


def _without_skipped(events: ir.Table, mapping: ColumnMapping) -> ir.Table:
    """Without the rows that the mapping says are no events."""
    if SKIP not in mapping.values.get("kind", {}).values():
        return events
    return events.filter((events.kind != SKIP).fill_null(True))


def _numbered(backend: Any, paths: Sequence[Path]) -> tuple[ir.Table, ir.Value, ir.Value]:
    """The rows of some files, with each one's file and its number in it, from 1."""
    if backend.name != "duckdb":
        raise IntakeError(f"histories are read by DuckDB, not by {backend.name}")
    backend.raw_sql("SET TimeZone = 'UTC'")
    table = backend.read_parquet([str(path) for path in paths], filename=True, file_row_number=True)
    return table, table.filename, table.file_row_number + 1
