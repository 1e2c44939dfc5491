# SPDX-License-Identifier: Apache-2.0
"""One request, one answer, within bounds: of time from the first byte to the last, of bytes, and of how often one asks.

A server may do what it likes. Redirections are not followed, so that nothing goes anywhere but to the host that was
named; what comes back has the bearer taken out of it before anybody looks at it.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from attrs import frozen

__all__ = ["TOKEN", "Answer", "Client", "Limits", "NoAnswerError", "OverspentError", "Request", "TwiceError", "json_of"]

TOKEN: Final = "$TOKEN"
"""What stands for the bearer wherever somebody may read it."""

_BURST: Final = 4
"""Requests that may leave at once before they are spaced."""


@frozen
class Limits:
    """How long an answer may take (seconds), how large it may be (bytes), how many requests there are, and how long
    all answers together may take (seconds): one that is just in time is so every time.
    """

    timeout: float = 5.0
    max_bytes: int = 1_000_000
    requests: int = 5_000
    per_second: float = 200.0
    answers: float = 120.0


@frozen
class Request:
    """What is sent; `headers` are without the bearer, which goes along if `bearer` says so."""

    method: str
    base: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None
    bearer: bool


@frozen
class Answer:
    """What came back; names of headers are in small letters. `unclear` are headers that say several things."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    unclear: frozenset[str] = frozenset()


class NoAnswerError(Exception):
    """There is no whole answer; the message says how that went. `sent` is whether the request may have been served."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class UnaskableError(NoAnswerError):
    """What was to be filled into a header cannot stand there: nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class TwiceError(ValueError):
    """A document has an object with a name that is there twice."""


class OverspentError(Exception):
    """All requests that were allowed have been made, or their answers have taken all the time that was allowed."""


def json_of(body: bytes) -> Any:
    """The document of a body. Raises ValueError where it is none, and where an object has a name twice: of the two
    values each reader takes the one that it likes.
    """
    return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_object)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise TwiceError("has an object with a name that is there twice")
    return found


class Client:
    """Sends requests, from several threads if need be; `made` counts them, `waited` is how long (seconds) their
    answers took.
    """

    def __init__(self, limits: Limits, bearer: str | None = None) -> None:
        self._limits, self._bearer = limits, bearer
        self._lock = threading.Lock()
        self._free = time.monotonic()
        self.made = 0
        self.waited = 0.0

    @property
    def half_spent(self) -> bool:
        """Whether answers have taken half of the time that they may take together."""
        return self.waited >= self._limits.answers / 2

    def send(self, request: Request) -> Answer:
        """The answer to a request. Raises NoAnswerError and OverspentError."""
        self._wait_for_turn()
        began = time.monotonic()
        try:
            return self._answer(request)
        finally:
            with self._lock:
                self.waited += time.monotonic() - began

    def _answer(self, request: Request) -> Answer:
        connection = _connection(request.base, self._limits.timeout)
        try:
            connection.connect()
        except OSError as error:
            raise NoAnswerError(f"cannot be reached: {error.strerror or error}", sent=False) from error
        try:
            with _cut_after(self._limits.timeout, connection.sock) as was_cut:
                try:
                    answer = self._exchange(connection, request)
                except (OSError, http.client.HTTPException) as error:
                    if not (was_cut() or isinstance(error, TimeoutError)):
                        raise NoAnswerError(f"breaks off its answer ({type(error).__name__})") from error
                    answer = None
                # What was cut may look whole: where no length was said, it ends where the connection ends.
                if answer is None or was_cut():
                    raise NoAnswerError(f"gives no whole answer within {self._limits.timeout:g} s")
                return answer
        finally:
            connection.close()

    def _exchange(self, connection: http.client.HTTPConnection, request: Request) -> Answer:
        headers = dict(request.headers)
        if request.bearer and self._bearer is not None:
            headers["Authorization"] = f"Bearer {self._bearer}"
        try:
            connection.request(request.method, request.path, request.body, headers)
        except ValueError as error:
            # Nothing has left yet: a version that was told may have letters that no header can carry.
            raise UnaskableError("cannot be asked: no header can carry what was told as a version") from error
        response = connection.getresponse()
        most = self._limits.max_bytes
        body = response.read(most + 1)
        if len(body) > most:
            raise NoAnswerError(f"answers with more than {most:,} bytes")
        if response.length:
            raise http.client.IncompleteRead(body, response.length)
        lines = [(name.lower(), self._without_bearer(value)) for name, value in response.getheaders()]
        said = dict(lines)
        unclear = frozenset(name for name, value in lines if value != said[name])
        return Answer(response.status, said, self._cleaned(body), unclear)

    def _cleaned(self, body: bytes) -> bytes:
        if self._bearer is not None and b"\\" in body:
            # What JSON escapes is still the same text: escaped anew, a bearer stands there as it is.
            with suppress(ValueError, RecursionError):
                body = json.dumps(json_of(body)).encode()
        return self._without_bearer(body.decode("latin-1")).encode("latin-1")

    def _without_bearer(self, text: str) -> str:
        return text.replace(self._bearer, TOKEN) if self._bearer else text

    def _wait_for_turn(self) -> None:
        with self._lock:
            if self.made >= self._limits.requests:
                raise OverspentError(f"all {self._limits.requests:,} requests that [limits] allows were made")
            if self.waited >= self._limits.answers:
                raise OverspentError(f"all {self._limits.answers:g} s that [limits] allows for answers went by")
            self.made += 1
            now, step = time.monotonic(), 1 / self._limits.per_second
            self._free = max(self._free, now - _BURST * step) + step
            wait = self._free - now
        if wait > 0:
            time.sleep(wait)


def _connection(base: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(base)
    assert parts.hostname is not None
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=timeout)


@contextmanager
def _cut_after(seconds: float, wire: socket.socket) -> Iterator[Callable[[], bool]]:
    """Shut the connection when the time is up, however busy it is: a time-out of a socket begins anew with each byte.

    Gives a function that says whether that has happened.
    """
    cut = threading.Event()

    def shut() -> None:
        cut.set()
        with suppress(OSError):  # it may be closed already
            wire.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield cut.is_set
    finally:
        timer.cancel()
