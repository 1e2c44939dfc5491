# SPDX-License-Identifier: Apache-2.0
"""Being asked to end: by Ctrl-C, or by whoever started this process."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import current_thread, main_thread

__all__ = ["Stop", "stopped_by_signals"]


class Stop:
    """Whether somebody asked for the end. Unlike an Event of `threading`, a signal's handler may set it at any time."""

    def __init__(self) -> None:
        self._requests: SimpleQueue[None] = SimpleQueue()

    def ask(self) -> None:
        """Ask for the end."""
        self._requests.put(None)

    @property
    def asked(self) -> bool:
        """Whether anybody has."""
        return not self._requests.empty()

    def wait(self) -> None:
        """Wait until somebody does; once."""
        self._requests.get()


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """What Ctrl-C or a request to end sets, so that what is under way can be brought to its end.

    A shell starts a job in the background with Ctrl-C ignored, and Python leaves it so; in here it counts all the same.
    Signals come to the main thread alone; in another, nobody is ever asked to end.
    """
    stop = Stop()
    if current_thread() is not main_thread():
        yield stop
        return
    before = {which: signal.signal(which, lambda *_: stop.ask()) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
