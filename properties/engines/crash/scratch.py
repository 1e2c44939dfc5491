# SPDX-License-Identifier: Apache-2.0
"""Where files go that are made to be looked at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["scratch"]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for files that nobody needs to find again, in memory where the machine has such a place."""
    memory = "/dev/shm"
    with TemporaryDirectory(prefix="edgeproof-crash-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)
