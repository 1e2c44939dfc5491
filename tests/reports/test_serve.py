# SPDX-License-Identifier: Apache-2.0
"""The flag service from the command line: it serves, keeps what it is told, and ends when it is interrupted."""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.impl.flags.examples import flag
from tests.processes import started
from tests.reports.conftest import Run

COMMAND = (sys.executable, "-m", "edgeproof.reports.cli", "flags", "serve", "--port", "0")
IGNORING = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""Starts a command as a shell's job in the background: with Ctrl-C ignored."""


@contextmanager
def serving(
    directory: Path, *arguments: str, by: Sequence[str] = (), end: signal.Signals = signal.SIGINT
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command in a process of its own, and what it said when it was ready; it has to end well when it is asked to.

    `by` is what starts it, and `end` how it is asked.
    """
    with started([*by, *COMMAND, "--directory", str(directory), *arguments]) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        lines = [first] + [process.stdout.readline() for _ in range(4 if first == "{\n" else 3)]
        yield process, lines
        process.send_signal(end)
        assert process.wait(20) == 0


def ask(url: str, body: Any = None, bearer: str = "") -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    return sent(url, data, {"Authorization": f"Bearer {bearer}", "Edgeproof-Actor": "ana"})


def as_shown(line: str, bearer: str) -> tuple[int, Any]:
    """What comes of a line that begins with curl."""
    words = iter(shlex.split(line))
    assert next(words) == "curl"
    headers, data, url = {}, None, ""
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = bearer.join(re.split(r"\$\(cat .*\)", value))
        elif word == "-d":
            data = next(words).encode()
        else:
            url = word
    return sent(url, data, headers)


def sent(url: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_it_serves_what_it_shows_how_to_ask_and_keeps_it(tmp_path: Path) -> None:
    with serving(tmp_path, "--cache-ttl", "100ms") as (_, lines):
        bearer = (tmp_path / "bearer").read_text().strip()
        assert [as_shown(line, bearer)[0] for line in lines[1:3]] == [201, 201]
        until = time.monotonic() + 10
        while (answer := as_shown(lines[3], ""))[0] != 200:
            assert time.monotonic() < until, answer
        assert (answer[1]["flagKey"], answer[1]["reason"]) == ("new-checkout", "SPLIT")
    with serving(tmp_path, "--json", "--pop", "ams", "--pop", "gru") as (process, lines):
        assert process.stdout is not None
        rest = "".join(iter(process.stdout.readline, "}\n"))
        said = json.loads("".join(lines) + rest + "}")
        assert (said["pops"], said["bearer_file"]) == (["ams", "gru"], str(tmp_path / "bearer"))
        assert (tmp_path / "bearer").stat().st_mode & 0o077 == 0, "nobody else may read it"
        assert ask(f"{said['url']}/apps/shop/flags", flag())[0] == 401
        assert ask(f"{said['url']}/apps/shop/flags", bearer=bearer)[1]["result"][0]["key"] == "new-checkout"


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("by", [(), IGNORING], ids=["as it is", "in the background"])
def test_it_ends_well_when_it_is_asked_to(tmp_path: Path, by: tuple[str, ...], end: signal.Signals) -> None:
    with serving(tmp_path, by=by, end=end) as (process, lines):
        assert process.poll() is None
        assert "until Ctrl-C" in lines[0]


def test_what_it_cannot_use_is_said_in_a_line(cli: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = cli("flags", "serve", "--port", port, "--directory", tmp_path / "flags")
        assert (refused.status, refused.err) == (2, f"edgeproof: cannot serve on port {port}: Address already in use\n")
    (tmp_path / "file").write_text("")
    assert cli("flags", "serve", "--directory", tmp_path / "file").status == 2
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "app-shop.sqlite").write_text("no database" * 100)
    broken = cli("flags", "serve", "--port", "0", "--directory", tmp_path / "broken")
    why = "app-shop.sqlite: the file is damaged: put a copy in its place (SQLITE_NOTADB)"
    assert (broken.status, broken.err) == (2, f"edgeproof: cannot keep apps in {tmp_path / 'broken'}: {why}\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "bearer").write_text("\n")
    empty = cli("flags", "serve", "--directory", tmp_path / "empty")
    assert (empty.status, "is empty" in empty.err) == (2, True)
