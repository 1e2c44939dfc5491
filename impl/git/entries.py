# SPDX-License-Identifier: Apache-2.0
"""The header of a pack's entry (gitformat-pack): its kind, a size, and the offset of its base."""

from __future__ import annotations

from typing import Final

from edgeproof.impl.git.limits import Refused

__all__ = ["BLOB", "COMMIT", "NAMES", "OFS_DELTA", "REF_DELTA", "TAG", "TREE", "header", "read_header", "read_offset"]

COMMIT: Final = 1
TREE: Final = 2
BLOB: Final = 3
TAG: Final = 4
OFS_DELTA: Final = 6
REF_DELTA: Final = 7

NAMES: Final = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}
"""Types of objects, as they are spelled."""


def read_header(data: memoryview, at: int) -> tuple[int, int, int]:
    """The kind and the size that an entry declares, and where its header ends. Raises IndexError at the data's end."""
    byte = data[at]
    at += 1
    kind, size, shift = byte >> 4 & 7, byte & 15, 4
    while byte & 0x80:
        byte = data[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if shift > 63:
            raise Refused("an entry of the pack declares a size that no object has")
    return kind, size, at


def read_offset(data: memoryview, at: int) -> tuple[int, int]:
    """How far before its delta a base is, and where that is said to the end. Raises IndexError at the data's end."""
    byte = data[at]
    at += 1
    offset = byte & 0x7F
    while byte & 0x80:
        byte = data[at]
        at += 1
        offset = (offset + 1 << 7) | byte & 0x7F
        if offset > 2**62:
            raise Refused("an entry of the pack has its base before the pack")
    return offset, at


def header(kind: int, size: int, offset: int | None = None, base: bytes = b"") -> bytes:
    """The header of an entry; `offset` is how far back the base of an OFS_DELTA is, `base` the id of a REF_DELTA's."""
    said = bytearray()
    byte, size = kind << 4 | size & 15, size >> 4
    while size:
        said.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    said.append(byte)
    if offset is not None:
        back = [offset & 0x7F]
        while offset := offset >> 7:
            offset -= 1
            back.append(0x80 | offset & 0x7F)
        said.extend(reversed(back))
    return bytes(said) + base
