# SPDX-License-Identifier: Apache-2.0
"""The HTTP door of the adversarial KV and R2: what workerd's bindings speak to a service of the suite's, on loopback.

A KV binding sends `GET | PUT | DELETE /<key>?urlencoded=true` with `cache_ttl`, `expiration_ttl` or `expiration`, and
`GET /?prefix=&key_count_limit=&cursor=` for a list; metadata travels in the header CF-KV-Metadata, a missing key is 404
(observed on workerd 1.20261117.1). Which location asks is in the header `edgeproof-place`, which the configuration
has the runtime add.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL, KVError
from edgeproof.impl.workerd.adversary import Adversary, Answer, Fault
from edgeproof.impl.workerd.adversary_r2 import R2_ERROR, R2Bucket, answer_r2

__all__ = ["Door"]

_BULK = 100
"""Most keys of a bulk read."""


_PATIENCE = 10.0
"""Seconds for the rest of a request that has begun; a connection may be kept for as long as it likes."""


class Door:
    """An HTTP server on 127.0.0.1 for an adversary, and for a bucket if there is one. Both may be exchanged."""

    def __init__(self, adversary: Adversary | None = None, bucket: R2Bucket | None = None) -> None:
        self.adversary, self.bucket = adversary, bucket
        self._server = _Server(("127.0.0.1", 0), lambda *given: _Handler(self, *given))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def close(self) -> None:
        """Stop listening; requests under way get no answer. Closing twice is fine."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A runtime that was killed resets its connections: that is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, door: Door, *given: Any) -> None:
        self._door = door
        super().__init__(*given)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """Wait for a request, and serve it."""
        self.connection.settimeout(None)
        self.rfile.peek(1)  # type: ignore[attr-defined] # it is buffered
        self.connection.settimeout(_PATIENCE)
        super().handle_one_request()

    def do_GET(self) -> None:
        self._serve()

    do_PUT = do_DELETE = do_POST = do_GET

    def _serve(self) -> None:
        # A reply before the body is read would leave the caller hanging.
        body = self._body()
        if "cf-r2-request" in self.headers or "cf-r2-metadata-size" in self.headers:
            return self._serve_r2(body)
        adversary = self._door.adversary
        if adversary is None:
            return self._send(Answer(503, "there is no KV behind this door"))
        fault = adversary.fault_for(self.command)
        if fault is not None:
            return self._strike(fault, lambda: self._kv(adversary, body))
        self._kv(adversary, body)()

    def _strike(self, fault: Fault, prepare: Callable[[], Callable[[], None]]) -> None:
        if fault.delay:
            time.sleep(fault.delay)
        if fault.effect:
            silent, self._send = self._send, lambda *_, **__: None  # type: ignore[method-assign]
            prepare()()
            self._send = silent  # type: ignore[method-assign]
        self._send(fault.answer)

    def _kv(self, adversary: Adversary, body: bytes) -> Callable[[], None]:
        """What a KV request comes to: a function that does it and answers."""
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        key = unquote(parts.path[1:])
        if self.command == "POST":
            return lambda: self._answered(lambda: self._bulk(adversary, body))
        if self.command == "GET":
            found = self._list if key == "" else self._get
            return lambda: self._answered(lambda: found(adversary, key, query))
        act = lambda: adversary.namespace.delete(key)  # noqa: E731
        if self.command == "PUT":
            said = self.headers.get("CF-KV-Metadata")
            details = {
                "metadata": None if said is None else json.loads(said),
                "expiration_ttl": _number(query.get("expiration_ttl")),
                "expiration": _number(query.get("expiration")),
            }
            act = lambda: adversary.namespace.put(key, body, **details)  # noqa: E731
        return lambda: self._send(adversary.write(self.command, key, body, act))

    def _answered(self, act: Callable[[], None]) -> None:
        try:
            act()
        except KVError as error:
            self._send(Answer(error.status, str(error)))

    def _get(self, adversary: Adversary, key: str, query: dict[str, str]) -> None:
        ttl = _number(query.get("cache_ttl")) or DEFAULT_CACHE_TTL
        place = self.headers.get("edgeproof-place", "center")
        if place == "center":
            # The store's own process reads at no location of ours.
            entry = adversary.namespace.read_centre(key)
        else:
            entry = adversary.places[int(place)].location.get(key, cache_ttl=ttl)
        if entry is None:
            return self._send(Answer(404, "Not Found"))
        about = {} if entry.metadata is None else {"CF-KV-Metadata": entry.metadata}
        self._send(Answer(), entry.value, about)

    def _list(self, adversary: Adversary, key: str, query: dict[str, str]) -> None:
        page = adversary.namespace.list(
            prefix=query.get("prefix", ""), limit=int(query.get("key_count_limit", "1000")), cursor=query.get("cursor")
        )
        keys = [
            {
                "name": name,
                **({} if entry.metadata is None else {"metadata": entry.metadata}),
                **({} if entry.expires_at is None else {"expiration": int(entry.expires_at)}),
            }
            for name, entry in page.keys
        ]
        said = {"keys": keys, "list_complete": page.cursor is None, "cacheStatus": None}
        self._send(Answer(), json.dumps(said if page.cursor is None else {**said, "cursor": page.cursor}).encode())

    def _bulk(self, adversary: Adversary, body: bytes) -> None:
        asked = json.loads(body)
        if len(asked["keys"]) > _BULK:
            return self._send(Answer(400, f"a bulk read has at most {_BULK} keys"))
        found = {key: adversary.namespace.read_centre(key) for key in asked["keys"]}
        values = {key: None if entry is None else entry.value.decode() for key, entry in found.items()}
        self._send(Answer(), json.dumps(values).encode())

    def _serve_r2(self, body: bytes) -> None:
        bucket = self._door.bucket
        if bucket is None:
            return self._send(Answer(503, "there is no bucket behind this door"))
        fault = bucket.fault_for(self.command)
        if fault is not None and fault.delay:
            time.sleep(fault.delay)
        if fault is not None and not fault.effect:
            return self._send(fault.answer)
        status, headers, said = answer_r2(bucket, self.headers, body)
        if fault is not None:
            return self._send(fault.answer)
        self._send(Answer(status, headers.get(R2_ERROR, "")), said, headers)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, answer: Answer, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        if answer.dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        data = body or (answer.text.encode() if answer.status >= 400 else b"")
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('Refused',))[0]}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Content-Length: {len(data)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode() + data)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
