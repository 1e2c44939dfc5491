# SPDX-License-Identifier: Apache-2.0
"""The processes of a run: they stop when they are told to, never outlive their parent, and say why they died."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from attrs import frozen

__all__ = ["Child", "LiveError", "Main", "serve", "start", "stop"]

_PR_SET_PDEATHSIG = 1

T = TypeVar("T")

Main = Callable[[T, asyncio.Event, Callable[[], None]], Coroutine[Any, Any, None]]
"""What a process does: its assignment, an event that says when to stop, and how it says that it is ready."""


class LiveError(Exception):
    """The run could not go on; the message says which process failed, and how."""


@frozen(eq=False)
class Child:
    """A process that was started."""

    name: str
    process: BaseProcess
    ready: Connection
    """True arrives here once it is ready, and what it dies of if it can say so."""

    def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        self.process.kill()
        self.process.join()
        self.ready.close()

    def obituary(self) -> str:
        """One line on how it died."""
        code = self.process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
        said = self._last_words().strip().splitlines()
        return f"{self.name} died ({how})" + (f": {said[-1]}" if said else "")

    def _last_words(self) -> str:
        said = ""
        with suppress(EOFError, OSError):
            while self.ready.poll():
                found = self.ready.recv()
                said = found if isinstance(found, str) else said
        return said


def start(name: str, main: Main[Any], assignment: object) -> Child:
    """Start a process; `main` is found by its name, and `assignment` is pickled. The caller's thread must live on."""
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_enter, args=(main, assignment, sender, os.getpid()), name=name, daemon=True)
    # Ctrl-C goes to every process of the terminal; the child inherits the mask and leaves it to its parent.
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)
    sender.close()
    return Child(name, process, receiver)


def stop(children: list[Child], grace: float) -> None:
    """Ask them to end, and end those that have not within `grace` seconds. Stopping what has stopped is fine."""
    for child in children:
        if child.process.is_alive():
            child.process.terminate()
    for child in children:
        child.process.join(grace)
        if child.process.is_alive():
            child.process.kill()
            child.process.join()
        child.ready.close()


def serve(stopping: asyncio.Event, *work: Awaitable[Any]) -> Coroutine[Any, Any, None]:
    """Wait until it is time to stop, and raise what any of the work raises before."""

    async def wait() -> None:
        until = asyncio.ensure_future(stopping.wait())
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            done, _ = await asyncio.wait([until, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (until, *tasks):
                task.cancel()
            await asyncio.gather(until, *tasks, return_exceptions=True)

    return wait()


def _enter(main: Main[Any], assignment: object, ready: Connection, parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask to die with it
        os._exit(1)
    try:
        asyncio.run(_until_told(main, assignment, ready))
    except BaseException as error:
        # Not to a file: a full disk is one of the things to die of.
        with suppress(OSError):
            ready.send(str(traceback.format_exception_only(error)[-1]))
        os._exit(1)


async def _until_told(main: Main[Any], assignment: object, ready: Connection) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await main(assignment, stopping, lambda: ready.send(True))
