# SPDX-License-Identifier: Apache-2.0
"""A file of text as blocks of whole lines: bounded memory, and every line keeps its number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from attrs import frozen

__all__ = ["BOM", "LONGEST", "PAD", "Block", "blocks", "is_utf8"]

LONGEST: Final = 16 * 2**20
"""Of a line, in bytes (16 MiB): what is longer is no event, and need not be kept to be refused."""

BOM: Final = b"\xef\xbb\xbf"
"""A byte order mark, which may begin a file and nothing else."""

PAD: Final = 64
"""Line ends behind the lines of a block, in case somebody looks a few bytes further."""

SIZE: Final = 2 * 2**20
"""Of a block, in bytes (2 MiB): what was just read of it is still near to the processor when it is looked at."""


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


@frozen
class Block:
    """Some whole lines of `size` bytes, `first` being the number of the first, with `PAD` line ends behind them. Only
    the last line of a file may lack its end.
    """

    first: int
    padded: bytes
    size: int

    @classmethod
    def of(cls, first: int, *parts: bytes | memoryview) -> Block:
        """The lines that are in some bytes, one after the other."""
        padded = b"".join((*parts, b"\n" * PAD))
        return cls(first, padded, len(padded) - PAD)

    @cached_property
    def data(self) -> bytes:
        """The lines by themselves."""
        return self.padded[: self.size]

    @cached_property
    def ends(self) -> int:
        """How many lines end in it."""
        return int(np.count_nonzero(np.frombuffer(self.padded, np.uint8) == ord("\n"))) - PAD

    def parts(self, size: int) -> Iterator[Block]:
        """The same lines as blocks of about so many bytes."""
        begin, number = 0, self.first
        while begin < self.size:
            end = min(self.padded.find(b"\n", min(begin + size, self.size)) + 1, self.size)
            part = Block.of(number, memoryview(self.padded)[begin:end])
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
            block = Block.of(number, rest, whole[:cut])
            yield block
            number += block.ends
            rest = bytes(whole[cut:])
        elif len(rest) <= LONGEST:
            rest += chunk
    if rest:
        yield Block.of(number, rest)
