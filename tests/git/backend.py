# SPDX-License-Identifier: Apache-2.0
"""Git's own server, `git http-backend`, on loopback: what ours is measured beside."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO


@contextmanager
def backend(root: Path) -> Iterator[str]:
    """Serves the bare repositories below a folder; pushes are taken. Its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _cgi(self, root)

        do_POST = do_GET

        def log_message(self, *about: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def _cgi(request: BaseHTTPRequestHandler, root: Path) -> None:
    path, _, query = request.path.partition("?")
    headers = request.headers
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(root),
        "REMOTE_USER": "anybody",
        "REQUEST_METHOD": request.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
    }
    if "Content-Length" in headers:
        environment["CONTENT_LENGTH"] = headers["Content-Length"]
    process = subprocess.Popen(["git", "http-backend"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    feeder = Thread(target=_feed, args=(request, process.stdin), daemon=True)
    feeder.start()
    status = 200
    said = []
    while (line := process.stdout.readline().strip()) != b"":
        name, _, value = line.decode().partition(": ")
        if name == "Status":
            status = int(value[:3])
        else:
            said.append((name, value))
    request.send_response(status)
    for name, value in said:
        request.send_header(name, value)
    request.send_header("Connection", "close")
    request.end_headers()
    while piece := process.stdout.read1(65_536):  # type: ignore[attr-defined]
        request.wfile.write(piece)
    feeder.join()
    process.wait()
    process.stdout.close()
    request.close_connection = True


def _feed(request: BaseHTTPRequestHandler, to: IO[bytes]) -> None:
    """The body of a request, of which the length is known or not."""
    with to:
        if request.headers.get("Transfer-Encoding") == "chunked":
            while size := int(request.rfile.readline(), 16):
                to.write(request.rfile.read(size))
                request.rfile.readline()
            request.rfile.readline()
            return
        left = int(request.headers.get("Content-Length", 0))
        while left and (piece := request.rfile.read(min(left, 65_536))):
            to.write(piece)
            left -= len(piece)
