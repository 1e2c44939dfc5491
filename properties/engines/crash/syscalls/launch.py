# SPDX-License-Identifier: Apache-2.0
"""Become another program once somebody watches, and have the kernel stop it at these system calls only.

It is a process of its own: `launch.py WATCHED ARCHITECTURE NUMBERS PROGRAM ARGUMENT...`. WATCHED is a descriptor from
which a byte can be read as soon as somebody watches; NUMBERS are those of the calls, with commas.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_TRACE, _ALLOW = 0x7FF00000, 0x7FFF0000
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_OTHER_TABLE = 0x40000000
"""From here on are the numbers of x86-64 programs with short pointers."""


def stop_at(architecture: int, numbers: list[int]) -> None:
    """Have this process, and what becomes of it, stopped at these calls, and at all of another architecture.

    Raises OSError where the kernel does not allow it.
    """
    count = len(numbers)
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 0, count + 3, architecture),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, count + 1, 0, _OTHER_TABLE),
        *((_IF_EQUAL, count - place, 0, number) for place, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _TRACE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(lines), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter of system calls")


if __name__ == "__main__":
    watched, architecture, numbers, *program = sys.argv[1:]
    if not os.read(int(watched), 1):
        sys.exit("nobody watches")
    os.close(int(watched))
    stop_at(int(architecture), [int(number) for number in numbers.split(",")])
    os.execvp(program[0], program)
