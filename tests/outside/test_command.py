# SPDX-License-Identifier: Apache-2.0
"""`edgeproof verify --system http://HOST`: what it says, what it exits with, and what it never shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeproof.reports.cli import main
from tests.outside.front import BEARER, Answer, Front, served
from tests.outside.test_outside import HOLD, AnswersNonsense, ForgetsToCompare

Verify = Callable[..., tuple[int, str, str]]


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verify:
    """Run the command; whatever it says or writes, the bearer is not in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("edgeproof.reports.deployment.RUNS", {"quick": 3, "full": 4})
    Path("token").write_text(BEARER + "\n", encoding="utf-8")

    def run(address: str, *arguments: str) -> tuple[int, str, str]:
        status = main(["verify", "--system", address, *arguments])
        said = capsys.readouterr()
        written = [
            path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file() and path.name != "token"
        ]
        assert not any(BEARER in text for text in (said.out, said.err, *written))
        return status, said.out, said.err

    return run


def test_the_report_names_what_could_not_be_judged_and_the_run_ends_undecided(verify: Verify) -> None:
    with served(Front()) as address:
        status, out, _ = verify(address, "--bearer-file", "token", "--bound", "100ms")
    assert status == 3
    report = json.loads(Path("reports/out/latest/report.json").read_text(encoding="utf-8"))
    assert address in json.dumps(report)
    assert "monotonic-kv: undecided: outside: an outsider does not see kv, kv_era" in out
    assert "read-your-writes" not in out, "the pattern does not have it, and nobody asked"
    assert "`never-ahead`: undecided" in Path("reports/out/latest/report.md").read_text(encoding="utf-8")


def test_what_can_be_judged_and_holds_ends_with_status_0(verify: Verify) -> None:
    named = [word for name in HOLD for word in ("--property", name)]
    with served(Front()) as address:
        status, out, _ = verify(address, "--bearer-file", "token", *named)
    assert status == 0, out


def test_what_the_pattern_denies_is_asked_if_it_is_named(verify: Verify) -> None:
    with served(Front()) as address:
        status, out, _ = verify(address, "--bearer-file", "token", "--property", "read-your-writes")
    assert status == 3
    assert "read-your-writes: undecided: it must be violated, and nothing that was run shows it" in out


def test_to_expect_that_something_stays_unknown_is_possible(verify: Verify) -> None:
    words = ["--property", "monotonic-kv", "--expect", "monotonic-kv=UNKNOWN"]
    with served(Front()) as address:
        assert verify(address, "--bearer-file", "token", *words)[0] == 0


def test_a_broken_deployment_ends_with_status_1_and_the_steps_that_show_it(verify: Verify) -> None:
    with served(ForgetsToCompare()) as address:
        status, out, _ = verify(address, "--bearer-file", "token", "--json")
    assert status == 1
    assert "write, write_refused: config goes from 1 to 2" in out


def test_an_answer_is_data_and_may_say_what_it_likes(verify: Verify) -> None:
    class EchoesTheBearer(AnswersNonsense):
        def read(self, name: str) -> Answer:
            said: dict[str, Any] = {"config": BEARER, "version": f"\x1b[2J{BEARER}"}
            return 200, said

    with served(EchoesTheBearer()) as address:
        status, out, err = verify(address, "--bearer-file", "token")
    assert status == 1
    assert "\x1b" not in out + err


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("another-token", "answers 401: it does not accept this bearer"),
        ("", "token is empty; it should hold the bearer token"),
        ("two words", "a bearer is one word of printable ASCII"),
        (None, "cannot read token"),
    ],
)
def test_without_a_bearer_that_is_accepted_the_error_says_so(verify: Verify, token: str | None, says: str) -> None:
    Path("token").unlink()
    if token is not None:
        Path("token").write_text(token, encoding="utf-8")
    with served(Front()) as address:
        status, out, err = verify(address, "--bearer-file", "token")
    assert (status, out) == (2, "")
    assert says in err
    assert not token or token not in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--system", "http://127.0.0.1:1"], "a deployment takes --bearer-file"),
        (["--system", "http://u:p@127.0.0.1", "--bearer-file", "token"], "a host, a port and a path, and nothing else"),
        (["--system", "http://127.0.0.1:1", "--bearer-file", "token", "--engine", "prove"], "takes no --engine"),
        (["--system", "http://127.0.0.1:1", "--bearer-file", "token", "--case", "inline"], "--case is for systems"),
        (["--system", "http://127.0.0.1:1", "--bearer-file", "token", "--property", "x"], "there is no property 'x'"),
        (
            ["--system", "nowhere"],
            "there is no system 'nowhere'; there is reference, workerd, pkg.mod:Class, or an address",
        ),
        (["--bearer-file", "token"], "are for the address of a deployment"),
    ],
)
def test_words_that_make_no_sense_are_refused(verify: Verify, words: list[str], says: str) -> None:
    status, _, err = verify("reference", *words)
    assert status == 2
    assert says in err
