# SPDX-License-Identifier: Apache-2.0
"""`edgeproof target init` and `target check`, and the words that `verify --target` takes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeproof.reports.cli import main
from tests.outside.front import Answer, Front, served
from tests.outside.test_outside import AppliesTwice, ForgetsToCompare, SkipsVersions
from tests.target.driving import describe

Run = Callable[..., tuple[int, str, str]]
OPENAPI = Path(__file__).resolve().parents[2] / "impl" / "worker" / "openapi.json"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, answers: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        status = main([*arguments])
        return status, *capsys.readouterr()

    return run


class Described(Front):
    """A front that has its OpenAPI document, too."""

    def answer(self, method: str, path: str, bearer: str | None, body: Any) -> Answer:
        if path == "/openapi.json":
            return 200, json.loads(OPENAPI.read_text(encoding="utf-8"))
        return super().answer(method, path, bearer, body)


def test_what_init_writes_check_finds_to_be_right(run: Run) -> None:
    with served(Described()) as address:
        describe(Path.cwd(), address).unlink()
        assert run("target", "init", address)[0] == 0
        status, out, _ = run("target", "check")
        assert status == 0, out
        assert "can be judged: atomic-write, single-writer-order" in out
        assert "cannot be judged: changelog-complete; it would have to be shown the changelog" in out
        again = run("target", "init", address)
    assert again[0] == 2
    assert "edgeproof.toml is there already" in again[2]


def test_without_a_document_init_asks(run: Run) -> None:
    answers = [
        "PUT /units/{unit}/config",
        "json:/version",
        "counting",
        "GET /edge/{unit}",
        "",
        "json:/config",
        "90s",
        "-",
    ]
    with served(Front()) as address:
        status, out, _ = run("target", "init", address, answers="\n".join(answers) + "\n")
        assert status == 0, out
        assert "from what you said" in out
        wrong = run("target", "check")
    assert wrong[0] == 2, "nobody said that it needs a bearer and a body of its own"
    assert "answers 401: it does not accept this bearer, or none" in wrong[2]


@pytest.mark.parametrize(
    ("front", "says"),
    [
        (AppliesTwice, "a write that is sent again makes another version (2 after 1): is {key} right?"),
        (ForgetsToCompare, "a write that is based on an old version is accepted: is {expected} right?"),
        (SkipsVersions, 'versions do not go up by one (1, 3): versions = "increasing", perhaps'),
    ],
)
def test_check_says_what_is_not_as_the_file_says(front: Callable[[], Front], says: str, run: Run) -> None:
    with served(front()) as address:
        describe(Path.cwd(), address)
        status, out, _ = run("target", "check")
    assert status == 2
    assert f"wrong: {says}" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["verify", "--target", "none.toml"], "cannot read none.toml"),
        (["verify", "--target", "edgeproof.toml", "--system", "workerd"], "--target takes no --engine, --system"),
        (["verify", "--target", "edgeproof.toml", "--case", "inline"], "--target takes --property, and nothing else"),
        (
            ["verify", "--target", "edgeproof.toml", "--property", "x"],
            "there is no property that a deployment is asked",
        ),
        (["target", "init", "ftp://x"], "is no address"),
        (["target", "init", "http://127.0.0.1:1"], "http://127.0.0.1:1 cannot be reached"),
        (["target", "init", "http://127.0.0.1:1", "--openapi", "edgeproof.toml", "--out", "a"], "is no JSON"),
    ],
)
def test_words_that_make_no_sense_are_refused(words: list[str], says: str, run: Run) -> None:
    if words[1] != "init" or "--openapi" in words:
        describe(Path.cwd(), "http://127.0.0.1:1")
    status, _, err = run(*words)
    assert status == 2
    assert says in err
