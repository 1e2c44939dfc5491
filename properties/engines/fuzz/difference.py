# SPDX-License-Identifier: Apache-2.0
"""Where two JSON texts differ, in one line; and the one text that stands for all texts of a value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

__all__ = ["canonical", "difference", "to_text"]

_Path = tuple[str, ...]

_SHOWN: Final = 60
"""Characters of a value that a difference shows."""

_WORDS: Final = {
    **{"old": "the old value", "new": "the new value", "actor": "the actor", "at": "the time in ticks"},
    **{"key": "the key", "era": "the era", "version": "the version", "repeated": "repeated", "refused": "refused"},
    "config": "",
}
"""What the members of a copy, of a changelog entry and of an answer are called."""


to_text = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode
"""The one text that stands for a JSON value: it tells true from 1, and 1.0 from 1."""


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The same for all texts of a value. Raises ValueError for what is no JSON."""
    return to_text(json.loads(text))


def difference(seen: str, expected: str) -> str:
    """The first place in which two contents differ, as "where: what is there, expected what should be"; or ""."""
    for where, one, other in _differences(json.loads(seen), json.loads(expected), (), outside=True):
        return ", ".join(part for part in where if part) + f": {one}, expected {other}"
    return ""


def _differences(seen: Any, expected: Any, where: _Path, outside: bool) -> Iterator[tuple[_Path, str, str]]:
    """`outside` the values that somebody wrote, members have names of ours."""
    if isinstance(seen, dict) and isinstance(expected, dict):
        for name in sorted({*seen, *expected}):
            here = (*where, _WORDS.get(name, name) if outside else f"field {_short(name)}")
            if name not in seen or name not in expected:
                sides = [_short(one[name]) if name in one else "absent" for one in (seen, expected)]
                yield here, sides[0], sides[1]
            else:
                yield from _differences(seen[name], expected[name], here, outside=False)
    elif isinstance(seen, list) and isinstance(expected, list):
        for number, (one, other) in enumerate(zip(seen, expected, strict=False), start=1):
            yield from _differences(one, other, (*where, _entry(number, other)), outside)
        if len(seen) != len(expected):
            yield (*where, "length"), str(len(seen)), str(len(expected))
    elif to_text(seen) != to_text(expected):
        yield where, _short(seen), _short(expected)


def _entry(number: int, one: Any) -> str:
    """What an element of a list is called: one of a changelog by its version and its field."""
    if isinstance(one, Mapping) and {"version", "field"} <= one.keys():
        return f"entry {number} of version {one['version']}, field {_short(one['field'])}"
    return f"entry {number}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
