# SPDX-License-Identifier: Apache-2.0
"""A folder, and what calls do to it: after each call that changes files, what has changed is looked for in the folder.

So no path is ever resolved and no descriptor followed here: files are known by their numbers (inodes), under whichever
name, descriptor or process they are reached.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from attrs import evolve, frozen

from edgeproof.properties.engines.crash.disk import (
    Create,
    Delete,
    Disk,
    Link,
    Operation,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Write,
    whole_of,
)
from edgeproof.properties.engines.crash.syscalls.calls import Call, Unsupported

__all__ = ["Folder", "Key", "key_at"]

Key: TypeAlias = tuple[int, int]
"""A file by its device and its number there."""

LARGEST: Final = 64 << 20
"""Bytes of a folder; every image has a copy of it."""

_ROOT: Final = ""
_SHARED_MEMORY: Final = "-shm"
"""How SQLite names what it makes anew whenever it opens a database that nobody has open."""


@frozen
class _File:
    key: Key
    size: int


class Folder:
    """The operations on the files of one folder, in their order; those that made it what it is at the start are first.

    Raises Unsupported, here and below, for what cannot be recorded: too much, or what is no file and no folder.
    """

    def __init__(self, path: Path) -> None:
        self.operations: list[Operation] = []
        self._path = path
        self._files: Mapping[str, _File] = {}
        self._by_key: Mapping[Key, str] = {}
        about = path.stat()
        self._root = about.st_dev, about.st_ino
        self._take(dict(self._listed()))
        self.operations += [Create(name) for name in self._files]
        self.operations += [
            Write(name, 0, (path / name).read_bytes()) for name, about in self._files.items() if about.size
        ]
        self.sync_all()
        self.first = len(self.operations)
        """How many operations have made it what it was at the start."""

    def has(self, key: Key | None) -> bool:
        """Whether this is one of its files or folders, or the folder itself."""
        return key == self._root or key in self._by_key

    def on(self, device: int) -> bool:
        """Whether it is on this device, or one of its files is: layers of a file system have several."""
        return device in {self._root[0], *(one for one, _ in self._by_key)}

    def hold_against_what_is_there(self) -> None:
        """Raise Unsupported where its files are not what comes of the operations."""
        disk = Disk()
        for one in self.operations:
            disk.do(one)
        moment = disk.now()
        held = moment.left(map(whole_of, moment.pending))
        there = {name: b"" if name.endswith("/") else (self._path / name).read_bytes() for name, _ in self._listed()}
        if other := sorted(name for name in held.keys() | there.keys() if held.get(name) != there.get(name)):
            raise Unsupported(f"{other[0]} is not what was recorded: something has changed it that no call shows")

    def wrote(self, key: Key, offset: int, length: int) -> None:
        """So many bytes of a file are what they are now."""
        if (name := self._by_key.get(key)) is None:
            return
        with (self._path / name).open("rb") as file:
            file.seek(offset)
            if data := file.read(length):
                self.operations.append(Write(name, offset, data))
            size = os.fstat(file.fileno()).st_size
        self._take({one: evolve(about, size=size) if about.key == key else about for one, about in self._files.items()})

    def synced(self, key: Key) -> None:
        """A file is sure, or a folder."""
        if key == self._root:
            self.operations.append(SyncFolder())
        elif (name := self._by_key.get(key)) is not None:
            self.operations.append(SyncFolder(name) if name.endswith("/") else Sync(name))

    def sync_all(self) -> None:
        """All is sure."""
        folders = [name for name in self._files if name.endswith("/")]
        self.operations += [Sync(name) for name in self._files if not name.endswith("/")]
        self.operations += [SyncFolder(name) for name in (_ROOT, *folders)]

    def look(self) -> None:
        """Find out what names and sizes a call has changed."""
        sizes = {about.key: about.size for about in self._files.values()}
        now = dict(self._listed())
        named = self._named(now)
        if len(named) > 1:
            raise Unsupported("a call has changed several names at once, such as of a folder that is not empty")
        self.operations += named
        self._take(now)
        for key, name in self._by_key.items():
            old, size = sizes.get(key, 0), now[name].size
            if size < old:
                self.operations.append(Truncate(name, size))
            elif size > old:
                self.wrote(key, old, size - old)

    def _named(self, now: Mapping[str, _File]) -> list[Operation]:
        """What has been done to names."""
        came = [name for name, about in now.items() if name not in self._files or self._files[name].key != about.key]
        gone = [name for name in self._files if name not in now]
        done: list[Operation] = []
        for name in came:
            old = self._by_key.get(now[name].key)
            if old is None:
                if now[name].size:
                    raise Unsupported(
                        f"{name} was moved into the folder from elsewhere: what is sure of it is not known"
                    )
                done.append(Create(name))
            elif old in gone:
                gone.remove(old)
                done.append(Rename(old, name))
            elif old in came:
                raise Unsupported(f"{old} and {name} were exchanged")
            else:
                done.append(Link(old, name))
        return [*done, *(Delete(name) for name in gone)]

    def _take(self, files: Mapping[str, _File]) -> None:
        self._files = files
        self._by_key = {about.key: name for name, about in files.items()}
        if sum(about.size for about in files.values()) > LARGEST:
            raise Unsupported(f"the folder has more than {LARGEST >> 20} MB, of which every image would have a copy")

    def _listed(self) -> Iterable[tuple[str, _File]]:
        for where, folders, files in os.walk(self._path):
            place = Path(where)
            for name in sorted([*(f"{one}/" for one in folders), *files]):
                about = (place / name.rstrip("/")).lstat()
                path = (place / name).relative_to(self._path).as_posix() + "/" * name.endswith("/")
                if stat.S_ISLNK(about.st_mode):
                    raise Unsupported(f"{path} is a symbolic link")
                if name.endswith("/") or (stat.S_ISREG(about.st_mode) and not name.endswith(_SHARED_MEMORY)):
                    size = 0 if name.endswith("/") else about.st_size
                    yield path, _File((about.st_dev, about.st_ino), size)


def key_at(call: Call, place: int) -> Key | None:
    """The file behind the descriptor among a call's arguments; None where there is none."""
    try:
        about = os.stat(f"/proc/{call.thread}/fd/{call.arguments[place] & 0xFFFFFFFF}")
    except OSError:
        return None
    return about.st_dev, about.st_ino
