# SPDX-License-Identifier: Apache-2.0
"""Whatever a server does costs a bounded time and memory, and is said in a line; the bearer is nowhere to be read."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeproof.impl.target.client import Client, Limits, NoAnswerError, Request
from edgeproof.impl.target.driver import Driver
from edgeproof.impl.target.programs import Budget
from edgeproof.impl.target.wire import Heard
from edgeproof.reports.cli import main
from edgeproof.reports.target.file import read_description
from tests.outside.front import BEARER, Answer, Front, served
from tests.target.driving import describe
from tests.target.servers import MANNERS, answers, endless, misbehaving

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command; whatever it says or writes, the bearer is not in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("edgeproof.reports.target.verifying.BUDGETS", {"quick": Budget(2, 2)})

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main([*arguments])
        said = capsys.readouterr()
        files = [one for one in tmp_path.rglob("*") if one.is_file() and one.name != "token.txt"]
        assert not any(BEARER in text for text in (said.out, said.err, *(one.read_text("utf-8") for one in files)))
        return status, said.out, said.err

    return run


@pytest.mark.parametrize(("manner", "says"), [one[1:] for one in MANNERS], ids=[one[0] for one in MANNERS])
def test_a_server_that_misbehaves_is_unusable_and_the_error_says_how(run: Run, manner: Any, says: str) -> None:
    with misbehaving(manner) as address:
        file = describe(Path.cwd(), address)
        file.write_text(file.read_text("utf-8") + '[limits]\ntimeout = "300ms"\n', encoding="utf-8")
        began = time.monotonic()
        status, out, err = run("verify", "--target", "edgeproof.toml")
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert time.monotonic() - began < 30


def test_what_is_too_large_is_not_read() -> None:
    with misbehaving(endless) as address:
        tracemalloc.start()
        try:
            with pytest.raises(NoAnswerError, match="more than 1,000,000 bytes"):
                Client(Limits()).send(Request("GET", address, "/", {}, None, False))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 5_000_000


def test_a_server_that_is_not_there_is_unusable(run: Run) -> None:
    describe(Path.cwd(), "http://127.0.0.1:1")
    status, _, err = run("target", "check")
    assert status == 2
    assert "http://127.0.0.1:1/edge/" in err
    assert "cannot be reached: Connection refused" in err


def test_where_answers_go_wrong_later_what_holds_is_not_enough(run: Run) -> None:
    class SometimesHtml(Front):
        reads = 0

        def read(self, name: str) -> Answer:
            self.reads += 1
            return (200, {"sorry": "<html>"}) if self.reads % 4 == 0 else super().read(name)

    with served(SometimesHtml()) as address:
        describe(Path.cwd(), address)
        status, out, _ = run("verify", "--target", "edgeproof.toml", "--property", "never-ahead")
    assert status == 3
    assert "target-answers: undecided" in out
    assert "200 has nothing at /version of its JSON" in out


def test_a_server_that_answers_reads_alone_is_asked_for_three_changes(run: Run) -> None:
    class TakesNoChange(Front):
        def write(self, name: str, body: dict[str, Any]) -> Answer:
            return 0, {}

    with served(TakesNoChange()) as address:
        describe(Path.cwd(), address)
        status, _, err = run("verify", "--target", "edgeproof.toml")
    assert status == 2
    assert err.startswith(f"edgeproof: PUT {address}/units/")
    assert "breaks off its answer (RemoteDisconnected), for the 3rd time in a row" in err


@pytest.mark.parametrize("told", ["→7", "7\r\nX-Evil: 1"])
def test_a_version_that_no_header_can_carry_is_said_and_nothing_is_sent(told: str, tmp_path: Path) -> None:
    with misbehaving(answers("HTTP/1.1 200 OK")) as address:
        driver = Driver(read_description(describe(tmp_path, address)).target, None)
        request = Request("PUT", address, "/a", {"If-Match": told}, None, False)
        assert driver._ask(request, lambda _: Heard("ok")) == (None, Heard("fail", note=SAID, complaint=SAID))
    assert driver.complaints == [f"PUT {address}/a {SAID}"]


SAID = "cannot be asked: no header can carry what was told as a version"


def test_an_answer_that_repeats_the_bearer_repeats_it_to_nobody(run: Run) -> None:
    class Echoes(Front):
        def get(self, name: str) -> Answer:
            status, said = super().get(name)
            return status, {**said, "version": BEARER}

    with served(Echoes()) as address:
        describe(Path.cwd(), address, **{'bearer_file = "token.txt"': 'bearer_file = "token.txt"\nversions = "opaque"'})
        status, out, _ = run("target", "check")
    assert status == 2, "the store never shows the version that was made"
    assert "answered 200: version $TOKEN" in out


def test_nor_where_it_is_spelled_in_another_way(run: Run) -> None:
    spelled = "".join(f"\\u{ord(letter):04x}" for letter in BEARER)
    body = f'{{"version": "{spelled}", "config": {{}}}}'.encode()
    with misbehaving(answers("HTTP/1.1 200 OK", body)) as address:
        describe(Path.cwd(), address, **{'bearer_file = "token.txt"': 'bearer_file = "token.txt"\nversions = "opaque"'})
        _, out, _ = run("target", "check")
    assert "answered 200: version $TOKEN" in out


def test_what_another_host_would_be_asked_is_not_asked_of_it_unless_it_is_named(run: Run) -> None:
    describe(Path.cwd(), "http://config.example.com")
    for words in (["verify", "--target", "edgeproof.toml"], ["target", "check"]):
        status, _, err = run(*words)
        assert status == 2
        assert "config.example.com is not on this machine" in err
        assert "--allow-host config.example.com" in err
