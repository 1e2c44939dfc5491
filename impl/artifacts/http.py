# SPDX-License-Identifier: Apache-2.0
"""The HTTP doors of the repositories on loopback: the control plane, and Git at every location.

A request is for the location that its header Edgeproof-Pop names, else for the first; Git sends it where
`http.extraHeader` says so. The control plane and the doors run in one event loop, Git itself in threads.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from edgeproof.impl.artifacts.control import MAX_BODY, Answer, Asked, Control
from edgeproof.impl.artifacts.service import ArtifactOptions, ArtifactService, UnknownRepo
from edgeproof.impl.durable.storage_errors import StorageError
from edgeproof.impl.git.smart_http import GitRequest, GitResponse, operation_of, respond
from edgeproof.impl.loopback import Loopback, LoopThread, headers_of, path_of
from edgeproof.impl.runtime import RealRuntime
from edgeproof.impl.tokens.tokens import Credential, Decision, Request, credential_of

__all__ = ["ArtifactServer", "credential_in"]

_LOG: Final = logging.getLogger(__name__)

_HELD: Final = 2**20
"""Bytes of a request or an answer that are held in memory; the rest waits in a temporary file."""
_ROOM: Final = 2**20
"""Bytes of a push beside its pack."""

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="Git", Bearer'}
_REFUSALS: Final = {"out of scope": 403, "unavailable": 503}
"""What is said where a door refuses, by its reason; 401 for any other, so that nobody learns which tokens there are."""


class ArtifactServer:
    """A server on 127.0.0.1, as a context manager. Entering it raises CannotKeep."""

    def __init__(self, bearer: str, options: ArtifactOptions, folder: Path, *, port: int = 0) -> None:
        """`bearer` opens the control plane; `port` 0 is any. Raises OSError for a port that is taken."""
        self._bearer, self._options, self._folder = bearer, options, folder
        self._git = re.compile(f"/git/{re.escape(options.namespace)}/([A-Za-z0-9][A-Za-z0-9._-]*)\\.git(/.*)")
        self._loop = LoopThread()
        self._door = Loopback(self._respond, port, options.git.pack + _ROOM, _HELD)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._door.url

    def __enter__(self) -> ArtifactServer:
        try:
            self._service = self._loop.start(self._begin, ArtifactService.close)
        except BaseException:
            self._door.close()
            raise
        self._control = Control(self._service, self._bearer, self.url)
        self._door.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._door.close()
        self._loop.stop()

    def _begin(self) -> ArtifactService:
        return ArtifactService(RealRuntime(), self._options, self._folder)

    def _respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = path_of(environ)
        try:
            git = self._git.fullmatch(path)
            response = self._control_plane(environ) if git is None else self._serve_git(environ, git[1], git[2])
        except (StorageError, OSError) as error:
            _LOG.warning("%s %s: %s", environ["REQUEST_METHOD"], path, error)
            response = GitResponse(503, {"Retry-After": "1"})
        except Exception:
            _LOG.exception("%s %s failed", environ["REQUEST_METHOD"], path)
            response = GitResponse(500)
        phrase = HTTPStatus(response.status).phrase
        headers = {"Content-Type": "text/plain", **response.headers}
        start_response(f"{response.status} {phrase}", list(headers.items()))
        return response.body or [f"{phrase}\n".encode()]

    def _control_plane(self, environ: WSGIEnvironment) -> GitResponse:
        asked = Asked(
            environ["REQUEST_METHOD"],
            path_of(environ),
            dict(parse_qsl(environ["QUERY_STRING"])),
            headers_of(environ),
            environ["wsgi.input"].read(MAX_BODY + 1),
        )
        answer: Answer = self._loop.call(self._control.respond(asked))
        challenge = {"WWW-Authenticate": "Bearer"} if answer.status == 401 else {}
        body = json.dumps(answer.document, separators=(",", ":")).encode()
        return GitResponse(answer.status, {"Content-Type": "application/json", **challenge}, [body])

    def _serve_git(self, environ: WSGIEnvironment, repo: str, path: str) -> GitResponse:
        headers = headers_of(environ)
        # WSGI has these two beside the other headers.
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        query = dict(parse_qsl(environ["QUERY_STRING"]))
        request = GitRequest(environ["REQUEST_METHOD"], path, query, headers, environ["wsgi.input"])
        pop = headers.get("edgeproof-pop", self._options.pops[0])
        if pop not in self._options.pops:
            return GitResponse(400)
        operation = operation_of(request)
        if operation is None:
            return GitResponse(404)
        credential = credential_in(headers.get("authorization", ""))
        if credential is None:
            return GitResponse(401, _CHALLENGE)
        try:
            kept = self._service.repo(repo)
        except UnknownRepo:
            return GitResponse(401, _CHALLENGE)
        presented = Request(kept.id, operation, credential)
        decision = self._loop.call(self._service.admit(pop, presented))
        if not decision.admitted:
            return _refusal(decision)
        actor = credential.digest[:16]
        return respond(kept.git, request, actor=actor, allow=lambda: self._allows(presented))

    def _allows(self, presented: Request) -> bool:
        return self._loop.call(self._service.recheck(presented)).admitted


def credential_in(header: str) -> Credential | None:
    """What the header Authorization presents; None if that is no token.

    Bearer carries all of a token; with Basic the secret is the password, and the user's name says nothing.
    """
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return credential_of(rest.strip())
    if scheme.lower() != "basic":
        return None
    try:
        _, colon, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return credential_of(password) if colon else None


def _refusal(decision: Decision) -> GitResponse:
    status = _REFUSALS.get(decision.reason, 401)
    headers = {401: _CHALLENGE, 503: {"Retry-After": "1"}}.get(status, {})
    return GitResponse(status, headers)
