# SPDX-License-Identifier: Apache-2.0
"""The blob store of a repository: a folder with the packs that are too large for rows, and those that are coming in.

A pack has its place here before a ref needs it, and loses it after none does. What nobody needs is swept away when the
repository is opened: a crash leaves it behind at either end.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Container
from pathlib import Path
from typing import IO, Final

__all__ = ["BlobStore", "Spool"]

_COMING: Final = "coming-"


class BlobStore:
    """Files by name; a file that has its name is whole, and stays as it is."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder if there is none. Raises OSError, as every operation does."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def incoming(self) -> IO[bytes]:
        """A file to write what is coming in."""
        return tempfile.NamedTemporaryFile(dir=self._folder, prefix=_COMING, delete=False)

    def keep(self, file: IO[bytes]) -> str:
        """Give a file that has come in its name, for good; it is there after a power cut."""
        file.flush()
        os.fsync(file.fileno())
        path = Path(file.name)
        name = path.name.replace(_COMING, "pack-")
        path.rename(self._folder / name)
        number = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
        return name

    def open(self, name: str) -> memoryview:
        """The bytes of a file, as they are read."""
        with (self._folder / name).open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def link(self, name: str, other: BlobStore) -> None:
        """Have a file in another store as well; it takes no more room."""
        os.link(self._folder / name, other._folder / name)

    def delete(self, name: str) -> None:
        """Remove a file; one that is absent is removed all the same."""
        (self._folder / name).unlink(missing_ok=True)

    def names(self) -> set[str]:
        """All files, also those that are coming in."""
        return {path.name for path in self._folder.iterdir()}

    def sweep(self, needed: Container[str]) -> None:
        """Remove every file but those that are needed. Nothing may be coming in."""
        for name in self.names():
            if name not in needed:
                self.delete(name)


class Spool:
    """Bytes as they come in: in memory up to `held` of them, and in the blob store if there are more."""

    def __init__(self, blobs: BlobStore, held: int) -> None:
        self._blobs, self._held = blobs, held
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._kept: str | None = None
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Take in more."""
        self.size += len(piece)
        if self._file is None and self.size > self._held:
            self._file = self._blobs.incoming()
            self._file.write(self._memory)
            self._memory = bytearray()
        if self._file is None:
            self._memory += piece
        else:
            self._file.write(piece)

    def view(self) -> memoryview:
        """All of it so far."""
        if self._file is None:
            return memoryview(self._memory)
        self._file.flush()
        return memoryview(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ))

    def keep(self) -> str | None:
        """Keep it in the blob store, under the name that is returned; None where it is in memory."""
        if self._file is not None and self._kept is None:
            self._kept = self._blobs.keep(self._file)
        return self._kept

    def close(self, *, needed: bool) -> None:
        """Be done with it: nothing is left behind but what was kept, and that only if it may be `needed`."""
        self._memory = bytearray()
        if self._file is None:
            return
        self._file.close()
        if self._kept is None:
            self._blobs.delete(Path(self._file.name).name)
        elif not needed:
            self._blobs.delete(self._kept)
