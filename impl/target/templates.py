# SPDX-License-Identifier: Apache-2.0
"""Requests with places to fill in: `{unit}`, `{field}`, `{value}`, `{changes}`, `{key}`, `{expected}`, `{since}`.

A text that is one placeholder and nothing else becomes its JSON value. A header or a member of a body whose placeholder
has nothing to say in a request is left out of it: a write that expects no version has no `If-Match`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

__all__ = ["PLACEHOLDERS", "fill_body", "fill_headers", "fill_path", "placeholders"]

PLACEHOLDERS: Final = ("unit", "field", "value", "changes", "key", "expected", "since", "version")

_PLACE: Final = re.compile(r"\{([a-z]+)\}")
_ABSENT: Final = object()


def placeholders(template: Any) -> Iterator[str]:
    """The names of all that is to be filled in."""
    if isinstance(template, str):
        yield from _PLACE.findall(template)
    elif isinstance(template, Mapping):
        for name, value in template.items():
            yield from placeholders(name)
            yield from placeholders(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from placeholders(value)


def fill_path(template: str, said: Mapping[str, Any]) -> str:
    """A path with its query; what is filled in is escaped."""
    return _PLACE.sub(lambda place: quote(_text(said[place[1]]), safe=""), template)


def fill_headers(template: Mapping[str, str], said: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a request."""
    filled = {name: _filled(value, said, as_text=True) for name, value in template.items()}
    return {name: value for name, value in filled.items() if value is not _ABSENT}


def fill_body(template: Any, said: Mapping[str, Any]) -> Any:
    """The JSON value of a body."""
    filled = _filled(template, said)
    return None if filled is _ABSENT else filled


def _filled(template: Any, said: Mapping[str, Any], *, as_text: bool = False) -> Any:
    if isinstance(template, str):
        if any(name not in said for name in placeholders(template)):
            return _ABSENT
        whole = _PLACE.fullmatch(template)
        if whole and not as_text:
            return said[whole[1]]
        return _PLACE.sub(lambda place: _text(said[place[1]]), template)
    if isinstance(template, Mapping):
        pairs = [(_filled(name, said, as_text=True), _filled(value, said)) for name, value in template.items()]
        return {name: value for name, value in pairs if _ABSENT not in (name, value)}
    if isinstance(template, list | tuple):
        return [value for one in template if (value := _filled(one, said)) is not _ABSENT]
    return template


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
