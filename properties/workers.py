# SPDX-License-Identifier: Apache-2.0
"""Processes that share the work of a run, none of which outlives it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from threading import Thread
from typing import Final

from edgeproof.impl.scratch import sweep
from edgeproof.properties.own import adopt, adopted

__all__ = ["ended_together", "workers"]


def workers(processes: int = 1) -> ProcessPoolExecutor:
    """So many fresh interpreters, which know the designs that are adopted here and end when their parent does."""
    # A fresh interpreter per worker: forking a process that has threads (progress, solver) is asking for trouble.
    context, known = multiprocessing.get_context("spawn"), tuple(one.reference for one in adopted().values())
    return ProcessPoolExecutor(processes, context, _belong_to_the_parent, (known,))


_COLLECTED: Final = 100_000
"""New objects between two collections of garbage. A worker makes millions that need none, and Python's 700 have it look
through them for a tenth of its time."""


def _belong_to_the_parent(known: tuple[str, ...]) -> None:
    """In a worker: leave interrupts to the parent, and end when it does, even by kill -9; else we would work on."""
    gc.set_threshold(_COLLECTED)
    for reference in known:
        adopt(reference)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def ended_together() -> Iterator[None]:
    """End the workers at once when the parent is interrupted or fails, instead of waiting for what they are at, and
    remove the temporary folders that they leave.
    """
    try:
        yield
    except BaseException:
        children = multiprocessing.active_children()
        for child in children:
            child.terminate()
        for child in children:
            child.join()
        sweep()
        raise
