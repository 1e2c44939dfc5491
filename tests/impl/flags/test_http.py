# SPDX-License-Identifier: Apache-2.0
"""The flags over real HTTP: the server on loopback, and the provider that polls it."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from openfeature.evaluation_context import EvaluationContext

from edgeproof.impl.durable.replicator import Timing
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.flags.http import FlagServer
from edgeproof.impl.flags.provider import EdgeFlagProvider
from edgeproof.impl.flags.routes import MAX_BODY
from edgeproof.impl.flags.service import CannotKeep, FlagOptions
from edgeproof.impl.flags.sources import HttpSource
from edgeproof.impl.loopback import LoopThread
from edgeproof.impl.pattern.deployment import Choices
from tests.impl.flags.examples import flag

TOKEN = "a-token"


def options() -> FlagOptions:
    limits = Limits(write_spacing=0, min_cache_ttl=0)
    # Who stops in the middle of a put leaves a lease of D + R: the next one waits for its end.
    timing = Timing(put_timeout=0.5)
    return FlagOptions(choices=Choices(reader="guarded", epoch=True, cache_ttl=0.05, limits=limits, timing=timing))


def ask(server: FlagServer, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    given = {"Authorization": f"Bearer {TOKEN}", "Edgeproof-Actor": "ana"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body), given)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, json.loads(data) if data else None


def eventually(check: Any) -> None:
    until = time.monotonic() + 10
    while not check():
        assert time.monotonic() < until, "it did not come about within 10 s"
        time.sleep(0.02)


def test_a_flag_goes_from_the_control_plane_to_a_provider_that_polls() -> None:
    with FlagServer(TOKEN, options()) as server:
        assert ask(server, "POST", "/apps", {"name": "shop"})[0] == 201
        assert ask(server, "POST", "/apps/shop/flags", flag())[0] == 201
        source = HttpSource(server.url, "shop", TOKEN)
        eventually(lambda: source().snapshot.version == 1)
        assert source().snapshot is source().snapshot, "304 gives what is there already"
        provider = EdgeFlagProvider(source, "local", refresh=0.05)
        provider.initialize(EvaluationContext())
        assert provider.resolve_string_details("f", "mine").value == "default"
        assert ask(server, "PUT", "/apps/shop/flags/f", flag(enabled=False), If_Match='"1"')[0] == 200
        eventually(lambda: provider.resolve_string_details("f", "mine").reason == "DISABLED")
        provider.shutdown()


def test_a_source_that_is_refused_or_gone_says_so() -> None:
    with FlagServer(TOKEN, options()) as server:
        ask(server, "POST", "/apps", {"name": "shop"})
        with pytest.raises(ConfigUnavailable, match="answers 401"):
            HttpSource(server.url, "shop", "another")()
        with pytest.raises(ConfigUnavailable, match="answers 404"):
            HttpSource(server.url, "gone", TOKEN)()
        kept = HttpSource(server.url, "shop", TOKEN, timeout=1)
        assert kept().snapshot.version == 0
    with pytest.raises(ConfigUnavailable, match="does not answer"):
        kept()
    with pytest.raises(ValueError, match="begins with http"):
        HttpSource("file:///etc/passwd", "shop", TOKEN)


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    with FlagServer(TOKEN, options(), tmp_path) as server:
        ask(server, "POST", "/apps", {"name": "shop"})
        ask(server, "POST", "/apps/shop/flags", flag())
    with FlagServer(TOKEN, options(), tmp_path) as server:
        status, said = ask(server, "GET", "/apps/shop/flags/f")
        assert (status, said["version"]) == (200, 1)
        eventually(lambda: ask(server, "GET", "/apps/shop/evaluate?flagKey=f")[0] == 200)


def test_heads_have_no_body_and_bodies_have_an_end() -> None:
    with FlagServer(TOKEN, options()) as server:
        assert ask(server, "HEAD", "/apps") == (200, None)
        assert ask(server, "POST", "/apps", b" " * (MAX_BODY + 1))[0] == 413
        assert ask(server, "GET", "/apps/a%2Fb/flags")[0] == 404
        assert ask(server, "GET", "/apps", Authorization="Bearer é".encode().decode("latin-1"))[0] == 401


# --- clients that misbehave


def dial(server: FlagServer, said: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=10)
    connection.sendall(said)
    return connection


def test_half_sent_requests_hold_no_threads_and_nobody_else_up() -> None:
    with FlagServer(TOKEN, options()) as server:
        threads = threading.active_count()
        half = [dial(server, b"GET /apps HTTP/1.1\r\nHost: here\r\nAuth") for _ in range(300)]
        half += [dial(server, b"POST /apps HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\n{") for _ in range(100)]
        assert ask(server, "GET", "/apps")[0] == 200
        assert threading.active_count() == threads
        for connection in half:
            connection.close()


@pytest.mark.parametrize("second", ["6", "4", "-5", "+5", "0x5", "5, 5"])
def test_lengths_that_differ_are_refused(second: str) -> None:
    said = f"POST /apps HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nContent-Length: {second}\r\n\r\n{{    }}"
    with FlagServer(TOKEN, options()) as server, dial(server, said.encode()) as connection:
        assert connection.recv(100).split()[1] == b"400"


def test_clients_that_go_away_leave_no_word(capfd: pytest.CaptureFixture[str]) -> None:
    with FlagServer(TOKEN, options()) as server:
        for said in (b"", b"GET", b"GET /apps HTTP/1.1\r\n\r\n", b"POST /apps HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"):
            connection = dial(server, said)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, not ended
            connection.close()
        assert ask(server, "GET", "/apps")[0] == 200
    assert capfd.readouterr() == ("", "")


# --- what is in the way of a start


def test_apps_that_cannot_be_kept_are_said_at_once_with_their_file(tmp_path: Path) -> None:
    (tmp_path / "app-shop.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(CannotKeep, match=r"app-shop.sqlite: the file is damaged"), FlagServer(TOKEN, None, tmp_path):
        pass
    (tmp_path / "app-shop.sqlite").unlink()
    with FlagServer(TOKEN, None, tmp_path) as server:
        assert ask(server, "GET", "/apps") == (200, {"result": []})


def test_who_holds_the_lock_of_one_app_holds_up_nobody_for_long(tmp_path: Path) -> None:
    with FlagServer(TOKEN, options(), tmp_path) as server:
        assert ask(server, "POST", "/apps", {"name": "shop"})[0] == 201
        with closing(sqlite3.connect(tmp_path / "app-shop.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            status, said = ask(server, "POST", "/apps/shop/flags", flag())
            assert (status, said["detail"]) == (
                503,
                "another process holds the lock of the file: nothing has changed (SQLITE_BUSY)",
            )
            assert time.monotonic() - began < 4
        assert ask(server, "POST", "/apps/shop/flags", flag())[0] == 201


def test_two_servers_do_not_keep_the_same_apps(tmp_path: Path) -> None:
    with FlagServer(TOKEN, None, tmp_path), pytest.raises(CannotKeep, match="another server"):
        FlagServer(TOKEN, None, tmp_path).__enter__()
    with FlagServer(TOKEN, None, tmp_path) as server:
        assert ask(server, "GET", "/apps")[0] == 200


def test_a_loop_that_could_not_begin_says_why_and_can_still_be_ended() -> None:
    def begin() -> None:
        raise CannotKeep("it is empty")

    loop = LoopThread()
    with pytest.raises(CannotKeep, match="it is empty"):
        loop.start(begin, lambda none: None)
    loop.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("(_run)")]
