# SPDX-License-Identifier: Apache-2.0
"""The system calls that change files or make them sure, by the numbers that they have on a machine."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Final

from attrs import frozen

__all__ = ["Call", "Table", "Unsupported", "table"]


class Unsupported(Exception):
    """A program cannot be recorded here, or does what cannot be; the message says what."""


@frozen
class Call:
    """A system call that a thread is about to make."""

    thread: int
    name: str
    arguments: tuple[int, ...]


@frozen
class Table:
    """The numbers of the calls, and the kernel's name of the machine that has them."""

    architecture: int
    names: Mapping[int, str]


_X86_64: Final = {
    **{"write": 1, "mmap": 9, "mprotect": 10, "ioctl": 16, "pwrite64": 18, "writev": 20, "sendfile": 40},
    **{"fsync": 74, "fdatasync": 75, "truncate": 76, "ftruncate": 77, "sync": 162, "io_submit": 209},
    **{"open": 2, "creat": 85, "rename": 82, "unlink": 87, "link": 86, "symlink": 88, "mkdir": 83, "rmdir": 84},
    **{"openat": 257, "mkdirat": 258, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266},
    **{"splice": 275, "fallocate": 285, "pwritev": 296, "syncfs": 306, "renameat2": 316, "copy_file_range": 326},
    **{"pwritev2": 328, "pkey_mprotect": 329, "io_uring_setup": 425, "openat2": 437},
}
_AARCH64: Final = {
    **{"io_submit": 2, "ioctl": 29, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37, "renameat": 38},
    **{"truncate": 45, "ftruncate": 46, "fallocate": 47, "openat": 56, "write": 64, "writev": 66, "pwrite64": 68},
    **{"pwritev": 70, "sendfile": 71, "splice": 76, "sync": 81, "fsync": 82, "fdatasync": 83, "mmap": 222},
    **{"mprotect": 226, "syncfs": 267, "renameat2": 276, "copy_file_range": 285, "pwritev2": 287},
    **{"pkey_mprotect": 288, "io_uring_setup": 425, "openat2": 437},
}
_TABLES: Final = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}


def table() -> Table:
    """The numbers on this machine. Raises Unsupported for one whose numbers are not known."""
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in _TABLES:
        raise Unsupported(f"system calls are recorded on Linux, x86_64 and aarch64, not {platform.system()} {machine}")
    architecture, numbers = _TABLES[machine]
    return Table(architecture, {number: name for name, number in numbers.items()})
