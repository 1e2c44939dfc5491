# SPDX-License-Identifier: Apache-2.0
"""The HTTP door of the flags on loopback: the service runs in an event loop of its own, requests come in by threads."""

from __future__ import annotations

import asyncio
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Event, Thread
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from edgeproof.impl.flags.routes import MAX_BODY, Request, Response, Routes
from edgeproof.impl.flags.service import FlagOptions, FlagService
from edgeproof.impl.runtime import RealRuntime

__all__ = ["FlagServer"]


class FlagServer:
    """A server on 127.0.0.1, as a context manager. Requests are answered one after the other: an app has one writer."""

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
        self._ready, self._stopping = Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._server = _Server(("127.0.0.1", port), lambda *given: _Handler(self, *given))
        self._threads = (
            Thread(target=self._run, daemon=True),
            Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True),
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> FlagServer:
        self._threads[0].start()
        self._ready.wait()
        self._threads[1].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._threads[0].join()

    def answer(self, request: Request) -> Response:
        """What the service says, from any thread but its own."""
        return asyncio.run_coroutine_threadsafe(self._routes.respond(request), self._loop).result()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        service = FlagService(RealRuntime(), self._options, self._directory)
        self._routes = Routes(service, self._token, Random(self._seed).random)
        self._ready.set()
        await self._stopping.wait()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        service.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, server: FlagServer, *given: Any) -> None:
        self._flags = server
        super().__init__(*given)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a request's line may hold what is nobody's business."""

    def do_GET(self) -> None:
        said = self.headers.get("Content-Length", "0")
        size = int(said) if said.isascii() and said.isdigit() else 0
        body = self.rfile.read(min(size, MAX_BODY + 1))
        if size > MAX_BODY:
            self.close_connection = True  # what is left of the body is nobody's request
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = self._flags.answer(Request(self.command, unquote(parts.path), parts.query, headers, body))
        self._send(response)

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

    def _send(self, response: Response) -> None:
        body = b"" if response.body is None else json.dumps(response.body, separators=(",", ":")).encode()
        self.send_response(response.status)
        for name, value in {"Content-Type": "application/json", **response.headers}.items():
            self.send_header(name, value)
        if response.status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
