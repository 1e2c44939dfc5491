# SPDX-License-Identifier: Apache-2.0
"""The thirty-line store of `examples/target`, as it would be run: sound as it is, and broken where it is broken."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edgeproof.impl.target.driver import Driver
from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.programs import Budget, Step
from edgeproof.reports.cli import main
from edgeproof.reports.target.file import read_description
from edgeproof.reports.target.judging import reasons_in
from tests.target.driving import EXAMPLES, describe

WRITE, READ = Step("write"), Step("read", at="cache")


@contextmanager
def store(folder: Path, old: str = "", new: str = "") -> Iterator[str]:
    text = (EXAMPLES / "store.py").read_text(encoding="utf-8")
    assert not old or text.count(old) == 1
    (folder / "store.py").write_text(text.replace(old, new) if old else text, encoding="utf-8")
    command = [sys.executable, str(folder / "store.py"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def test_it_is_as_short_as_it_says() -> None:
    lines = (EXAMPLES / "store.py").read_text(encoding="utf-8").splitlines()
    code = lines[lines.index("class Store(BaseHTTPRequestHandler):") : lines.index('if __name__ == "__main__":')]
    assert len([line for line in code if line.strip()]) <= 30


def test_who_sends_half_a_request_is_cut_off(tmp_path: Path) -> None:
    with store(tmp_path, "timeout = 10.0", "timeout = 0.1") as address:
        place = urlsplit(address)
        with socket.create_connection((place.hostname, place.port), 10) as half:
            half.sendall(b"POST /flags/a HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf")
            assert half.recv(1) == b""


def test_a_sound_store_ends_with_0_and_says_what_would_have_to_be_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("edgeproof.reports.target.verifying.BUDGETS", {"quick": Budget(2, 4, patience=1)})
    asked = ("no-partial-read", "bounded-staleness", "changelog-complete")
    with store(tmp_path) as address:
        file = describe(tmp_path, address, "store")
        status = main(["verify", "--target", str(file), *(word for name in asked for word in ("--property", name))])
    said = capsys.readouterr().out
    assert status == 0, said
    assert "changelog-complete: not decided by runs: history: it would have to be shown the changelog" in said


@pytest.mark.parametrize(
    ("old", "new", "broken", "program"),
    [
        ("TTL = 1.0", "TTL = 9.0", "bounded-staleness", (READ, WRITE, Step("wait", ms=350), READ)),
        ("Store.config[self.path", "dict()[self.path", "no-partial-read", (WRITE, Step("wait", ms=1050), READ)),
    ],
    ids=["keeps a copy longer than it promises", "acknowledges what it does not keep"],
)
def test_a_broken_store_is_caught(old: str, new: str, broken: str, program: tuple[Step, ...], tmp_path: Path) -> None:
    with store(tmp_path, old, new) as address:
        one = read_description(describe(tmp_path, address, "store", **{'"1.5s"': '"300ms"'}))
        run = Driver(one.target, None).take(program)
    assert broken in reasons_in(one.target, one.promise, run, recorded(one.target, run), [broken])
