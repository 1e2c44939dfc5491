# SPDX-License-Identifier: Apache-2.0
"""The suite's side of HTTP: requests whose replies may be left lying for a while."""

from __future__ import annotations

import http.client
import json
import select
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

__all__ = ["Call", "Client", "Reply", "WorkerdError", "asked"]

PATIENCE = 30.0
"""Seconds of real time for anything that should come at once; what does not come then never will."""


@frozen
class Reply:
    """A status, and what the body says in JSON (None where it is none)."""

    status: int
    said: Any
    headers: Mapping[str, str] = field(factory=dict)


class WorkerdError(Exception):
    """The Worker answered what it never should."""


def asked(reply: Reply) -> Any:
    """What a reply says. Raises WorkerdError if it is not 200."""
    if reply.status != 200:
        raise WorkerdError(f"the Worker answers {reply.status} {reply.said}")
    return reply.said


class Call:
    """A request that was sent, on a connection of its own."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def fileno(self) -> int:
        """Of its socket, which can be read once the reply is here, or the end of the connection."""
        return int(self._connection.sock.fileno())

    def arrived(self, timeout: float = PATIENCE) -> bool:
        """Wait until the reply (or the end of the connection) is here, unread."""
        return bool(select.select([self.fileno()], [], [], timeout)[0])

    def reply(self) -> Reply:
        """Read the reply. Raises OSError or http.client.HTTPException if the connection broke."""
        try:
            return _read(self._connection)
        finally:
            self.drop()

    def drop(self) -> None:
        """Close the connection; a reply that lies there is lost."""
        self._connection.close()


class Client:
    """Talks to one port of this machine, or to whatever `connect` connects to.

    `headers` go with every request, and may be changed.
    """

    def __init__(
        self, port: int, headers: dict[str, str], connect: Callable[[], http.client.HTTPConnection] | None = None
    ) -> None:
        self.port, self.headers = port, headers
        self._connect = connect or (lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE))
        self._kept: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: object = None) -> Call:
        """Send a request on a new connection, and leave the reply to the caller."""
        connection = self._connect()
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, self.headers)
        return Call(connection)

    def do(self, method: str, path: str, body: object = None) -> Reply:
        """Send a request and read the reply."""
        return self.send(method, path, body).reply()

    def get(self, path: str) -> Reply:
        """Read something, on a connection that is kept; the runtime closes one that was idle, and we ask again."""
        for attempt in (1, 2):
            if self._kept is None:
                self._kept = self._connect()
            try:
                self._kept.request("GET", path, headers=self.headers)
                return _read(self._kept)
            except (http.client.HTTPException, OSError):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connection that is kept."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None


def _read(connection: http.client.HTTPConnection) -> Reply:
    response = connection.getresponse()
    data = response.read()
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    return Reply(response.status, said, dict(response.headers))
