# SPDX-License-Identifier: Apache-2.0
"""The explorer's door on loopback: waitress reads the requests, and none is answered without the token in its path.

A page elsewhere could make a browser ask 127.0.0.1 for things, also under a name of its own that leads there: so
whoever does not know the token is told nothing, and a request is for this address by name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from secrets import compare_digest, token_urlsafe
from threading import Thread
from types import TracebackType
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

from waitress.server import create_server
from waitress.wasyncore import close_all

from edgeproof.reports.explorer.pages import Answer, Explorer

__all__ = ["Door"]

_LONGEST: Final = 65_536
"""Bytes of a request's head, with its address."""
_DOOR: Final[dict[str, Any]] = {
    "threads": 2,
    "connection_limit": 50,
    "channel_timeout": 10,
    "max_request_header_size": _LONGEST,
    "max_request_body_size": 1024,
    "asyncore_use_poll": True,
    "log_socket_errors": False,
    "ident": None,
}

_NAMES: Final = ("127.0.0.1", "localhost")

_NOWHERE: Final = Answer("404 Not Found", "text/plain; charset=utf-8", "there is nothing here\n")
_READ_ONLY: Final = Answer("405 Method Not Allowed", "text/plain; charset=utf-8", "there is nothing to be changed\n")
_ELSEWHERE: Final = Answer("421 Misdirected Request", "text/plain; charset=utf-8", "this is 127.0.0.1\n")
_BROKEN: Final = Answer("500 Internal Server Error", "text/plain; charset=utf-8", "a bug in edgeproof\n")


class Door:
    """A server on 127.0.0.1, as a context manager."""

    def __init__(self, explorer: Explorer, port: int = 0) -> None:
        """Port 0 is any. Raises OSError for one that is taken."""
        self._explorer, self._token = explorer, token_urlsafe(24)
        logging.getLogger("waitress").setLevel(logging.CRITICAL)  # what it would say is of connections, with addresses
        self._sockets: dict[int, Any] = {}
        self._server: Any = create_server(self._respond, self._sockets, host="127.0.0.1", port=port, **_DOOR)
        self._thread = Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        """Where a walk begins: whoever knows this may look."""
        return f"http://127.0.0.1:{self._server.effective_port}/{self._token}/"

    def __enter__(self) -> Door:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Its sockets belong to the thread that waits for them.
        self._server.trigger.pull_trigger(lambda: close_all(self._sockets))
        self._thread.join()
        self._server.task_dispatcher.shutdown()

    def _respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._answer(environ)
        body = answer.body.encode("utf-8", "backslashreplace")
        start_response(answer.status, [*_headers(answer), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        if environ.get("HTTP_HOST", "") not in {f"{name}:{self._server.effective_port}" for name in _NAMES}:
            return _ELSEWHERE
        _, token, *path = environ.get("PATH_INFO", "/").split("/", 2)
        if not path or not compare_digest(token.encode(), self._token.encode()):
            return _NOWHERE
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _READ_ONLY
        try:
            return self._explorer.answer(path[0], environ.get("QUERY_STRING", ""))
        except Exception:
            logging.getLogger(__name__).exception("a bug in edgeproof")
            return _BROKEN


def _headers(answer: Answer) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", answer.kind),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),  # the address has the token
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if answer.location:
        headers.append(("Location", answer.location))
    if answer.file:
        headers.append(("Content-Disposition", f'attachment; filename="{answer.file}"'))
    return headers
