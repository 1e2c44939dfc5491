# SPDX-License-Identifier: Apache-2.0
"""A run of a program: what it did to the files of a folder, and at which moment it said what."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from attrs import frozen

from edgeproof.properties.engines.crash.disk import Operation
from edgeproof.properties.engines.crash.syscalls.calls import Call, Unsupported
from edgeproof.properties.engines.crash.syscalls.folder import Folder, Key, key_at
from edgeproof.properties.engines.crash.syscalls.tracer import Program, run_watched

__all__ = ["Line", "Recording", "record"]

_LOOK: Final = frozenset(
    {
        *("creat", "openat2", "truncate", "rename", "renameat", "renameat2", "link", "linkat"),
        *("unlink", "unlinkat", "symlink", "symlinkat", "mkdir", "mkdirat", "rmdir"),
    }
)
"""Calls by paths."""
_OPEN: Final = {"open": 1, "openat": 2}
"""Where the flags are."""
_BY_DESCRIPTOR: Final = {
    **{"write": 0, "writev": 0, "pwrite64": 0, "pwritev": 0, "pwritev2": 0, "sendfile": 0, "copy_file_range": 2},
    **{"splice": 2, "fallocate": 0, "ftruncate": 0, "fsync": 0, "fdatasync": 0, "syncfs": 0, "ioctl": 0},
}
"""Where the descriptor is of the file that is changed, or made sure."""
_UNSEEN: Final = ("io_uring_setup", "io_submit")
"""Calls after which a program writes without calls."""
_SYNCS: Final = ("fsync", "fdatasync", "sync", "syncfs")
_CLONES: Final = (0x40049409, 0x4020940D)
_WRITABLE, _SHARED, _KINDS_OF_MAPS = 2, (1, 3), 0xF
_KEEP_SIZE, _NO_CHANGE, _ZEROS = 0x01, (0x00, 0x01), (0x02, 0x10)
_SYNCED_WRITE, _APPENDED_WRITE = 0x02 | 0x04, 0x10
_HERE: Final = 0xFFFFFFFFFFFFFFFF


@frozen
class Line:
    """A line that a program has said, after so many operations; together with others if one call has said them all."""

    text: str
    done: int
    call: int


@frozen
class Recording:
    """What a program did: operations, of which the `first` ones made the folder what it was at the start, and lines.

    It has ended with a `status`, less than 0 for a signal.
    """

    operations: tuple[Operation, ...]
    first: int
    lines: tuple[Line, ...]
    status: int


def record(program: Program, folder: Path, seconds: float) -> Recording:
    """Run a program to its end, and record it. What it says goes to a file, its standard output.

    Raises Unsupported where that cannot be recorded, TimeoutError after so many seconds.
    """
    watch = _Recorder(folder, program)
    status = run_watched(program, watch, seconds)
    watch.folder.hold_against_what_is_there()
    return Recording(tuple(watch.folder.operations), watch.folder.first, tuple(watch.lines), status)


class _Recorder:
    """What is recorded so far; it is told of the calls."""

    def __init__(self, folder: Path, program: Program) -> None:
        self.folder = Folder(folder)
        self.lines: list[Line] = []
        self._said = Path(program.stdout.name)
        about = self._said.stat()
        self._stdout: Key = about.st_dev, about.st_ino
        self._read, self._calls = 0, 0
        self._key: Key | None = None
        """The file of the call that is under way, if that is by a descriptor."""
        self._maps = False
        """Whether a file of the folder was mapped, to be read."""

    def concerns(self, call: Call) -> bool:
        """Whether a call may change files of the folder, or make them sure, or say something."""
        name, arguments = call.name, call.arguments
        if name in _UNSEEN:
            return True
        if name in ("mmap", "mprotect", "pkey_mprotect"):
            self._check_map(call)
            return False
        if name in _OPEN:
            return bool(arguments[_OPEN[name]] & (os.O_CREAT | os.O_TRUNC))
        if name in _LOOK or name == "sync":
            return True
        self._key = key = key_at(call, _BY_DESCRIPTOR[name])
        if name == "ioctl":
            if arguments[1] & 0xFFFFFFFF in _CLONES and self.folder.has(key):
                raise Unsupported("it clones a file (FICLONE)")
            return False
        if name == "splice" and self.folder.has(key):
            raise Unsupported("it moves bytes from a pipe into a file (splice)")
        if name == "syncfs":
            return key is not None and self.folder.on(key[0])
        return key == self._stdout or self.folder.has(key)

    def done(self, call: Call, result: int) -> None:
        """Record what a call has done, if that was something."""
        if result < 0:
            return
        if call.name in _UNSEEN:
            raise Unsupported(f"it uses {call.name}: no system call shows what that does")
        if call.name in _LOOK or call.name in _OPEN or call.name == "ftruncate":
            self.folder.look()
        elif call.name in ("sync", "syncfs"):
            self.folder.sync_all()
        elif self._key == self._stdout:
            self._hear()
        elif call.name in ("fsync", "fdatasync") and self._key is not None:
            self.folder.synced(self._key)
        elif call.name == "fallocate" and self._key is not None:
            self._allocated(call, self._key)
        elif result and self._key is not None:
            self._wrote(call, self._key, result)

    def cut_short(self, call: Call) -> None:
        """Record what a call of a killed process has done: what is there now where it may have changed something."""
        name, (_, _, length, offset, *_) = call.name, call.arguments
        if name in _BY_DESCRIPTOR and self._key == self._stdout:
            self._hear()
        elif name == "pwrite64" and self._key is not None:
            self.folder.look()
            self.folder.wrote(self._key, offset, length)
        elif name in _LOOK or name in _OPEN or name == "ftruncate":
            self.folder.look()
        elif name not in _SYNCS:
            raise Unsupported(f"a process was killed in the middle of {name}: what that did is not known")

    def _wrote(self, call: Call, key: Key, length: int) -> None:
        flags = call.arguments[5] if call.name == "pwritev2" else 0
        try:
            about = _descriptor(call, _BY_DESCRIPTOR[call.name])
            offset = _offset(call, about, flags, length)
        except OSError:  # killed since, and no more to be asked
            self.cut_short(call)
            return
        self.folder.wrote(key, offset, length)
        if about["flags"] & os.O_DSYNC or flags & _SYNCED_WRITE:
            self.folder.synced(key)

    def _allocated(self, call: Call, key: Key) -> None:
        _, mode, offset, length, *_ = call.arguments
        if mode & ~_KEEP_SIZE in _ZEROS:
            self.folder.look()
            self.folder.wrote(key, offset, length)
        elif mode in _NO_CHANGE:
            self.folder.look()
        else:
            raise Unsupported(f"it moves what is in a file (fallocate with mode {mode})")

    def _hear(self) -> None:
        """Lines that are complete have been said by this call."""
        with self._said.open("rb") as file:
            file.seek(self._read)
            *lines, _ = file.read().split(b"\n")
        self._calls += 1
        for line in lines:
            self._read += len(line) + 1
            self.lines.append(Line(line.decode(errors="replace"), len(self.folder.operations), self._calls))

    def _check_map(self, call: Call) -> None:
        """No call shows what is written to a file through memory."""
        if call.name == "mmap":
            _, _, protection, flags, *_ = call.arguments
            if flags & _KINDS_OF_MAPS not in _SHARED or not self.folder.has(key_at(call, 4)):
                return
            self._maps = True
        else:
            first, length, protection, *_ = call.arguments
            if not self._maps or not any(map(self.folder.has, _mapped(call.thread, first, first + length))):
                return
        if protection & _WRITABLE:
            raise Unsupported("it writes to a file of the folder through memory (a shared, writable mmap)")


def _descriptor(call: Call, place: int) -> Mapping[str, int]:
    """What the kernel tells of a descriptor: where it stands (`pos`) and its `flags`."""
    text = Path(f"/proc/{call.thread}/fdinfo/{call.arguments[place] & 0xFFFFFFFF}").read_text()
    found = dict(re.findall(r"^(pos|flags):\s*(\d+)", text, re.MULTILINE))
    return {"pos": int(found["pos"]), "flags": int(found["flags"], 8)}


def _offset(call: Call, about: Mapping[str, int], flags: int, length: int) -> int:
    """Where in its file a call has written so many bytes."""
    appended = about["flags"] & os.O_APPEND or flags & _APPENDED_WRITE
    at: Callable[[int], int] = call.arguments.__getitem__
    if call.name in ("pwrite64", "pwritev", "pwritev2") and not (call.name == "pwritev2" and at(3) == _HERE):
        return _size(call) - length if appended else at(3)
    if call.name == "copy_file_range" and at(3):
        return _number_at(call.thread, at(3)) - length
    return about["pos"] - length


def _size(call: Call) -> int:
    return os.stat(f"/proc/{call.thread}/fd/{call.arguments[0] & 0xFFFFFFFF}").st_size


def _number_at(thread: int, address: int) -> int:
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return int.from_bytes(memory.read(8), "little")


def _mapped(thread: int, first: int, last: int) -> list[Key]:
    """The files that are mapped, and shared, between two addresses."""
    found = []
    try:
        maps = Path(f"/proc/{thread}/maps").read_text(errors="replace")
    except OSError:  # killed
        return []
    for line in maps.splitlines():
        addresses, permissions, _, device, number, *_ = line.split()
        begin, end = (int(one, 16) for one in addresses.split("-"))
        if permissions[3] == "s" and begin < last and first < end:
            major, minor = (int(one, 16) for one in device.split(":"))
            found.append((os.makedev(major, minor), int(number)))
    return found
