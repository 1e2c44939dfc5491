# SPDX-License-Identifier: Apache-2.0
"""Folders that one process keeps its files in, and no other at the same time."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO

__all__ = ["FolderTaken", "claim"]


class FolderTaken(OSError):
    """Another process has claimed the folder."""


def claim(folder: Path) -> TextIO:
    """Keep others out of a folder until the file is closed, or its process has ended.

    Raises FolderTaken, and OSError.
    """
    file = (folder / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise FolderTaken(str(error)) from error
    return file
