# SPDX-License-Identifier: Apache-2.0
"""A file of text as blocks of whole lines: bounded memory, and every line keeps its number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final, Protocol

from attrs import frozen

__all__ = ["BOM", "LONGEST", "Block", "blocks", "is_utf8"]

LONGEST: Final = 16 * 2**20
"""Of a line, in bytes (16 MiB): what is longer is no event, and need not be kept to be refused."""

BOM: Final = b"\xef\xbb\xbf"
"""A byte order mark, which may begin a file and nothing else."""

SIZE: Final = 4 * 2**20
"""Of a block, in bytes (4 MiB)."""


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


@frozen
class Block:
    """Some whole lines, `first` being the number of the first. Only the last line of a file may lack its end."""

    first: int
    data: bytes

    @cached_property
    def ends(self) -> int:
        """How many lines end in it."""
        return self.data.count(b"\n")

    def parts(self, size: int) -> Iterator[Block]:
        """The same lines as blocks of about so many bytes."""
        begin, number = 0, self.first
        while begin < len(self.data):
            end = self.data.find(b"\n", begin + size) + 1 or len(self.data)
            part = Block(number, self.data[begin:end])
            yield part
            begin, number = end, number + part.ends


def is_utf8(data: bytes) -> bool:
    """Whether some bytes are text."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def blocks(stream: Readable, size: int = SIZE, first: int = 1) -> Iterator[Block]:
    """The blocks of a file, or of the part of it that begins with its line `first`. Of a line that is longer than any
    event, only so much is kept as shows that it is.
    """
    number, rest = first, stream.read(len(BOM))
    if rest == BOM and first == 1:
        rest = b""
    while chunk := stream.read(size):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            whole = memoryview(chunk)
            block = Block(number, b"".join((rest, whole[:cut])))
            yield block
            number += block.ends
            rest = bytes(whole[cut:])
        elif len(rest) <= LONGEST:
            rest += chunk
    if rest:
        yield Block(number, rest)
