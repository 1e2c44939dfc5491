# SPDX-License-Identifier: Apache-2.0
"""From a step to a request, and from an answer to what it says: which version and content, or that it did not work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from edgeproof.impl.target.client import Answer, Request
from edgeproof.impl.target.extract import MISSING, Extractor, NotSaidError, as_told, at_pointer, version_in
from edgeproof.impl.target.routes import Changelog, Read, Route, Target, Values
from edgeproof.impl.target.templates import fill_body, fill_headers, fill_path

__all__ = [
    "AccessError",
    "Heard",
    "heard_entries",
    "heard_read",
    "heard_restore",
    "heard_write",
    "request_of",
    "value_of",
]


class AccessError(Exception):
    """The deployment does not accept the bearer."""


@frozen
class Heard:
    """What an answer came to: `outcome` as histories have it, the version that was told, and the content.

    `spelled` is the version as it was told, which is how it is told back. `complaint` says what is wrong with an answer
    that is none of those that the routes were said to give.
    """

    outcome: str
    version: int | str | None = None
    content: Any = MISSING
    reader: str = ""
    era: int = 0
    note: str = ""
    complaint: str = ""
    spelled: int | str | None = None


def request_of(route: Route, said: Mapping[str, Any]) -> Request:
    """The request of a route with its places filled in."""
    headers = fill_headers(route.headers, said)
    body = None
    if route.body is not None:
        body = json.dumps(fill_body(route.body, said)).encode()
        headers = {"Content-Type": "application/json", **headers}
    return Request(route.method, route.base, fill_path(route.path, said), headers, body, route.bearer)


def value_of(target: Target, number: int, drawn: Any) -> Any:
    """What write `number` of a run sets a field to: no two writes set the same."""
    match target.write.values:
        case Values.NUMBER:
            return number
        case Values.TEXT:
            # What was drawn stands at either end: a text may lose what is around it.
            return f"{number}:{drawn}" if number % 2 else f"{drawn}:{number}"
    return {"write": number, "value": drawn}


def heard_write(target: Target, answer: Answer) -> Heard:
    """What the answer to a write says. Raises AccessError."""
    if (failed := _failed(answer, refusals=True)) is not None:
        return failed
    try:
        version, spelled = _version(target, target.write.version, answer)
        return Heard("ok", version, spelled=spelled)
    except NotSaidError as error:
        return Heard("unknown", complaint=f"{answer.status} {error}")


def heard_read(target: Target, read: Read, answer: Answer, fields: Sequence[str]) -> Heard:
    """What the answer to a read says of these fields; 404 is that nothing is there. Raises AccessError."""
    reader = ""
    if answer.status == 404:
        return Heard("ok", None, {} if target.has_fields else MISSING)
    if (failed := _failed(answer, refusals=False)) is not None:
        return failed
    try:
        version, spelled = _version(target, read.version, answer)
        if read.reader is not None:
            reader = str(read.reader.of(answer))[:100]
        era = 0 if read.era is None else int(version_in(read.era.of(answer), numbers=True))
        content = MISSING if read.content is None else _content(target, read, answer, fields)
    except NotSaidError as error:
        return Heard("unknown", complaint=f"{answer.status} {error}")
    return Heard("ok", version, content, reader, era, spelled=spelled)


def heard_restore(answer: Answer) -> Heard:
    """Whether a restore was made. Raises AccessError."""
    return _failed(answer, refusals=True) or Heard("ok")


def heard_entries(changelog: Changelog, answer: Answer) -> Heard:
    """What an answer says of the changelog: its entries are the content. Raises AccessError."""
    if (failed := _failed(answer, refusals=False)) is not None:
        return failed
    try:
        entries = changelog.entries.of(answer)
    except NotSaidError as error:
        return Heard("unknown", complaint=f"{answer.status} {error}")
    if not isinstance(entries, list):
        return Heard("unknown", complaint=f"{answer.status} has no list of entries at {changelog.entries}")
    return Heard("ok", content=entries)


def _version(target: Target, place: Extractor, answer: Answer) -> tuple[int | str, int | str]:
    """The version that an answer tells, and how it spells it."""
    found = place.of(answer)
    version = version_in(found, target.numbered)
    return version, as_told(place, found, version)


def _content(target: Target, read: Read, answer: Answer, fields: Sequence[str]) -> Any:
    assert read.content is not None
    found = read.content.of(answer)
    if not target.has_fields:
        return found
    if not isinstance(found, dict):
        raise NotSaidError(f"has no object of fields at {read.content}")
    values = {name: at_pointer(found[name], read.value) for name in fields if name in found}
    return {name: value for name, value in values.items() if value is not MISSING}


def _failed(answer: Answer, *, refusals: bool) -> Heard | None:
    """What an answer comes to that is no success; None for one that is."""
    status = answer.status
    if status in (401, 403):
        raise AccessError(f"answers {status}: it does not accept this bearer, or none")
    if 300 <= status < 400:
        return Heard("unknown", complaint=f"{status} sends elsewhere{_where(answer)}; no redirection is followed")
    if status == 429 or status >= 500:
        slower = ", which asks for fewer requests: see per_second in [limits]" if status == 429 else ""
        return Heard("unknown" if refusals else "fail", note=f"answered {status}{slower}")
    if 200 <= status < 300:
        return None
    if refusals and 400 <= status:
        return Heard("fail", note=f"answered {status}")
    return Heard("unknown", complaint=f"{status} is neither a config nor the absence of one")


def _where(answer: Answer) -> str:
    host = urlsplit(answer.headers.get("location", "")).hostname
    return f", to {host[:100]}" if host else ""
