# SPDX-License-Identifier: Apache-2.0
"""Folders that say whose they are, so that what a killed process has left can be told from what is in use.

A process holds the lock of a file in its folder. The kernel lets go of it when the process ends, however that comes
about, and nobody else can come by it meanwhile. Whoever makes such a folder removes those whose owners have ended.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["MEMORY", "OWNER", "OwnedDirectory", "claim", "is_left", "sweep"]

MEMORY: Final = "/dev/shm"
"""Where files are in memory, on most machines."""

OWNER: Final = ".owner"
"""The name of the file that is locked."""

_PREFIX: Final = "edgeproof-"


def claim(folder: Path) -> int:
    """Lock a folder for this process, until the number that comes back is closed. Raises BlockingIOError if it is."""
    return _locked(folder / OWNER)


def _locked(path: Path) -> int:
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        raise
    return number


def is_left(folder: Path) -> bool:
    """Whether a folder had an owner, who has ended without removing it."""
    if not (folder / OWNER).is_file():
        return False
    try:
        os.close(claim(folder))
    except OSError:
        return False
    return True


class OwnedDirectory:
    """A new temporary folder, in `place` if that is given; it is removed by `cleanup`, or by the next `sweep`."""

    def __init__(self, kind: str, place: str | None = None) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{kind}-", dir=place, ignore_cleanup_errors=True)
        self.name = self._directory.name
        # It is locked before it has its name: between the two somebody else would find a folder that is left.
        unnamed = Path(self.name, f"{OWNER}.new")
        self._owner = _locked(unnamed)
        unnamed.rename(unnamed.with_name(OWNER))
        _swept_once(str(Path(self.name).parent))

    def __enter__(self) -> str:
        return self.name

    def __exit__(self, *error: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Remove it. Doing so twice is fine."""
        self._directory.cleanup()
        if self._owner >= 0:
            os.close(self._owner)
            self._owner = -1


@cache
def _swept_once(place: str) -> None:
    """By one process: what is left there has been left before."""
    sweep([place])


def sweep(places: Iterable[str] | None = None) -> list[Path]:
    """Remove the temporary folders whose owners have ended; those that were removed.

    Where they are looked for is where they are made, unless `places` says.
    """
    swept = []
    for place in (tempfile.gettempdir(), MEMORY) if places is None else places:
        for owner in sorted(Path(place).glob(f"{_PREFIX}*/{OWNER}")):
            with suppress(OSError):
                if is_left(owner.parent):
                    shutil.rmtree(owner.parent)
                    swept.append(owner.parent)
    return swept
