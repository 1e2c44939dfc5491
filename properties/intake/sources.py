# SPDX-License-Identifier: Apache-2.0
"""What a history is read from: files, globs and directories, told apart by how their names end."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
from attrs import frozen

from edgeproof.properties.intake.columns import IntakeError
from edgeproof.properties.intake.lines import Readable

__all__ = ["Source", "find_sources", "opened"]

_FORMATS: Final = {".jsonl": "lines", ".ndjson": "lines", ".json": "lines", ".csv": "csv", ".parquet": "parquet"}
_COMPRESSED: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


@frozen
class Source:
    """A file: `format` is lines (of JSON, OTLP's among them), csv or parquet; `compression` is None or its name."""

    path: Path
    format: str
    compression: str | None = None


def find_sources(paths: Iterable[Path]) -> tuple[Source, ...]:
    """The files that some paths mean, each once: a directory means every file of a known kind in it, at any depth.

    Raises IntakeError for what is not there, is no history by its name, or is a directory without any.
    """
    found: dict[Path, Source] = {}
    for path in paths:
        for source in _meant(path):
            found.setdefault(source.path.resolve(), source)
    if not found:
        raise IntakeError("there is no history to read: name a file, a directory, or a pattern such as 'logs/*.jsonl'")
    return tuple(found.values())


@contextmanager
def opened(source: Source) -> Iterator[Readable]:
    """The bytes of a file, decompressed. Raises OSError for one that cannot be read."""
    with pa.OSFile(str(source.path)) as file, pa.input_stream(file, compression=source.compression) as stream:
        yield stream


def _meant(path: Path) -> list[Source]:
    if path.is_dir():
        inside = [source for one in sorted(path.rglob("*")) if one.is_file() and (source := _source(one))]
        if not inside:
            raise IntakeError(f"there is no history in {path}: its files end in {_endings()}")
        return inside
    if path.exists():
        source = _source(path)
        if source is None:
            raise IntakeError(f"{path} is no history by its name, which ends in {_endings()}")
        return [source]
    matches = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
    if not matches:
        raise IntakeError(f"there is no {path}")
    return [source for match in matches for source in _meant(match)]


def _source(path: Path) -> Source | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = _COMPRESSED.get(suffixes[-1]) if suffixes else None
    if compression:
        suffixes.pop()
    form = _FORMATS.get(suffixes[-1]) if suffixes else None
    if form is None or (compression and form == "parquet"):
        return None
    return Source(path, form, compression)


def _endings() -> str:
    return f"{', '.join(_FORMATS)}; the text ones may be compressed ({', '.join(_COMPRESSED)})"
