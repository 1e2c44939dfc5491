# SPDX-License-Identifier: Apache-2.0
"""Reading and writing files: what is read is data, what is written is there whole or not at all."""

from __future__ import annotations

import codecs
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edgeproof.properties.regular import pieces_of
from edgeproof.reports.errors import Unusable

__all__ = [
    "LARGEST",
    "check_directory",
    "make_bearer",
    "read_bearer",
    "read_pieces",
    "read_text",
    "remove_file",
    "write_text",
]

LARGEST: Final = 64 * 2**20
"""Of a file that is read as a whole, in bytes (64 MiB). JSON may take twenty times as much memory as it has bytes, and
no file that this program writes is nearly so large.
"""

_LARGEST_BEARER: Final = 2**16


def read_text(path: str | Path, most: int = LARGEST) -> str:
    """The text of a file, or of a pipe. Raises Unusable where it cannot be read, is no file, has more than `most`
    bytes, or is not UTF-8.
    """
    return "".join(read_pieces(path, most))


def read_pieces(path: str | Path, most: int) -> Iterator[str]:
    """The same, piece by piece."""
    decoder, size = codecs.getincrementaldecoder("utf-8")(), 0
    try:
        for piece in pieces_of(Path(path)):
            size += len(piece)
            if size > most:
                raise Unusable(f"{path} is too large: it has more than {most // 2**10:,} KiB")
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Unusable(f"{path} is not UTF-8 text") from error
    except (OSError, ValueError) as error:  # ValueError is said of a path with a NUL in it
        raise Unusable(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def read_bearer(path: str | Path) -> str:
    """The bearer token in a file. Raises Unusable where there is none."""
    bearer = read_text(path, _LARGEST_BEARER).strip()
    if not bearer:
        raise Unusable(f"{path} is empty; it should hold the bearer token of the control plane")
    return bearer


def make_bearer(directory: Path, what: str) -> Path:
    """The file with a control plane's token, in the folder that `what` is kept in; for nobody else to read, where it is
    made. Raises Unusable.
    """
    path = directory / "bearer"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    except FileExistsError:
        if not path.is_file():
            raise Unusable(f"{directory} is no folder that {what} can be kept in") from None
    except OSError as error:
        raise Unusable(f"cannot keep {what} in {directory}: {error.strerror or error}") from error
    return path


def write_text(path: str | Path, text: str) -> None:
    """Write a file by renaming a complete temporary one onto it. Raises Unusable where that is impossible.

    What UTF-8 cannot hold (half a surrogate pair, which JSON can) is written as JSON escapes it.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".tmp")
    except (OSError, ValueError) as error:
        raise _unwritable(target, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(text)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(target, error) from error
        raise


def remove_file(path: Path) -> None:
    """Remove a file if it is there. Raises Unusable where that is impossible."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise Unusable(f"cannot remove {path}: {error.strerror or error}") from error


def check_directory(path: str | Path) -> None:
    """Raise Unusable if files could not be written into this folder, without making it."""
    place = Path(path)
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
        usable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    except (OSError, ValueError) as error:
        raise _unwritable(Path(path), error) from error
    if not usable:
        raise Unusable(f"cannot write to {path}: {place} is {'not writable' if place.is_dir() else 'not a folder'}")


def _unwritable(path: Path, error: Exception) -> Unusable:
    return Unusable(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")


def _umask() -> int:
    """The process's umask, which can only be read by setting it; a temporary file ignores it, a report should not."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
