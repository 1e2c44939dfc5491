# SPDX-License-Identifier: Apache-2.0
"""Servers that misbehave, each a function of the connection that it is given after a request was read."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Final

__all__ = ["MANNERS", "answers", "endless", "misbehaving"]

Manner = Callable[[socket.socket], None]


def answers(head: str, body: bytes = b"") -> Manner:
    """Answer with this, whatever was asked."""
    return lambda wire: wire.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)


def hangs(wire: socket.socket) -> None:
    wire.recv(1)


def drips(text: bytes) -> Manner:
    def drip(wire: socket.socket) -> None:
        for byte in text * 50:
            wire.sendall(bytes([byte]))
            time.sleep(0.02)

    return drip


def endless(wire: socket.socket) -> None:
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n")
    for _ in range(2000):
        wire.sendall(bytes(1_000_000))


MANNERS: Final[Sequence[tuple[str, Manner, str]]] = (
    ("hangs", hangs, "gives no whole answer within 0.3 s"),
    ("drips its headers", drips(b"HTTP/1.1 200 OK\r\nX-Very-Long: and so on"), "gives no whole answer within 0.3 s"),
    (
        "drips its body",
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + bytes(1000)),
        "gives no whole answer within 0.3 s",
    ),
    ("drops the connection", lambda wire: None, "breaks off its answer"),
    ("breaks off", answers("HTTP/1.1 200 OK\nContent-Length: 99", b"{"), "breaks off its answer"),
    ("speaks no HTTP", lambda wire: wire.sendall(b"\x16\x03\x01\n" * 9), "breaks off its answer"),
    ("sends two gigabytes", endless, "answers with more than 1,000,000 bytes"),
    (
        "answers HTML",
        answers("HTTP/1.1 200 OK\nContent-Type: text/html", b"<html>\x1b[2J"),
        "200 is no JSON but 10 bytes of text/html",
    ),
    ("answers another JSON", answers("HTTP/1.1 200 OK", b'{"a": 1}'), "200 has nothing at /version of its JSON"),
    (
        "begins with a mark",
        answers("HTTP/1.1 200 OK", b'\xef\xbb\xbf{"version": 1}'),
        "200 is no JSON: it begins with a byte order mark, which JSON must not",
    ),
    (
        "packs its answers",
        answers("HTTP/1.1 200 OK\nContent-Encoding: gzip", b"\x1f\x8b"),
        "200 is no JSON but 2 bytes of no content type, encoded as gzip, which was not asked for",
    ),
    ("has no version yet", answers("HTTP/1.1 200 OK", b'{"version": null}'), "nor a text, but null"),
    ("counts in halves", answers("HTTP/1.1 200 OK", b'{"version": 3.0}'), "but a number with a fraction"),
    ("counts below zero", answers("HTTP/1.1 200 OK", b'{"version": -1}'), 'versions = "opaque" takes any'),
    ("wants less", answers("HTTP/1.1 429 Too Many Requests"), "answered 429, which asks for fewer requests: see per_s"),
    ("nests without end", answers("HTTP/1.1 200 OK", b"[" * 100_000), "200 is no JSON but 100,000 bytes"),
    (
        "redirects",
        answers("HTTP/1.1 307 Temporary Redirect\nLocation: http://evil.example/a"),
        "307 sends elsewhere, to evil.example; no redirection is followed",
    ),
    ("lets nobody in", answers("HTTP/1.1 401 Unauthorized"), "answers 401: it does not accept this bearer, or none"),
    ("is not well", answers("HTTP/1.1 503 Service Unavailable"), "answered 503"),
)
"""Each with its name, and what is to be said of it."""


@contextmanager
def misbehaving(manner: Manner) -> Iterator[str]:
    """The address of a server of that manner, on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    wire, _ = listening.accept()
                except OSError:
                    return
                with wire, contextlib.suppress(OSError):
                    wire.recv(65536)
                    manner(wire)

        Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
