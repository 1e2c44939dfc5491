# SPDX-License-Identifier: Apache-2.0
"""The lines of a file that grows: whole lines as they come, from the beginning, until nothing comes any more."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from edgeproof.properties.intake.lines import LONGEST

__all__ = ["tail"]

_PAUSE: Final = 0.2
_CHUNK: Final = 1 << 20


def tail(path: Path, *, until_idle: float | None = None, pause: float = _PAUSE) -> Iterator[bytes | None]:
    """Lines of a file, and an empty one whenever it was looked at in vain, so that whoever waits can say so.

    Ends once nothing has come for `until_idle` seconds (never if None); a last line without an end is given then, too.
    A file that was cut short is read again from its beginning, after None for what it no longer has; one that was
    replaced, as rotated logs are, is read to its end before its successor is. Of a line that is longer than any event
    only so much is kept as shows that it is. Raises OSError for a file that cannot be read; a successor may be a while
    in coming.
    """
    rest = b""
    idle_since = time.monotonic()
    file = FileIO(path)
    try:
        while True:
            chunk = file.read(_CHUNK)
            if chunk:
                idle_since = time.monotonic()
                *lines, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else [_grown(rest, chunk)]
                yield from (line + b"\n" for line in lines)
                continue
            if _cut_short(file):
                file.seek(0)
                rest = b""
                yield None
                continue
            successor = _successor(path, file)
            if successor is not None:
                if rest:
                    yield rest
                rest = b""
                file.close()
                file = successor
                continue
            if until_idle is not None and time.monotonic() - idle_since >= until_idle:
                if rest:
                    yield rest
                return
            yield b""
            time.sleep(pause)
    finally:
        file.close()


def _grown(rest: bytes, chunk: bytes) -> bytes:
    return rest + chunk if len(rest) <= LONGEST else rest


def _cut_short(file: FileIO) -> bool:
    return os.fstat(file.fileno()).st_size < file.tell()


def _successor(path: Path, file: FileIO) -> FileIO | None:
    """The file that has taken the name of this one, if one has."""
    ours = os.fstat(file.fileno())
    try:
        theirs = path.stat()
        return None if (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino) else FileIO(path)
    except FileNotFoundError:
        return None
