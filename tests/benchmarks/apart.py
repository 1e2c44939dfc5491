# SPDX-License-Identifier: Apache-2.0
"""Work in a process of its own, whose memory and processor time are not those of the work before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

__all__ = ["apart"]


def apart(do: Callable[..., Any], *words: Any) -> Any:
    """Do it in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(do, *words).result()
