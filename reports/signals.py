# SPDX-License-Identifier: Apache-2.0
"""Being asked to end: by Ctrl-C, or by whoever started this process."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import current_thread, main_thread
from typing import Final, NoReturn

__all__ = ["SIGNALLED", "Stop", "Terminated", "ended_by_sigterm", "stopped_by_signals"]

SIGNALLED: Final = 128
"""What a shell adds to the number of the signal that ended a command."""


class Terminated(BaseException):
    """Somebody asked for the end by SIGTERM: what is under way is to be cleaned up, and nothing else to be done."""


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
        # A signal that comes just before the wait begins would not wake it: its handler runs when the wait is over.
        while not self.asked:
            with suppress(Empty):
                return self._requests.get(timeout=1)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """In here SIGTERM raises Terminated, as Ctrl-C raises KeyboardInterrupt, so that everything cleans up."""

    def raise_it(number: int, frame: object) -> NoReturn:
        raise Terminated

    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, raise_it)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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
