# SPDX-License-Identifier: Apache-2.0
"""What a path leads to, before it is opened: a FIFO would be waited for, and a device has no end."""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["IrregularError", "is_folder", "pieces_of", "read_at_most", "read_regular", "regular"]

_WHAT = (
    (stat.S_ISFIFO, "a FIFO, which has no end and can be read only once"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)

_PATIENCE: Final = 30.0
"""Seconds that a pipe may be silent: whoever writes into it may have to be asked for a password first."""


_PIECE: Final = 2**20


class IrregularError(OSError):
    """A path that leads to no file; the message says where to."""


def is_folder(path: Path) -> bool:
    """Whether a path leads to a folder. Raises IrregularError for a link to nowhere, OSError for what is denied."""
    return stat.S_ISDIR(_status(path).st_mode)


def regular(path: Path) -> Path:
    """The path of a regular file. Raises IrregularError for anything else, and OSError for what is denied."""
    mode = _status(path).st_mode
    for test, what in _WHAT:
        if test(mode):
            raise IrregularError(f"{path} is {what}: write it to a file first")
    if stat.S_ISDIR(mode):
        raise IrregularError(f"{path} is a folder")
    return path


def read_regular(path: Path) -> bytes:
    """What is in a file. Raises as `regular` does."""
    return regular(path).read_bytes()


def read_at_most(path: Path, most: int) -> bytes:
    """The first bytes of a file, or of what is written into a pipe, as a shell's `<(command)` is: `most` of them at
    most. Raises as `pieces_of` does.
    """
    found = bytearray()
    for piece in pieces_of(path):
        found += piece[: most - len(found)]
        if len(found) == most:
            break
    return bytes(found)


def pieces_of(path: Path) -> Iterator[bytes]:
    """What is in a file, or is written into a pipe, piece by piece. Raises as `regular` does, also where nothing comes
    out of the pipe for half a minute.
    """
    if not stat.S_ISFIFO(_status(path).st_mode):
        regular(path)
    # It may be another one by now, and to open a FIFO would be to wait for a writer.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)):
            raise IrregularError(f"{path} is no file any more")
        while piece := _piece(path, file.fileno()):
            yield piece


def _piece(path: Path, file: int) -> bytes:
    while True:
        try:
            return os.read(file, _PIECE)
        except BlockingIOError:  # somebody is there, and has written nothing yet
            if not select.select([file], [], [], _PATIENCE)[0]:
                raise IrregularError(f"{path} is a pipe, and nothing came out of it for {_PATIENCE:g} s") from None


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise IrregularError(f"{path} is a link that leads in a circle") from None
        if error.errno == errno.ENOENT and path.is_symlink():
            raise IrregularError(f"{path} is a link to {path.readlink()}, which is not there") from None
        raise
