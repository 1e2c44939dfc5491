# SPDX-License-Identifier: Apache-2.0
"""Where files go that are made to be looked at once; what a killed run has left of them is removed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeproof.impl.scratch import MEMORY, OwnedDirectory, sweep

__all__ = ["scratch", "sweep"]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for files that nobody needs to find again, in memory where the machine has such a place."""
    with OwnedDirectory("crash", MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)
