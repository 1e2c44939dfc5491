# SPDX-License-Identifier: Apache-2.0
"""The HTTP door of the flags on loopback: the service runs in an event loop of its own, requests come in by threads.

The door itself is waitress: it reads a request to its end before a thread is given to it, so whoever sends half of one
holds a connection for some seconds, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
from collections.abc import Iterable
from concurrent.futures import Future
from http import HTTPStatus
from pathlib import Path
from random import Random
from threading import Thread
from types import TracebackType
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

from waitress.server import create_server
from waitress.wasyncore import close_all

from edgeproof.impl.flags.routes import MAX_BODY, OUT_OF_MEMORY, Request, Response, Routes
from edgeproof.impl.flags.service import FlagOptions, FlagService
from edgeproof.impl.runtime import RealRuntime

__all__ = ["FlagServer"]

_IN_MEMORY: Final = 100_000_000
"""Bytes of an answer, or a request, above which it would go to a file; requests are refused before."""

_MOST: Final = 2_000
"""Connections at a time."""

# A body that is somewhat too large is read, so that its sender gets to hear of it.
_DOOR: Final[dict[str, Any]] = {
    "channel_timeout": 10,
    "cleanup_interval": 1,
    "max_request_header_size": 65_536,
    "max_request_body_size": 2 * MAX_BODY,
    "inbuf_overflow": _IN_MEMORY,
    "outbuf_overflow": _IN_MEMORY,
    "asyncore_use_poll": True,
    "log_socket_errors": False,
    "ident": None,
}


class FlagServer:
    """A server on 127.0.0.1, as a context manager. Requests are answered one after the other: an app has one writer.

    Entering it raises `CannotKeep` if the apps in the directory cannot be kept.
    """

    def __init__(
        self,
        token: str,
        options: FlagOptions | None = None,
        directory: Path | None = None,
        seed: int = 0,
        *,
        port: int = 0,
    ) -> None:
        """`directory` keeps the apps, if it is given; `port` 0 is any. Raises OSError for a port that is taken."""
        self._token, self._directory, self._seed = token, directory, seed
        self._options = options or FlagOptions()
        self._started: Future[None] = Future()
        self._stopping = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        # What it would say is of connections, or what `Routes` has said before.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        self._sockets: dict[int, Any] = {}
        self._door: Any = create_server(
            self._respond, self._sockets, host="127.0.0.1", port=port, connection_limit=_connections(), **_DOOR
        )
        self._threads = (Thread(target=self._run, daemon=True), Thread(target=self._door.run, daemon=True))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._door.effective_port}"

    def __enter__(self) -> FlagServer:
        self._threads[0].start()
        self._threads[1].start()
        try:
            self._started.result()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        # Its sockets belong to the thread that waits for them.
        self._door.trigger.pull_trigger(lambda: close_all(self._sockets))
        self._threads[1].join()
        self._door.task_dispatcher.shutdown()
        if self._started.exception() is None:  # else its thread ends by itself, and its loop may be closed by now
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._threads[0].join()

    def answer(self, request: Request) -> Response:
        """What the service says, from any thread but its own."""
        return asyncio.run_coroutine_threadsafe(self._routes.respond(request), self._loop).result()

    def _respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = self.answer(_request(environ))
        except MemoryError:  # for the body; what comes after it is said by the routes
            response = OUT_OF_MEMORY
        body = b"" if response.body is None else json.dumps(response.body, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", **response.headers}
        if response.status not in (204, 304):
            headers["Content-Length"] = str(len(body))
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        try:
            service = FlagService(RealRuntime(), self._options, self._directory)
        except BaseException as error:
            self._started.set_exception(error)
            return
        self._routes = Routes(service, self._token, Random(self._seed).random)
        self._started.set_result(None)
        await self._stopping.wait()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        service.close()


def _connections() -> int:
    """How many clients may be connected: half of the files that may be open, as the apps need some, too."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if files == resource.RLIM_INFINITY else min(_MOST, files // 2)


def _request(environ: WSGIEnvironment) -> Request:
    """What came in. WSGI has bytes of paths and headers as characters (PEP 3333)."""
    headers = {name[5:].replace("_", "-").lower(): said for name, said in environ.items() if name.startswith("HTTP_")}
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    return Request(environ["REQUEST_METHOD"], path, environ["QUERY_STRING"], headers, environ["wsgi.input"].read())
