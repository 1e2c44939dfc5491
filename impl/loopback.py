# SPDX-License-Identifier: Apache-2.0
"""The HTTP door on loopback that services share, and the event loop that they run in beside its threads.

The door is waitress. It reads a request to its end before a thread is given to it, so whoever sends half of one holds a
connection for some seconds, and nothing else; nor does whoever reads an answer slowly, as all of it waits in a file.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, Final, TypeVar
from wsgiref.types import WSGIApplication, WSGIEnvironment

from waitress.server import create_server
from waitress.wasyncore import close_all

__all__ = ["LoopThread", "Loopback", "headers_of", "path_of"]

T = TypeVar("T")

_MOST: Final = 2_000
"""Connections at a time."""

_DOOR: Final[dict[str, Any]] = {
    "channel_timeout": 10,
    "cleanup_interval": 1,
    "max_request_header_size": 65_536,
    "asyncore_use_poll": True,
    "log_socket_errors": False,
    "outbuf_high_watermark": 2**50,
    "ident": None,
}


class Loopback:
    """Serves an application on 127.0.0.1, by a few threads, between `open` and `close`."""

    def __init__(self, application: WSGIApplication, port: int, largest: int, held: int) -> None:
        """`port` 0 is any. Bodies of requests have at most `largest` bytes; of a request or an answer, what is more
        than `held` bytes goes to a temporary file. Raises OSError for a port that is taken.
        """
        # What it would say is of connections, or what the application has said before.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        self._sockets: dict[int, Any] = {}
        self._door: Any = create_server(
            application,
            self._sockets,
            host="127.0.0.1",
            port=port,
            connection_limit=_connections(),
            max_request_body_size=largest,
            inbuf_overflow=held,
            outbuf_overflow=held,
            **_DOOR,
        )
        self._thread = Thread(target=self._door.run, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._door.effective_port}"

    def open(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Stop, also if it has not begun."""
        if self._thread.ident is None:
            close_all(self._sockets)
        else:
            # Its sockets belong to the thread that waits for them.
            self._door.trigger.pull_trigger(lambda: close_all(self._sockets))
            self._thread.join()
        self._door.task_dispatcher.shutdown()


class LoopThread:
    """An event loop in a thread of its own, for what has one writer."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread: Thread | None = None

    def start(self, begin: Callable[[], T], end: Callable[[T], None]) -> T:
        """Run `begin` in the loop, which goes on; what it gives is given to `end` there at last. Raises what it raises.

        Whatever runs in the loop by then is cancelled first.
        """
        begun: Future[T] = Future()
        thread = Thread(target=self._run, args=(begin, end, begun), daemon=True)
        thread.start()
        try:
            one = begun.result()
        except BaseException:
            thread.join()  # it ends by itself, and closes its loop
            raise
        self._thread = thread
        return one

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """What some work in the loop comes to, for any thread but the loop's own. Raises what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def stop(self) -> None:
        """End it; once it has ended, nothing happens."""
        if self._thread is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def _run(self, begin: Callable[[], T], end: Callable[[T], None], begun: Future[T]) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._live(begin, end, begun))

    async def _live(self, begin: Callable[[], T], end: Callable[[T], None], begun: Future[T]) -> None:
        try:
            one = begin()
        except BaseException as error:
            begun.set_exception(error)
            return
        begun.set_result(one)
        await self._stopping.wait()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        end(one)


def headers_of(environ: WSGIEnvironment) -> dict[str, str]:
    """The headers of a request, in small letters. WSGI has their bytes as characters (PEP 3333)."""
    return {name[5:].replace("_", "-").lower(): said for name, said in environ.items() if name.startswith("HTTP_")}


def path_of(environ: WSGIEnvironment) -> str:
    """The path of a request, as UTF-8."""
    path: str = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    return path


def _connections() -> int:
    """How many clients may be connected: half of the files that may be open, as services need some, too."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if files == resource.RLIM_INFINITY else min(_MOST, files // 2)
