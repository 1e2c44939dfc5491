# SPDX-License-Identifier: Apache-2.0
"""What a path leads to, before it is opened: a FIFO would be waited for, and a device has no end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

__all__ = ["IrregularError", "is_folder", "read_regular", "regular"]

_WHAT = (
    (stat.S_ISFIFO, "a FIFO, which has no end and can be read only once"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


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


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise IrregularError(f"{path} is a link that leads in a circle") from None
        if error.errno == errno.ENOENT and path.is_symlink():
            raise IrregularError(f"{path} is a link to {path.readlink()}, which is not there") from None
        raise
