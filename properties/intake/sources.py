# SPDX-License-Identifier: Apache-2.0
"""What a history is read from: files, patterns and folders, told apart by how their names end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
from attrs import frozen

from edgeproof.properties.intake.columns import IntakeError
from edgeproof.properties.intake.lines import Readable
from edgeproof.properties.intake.tree import files_in, has_magic, matching
from edgeproof.properties.regular import is_folder, regular

__all__ = ["ALWAYS", "MANY", "Source", "UpTo", "find_sources", "has_many", "opened"]

_FORMATS: Final = {
    **dict.fromkeys((".jsonl", ".ndjson", ".json", ".log"), "lines"),
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    ".parquet": "parquet",
}
_COMPRESSED: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}

_EXPANSION: Final = 100
ALWAYS: Final = 64 * 2**20
"""What is read of a compressed file: so many times its size, or so many bytes, whichever is more. Logs shrink to a
tenth or a thirtieth; whatever shrinks more was made to fill disks."""


MANY: Final = 32 * 2**20
"""Bytes of text that are many: of fewer lines even slow parsers are done before what is compiled has started."""

_SHRUNK: Final = 10
"""How many times as large as its file compressed text is, about."""


@frozen
class Source:
    """A file: `format` is lines (of JSON, OTLP's among them), csv or parquet; `compression` is None or its name."""

    path: Path
    format: str
    compression: str | None = None


def find_sources(paths: Iterable[Path]) -> tuple[Source, ...]:
    """The files that some paths mean, each once: a folder means every file of a known kind in it, at any depth.

    Raises IntakeError for what is not there, is no history by its name, or is a folder without any, and OSError for
    what cannot be read or is no file: a link that leads nowhere, a FIFO, a device.
    """
    found: dict[Path, Source] = {}
    for path in paths:
        for source in _meant(path):
            found.setdefault(source.path.resolve(), source)
    if not found:
        raise IntakeError("there is no history to read: name a file, a directory, or a pattern such as 'logs/*.jsonl'")
    return tuple(found.values())


def has_many(source: Source) -> bool:
    """Whether a file of text is so large that it is worth the time that it takes to start what is compiled."""
    return source.path.stat().st_size * (1 if source.compression is None else _SHRUNK) >= MANY


@contextmanager
def opened(source: Source) -> Iterator[Readable]:
    """The bytes of a file, decompressed; of one that is being written, those that it had when it was opened.

    Raises OSError for one that cannot be read, and IntakeError, when it is read, for one that expands beyond measure.
    """
    with pa.OSFile(str(source.path)) as file, pa.input_stream(file, compression=source.compression) as stream:
        yield UpTo(stream, file.size()) if source.compression is None else _Bounded(source.path, stream, file.size())


class UpTo:
    """So many bytes of a stream, if it has them."""

    def __init__(self, stream: Readable, most: int) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data


class _Bounded:
    """A compressed stream that ends in an error where it holds absurdly more than its file."""

    def __init__(self, path: Path, stream: Readable, size: int) -> None:
        self._path, self._stream = path, stream
        self._left = max(ALWAYS, _EXPANSION * size)

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise IntakeError(
                f"{self._path} holds more than {_EXPANSION} times its own size: is it meant to be read? "
                f"Decompress it yourself if it is"
            )
        return data


def _meant(path: Path) -> list[Source]:
    try:
        folder = is_folder(path)
    except FileNotFoundError:
        if not has_magic(path) or not (matches := matching(path)):
            raise IntakeError(f"there is no {path}") from None
        return [source for match in matches for source in _meant(match)]
    if folder:
        named = [Source(regular(one), *kind) for one in files_in(path) if (kind := _kind(one))]
        inside = [source for source in named if not _is_prose(source)]
        if not inside:
            raise IntakeError(f"there is no history in {path}: its files end in {_endings()}")
        return inside
    kind = _kind(path)
    if kind is None:
        raise IntakeError(f"{path} is no history by its name, which ends in {_endings()}")
    return [Source(regular(path), *kind)]


def _is_prose(source: Source) -> bool:
    """Whether a log that nobody named is no JSON: the log of a server is one by its name only."""
    if ".log" not in source.path.suffixes[-2:]:
        return False
    with opened(source) as stream:
        return stream.read(2**12).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"[", b"")


def _kind(path: Path) -> tuple[str, str | None] | None:
    """Format and compression by how a name ends; None for one that is no history's."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = _COMPRESSED.get(suffixes[-1]) if suffixes else None
    if compression:
        suffixes.pop()
    form = _FORMATS.get(suffixes[-1]) if suffixes else None
    if form is None or (compression and form == "parquet"):
        return None
    return form, compression


def _endings() -> str:
    return f"{', '.join(_FORMATS)}; the text ones may be compressed ({', '.join(_COMPRESSED)})"
