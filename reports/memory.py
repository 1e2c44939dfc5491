# SPDX-License-Identifier: Apache-2.0
"""The memory of a process that works on many events: what it has freed it takes again, rather than ask for more."""

from __future__ import annotations

import ctypes
import os
from typing import Final

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_OPTIONS: Final = ((_TRIM_THRESHOLD, -1), (_MMAP_MAX, 0), (_ARENA_MAX, 1))
"""Of `mallopt` of the GNU C library: nothing goes back to the kernel, and threads take from what others have freed."""


def keep_freed_memory() -> None:
    """Keep freed memory in this process until it ends. It is to be called before numpy is imported.

    Columns of many events are made and freed by the dozen. Each time that one came from the kernel, that would clear
    it first, which takes longer than what is done with it. Where the C library is another one, nothing changes.
    """
    # Large pages are cleared as a whole, of which a virtual machine may have to get every one from its host.
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in _OPTIONS:
            mallopt(option, value)
