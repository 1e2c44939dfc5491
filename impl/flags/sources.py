# SPDX-License-Identifier: Apache-2.0
"""Where a provider gets its config from: an edge reader in this process, or an app's definitions over HTTP."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

from impl.edge import ConfigUnavailable, EdgeReader
from impl.snapshot import Snapshot

__all__ = ["HttpSource", "Source", "reader_source"]

Source = Callable[[], Snapshot]
"""What the edge says now. Raises ConfigUnavailable where it says nothing, and ValueError where that is no config."""

_TIMEOUT: Final = 5.0


def reader_source(reader: Callable[[], EdgeReader], loop: asyncio.AbstractEventLoop) -> Source:
    """The reader of a location whose event loop runs in another thread; `reader` gives that of the isolate of now."""
    return lambda: asyncio.run_coroutine_threadsafe(reader().read(), loop).result(_TIMEOUT)


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

    def __call__(self) -> Snapshot:
        """What the service says now; the same object as last time if nothing has changed."""
        headers = dict(self._headers)
        if self._last is not None and self._tag is not None:
            headers["If-None-Match"] = self._tag
        try:
            request = urllib.request.Request(self._url, headers=headers)
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                tag, body = response.headers.get("ETag"), response.read()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 304 and self._last is not None:
                return self._last
            raise ConfigUnavailable(f"the service answers {error.code}") from None
        except OSError as error:
            raise ConfigUnavailable(f"the service does not answer: {error}") from error
        self._last, self._tag = _snapshot(body), tag
        return self._last


def _snapshot(body: bytes) -> Snapshot:
    try:
        said = json.loads(body)
        return Snapshot(int(said["version"]), int(said["era"]), dict(said["flags"]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"these are no definitions: {body[:80]!r}") from error
