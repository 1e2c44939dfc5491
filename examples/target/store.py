# SPDX-License-Identifier: Apache-2.0
"""A config store with a cache in front of it, in thirty lines that know nothing of edgeproof.

python examples/target/store.py
edgeproof verify --target examples/target/store.toml
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

TTL = 1.0


class Store(BaseHTTPRequestHandler):
    """GET /store is what is true, GET /config the copy that the cache keeps; POST /flags/NAME sets a flag."""

    timeout = 10.0  # of whoever sends half a request
    lock, config, version, copy, since = Lock(), dict[str, object](), 0, b"", -TTL

    def do_GET(self) -> None:
        with Store.lock:
            now, text = time.monotonic(), json.dumps({"version": Store.version, "flags": Store.config}).encode()
            if now - Store.since >= TTL:
                Store.copy, Store.since = text, now
            self.answer(200, text if self.path == "/store" else Store.copy)

    def do_POST(self) -> None:
        value = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with Store.lock:
            if self.headers.get("If-Match", str(Store.version)) != str(Store.version):
                return self.answer(412, b"")
            Store.version += 1
            Store.config[self.path.removeprefix("/flags/")] = value
            self.answer(200, json.dumps({"version": Store.version}).encode())

    def answer(self, status: int, text: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int((sys.argv[1:] or ["8787"])[0])), Store)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
