# SPDX-License-Identifier: Apache-2.0
"""A history as tables that checks are asked of: Parquet in place where that is possible, the rest by way of Parquet."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq
from attrs import frozen

from edgeproof.properties.intake.columns import EVENTS, MALFORMED, IntakeError, canonical, problem, suspects
from edgeproof.properties.intake.convert import MalformedError, write_parquet
from edgeproof.properties.intake.in_place import in_place
from edgeproof.properties.intake.mapping import SKIP, ColumnMapping
from edgeproof.properties.intake.numbering import number_versions
from edgeproof.properties.intake.plausible import doubt
from edgeproof.properties.intake.sources import Source, find_sources
from edgeproof.properties.intake.unfit import why_unfit

__all__ = ["Loaded", "load"]

_LOOKED_AT: Final = 16
"""Files whose times are looked at before anything is read: those of one history are of one mapping."""


@frozen
class Loaded:
    """A history: its well-formed events, and what is malformed (file, line, problem). Nothing is in memory yet."""

    events: ir.Table
    malformed: ir.Table


@frozen
class _Alike:
    """Parquet files with the same columns and the same mapping."""

    paths: list[Path]
    mapping: ColumnMapping


def load(
    backend: ibis.BaseBackend,
    sources: Sequence[Path],
    mapping: ColumnMapping | None = None,
    *,
    strict: bool = False,
    directory: Path | None = None,
) -> Loaded:
    """Read a history from files, directories and globs.

    What is no Parquet of plain columns is parsed and judged once, into Parquet in `directory`, or in a temporary one
    that goes with the backend. Raises IntakeError for what cannot be used, OSError for what cannot be read, and
    MalformedError for the first malformed line if `strict`.
    """
    mapping = mapping or ColumnMapping()
    found = find_sources(sources)
    alike, others = _split(found, mapping)
    _ask_back(found, mapping)
    parts = [_judged(backend, one, strict) for one in alike]
    if others:
        place = _temporary(backend) if directory is None else directory
        place.mkdir(parents=True, exist_ok=True)
        events, malformed = place / "events.parquet", place / "malformed.parquet"
        count = write_parquet(others, mapping, events, malformed, strict=strict)
        if not (count or alike):
            _refuse_all(others, mapping)
        if mapping.order == "commits":
            events = number_versions(events)
        parts.append(Loaded(backend.read_parquet(events), backend.read_parquet(malformed)))
    return Loaded(_union([part.events for part in parts]), _union([part.malformed for part in parts]))


def _ask_back(found: Sequence[Source], mapping: ColumnMapping) -> None:
    """Raises IntakeError where the times of the first files cannot be meant."""
    for source in found[:_LOOKED_AT]:
        said = doubt(source, mapping.of(source.path))
        if said is not None:
            raise IntakeError(said)


def _refuse_all(found: Iterable[Source], mapping: ColumnMapping) -> None:
    """Raises IntakeError where there are records, and none of them is an event."""
    for source in found:
        why = why_unfit(source, mapping.of(source.path))
        if why is not None:
            raise IntakeError(why)


def _split(found: Iterable[Source], mapping: ColumnMapping) -> tuple[list[_Alike], list[Source]]:
    """The Parquet files that are read in place, those with the same columns together, and all other files."""
    groups: dict[Any, _Alike] = {}
    others: list[Source] = []
    for source in found:
        schema = _schema(source) if source.format == "parquet" else None
        of_file = mapping.of(source.path)
        if schema is None or not in_place(schema, of_file):
            others.append(source)
        else:
            groups.setdefault((str(schema), id(of_file)), _Alike([], of_file)).paths.append(source.path)
    return list(groups.values()), others


def _schema(source: Source) -> Any:
    try:
        return pq.read_schema(source.path).remove_metadata()
    except ValueError as error:
        raise IntakeError(f"{source.path} is no Parquet: {error}") from None


def _judged(backend: ibis.BaseBackend, alike: _Alike, strict: bool) -> Loaded:
    """Parquet files in place. They are judged in one pass now, so that checks need not do it in each of theirs."""
    table, file, line = _numbered(backend, alike.paths)
    events = _without_skipped(canonical(table, alike.mapping, file, line), alike.mapping)
    wrong = problem(events)
    located = events.mutate(problem=wrong).filter(wrong.notnull()).select(MALFORMED.names)
    if not int(backend.to_pyarrow(suspects(events).count()).as_py()):
        sound = _without_skipped(canonical(table, alike.mapping, file, line, sound=True), alike.mapping)
        return Loaded(sound.select(EVENTS.names), located.limit(0))
    good = events.filter(wrong.isnull()).select(EVENTS.names)
    if not int(backend.to_pyarrow(good.count()).as_py()):
        _refuse_all([Source(path, "parquet") for path in alike.paths], alike.mapping)
    if strict:
        first = backend.to_pyarrow(located.order_by(["file", "line"]).limit(1)).to_pylist()[0]
        raise MalformedError(f"{first['file']}, line {first['line']}: {first['problem']}")
    return Loaded(good, located)


def _without_skipped(events: ir.Table, mapping: ColumnMapping) -> ir.Table:
    """Without the rows that the mapping says are no events."""
    if SKIP not in mapping.values.get("kind", {}).values():
        return events
    return events.filter((events.kind != SKIP).fill_null(True))


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
