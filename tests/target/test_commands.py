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


class CountsDown(Front):
    """The newest version is the smallest."""

    def write(self, name: str, body: dict[str, Any]) -> Answer:
        status, said = super().write(name, body)
        return status, {**said, "version": 1000 - said.get("version", 0)}


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
        (CountsDown, 'versions do not go up (999, 998): versions = "opaque", perhaps'),
    ],
)
def test_check_says_what_is_not_as_the_file_says(front: Callable[[], Front], says: str, run: Run) -> None:
    with served(front()) as address:
        describe(Path.cwd(), address)
        status, out, _ = run("target", "check")
    assert status == 2
    assert f"wrong: {says}" in out


class KnowsNoNumbers(Front):
    """Versions are texts, with zeros in front; a number is none."""

    def write(self, name: str, body: dict[str, Any]) -> Answer:
        expected = body.get("expected_version", "000")
        if not isinstance(expected, str) or len(expected) != 3:
            return 400, {"detail": "a version is a text of three digits"}
        based = {"expected_version": int(expected)} if "expected_version" in body else {}
        return self.spelled(super().write(name, {**body, **based}))

    def spelled(self, answer: Answer) -> Answer:
        status, said = answer
        return status, {**said, "version": f"{said.get('version', 0):03}"}

    def get(self, name: str) -> Answer:
        return self.spelled(super().get(name))

    def read(self, name: str) -> Answer:
        return self.spelled(super().read(name))


@pytest.mark.parametrize("versions", ["counting", "increasing", "opaque"])
def test_a_version_is_told_back_as_it_was_told(versions: str, run: Run) -> None:
    with served(KnowsNoNumbers()) as address:
        describe(Path.cwd(), address, **{"[target]": f'[target]\nversions = "{versions}"'})
        status, out, _ = run("target", "check")
    assert status == 0, out
    assert "based on version" in out


def test_where_every_version_is_refused_as_a_base_check_says_so(run: Run) -> None:
    with served(Front()) as address:
        describe(Path.cwd(), address, **{'expected_version = "{expected}"': 'expected_version = "v{expected}"'})
        status, out, _ = run("target", "check")
    assert status == 2
    assert "wrong: a write that is based on the current version is refused (answered 409): is {expected} right?" in out


def test_check_keeps_to_the_limits(run: Run) -> None:
    with served(Front()) as address:
        file = describe(Path.cwd(), address)
        file.write_text(file.read_text("utf-8") + "[limits]\nrequests = 4\n", encoding="utf-8")
        status, _, err = run("target", "check")
    assert (status, err) == (2, "edgeproof: all 4 requests that [limits] allows were made\n")


@pytest.mark.parametrize(
    "words",
    [
        *(["target", "init"], ["target", "check"], ["verify", "--target"], ["check"], ["follow"]),
        *(["replay", "trace.json", "--on"], ["bound", "--design"], ["verify", "--system"]),
    ],
)
def test_whoever_somebody_is_to_an_address_is_not_repeated(words: list[str], run: Run) -> None:
    status, out, err = run(*words, "http://somebody:s3cret@127.0.0.1:1")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "s3cret" not in err
    assert "somebody" not in err


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
