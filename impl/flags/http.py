# SPDX-License-Identifier: Apache-2.0
"""The HTTP door of the flags on loopback: the service runs in an event loop of its own, requests come in by threads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from edgeproof.impl.flags.routes import MAX_BODY, OUT_OF_MEMORY, Request, Response, Routes
from edgeproof.impl.flags.service import FlagOptions, FlagService
from edgeproof.impl.loopback import Loopback, LoopThread, headers_of, path_of
from edgeproof.impl.runtime import RealRuntime

__all__ = ["FlagServer"]

_IN_MEMORY: Final = 100_000_000
"""Bytes of an answer, or a request, above which it would go to a file; requests are refused before."""

# A body that is somewhat too large is read, so that its sender gets to hear of it.
_LARGEST: Final = 2 * MAX_BODY


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
        self._loop = LoopThread()
        self._door = Loopback(self._respond, port, _LARGEST, _IN_MEMORY)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._door.url

    def __enter__(self) -> FlagServer:
        try:
            self._loop.start(self._begin, FlagService.close)
        except BaseException:
            self._door.close()
            raise
        self._door.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._door.close()
        self._loop.stop()

    def answer(self, request: Request) -> Response:
        """What the service says, from any thread but its own."""
        return self._loop.call(self._routes.respond(request))

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

    def _begin(self) -> FlagService:
        service = FlagService(RealRuntime(), self._options, self._directory)
        self._routes = Routes(service, self._token, Random(self._seed).random)
        return service


def _request(environ: WSGIEnvironment) -> Request:
    """What came in."""
    body = environ["wsgi.input"].read()
    return Request(environ["REQUEST_METHOD"], path_of(environ), environ["QUERY_STRING"], headers_of(environ), body)
