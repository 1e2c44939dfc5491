# SPDX-License-Identifier: Apache-2.0
"""A history as tables that checks are asked of: Parquet in place, text by way of Parquet."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq
from attrs import frozen

from edgeproof.properties.intake.columns import EVENTS, MALFORMED, IntakeError, canonical, problem, suspects
from edgeproof.properties.intake.convert import MalformedError, write_parquet
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.sources import Source, find_sources

__all__ = ["Loaded", "load"]


@frozen
class Loaded:
    """A history: its well-formed events, and what is malformed (file, line, problem). Nothing is in memory yet."""

    events: ir.Table
    malformed: ir.Table


def load(
    backend: ibis.BaseBackend,
    sources: Sequence[Path],
    mapping: ColumnMapping | None = None,
    *,
    strict: bool = False,
    directory: Path | None = None,
) -> Loaded:
    """Read a history from files, directories and globs.

    Text is parsed and judged once, into Parquet in `directory`, or in a temporary one that goes with the backend.
    Raises IntakeError for what cannot be used, OSError for what cannot be read, and MalformedError for the first
    malformed line if `strict`.
    """
    mapping = mapping or ColumnMapping()
    found = find_sources(sources)
    text = [source for source in found if source.format != "parquet"]
    parts = [_judged(backend, paths, mapping, strict) for paths in _alike(found)]
    if text:
        place = _temporary(backend) if directory is None else directory
        place.mkdir(parents=True, exist_ok=True)
        events, malformed = place / "events.parquet", place / "malformed.parquet"
        write_parquet(text, mapping, events, malformed, strict=strict)
        parts.append(Loaded(backend.read_parquet(events), backend.read_parquet(malformed)))
    return Loaded(_union([part.events for part in parts]), _union([part.malformed for part in parts]))


def _alike(found: Iterable[Source]) -> list[list[Path]]:
    """The Parquet files, those with the same columns together."""
    groups: dict[Any, list[Path]] = {}
    for source in found:
        if source.format == "parquet":
            try:
                schema = pq.read_schema(source.path).remove_metadata()
            except ValueError as error:
                raise IntakeError(f"{source.path} is no Parquet: {error}") from None
            groups.setdefault(str(schema), []).append(source.path)
    return list(groups.values())


def _judged(backend: ibis.BaseBackend, paths: list[Path], mapping: ColumnMapping, strict: bool) -> Loaded:
    """Parquet files in place. They are judged in one pass now, so that checks need not do it in each of theirs."""
    table, file, line = _numbered(backend, paths)
    events = canonical(table, mapping, file, line)
    wrong = problem(events)
    located = events.mutate(problem=wrong).filter(wrong.notnull()).select(MALFORMED.names)
    if not int(backend.to_pyarrow(suspects(events).count()).as_py()):
        return Loaded(canonical(table, mapping, file, line, sound=True).select(EVENTS.names), located.limit(0))
    if strict:
        first = backend.to_pyarrow(located.order_by(["file", "line"]).limit(1)).to_pylist()[0]
        raise MalformedError(f"{first['file']}, line {first['line']}: {first['problem']}")
    return Loaded(events.filter(wrong.isnull()).select(EVENTS.names), located)


def _numbered(backend: ibis.BaseBackend, paths: list[Path]) -> tuple[ir.Table, ir.Value, ir.Value]:
    """The rows of some files, with each one's file and its number in it, from 1."""
    names = [str(path) for path in paths]
    if backend.name == "duckdb":
        backend.raw_sql("SET TimeZone = 'UTC'")
        table = backend.read_parquet(names, filename=True, file_row_number=True)
        return table, table.filename, table.file_row_number + 1
    if backend.name == "pyspark":
        return _numbered_by_spark(backend, names)
    raise IntakeError(f"histories are read by DuckDB or Spark, not by {backend.name}")


def _numbered_by_spark(backend: Any, names: list[str]) -> tuple[ir.Table, ir.Value, ir.Value]:
    frame = backend._session.read.parquet(*names)
    name = ibis.util.gen_name("history")
    frame.selectExpr("*", "_metadata.file_path AS `file `", "_metadata.row_index AS `row `").createOrReplaceTempView(
        name
    )
    table = backend.table(name)
    return table, table["file "].re_replace("^file:(//)?", ""), table["row "] + 1


def _union(tables: list[ir.Table]) -> ir.Table:
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def _temporary(backend: ibis.BaseBackend) -> Path:
    place = Path(tempfile.mkdtemp(prefix="edgeproof-history-"))
    weakref.finalize(backend, shutil.rmtree, place, ignore_errors=True)
    return place
