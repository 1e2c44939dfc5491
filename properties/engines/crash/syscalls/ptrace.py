# SPDX-License-Identifier: Apache-2.0
"""What the kernel offers to watch another process: ptrace, as far as it is needed here."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import Final

from attrs import frozen

__all__ = ["AT_CALL", "AT_STOP", "Stop", "go_on", "seize", "stay_stopped", "stop_of"]

_CONTINUE, _TO_END_OF_CALL, _SEIZE, _LISTEN, _CALL_INFO = 7, 24, 0x4206, 0x4208, 0x420E

_MARK_CALLS, _FORKS, _EXECS, _FILTERED, _KILL_AT_EXIT = 0x01, 0x02 | 0x04 | 0x08, 0x10, 0x80, 0x100000

AT_CALL: Final = 7
"""The event of a thread that is about to make a call which the filter stops at."""
AT_STOP: Final = 128
"""The event of a thread that is new, or is stopped with all of its process."""

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.restype = ctypes.c_long
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class _Info(ctypes.Structure):
    """`struct ptrace_syscall_info`: the data are a number and arguments, or a result and whether that is an error."""

    _fields_ = [
        ("op", ctypes.c_uint8),
        ("padding", ctypes.c_uint8 * 3),
        ("architecture", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("stack", ctypes.c_uint64),
        ("data", ctypes.c_uint64 * 8),
    ]


@frozen
class Stop:
    """Where a thread stands: at a call, which has a number and arguments, or after one, which has a result."""

    architecture: int
    data: tuple[int, ...]

    @property
    def result(self) -> int:
        """What the call has answered; negative for an error."""
        return ctypes.c_int64(self.data[0]).value


def seize(process: int) -> None:
    """Watch a process and all that come of it; they are killed when the thread that watches ends.

    Raises OSError where that is not allowed.
    """
    options = _MARK_CALLS | _FORKS | _EXECS | _FILTERED | _KILL_AT_EXIT
    _ptrace(_SEIZE, process, 0, options)


def stop_of(thread: int) -> Stop:
    """The call at which, or after which, a thread stands. Raises OSError where the thread is gone."""
    info = _Info()
    _ptrace(_CALL_INFO, thread, ctypes.sizeof(info), ctypes.addressof(info))
    return Stop(info.architecture, tuple(info.data))


def go_on(thread: int, *, signal: int = 0, to_end_of_call: bool = False) -> None:
    """Let a thread go on, with a signal or none; nothing where it is gone."""
    with suppress(ProcessLookupError):
        _ptrace(_TO_END_OF_CALL if to_end_of_call else _CONTINUE, thread, 0, signal)


def stay_stopped(thread: int) -> None:
    """Leave a thread stopped as its process is, until somebody lets that go on; nothing where it is gone."""
    with suppress(ProcessLookupError):
        _ptrace(_LISTEN, thread, 0, 0)


def _ptrace(request: int, thread: int, address: int, data: int) -> None:
    if _LIBC.ptrace(request, thread, address, data) == -1 and (number := ctypes.get_errno()):
        raise OSError(number, os.strerror(number))
