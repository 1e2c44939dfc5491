# SPDX-License-Identifier: Apache-2.0
"""Smart HTTP (gitprotocol-http): the three requests that a Git client makes of a repository, without a network."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from attrs import field, frozen

from edgeproof.impl.git.advertising import advertise, version_of
from edgeproof.impl.git.limits import Refused
from edgeproof.impl.git.receive import receive_pack
from edgeproof.impl.git.repository import Repository
from edgeproof.impl.git.upload import upload_pack, upload_pack_2
from edgeproof.impl.git.wire import Readable, Reader, error

__all__ = ["OPERATIONS", "GitRequest", "GitResponse", "operation_of", "respond"]

OPERATIONS: Final[Mapping[str, str]] = {"git-upload-pack": "fetch", "git-receive-pack": "push"}
"""What a service is for, in the words of a token's scope."""

_PIECE: Final = 65_536
_NO_CACHE: Final = {
    "Cache-Control": "no-cache, max-age=0, must-revalidate",
    "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "Pragma": "no-cache",
}


@frozen
class GitRequest:
    """What came in, below the repository's own path; headers have small letters."""

    method: str
    path: str
    """`/info/refs`, `/git-upload-pack` or `/git-receive-pack`."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Readable


@frozen
class GitResponse:
    """What goes out; the body is made while it is sent."""

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: Iterable[bytes] = ()


def operation_of(request: GitRequest) -> str | None:
    """Fetch or push, as which the request has to be admitted; None if there is nothing like it here."""
    service = request.path[1:]
    if request.path == "/info/refs":
        return OPERATIONS.get(request.query.get("service", "")) if request.method == "GET" else None
    return OPERATIONS.get(service) if request.method == "POST" else None


def respond(
    repository: Repository,
    request: GitRequest,
    *,
    actor: str = "",
    allow: Callable[[], bool] = lambda: True,
) -> GitResponse:
    """The response to a request that has been admitted. `allow` is asked again in the moment in which a push counts.

    Raises StorageError and OSError.
    """
    version = version_of(request.headers.get("git-protocol", ""))
    if request.path == "/info/refs":
        service = request.query["service"]
        return _said(service, "advertisement", advertise(repository, service, version))
    service = request.path[1:]
    if request.headers.get("content-type") != f"application/x-{service}-request":
        return GitResponse(415)
    encoding = request.headers.get("content-encoding", "identity")
    if encoding not in ("identity", "gzip", "x-gzip"):
        return GitResponse(415)
    upload = service == "git-upload-pack"
    body: Readable = request.body if encoding == "identity" else _Inflated(request.body)
    try:
        if upload:
            body = _AtMost(body, repository.limits.request)
            answer = (upload_pack_2 if version == 2 else upload_pack)(repository, Reader(body))
        else:
            _, answer = receive_pack(repository, Reader(body), actor=actor, allow=allow)
        return _said(service, "result", _begun(answer))
    except Refused as refused:
        return _said(service, "result", [error(str(refused))])


def _said(service: str, what: str, body: Iterable[bytes]) -> GitResponse:
    headers = {"Content-Type": f"application/x-{service}-{what}", **_NO_CACHE}
    return GitResponse(200, headers, _joined(iter(body)))


def _begun(answer: Iterator[bytes]) -> Iterator[bytes]:
    """The same; what it refuses before it says anything is raised now."""
    first = next(answer, b"")

    def whole() -> Iterator[bytes]:
        yield first
        yield from answer

    return whole()


def _joined(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces."""
    held = bytearray()
    for line in lines:
        held += line
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    yield bytes(held)


class _AtMost:
    """A body that may have so many bytes."""

    def __init__(self, body: Readable, most: int) -> None:
        self._body, self._most, self._left = body, most, most

    def read(self, size: int, /) -> bytes:
        piece = self._body.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise Refused(f"a request has at most {self._most} bytes")
        return piece


class _Inflated:
    """A body that came gzipped, inflated as far as it is read."""

    def __init__(self, body: Readable) -> None:
        self._body = body
        self._inflater = zlib.decompressobj(wbits=31)

    def read(self, size: int, /) -> bytes:
        try:
            while not self._inflater.eof:
                piece = self._inflater.unconsumed_tail or self._body.read(_PIECE)
                if not piece:
                    raise Refused("the request ends before what it has gzipped")
                found = self._inflater.decompress(piece, size)
                if found:
                    return found
        except zlib.error as problem:
            raise Refused("the request cannot be inflated") from problem
        return b""
