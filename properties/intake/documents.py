# SPDX-License-Identifier: Apache-2.0
"""JSON that is not an object a line: objects over many lines, one after the other, or in one list.

So `wrangler tail` writes what it sees, databases their exports, and exporters of spans what people are to read. One
object at a time is in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from edgeproof.properties.intake.lines import BOM, LONGEST, Readable
from edgeproof.properties.intake.parse import parse_object

__all__ = ["documents", "is_document"]

LARGEST: Final = 256 * 2**20
"""Of one object, in bytes (256 MiB), as it has to be in memory."""

_CHUNK: Final = 2**20
_TEXT: Final = rb'[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|(?P<open>\\?\Z))'
_TOKEN: Final = re.compile(rb'"%b|[{}\[\]]' % _TEXT, re.DOTALL)
_REST: Final = re.compile(_TEXT, re.DOTALL)
"""A text, or the rest of one, that has an end, or that is open where the data end."""
_BETWEEN: Final = b" \t\r\n,"


def is_document(beginning: bytes) -> bool:
    """Whether a file that begins so has no object a line: its first line opens a list, or an object and no more."""
    first = beginning.removeprefix(BOM).lstrip().split(b"\n", 1)[0].strip()
    return first[:1] == b"[" or first == b"{"


def documents(stream: Readable) -> Iterator[tuple[int, Mapping[str, Any] | ValueError]]:
    """Every object of a file and the line on which it begins, or what is wrong there. What is broken ends the file."""
    data, line, in_list = stream.read(_CHUNK).removeprefix(BOM), 1, False
    while True:
        data, skipped = _without_space(data)
        line += skipped
        if not data:
            data = stream.read(_CHUNK)
            if not data:
                return
        elif data[:1] == b"[" and not in_list:
            data, in_list = data[1:], True
        elif data[:1] == b"]" and in_list:
            data, in_list = data[1:], False
        elif data[:1] != b"{":
            yield line, ValueError("no object of JSON begins here")
            return
        else:
            data, end = _whole(data, stream)
            if end is None:
                yield line, ValueError(_unfinished(data))
                return
            yield line, _object(data[:end])
            line += data.count(b"\n", 0, end)
            data = data[end:]


def _object(content: bytes) -> Mapping[str, Any] | ValueError:
    try:
        return parse_object(content, longest=LARGEST)
    except ValueError as error:
        return error


def _without_space(data: bytes) -> tuple[bytes, int]:
    rest = data.lstrip(_BETWEEN)
    return rest, data.count(b"\n", 0, len(data) - len(rest))


def _whole(data: bytes, stream: Readable) -> tuple[bytes, int | None]:
    """The data with as much more as ends its first object, and where that is; None where it has no end.

    Each part is looked at once: of text that is open at its end no more is known than how long it is by now.
    """
    parts, size, depth, text = [data], 0, 0, _Open(0, 0)
    while True:
        part = parts[-1]
        start = 0
        if text.length:
            start, text = _after_text(part, text)
        for token in _TOKEN.finditer(part, start):
            mark = token.group()
            if token["open"] is not None:
                text = _Open(len(mark), len(token["open"]))
            depth += (mark in (b"{", b"[")) - (mark in (b"}", b"]"))
            if depth == 0:
                return b"".join(parts), size + token.end()
        size += len(part)
        more = stream.read(_CHUNK)
        if not more or size + len(more) > LARGEST or text.length > LONGEST:
            return b"".join(parts), None
        parts.append(more)


@frozen
class _Open:
    """Text that has no end yet: its length by now, and how many bytes of what follows an escape has begun with."""

    length: int
    escaped: int


def _after_text(part: bytes, text: _Open) -> tuple[int, _Open]:
    """Where text ends that was open before this part, and what is open after it."""
    ended = _REST.match(part, text.escaped)
    if ended is None or ended["open"] is None:
        return (len(part) if ended is None else ended.end()), _Open(0, 0)
    return len(part), _Open(text.length + len(part), len(ended["open"]))


def _unfinished(data: bytes) -> str:
    if len(data) > LONGEST:
        return f"an object, or text in it, longer than {LARGEST // 2**20} MiB, or without an end"
    try:
        json.loads(data)
    except (ValueError, RecursionError) as error:
        return f"the object that begins here has no end: {error}"
    return "the object that begins here has no end"
