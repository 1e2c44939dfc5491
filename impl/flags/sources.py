# SPDX-License-Identifier: Apache-2.0
"""Where a provider gets its config from: an edge reader in this process, or an app's definitions over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from http.client import HTTPException
from math import inf
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

from attrs import frozen

from edgeproof.impl.edge.reader import ConfigUnavailable, EdgeReader, ServedFrom
from edgeproof.impl.snapshot import Snapshot, labelled, to_json

__all__ = ["Heard", "HttpSource", "Source", "check_json", "checked", "reader_source"]


@frozen(slots=True)
class Heard:
    """A config, and how many seconds ago KV said so last: a location that is cut off tells what it keeps."""

    snapshot: Snapshot
    age: float = 0.0
    source: ServedFrom = "kv"
    """What the location served it from, as far as that is known."""


Source = Callable[[], Heard]
"""What the edge says now. Raises ConfigUnavailable where it says nothing, and ValueError where that is no config."""

_TIMEOUT: Final = 5.0

_STOOD_IN: Final = re.compile("isolate; hit; detail=(memo|fallback|last_good)")


def checked(said: object) -> Heard:
    """What a source says. Raises ValueError for what nobody can use: sources are other people's."""
    if not isinstance(said, Heard) or not isinstance(said.snapshot, Snapshot):
        raise ValueError("the source does not say a config")
    counts = (said.snapshot.version, said.snapshot.era)
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError("a version and an era are whole numbers")
    if not isinstance(said.age, int | float) or not 0 <= said.age < inf:
        raise ValueError("an age is a number of seconds")
    if not isinstance(said.snapshot.config, Mapping):
        raise ValueError("what the source says is no config")
    return said


def check_json(config: Mapping[str, Any]) -> None:
    """Raise ValueError for a config that is no JSON: it could not be told what has changed in it."""
    if not all(isinstance(name, str) for name in config):
        raise ValueError("the names of a config are texts")
    try:
        to_json(dict(config))
    except (RecursionError, TypeError, ValueError) as error:
        raise ValueError("what the source says is no JSON") from error


def reader_source(reader: Callable[[], EdgeReader], loop: asyncio.AbstractEventLoop) -> Source:
    """The reader of a location whose event loop runs in another thread; `reader` gives that of the isolate of now."""

    async def read() -> Heard:
        reading = await reader().find()
        return Heard(reading.snapshot, reading.age, reading.source)

    return lambda: asyncio.run_coroutine_threadsafe(read(), loop).result(_TIMEOUT)


class HttpSource:
    """Asks for an app's definitions, and no more than whether they have changed once it has some (ETag)."""

    def __init__(self, url: str, app: str, token: str, *, timeout: float = _TIMEOUT) -> None:
        """`url` is that of the service, `timeout` in seconds. Raises ValueError for a URL that is not HTTP."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("the service's URL begins with http:// or https://")
        self._url = f"{url.rstrip('/')}/apps/{quote(app, safe='')}/definitions"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = timeout
        self._last: tuple[str, Snapshot] | None = None
        """What the service said last, with its tag: one attribute, as several threads may ask at once."""

    def __call__(self) -> Heard:
        """What the service says now; the same snapshot as last time if nothing has changed."""
        # "Nothing has changed" is said of the tag that is sent now, and not of what another thread has heard meanwhile.
        last = self._last
        headers = self._headers if last is None else {**self._headers, "If-None-Match": last[0]}
        try:
            request = urllib.request.Request(self._url, headers=headers)
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                about, body = response.headers, response.read()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 304 and last is not None:
                return _heard(last[1], error.headers)
            raise ConfigUnavailable(f"the service answers {error.code}") from None
        except (OSError, HTTPException) as error:
            raise ConfigUnavailable(f"the service does not answer: {error}") from error
        snapshot, tag = _snapshot(body), about.get("ETag")
        self._last = None if tag is None else (tag, snapshot)
        return _heard(snapshot, about)


def _heard(snapshot: Snapshot, headers: Message) -> Heard:
    """The headers Age (RFC 9111) and Cache-Status (RFC 9211) say more of a snapshot; no number is an age of 0."""
    age, source = headers.get("Age", ""), _STOOD_IN.fullmatch(headers.get("Cache-Status", ""))
    seconds = float(age) if age.isascii() and age.isdigit() else 0.0
    return Heard(snapshot, seconds, "kv" if source is None else cast(ServedFrom, source[1]))


def _snapshot(body: bytes) -> Snapshot:
    try:
        return labelled(json.loads(body), "flags")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"these are no definitions: {body[:80]!r}") from error
