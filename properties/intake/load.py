# SPDX-License-Identifier: Apache-2.0
"""A history as batches that checks are asked of: Parquet in place where that is possible, the rest as it was parsed."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from attrs import frozen

from edgeproof.impl.scratch import OwnedDirectory
from edgeproof.properties.intake.convert import keep
from edgeproof.properties.intake.in_place import in_place, schema_of
from edgeproof.properties.intake.judged import Tables, judged
from edgeproof.properties.intake.kept import Kept
from edgeproof.properties.intake.loaded import Loaded, Part
from edgeproof.properties.intake.malformed import MalformedError
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.numbering import number_versions
from edgeproof.properties.intake.plain import Plain, plain
from edgeproof.properties.intake.plausible import ask_back
from edgeproof.properties.intake.sources import Source, find_sources
from edgeproof.properties.intake.unfit import refuse_all

__all__ = ["Loaded", "load"]


@frozen
class _Alike:
    """Parquet files with the same columns and the same mapping."""

    paths: list[Path]
    mapping: ColumnMapping
    schema: pa.Schema

    @property
    def lying(self) -> list[Plain] | None:
        """The files as they can be read where they lie; None if they cannot."""
        found = [plain(path, self.schema, self.mapping) for path in self.paths]
        return [one for one in found if one is not None] if None not in found else None


def load(
    backend: ibis.BaseBackend,
    sources: Sequence[Path],
    mapping: ColumnMapping | None = None,
    *,
    strict: bool = False,
    directory: Path | None = None,
) -> Loaded:
    """Read a history from files, directories and globs.

    What is no Parquet of plain columns is parsed and judged once, into a file in `directory`, or in a temporary one
    that goes with the backend. What can be read as it lies is judged when it is read, unless `strict`. Raises
    IntakeError for what cannot be used, OSError for what cannot be read, and MalformedError for the first malformed
    line if `strict`.
    """
    mapping = mapping or ColumnMapping()
    found = find_sources(sources)
    alike, others = _split(found, mapping)
    ask_back(found, mapping)
    parts = [_part(backend, one, strict) for one in alike]

    def place_of() -> Path:
        place = _temporary(backend) if directory is None else directory
        place.mkdir(parents=True, exist_ok=True)
        return place

    if others:
        place = place_of()
        kept = keep(others, mapping, place / "events.arrow", place / "malformed.parquet", strict=strict)
        if not (kept.parts or alike):
            refuse_all(others, mapping)
        parts.append(_parsed(backend, kept, place, by_commits=mapping.order == "commits"))
    return Loaded(parts, place_of)


def _part(backend: ibis.BaseBackend, alike: _Alike, strict: bool) -> Part:
    """Parquet files with the same columns, which are judged now unless they can be read as they lie."""
    part = Part(lambda: _in_place(backend, alike, strict), None if strict else alike.lying)
    if part.lying is None:
        part.judged  # noqa: B018
    return part


def _parsed(backend: ibis.BaseBackend, kept: Kept, place: Path, *, by_commits: bool) -> Part:
    """What was parsed, and is kept, into some place; with numbers for versions that are text, if they have an order."""
    malformed = backend.read_parquet(place / "malformed.parquet")
    if by_commits:
        numbered = number_versions(kept.to_parquet(place / "events.parquet"))
        tables = Tables(backend.read_parquet(numbered), malformed)
        return Part(lambda: tables, [Plain.placed_at(numbered)], malformed)

    def as_tables() -> Tables:
        return Tables(backend.read_parquet(kept.to_parquet(place / "events.parquet")), malformed)

    return Part(as_tables, [kept], malformed)


def _split(found: Iterable[Source], mapping: ColumnMapping) -> tuple[list[_Alike], list[Source]]:
    """The Parquet files that are read in place, those with the same columns together, and all other files."""
    groups: dict[Any, _Alike] = {}
    others: list[Source] = []
    for source in found:
        of_file = mapping.of(source.path)
        schema = schema_of(source)
        if schema is None or not in_place(schema, of_file):
            others.append(source)
        else:
            groups.setdefault((str(schema), id(of_file)), _Alike([], of_file, schema)).paths.append(source.path)
    return list(groups.values()), others


def _in_place(backend: ibis.BaseBackend, alike: _Alike, strict: bool) -> Tables:
    found = judged(backend, alike.paths, alike.mapping)
    if not int(backend.to_pyarrow(found.malformed.count()).as_py()):
        return found
    if not int(backend.to_pyarrow(found.events.count()).as_py()):
        refuse_all([Source(path, "parquet") for path in alike.paths], alike.mapping)
    if strict:
        first = backend.to_pyarrow(found.malformed.order_by(["file", "line"]).limit(1)).to_pylist()[0]
        raise MalformedError(f"{first['file']}, line {first['line']}: {first['problem']}")
    return found


def _temporary(backend: ibis.BaseBackend) -> Path:
    directory = OwnedDirectory("history")
    weakref.finalize(backend, directory.cleanup)
    return Path(directory.name)
