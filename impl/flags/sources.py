# SPDX-License-Identifier: Apache-2.0
"""Where a provider gets its config from: an edge reader in this process, or an app's definitions over HTTP."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import Final
from urllib.parse import quote, urlsplit

from attrs import frozen

from edgeproof.impl.edge.reader import ConfigUnavailable, EdgeReader
from edgeproof.impl.snapshot import Snapshot

__all__ = ["Heard", "HttpSource", "Source", "reader_source"]


@frozen(slots=True)
class Heard:
    """A config, and how many seconds ago KV said so last: a location that is cut off tells what it keeps."""

    snapshot: Snapshot
    age: float = 0.0


Source = Callable[[], Heard]
"""What the edge says now. Raises ConfigUnavailable where it says nothing, and ValueError where that is no config."""

_TIMEOUT: Final = 5.0


def reader_source(reader: Callable[[], EdgeReader], loop: asyncio.AbstractEventLoop) -> Source:
    """The reader of a location whose event loop runs in another thread; `reader` gives that of the isolate of now."""

    async def read() -> Heard:
        reading = await reader().find()
        return Heard(reading.snapshot, reading.age)

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
        self._tag: str | None = None
        self._last: Snapshot | None = None

    def __call__(self) -> Heard:
        """What the service says now; the same snapshot as last time if nothing has changed."""
        headers = dict(self._headers)
        if self._last is not None and self._tag is not None:
            headers["If-None-Match"] = self._tag
        try:
            request = urllib.request.Request(self._url, headers=headers)
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                tag, age, body = response.headers.get("ETag"), _age(response.headers), response.read()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 304 and self._last is not None:
                return Heard(self._last, _age(error.headers))
            raise ConfigUnavailable(f"the service answers {error.code}") from None
        except OSError as error:
            raise ConfigUnavailable(f"the service does not answer: {error}") from error
        self._last, self._tag = _snapshot(body), tag
        return Heard(self._last, age)


def _age(headers: Message) -> float:
    """The header Age (RFC 9111); 0 where there is none, or one that is no number."""
    said = headers.get("Age", "")
    return float(said) if said.isascii() and said.isdigit() else 0.0


def _snapshot(body: bytes) -> Snapshot:
    try:
        said = json.loads(body)
        return Snapshot(int(said["version"]), int(said["era"]), dict(said["flags"]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"these are no definitions: {body[:80]!r}") from error
