# SPDX-License-Identifier: Apache-2.0
"""pkt-lines (gitprotocol-common), side-bands, and the capabilities that go with a first line.

They are written by dulwich. Reading is our own: protocol version 2 tells flush from delim, and dulwich's reader has
None for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final, Protocol

from dulwich.protocol import pkt_line

from edgeproof.impl.git.limits import Refused

__all__ = ["AGENT", "DELIM", "FLUSH", "Mark", "Readable", "Reader", "band", "capabilities", "error", "flush", "id_of"]

AGENT: Final = b"agent=edgeproof"
DELIM: Final = b"0001"
flush: Final = b"0000"
_BAND: Final = 65_515
"""Bytes of one line of side-band-64k, beyond its length and the number of the band."""
_ID: Final = re.compile(rb"[0-9a-f]{40}")


class Mark(Enum):
    """A line that is only a length."""

    FLUSH = 0
    DELIM = 1
    END = 2


FLUSH: Final = Mark.FLUSH


class Readable(Protocol):
    """The body of a request."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""


class Reader:
    """Reads pkt-lines, and then perhaps what follows them."""

    def __init__(self, body: Readable) -> None:
        self._body = body

    def line(self) -> bytes | Mark | None:
        """The next line; None at the end. Raises Refused for one that is malformed or is cut off."""
        head = self._exactly(4)
        if not head:
            return None
        if not re.fullmatch(rb"[0-9a-fA-F]{4}", head):
            raise Refused("the request has a line whose length is no number")
        length = int(head, 16)
        if length < 3:
            return Mark(length)
        if length == 3:
            raise Refused("the request has a line of length 3")
        content = self._exactly(length - 4)
        if len(content) != length - 4:
            raise Refused("the request ends in the middle of a line")
        return content

    def text(self) -> bytes | Mark | None:
        """The same without the line feed that may end it."""
        line = self.line()
        return line.removesuffix(b"\n") if isinstance(line, bytes) else line

    def rest(self) -> Iterator[bytes]:
        """What follows, in pieces."""
        while piece := self._body.read(65_536):
            yield piece

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size and (piece := self._body.read(size - len(found))):
            found += piece
        return found


def id_of(text: bytes) -> bytes:
    """The id that is spelled in hex. Raises Refused for anything else."""
    if not _ID.fullmatch(text):
        raise Refused("the request has something else where the id of an object should be")
    return bytes.fromhex(text.decode())


def capabilities(words: bytes) -> dict[bytes, bytes]:
    """Capabilities by name, with what they say after the sign of equality, if anything."""
    split = (word.partition(b"=") for word in words.split())
    return {name: value for name, _, value in split}


def band(number: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces as lines of a side-band: 1 is data, 2 progress, 3 an error that is the end."""
    for piece in pieces:
        for at in range(0, len(piece), _BAND):
            yield pkt_line(bytes([number]) + piece[at : at + _BAND])


def error(why: str) -> bytes:
    """The line that tells a client, before anything else, why nothing comes."""
    return pkt_line(b"ERR " + why.encode() + b"\n")
