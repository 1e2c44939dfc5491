# SPDX-License-Identifier: Apache-2.0
"""The door before a Git server that speaks smart HTTP: who has the right token is let through, everybody else is not.

It wraps any WSGI application that serves `/git/NAMESPACE/REPO.git/`. A token comes as a bearer header (all of it) or as
a password (its secret alone; the user name does not matter), as Artifacts' Git protocol page has it. Why a request was
refused is not told to whoever sent it, and a token is neither passed on nor logged.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qs

from impl.tokens import Credential, Decision, Request, credential_of

__all__ = ["GitDoor"]

Decide = Callable[[Request], Decision]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ROUTE: Final = re.compile(
    r"/git/([A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*)\.git/(info/refs|git-upload-pack|git-receive-pack)"
)
_METHODS: Final = {"info/refs": "GET", "git-upload-pack": "POST", "git-receive-pack": "POST"}
_OPERATIONS: Final = {"git-upload-pack": "fetch", "git-receive-pack": "push"}


class GitDoor:
    """A WSGI application before another. `decide` is the edge's check; `recheck` that of the repo's Durable Object,
    which every push reaches in any case, None to do without.
    """

    def __init__(self, server: Application, decide: Decide, recheck: Decide | None) -> None:
        self._server, self._decide, self._recheck = server, decide, recheck

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request, or refuse it."""
        asked = _asked(environ)
        if asked is None:
            return _refuse(start_response, "404 Not Found")
        credential = _credential(environ.get("HTTP_AUTHORIZATION", ""))
        if credential is None:
            challenge = ("WWW-Authenticate", 'Basic realm="git"')
            return _refuse(start_response, "401 Unauthorized", challenge)
        repo, operation = asked
        if not self._admits(Request(repo, operation, credential)):
            return _refuse(start_response, "403 Forbidden")
        passed_on = {name: value for name, value in environ.items() if name != "HTTP_AUTHORIZATION"}
        return self._server(passed_on, start_response)

    def _admits(self, request: Request) -> bool:
        if not self._decide(request).admitted:
            return False
        return request.operation != "push" or self._recheck is None or self._recheck(request).admitted


def _asked(environ: dict[str, Any]) -> tuple[str, str] | None:
    """The repo and the operation that a request is for; None for what is no request of the smart protocol."""
    found = _ROUTE.fullmatch(environ.get("PATH_INFO", ""))
    if found is None or environ.get("REQUEST_METHOD") != _METHODS[found[2]]:
        return None
    services = parse_qs(environ.get("QUERY_STRING", "")).get("service", []) if found[2] == "info/refs" else [found[2]]
    if len(services) != 1 or services[0] not in _OPERATIONS:
        return None
    return found[1], _OPERATIONS[services[0]]


def _credential(header: str) -> Credential | None:
    """The token in an Authorization header."""
    kind, _, rest = header.partition(" ")
    if kind.lower() == "bearer":
        return credential_of(rest.strip())
    if kind.lower() != "basic":
        return None
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode("ascii")
    except ValueError:
        return None
    return credential_of(text.partition(":")[2])


def _refuse(start_response: Callable[..., Any], status: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    body = f"{status[4:]}\n".encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers])
    return [body]
