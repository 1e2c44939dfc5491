# SPDX-License-Identifier: Apache-2.0
"""A deployment in this process: the HTTP front over dictionaries, small enough to be broken in every way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from attrs import define, field

__all__ = ["BEARER", "Front", "Unit", "served"]

BEARER: Final = "s3cr3t-b34r3r"

Answer = tuple[int, dict[str, Any]]


@define
class Unit:
    """One unit: its config, its changelog, and the versions that its keys made."""

    version: int = 0
    config: dict[str, Any] = field(factory=dict)
    log: list[dict[str, Any]] = field(factory=list)
    keys: dict[str, int] = field(factory=dict)


class Front:
    """Does what it should; subclasses do not. What is written is published at once, under `key_of` the unit."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}
        self.kv: dict[str, dict[str, Any]] = {}
        self.authorized = 0

    def key_of(self, unit: str) -> str:
        return unit

    def write(self, name: str, body: dict[str, Any]) -> Answer:
        unit = self.units.setdefault(name, Unit())
        if (key := body.get("idempotency_key")) is not None and self.remembers(unit, key):
            return 200, {"version": unit.keys[key], "repeated": True}
        if not self.accepts(unit, body.get("expected_version")):
            return 409, {"detail": f"the current version is {unit.version}"}
        self.apply(unit, body)
        if key is not None:
            unit.keys[key] = unit.version
        self.publish(name)
        return 200, {"version": unit.version, "repeated": False}

    def remembers(self, unit: Unit, key: str) -> bool:
        return key in unit.keys

    def accepts(self, unit: Unit, expected: int | None) -> bool:
        return expected is None or expected == unit.version

    def apply(self, unit: Unit, body: dict[str, Any]) -> None:
        unit.version += 1
        for name, value in body["changes"].items():
            old = {"old": unit.config[name]} if name in unit.config else {}
            unit.config[name] = value
            key = {"idempotency_key": body["idempotency_key"]} if "idempotency_key" in body else {}
            unit.log.append({"version": unit.version, "field": name, "actor": "x", "at": 0, "new": value, **old, **key})

    def snapshot(self, name: str) -> dict[str, Any]:
        unit = self.units.get(name, Unit())
        return {"config": dict(unit.config), "era": 0, "version": unit.version}

    def publish(self, name: str) -> None:
        self.kv[self.key_of(name)] = self.snapshot(name)

    def changelog(self, name: str, since: int) -> Answer:
        return 200, {"changes": [one for one in self.units.get(name, Unit()).log if one["version"] > since]}

    def read(self, name: str) -> Answer:
        return 200, self.kv.get(self.key_of(name), {"config": {}, "era": 0, "version": 0})

    def get(self, name: str) -> Answer:
        return 200, self.snapshot(name)

    def answer(self, method: str, path: str, bearer: str | None, body: Any) -> Answer:
        where, _, query = path.partition("?")
        kind, name, *rest = where.strip("/").split("/")
        if kind == "units":
            if bearer != f"Bearer {BEARER}":
                return 401, {}
            self.authorized += 1
        if (kind, method, rest) == ("units", "PUT", ["config"]):
            return self.write(name, body)
        if (kind, method, rest) == ("units", "GET", []):
            return self.get(name)
        if (kind, method, rest) == ("units", "GET", ["changelog"]):
            return self.changelog(name, int(dict(pair.split("=") for pair in query.split("&"))["since"]))
        if (kind, method, rest) == ("edge", "GET", []):
            return self.read(name)
        return 404, {}


@contextmanager
def served(front: Front) -> Iterator[str]:
    """The address at which the front is served, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(data) if data else None
            status, said = front.answer(self.command, self.path, self.headers.get("Authorization"), body)
            if status == 0:
                self.close_connection = True
                return
            text = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_PUT = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
