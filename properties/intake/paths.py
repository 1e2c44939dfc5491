# SPDX-License-Identifier: Apache-2.0
"""Where something stands in a record: a dotted path, through objects, lists, pairs and JSON that is text.

A name may itself have dots, as attributes of OpenTelemetry do: the longest name that is there is meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

__all__ = ["at", "inside", "is_value", "json_in"]

_PAIRS: Final = (("key", "value"), ("name", "value"), ("Key", "Value"))
"""What lists of named values call the two."""


def at(record: Any, path: str) -> Any:
    """What stands at a path; None where nothing does.

    In a list a number counts its elements from 0, and any other name is that of the first element which has it.
    """
    if isinstance(record, Mapping):
        return _in_object(record, path)
    if isinstance(record, str):
        said = json_in(record)
        return None if said is None else at(said, path)
    if isinstance(record, list | tuple):
        return _in_list(record, path)
    return None


def is_value(found: Any) -> bool:
    """Whether what was found can be the value of a column."""
    return found is not None and not isinstance(found, Mapping | list | tuple)


def inside(record: Any, path: str) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Every value that stands at a path, whichever element of a list it takes, each with the object that holds it."""
    if isinstance(record, list | tuple):
        for element in record:
            yield from inside(element, path)
    elif isinstance(record, Mapping):
        if path in record:
            for value in _each(record[path]):
                yield value, record
            return
        for head, rest in _cuts(path):
            if head in record:
                yield from inside(record[head], rest)
                return
    elif isinstance(record, str):
        yield from inside(json_in(record), path)


@lru_cache(maxsize=8)
def json_in(text: str) -> Any:
    """The object or list of JSON that a text is; None for any other text."""
    if text[:1] not in "{[" and text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _in_object(record: Mapping[str, Any], path: str) -> Any:
    if path in record:
        return record[path]
    for head, rest in _cuts(path):
        if head in record and (value := at(record[head], rest)) is not None:
            return value
    return None


def _in_list(record: list[Any] | tuple[Any, ...], path: str) -> Any:
    head, _, rest = path.partition(".")
    if head.isdecimal():
        element = record[int(head)] if len(head) < 10 and int(head) < len(record) else None
        return at(element, rest) if rest else element
    named = dict(pair for element in record if (pair := _pair(element)) is not None)
    if named and (value := _in_object(named, path)) is not None:
        return value
    return next((value for element in record if (value := at(element, path)) is not None), None)


def _pair(element: Any) -> tuple[str, Any] | None:
    """Name and value, where an element of a list is such a pair."""
    if isinstance(element, tuple) and len(element) == 2 and isinstance(element[0], str):
        return element
    if isinstance(element, Mapping):
        for key, value in _PAIRS:
            if isinstance(element.get(key), str) and value in element:
                return element[key], element[value]
    return None


def _cuts(path: str) -> Iterator[tuple[str, str]]:
    """A path as a name and the rest, the longest name first."""
    cut = path.rfind(".")
    while cut > 0:
        yield path[:cut], path[cut + 1 :]
        cut = path.rfind(".", 0, cut)


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _each(one)
    else:
        yield value
